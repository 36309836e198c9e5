//! Bounds on the parts of a `wasi:http` request before it is sent.
//!
//! wasmtime-wasi-http takes a method, an authority or a path of any length and keeps it in the host's memory, in
//! each of the requests that a guest builds and never sends. What is longer than any URL may be is refused here
//! as what it is: no valid part of a request.

use crate::{engine::state::RunState, policy::MAX_URL_BYTES};
use wasmtime::{
    StoreContextMut,
    component::{Linker, Resource},
};
use wasmtime_wasi_http::{
    WasiHttpView as _,
    p2::{bindings::http::types as p2, types::HostOutgoingRequest},
    p3::{self, bindings::http::types as p3_types},
};

/// The longest method, in bytes: of those that the gateway knows none has half of it.
const METHOD: usize = 32;

type Answer = wasmtime::Result<(Result<(), ()>,)>;

/// Puts these bounds in front of what wasmtime-wasi-http links.
///
/// # Errors
/// Its interfaces are not linked yet.
pub(crate) fn bound(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let shadowed = second_door(linker).and_then(|()| third_face(linker));
    linker.allow_shadowing(false);
    shadowed
}

/// What the function behind a name is given.
type Given<'a, T> = StoreContextMut<'a, T>;

fn second_door(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    use p2::HostOutgoingRequest as _;
    let mut types = linker.instance("wasi:http/types@0.2.12")?;
    types.func_wrap(
        "[method]outgoing-request.set-method",
        |mut store: Given<'_, RunState>,
         (request, method): (Resource<HostOutgoingRequest>, p2::Method)|
         -> Answer {
            if matches!(&method, p2::Method::Other(name) if name.len() > METHOD) {
                return Ok((Err(()),));
            }
            Ok((store.data_mut().http().set_method(request, method)?,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-authority",
        |mut store: Given<'_, RunState>,
         (request, text): (Resource<HostOutgoingRequest>, Option<String>)|
         -> Answer {
            if too_long(text.as_deref()) {
                return Ok((Err(()),));
            }
            Ok((store.data_mut().http().set_authority(request, text)?,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-path-with-query",
        |mut store: Given<'_, RunState>,
         (request, text): (Resource<HostOutgoingRequest>, Option<String>)|
         -> Answer {
            if too_long(text.as_deref()) {
                return Ok((Err(()),));
            }
            Ok((store.data_mut().http().set_path_with_query(request, text)?,))
        },
    )
}

/// The same for version 0.3.
fn third_face(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    use p3_types::HostRequest as _;
    let mut types = linker.instance("wasi:http/types@0.3.0")?;
    types.func_wrap(
        "[method]request.set-method",
        |mut store: Given<'_, RunState>,
         (request, method): (Resource<p3::Request>, p3_types::Method)|
         -> Answer {
            if matches!(&method, p3_types::Method::Other(name) if name.len() > METHOD) {
                return Ok((Err(()),));
            }
            Ok((store.data_mut().http().set_method(request, method)?,))
        },
    )?;
    types.func_wrap(
        "[method]request.set-authority",
        |mut store: Given<'_, RunState>,
         (request, text): (Resource<p3::Request>, Option<String>)|
         -> Answer {
            if too_long(text.as_deref()) {
                return Ok((Err(()),));
            }
            Ok((store.data_mut().http().set_authority(request, text)?,))
        },
    )?;
    types.func_wrap(
        "[method]request.set-path-with-query",
        |mut store: Given<'_, RunState>,
         (request, text): (Resource<p3::Request>, Option<String>)|
         -> Answer {
            if too_long(text.as_deref()) {
                return Ok((Err(()),));
            }
            Ok((store.data_mut().http().set_path_with_query(request, text)?,))
        },
    )
}

fn too_long(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.len() > MAX_URL_BYTES)
}
