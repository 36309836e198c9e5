//! The composition root: everything that a guest can reach is linked here, and nothing elsewhere.

use super::{
    bindings::runner,
    imports::{request_parts, wasi},
    state::RunState,
};
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

type Link = fn(&mut Linker<RunState>) -> wasmtime::Result<()>;

/// What links an import, by the start of its name and of its version.
const LINKS: [(&str, &str, Link); 17] = [
    ("arborist:runner/http", "0.1.", |linker| {
        runner::arborist::runner::http::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
    }),
    ("arborist:runner/progress", "0.1.", |linker| {
        runner::arborist::runner::progress::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
    }),
    ("wasi:config/", "0.2.", |linker| {
        runner::wasi::config::store::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
    }),
    ("wasi:logging/", "0.1.", |linker| {
        runner::wasi::logging::logging::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
    }),
    ("wasi:io/", "0.2.", wasi::io),
    ("wasi:clocks/", "0.2.", wasi::clocks),
    ("wasi:random/", "0.2.", wasi::random),
    ("wasi:cli/", "0.2.", wasi::cli),
    ("wasi:filesystem/", "0.2.", wasi::filesystem),
    ("wasi:sockets/", "0.2.", wasi::sockets),
    ("wasi:http/", "0.2.", |linker| {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
        request_parts::bound_p2(linker)
    }),
    (
        "wasi:clocks/",
        "0.3.",
        wasmtime_wasi::p3::clocks::add_to_linker,
    ),
    (
        "wasi:random/",
        "0.3.",
        wasmtime_wasi::p3::random::add_to_linker,
    ),
    ("wasi:cli/", "0.3.", wasmtime_wasi::p3::cli::add_to_linker),
    (
        "wasi:filesystem/",
        "0.3.",
        wasmtime_wasi::p3::filesystem::add_to_linker,
    ),
    (
        "wasi:sockets/",
        "0.3.",
        wasmtime_wasi::p3::sockets::add_to_linker,
    ),
    ("wasi:http/", "0.3.", |linker| {
        wasmtime_wasi_http::p3::add_to_linker(linker)?;
        request_parts::bound_p3(linker)
    }),
];

/// A linker with the packages that `imports` name, and nothing else: a component gets no more than it asks for, and a command that
/// runs one component does not set up what others would need.
///
/// # Errors
/// Two interfaces were linked under one name, which is a fault of this function.
pub(super) fn linker(
    engine: &wasmtime::Engine,
    imports: &[String],
) -> wasmtime::Result<Linker<RunState>> {
    let mut linker = Linker::new(engine);
    for (start, version, link) in LINKS {
        let is_meant = |name: &String| {
            name.starts_with(start)
                && name
                    .split_once('@')
                    .is_some_and(|(_, found)| found.starts_with(version))
        };
        if imports.iter().any(is_meant) {
            link(&mut linker)?;
        }
    }
    Ok(linker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::settings;
    use wasmtime::component::Component;

    fn takes(imports: &[&str], component: &str) -> bool {
        let engine = wasmtime::Engine::new(&settings::on_demand()).unwrap();
        let imports: Vec<String> = imports.iter().map(|&name| name.to_owned()).collect();
        let component = Component::new(&engine, wat::parse_str(component).unwrap()).unwrap();
        let linker = linker(&engine, &imports).unwrap();
        linker.instantiate_pre(&component).is_ok()
    }

    #[test]
    fn a_component_gets_what_it_imports_and_nothing_else() {
        let exit = r#"(component (import "wasi:cli/exit@0.2.3" (instance
            (export "exit" (func (param "status" (result)))))))"#;
        assert!(takes(&["wasi:cli/exit@0.2.3"], exit));
        assert!(!takes(&[], exit));
        assert!(!takes(&["wasi:io/poll@0.2.3", "wasi:cli/exit@0.3.0"], exit));
        let get = r#"(component (import "wasi:config/store@0.2.0-rc.1" (instance
            (export "get" (func (param "key" string))))))"#;
        assert!(
            !takes(&["wasi:config/store@0.2.0-rc.1"], get),
            "of another type"
        );
    }

    #[test]
    fn all_that_is_given_can_be_linked_at_once() {
        let engine = wasmtime::Engine::new(&settings::on_demand()).unwrap();
        let imports: Vec<String> = LINKS
            .iter()
            .map(|(start, version, _)| format!("{start}x@{version}0"))
            .collect();
        linker(&engine, &imports).unwrap();
        for (start, _) in GIVEN {
            let (name, version) = start.split_once('@').unwrap_or((start, ""));
            // Types alone need no link; what names no version is there in both.
            let versions = match version {
                _ if name.ends_with("runner-types") => continue,
                "" => vec!["0.2.", "0.3."],
                version => vec![version],
            };
            for version in versions {
                let is_linked = LINKS.iter().any(|(link, known, _)| {
                    (name.starts_with(link) || link.starts_with(name)) && version.starts_with(known)
                });
                assert!(is_linked, "{start} {version}");
            }
        }
    }
}
