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

/// Links `$name` anew: what `$refuses` is refused, anything else goes to `$set` of wasmtime-wasi-http.
macro_rules! bound {
    ($types:ident, $name:literal, $request:ty, $part:ty, $refuses:expr, $set:ident) => {
        $types.func_wrap(
            $name,
            |mut store: StoreContextMut<'_, RunState>,
             (request, part): (Resource<$request>, $part)|
             -> Answer {
                let refuses: fn(&$part) -> bool = $refuses;
                if refuses(&part) {
                    return Ok((Err(()),));
                }
                Ok((store.data_mut().http().$set(request, part)?,))
            },
        )?;
    };
}

/// Puts these bounds in front of what wasmtime-wasi-http links for `0.2`.
///
/// # Errors
/// Its interfaces are not linked yet.
pub(crate) fn bound_p2(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let shadowed = shadow_p2(linker);
    linker.allow_shadowing(false);
    shadowed
}

fn shadow_p2(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    use p2::HostOutgoingRequest as _;
    let mut types = linker.instance("wasi:http/types@0.2.12")?;
    bound!(
        types,
        "[method]outgoing-request.set-method",
        HostOutgoingRequest,
        p2::Method,
        |method| matches!(method, p2::Method::Other(name) if name.len() > METHOD),
        set_method
    );
    bound!(
        types,
        "[method]outgoing-request.set-authority",
        HostOutgoingRequest,
        Option<String>,
        too_long,
        set_authority
    );
    bound!(
        types,
        "[method]outgoing-request.set-path-with-query",
        HostOutgoingRequest,
        Option<String>,
        too_long,
        set_path_with_query
    );
    Ok(())
}

/// Puts these bounds in front of what wasmtime-wasi-http links for `0.3`.
///
/// # Errors
/// Its interfaces are not linked yet.
pub(crate) fn bound_p3(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let shadowed = shadow_p3(linker);
    linker.allow_shadowing(false);
    shadowed
}

fn shadow_p3(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    use p3_types::HostRequest as _;
    let mut types = linker.instance("wasi:http/types@0.3.0")?;
    bound!(
        types,
        "[method]request.set-method",
        p3::Request,
        p3_types::Method,
        |method| matches!(method, p3_types::Method::Other(name) if name.len() > METHOD),
        set_method
    );
    bound!(
        types,
        "[method]request.set-authority",
        p3::Request,
        Option<String>,
        too_long,
        set_authority
    );
    bound!(
        types,
        "[method]request.set-path-with-query",
        p3::Request,
        Option<String>,
        too_long,
        set_path_with_query
    );
    Ok(())
}

fn too_long(text: &Option<String>) -> bool {
    text.as_ref().is_some_and(|text| text.len() > MAX_URL_BYTES)
}
