//! What the generated types do not let a runner do: the canonical built-ins by themselves.

use crate::bindings::{wit_future::FuturePayload, wit_stream::StreamPayload};
use crate::{Answer, size};
use wit_bindgen::rt::async_support::{FutureReader, StreamReader, spawn_local, yield_async};

/// Ends that were handled by hand, for the behaviours that need it.
pub(crate) fn ends(
    behaviour: &str,
    argument: &str,
) -> Option<(StreamReader<String>, FutureReader<Answer>)> {
    if !["drop-future", "alias", "nothing"].contains(&behaviour) {
        return None;
    }
    let (streams, futures) = (
        <String as StreamPayload>::VTABLE,
        <Answer as FuturePayload>::VTABLE,
    );
    let (write_stream, read_stream) = pair(unsafe { (streams.new)() });
    let (write_future, read_future) = pair(unsafe { (futures.new)() });
    let (behaviour, times) = (behaviour.to_owned(), size(argument, 1_000_000));
    spawn_local(async move {
        // The host has the other ends once the call has returned.
        yield_async().await;
        match behaviour.as_str() {
            "drop-future" => unsafe {
                (streams.drop_writable)(write_stream);
                (futures.drop_writable)(write_future);
            },
            "nothing" => loop {
                unsafe { (streams.start_write)(write_stream, std::ptr::null(), 0) };
            },
            _ => {
                let text = "x".repeat(1 << 20);
                let piece = (text.as_ptr() as usize, text.len());
                let pieces = vec![piece; times];
                let mut rest = pieces.as_slice();
                while !rest.is_empty() {
                    let at = rest.as_ptr().cast();
                    let code = unsafe { (streams.start_write)(write_stream, at, rest.len()) };
                    rest = &rest[(code >> 4) as usize..];
                }
                std::process::exit(1);
            }
        }
    });
    Some(unsafe {
        (
            StreamReader::new(read_stream, streams),
            FutureReader::new(read_future, futures),
        )
    })
}

/// The writable and the readable end.
fn pair(ends: u64) -> (u32, u32) {
    ((ends >> 32) as u32, ends as u32)
}

/// Ends the call in the middle.
pub(crate) fn end(how: &str) {
    match how {
        "trap" => panic!("as it was asked to"),
        "exit" => std::process::exit(3),
        "loop" => loop {
            std::hint::black_box(());
        },
        "memory" => {
            let mut kept = Vec::new();
            loop {
                kept.push(vec![1_u8; 1 << 20]);
            }
        }
        "sleep" => std::thread::sleep(std::time::Duration::from_secs(3600)),
        "early" => std::thread::sleep(std::time::Duration::from_millis(50)),
        _ => {}
    }
}
