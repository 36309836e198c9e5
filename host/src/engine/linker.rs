//! The composition root: everything that a guest can reach is linked here, and nothing elsewhere.

use super::{bindings::runner, imports::request_parts, state::RunState};
use wasmtime::component::{HasSelf, Linker};

/// The imports that the host gives, by the start of their name, with what each means to a user.
/// `inspect` shows the meaning; a component that imports anything else is refused before it is compiled.
pub(crate) const GIVEN: [(&str, &str); 26] = [
    ("arborist:runner/runner-types@0.1.", "types of the contract"),
    (
        "arborist:runner/http@0.1.",
        "HTTP through the gateway: only what the egress rules permit",
    ),
    (
        "arborist:runner/progress@0.1.",
        "shows text to the user while it works",
    ),
    (
        "wasi:config/store@0.2.0-rc.1",
        "reads the runner's own section of the configuration",
    ),
    ("wasi:logging/logging@0.1.0-draft", "writes log lines"),
    ("wasi:http/types@0.2.", "types of wasi:http"),
    ("wasi:http/types@0.3.", "types of wasi:http"),
    (
        "wasi:http/outgoing-handler@0.2.",
        "HTTP through the same gateway",
    ),
    ("wasi:http/client@0.3.", "HTTP through the same gateway"),
    ("wasi:http/handler@0.3.", "HTTP through the same gateway"),
    ("wasi:io/error@0.2.", "streams and waiting"),
    ("wasi:io/poll@0.2.", "streams and waiting"),
    ("wasi:io/streams@0.2.", "streams and waiting"),
    ("wasi:clocks/", "reads the time and waits"),
    ("wasi:random/", "random numbers"),
    ("wasi:cli/stdin@", "standard input, which is empty"),
    ("wasi:cli/stdout@", "standard output, kept as log lines"),
    ("wasi:cli/stderr@", "standard error, kept as log lines"),
    (
        "wasi:cli/environment@",
        "environment and arguments, which are empty",
    ),
    ("wasi:cli/exit@", "ends its own run"),
    ("wasi:cli/types@", "types of wasi:cli"),
    (
        "wasi:cli/terminal-",
        "asks for a terminal, and is told that there is none",
    ),
    (
        "wasi:filesystem/",
        "files: linked because language runtimes ask for it; there are none",
    ),
    (
        "wasi:sockets/ip-name-lookup@",
        "name look-ups: linked, always denied",
    ),
    ("wasi:sockets/tcp", "sockets: linked, every address denied"),
    ("wasi:sockets/", "sockets: linked, every address denied"),
];

/// What the import called `name` means to a user; `None` where the host does not give it.
pub(crate) fn meaning(name: &str) -> Option<&'static str> {
    GIVEN
        .iter()
        .find(|(start, _)| name.starts_with(start))
        .map(|(_, meaning)| *meaning)
}

/// A linker with every interface that a runner may import.
///
/// # Errors
/// Two interfaces were linked under one name, which is a fault of this function.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<RunState>> {
    let mut linker = Linker::new(engine);
    // Runtimes may import newer or deprecated items of an interface; only what is named is given.
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    request_parts::bound(&mut linker)?;
    runner::wasi::config::store::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    runner::wasi::logging::logging::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    runner::arborist::runner::http::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    runner::arborist::runner::progress::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    Ok(linker)
}
