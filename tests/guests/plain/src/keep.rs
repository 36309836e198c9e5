//! Resources of `wasi:http` that a guest makes, fills as far as it may, and never gives back.
//!
//! | word | each is |
//! | --- | --- |
//! | `fields` | headers of 60 KiB |
//! | `requests` | a request with the longest method, authority and path that are taken |
//! | `bodies` | a request whose body has begun, and is never sent |
//! | `pollables` | a pollable of a clock |

use crate::bindings::exports::arborist::runner::generate::RunnerError;
use crate::{number, spec_with, unusable};
use std::any::Any;
use wasip2::http::types::{Fields, Method, OutgoingRequest};

pub(crate) fn run(argument: &str) -> Result<String, RunnerError> {
    let (what, count) = argument.split_once(' ').unwrap_or((argument, ""));
    let make: &dyn Fn() -> Box<dyn Any> = match what {
        "fields" => &|| Box::new(full()),
        "requests" => &|| Box::new(request()),
        "bodies" => &|| Box::new(begun()),
        "pollables" => &|| {
            Box::new(wasip2::clocks::monotonic_clock::subscribe_duration(
                u64::MAX,
            ))
        },
        _ => return Err(unusable("nothing of that name can be kept")),
    };
    let kept: Vec<_> = (0..number(count, 1_000_000)?).map(|_| make()).collect();
    Ok(spec_with("kept", kept.len()))
}

fn full() -> Fields {
    let fields = Fields::new();
    let filled = (0..15).all(|number| {
        let name = format!("x-{number}");
        fields.append(&name, &[b'x'; 4096]).is_ok()
    });
    assert!(filled, "60 KiB of headers are taken");
    fields
}

/// Each part is made shorter until it is taken.
fn request() -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let most = |set: &dyn Fn(&str) -> Result<(), ()>| {
        let mut length = 1 << 20;
        while set(&"A".repeat(length)).is_err() && length > 1 {
            length /= 2;
        }
    };
    most(&|text| request.set_method(&Method::Other(text.to_owned())));
    most(&|text| request.set_authority(Some(text)));
    most(&|text| request.set_path_with_query(Some(&format!("/{text}"))));
    request
}

fn begun() -> impl Any {
    let request = OutgoingRequest::new(Fields::new());
    let body = request.body();
    let stream = body.as_ref().map(|body| body.write());
    if let Ok(Ok(stream)) = &stream {
        let room = stream.check_write().unwrap_or(0).min(1 << 20);
        drop(stream.write(&vec![b'x'; room as usize]));
    }
    let stream = stream.ok();
    (stream, body.ok(), request)
}
