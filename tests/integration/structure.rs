//! The structure that ARCHITECTURE.md promises: which module may use which, and who alone may do what.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Which modules of the library each module may name. A module may always name itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("limits", &[]),
    ("escape", &[]),
    ("pace", &[]),
    ("clock", &[]),
    ("cassette", &["escape"]),
    ("private", &[]),
    ("turn", &["private"]),
    ("policy", &["escape"]),
    ("secrets", &["escape", "policy"]),
    ("route", &["policy"]),
    ("spec", &["escape"]),
    ("picture", &["escape", "spec"]),
    ("builtin", &[]),
    ("project", &["builtin", "escape"]),
    (
        "config",
        &[
            "builtin", "escape", "limits", "pace", "policy", "private", "route", "secrets", "spec",
        ],
    ),
    ("audit", &["clock", "escape"]),
    (
        "gateway",
        &[
            "audit", "cassette", "clock", "escape", "limits", "pace", "policy", "private", "route",
            "secrets",
        ],
    ),
    (
        "engine",
        &[
            "clock", "escape", "gateway", "limits", "policy", "private", "turn",
        ],
    ),
    ("cache", &["clock", "escape", "private", "turn"]),
    (
        "runner",
        &[
            "audit", "builtin", "cache", "config", "engine", "escape", "gateway", "limits",
            "secrets", "spec",
        ],
    ),
    (
        "testing",
        &[
            "cassette", "config", "engine", "escape", "gateway", "runner", "spec",
        ],
    ),
    (
        "conformance",
        &[
            "cassette", "clock", "config", "engine", "escape", "gateway", "limits", "policy",
            "runner", "spec",
        ],
    ),
    ("lib", &[]),
];

/// Words that only certain modules may use, with the reason.
const RESERVED: &[(&str, &[&str], &str)] = &[
    ("wasmtime", &["engine"], "only `engine` names wasmtime"),
    ("wasmtime_wasi", &["engine"], "only `engine` names wasmtime"),
    (
        "wasmtime_wasi_http",
        &["engine"],
        "only `engine` names wasmtime",
    ),
    (
        "reqwest",
        &["gateway/transport"],
        "only the transport opens outbound sockets",
    ),
    (
        "TcpStream",
        &["gateway/transport"],
        "only the transport opens outbound sockets",
    ),
    (
        "UdpSocket",
        &["gateway/transport"],
        "only the transport opens outbound sockets",
    ),
    (
        "rustls",
        &["gateway/transport", "route/authorities"],
        "only the transport opens outbound sockets; `route` reads certificates",
    ),
    (
        "hyper",
        &["gateway/transport", "engine/imports/wasi_http"],
        "only the transport opens outbound sockets",
    ),
    (
        "lookup_host",
        &["gateway/transport"],
        "only the transport looks names up",
    ),
    (
        "TcpSocket",
        &["gateway/transport"],
        "only the transport opens outbound sockets",
    ),
    (
        "wasmtime_wasi_config",
        &["engine"],
        "only `engine` names wasmtime",
    ),
    ("println", &[], "only the binary prints"),
    ("eprintln", &[], "only the binary prints"),
    ("print", &[], "only the binary prints"),
    ("eprint", &[], "only the binary prints"),
    ("dbg", &[], "only the binary prints"),
    (
        "stdout",
        &["engine", "project"],
        "only the binary prints; `engine` names the guest's, `project` a tool's",
    ),
    (
        "exit",
        &["engine"],
        "only the binary exits; `engine` names the guest's",
    ),
];

/// Modules that do no I/O and read no clock.
const PURE: &[&str] = &[
    "cassette", "limits", "pace", "picture", "policy", "route", "secrets", "spec",
];
/// Words that they may not use.
const IMPURE: &[&str] = &["fs", "tokio", "env", "SystemTime", "Instant"];

#[test]
fn dependencies_point_one_way() {
    let faults: Vec<String> = sources()
        .iter()
        .flat_map(|(path, text)| faults(path, text))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_check_finds_planted_faults() {
    let planted = |path: &str, text: &str| faults(Path::new(path), text).join("\n");
    assert!(
        planted("spec/model.rs", "use crate::engine::Call;")
            .contains("`spec` may not use `engine`")
    );
    assert!(
        planted("policy/rule.rs", "use crate::{escape, gateway::Session};").contains("`gateway`")
    );
    assert!(planted("limits.rs", "fn f() { crate::config::load() }").contains("`config`"));
    assert!(planted("gateway/mod.rs", "fn f() { vec![crate::runner::X] }").contains("`runner`"));
    assert!(planted("runner/mod.rs", "use wasmtime::Engine;").contains("only `engine`"));
    assert!(planted("gateway/audit.rs", "use reqwest::Client;").contains("transport"));
    assert!(planted("runner/mod.rs", "fn f() { println!(\"x\") }").contains("prints"));
    assert!(planted("config/mod.rs", "fn f() { std::process::exit(1) }").contains("exits"));
    assert!(planted("policy/decide.rs", "fn f() { std::fs::read(\"x\"); }").contains("no I/O"));
    assert!(planted("unheard_of/mod.rs", "").contains("not in the table"));
    // Tests are left out, and what stands after them is not.
    let after_tests = "#[cfg(test)]\nmod tests { use crate::runner::X; }\nuse crate::engine::Call;";
    assert!(planted("spec/model.rs", after_tests).contains("`engine`"));
    assert!(!planted("spec/model.rs", after_tests).contains("`runner`"));
    assert!(planted("limits.rs", "use super::engine::Call;").contains("`engine`"));
    assert!(planted("spec/mod.rs", "use super::engine::Call;").contains("`engine`"));
    assert!(planted("spec/model.rs", "use super::super::engine::Call;").contains("super::super"));
    assert_eq!(
        planted("engine/mod.rs", "use crate::{limits::Limit, gateway};"),
        ""
    );
}

#[test]
fn unsafe_stands_in_one_place() {
    let with_unsafe: Vec<PathBuf> = sources()
        .into_iter()
        .filter(|(_, text)| words(&tokens(text)).iter().any(|word| word == "unsafe"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(with_unsafe, [Path::new("engine/aot/map.rs")]);
}

/// Every source file of the library with its path below `host/src`; the binary is a crate of its own.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().unwrap() != "bin" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    files.sort();
    assert!(files.len() > 20, "the sources were not found");
    files
}

/// Everything in a file that the structure does not permit.
fn faults(path: &Path, text: &str) -> Vec<String> {
    let module = module(path);
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
        return vec![format!(
            "{}: module `{module}` is not in the table",
            path.display()
        )];
    };
    // Tests may do what the code around them may not.
    if path.file_stem().is_some_and(|stem| stem == "tests")
        || path.components().any(|part| part.as_os_str() == "tests")
    {
        return Vec::new();
    }
    let tokens = without_tests(tokens(text));
    let mut faults = Vec::new();
    let mut used = Vec::new();
    crate_paths(&tokens, "crate", &mut used);
    // `super::` of a file at the top is the crate too, and elsewhere `super::super::…` may lead there.
    let depth = path.components().count() - usize::from(path.ends_with("mod.rs"));
    if depth == 1 {
        crate_paths(&tokens, "super", &mut used);
    }
    if words(&tokens)
        .windows(2)
        .any(|pair| pair[0] == "super" && pair[1] == "super")
    {
        faults.push(format!(
            "{}: `super::super`: write `crate::…`, so that edges can be seen",
            path.display()
        ));
    }
    used.sort();
    used.dedup();
    for name in used {
        let is_module = MAY_USE.iter().any(|(module, _)| *module == name);
        if is_module && name != module && !allowed.contains(&name.as_str()) {
            faults.push(format!(
                "{}: `{module}` may not use `{name}`",
                path.display()
            ));
        }
    }
    let words = words(&tokens);
    for (word, owners, reason) in RESERVED {
        let owned = owners
            .iter()
            .any(|owner| path.starts_with(owner) || path.starts_with(format!("{owner}.rs")));
        if !owned && words.iter().any(|found| found == word) {
            faults.push(format!("{}: `{word}`: {reason}", path.display()));
        }
    }
    for word in IMPURE.iter().filter(|_| PURE.contains(&module.as_str())) {
        if words.iter().any(|found| found == word) {
            let reason = format!("`{module}` does no I/O and reads no clock");
            faults.push(format!("{}: `{word}`: {reason}", path.display()));
        }
    }
    faults
}

fn module(path: &Path) -> String {
    let first = path
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The tokens without modules that are only there for tests: `#[cfg(test)] mod …`.
fn without_tests(tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    let mut kept: Vec<TokenTree> = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let is_attribute = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#');
        let is_test = matches!(rest.peek(), Some(TokenTree::Group(group)) if is_attribute && {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            words(&inner).starts_with(&["cfg".to_owned()]) && words(&inner).contains(&"test".to_owned())
        });
        if !is_test {
            kept.push(token);
            continue;
        }
        // Skip to the end of the item: its braces, or its semicolon.
        for skipped in rest.by_ref() {
            let ends = match &skipped {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(mark) => mark.as_char() == ';',
                TokenTree::Ident(_) | TokenTree::Literal(_) => false,
            };
            if ends {
                break;
            }
        }
    }
    kept
}

fn tokens(text: &str) -> Vec<TokenTree> {
    text.parse::<TokenStream>()
        .expect("the sources are Rust")
        .into_iter()
        .collect()
}

fn words(tokens: &[TokenTree]) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(word) => found.push(word.to_string()),
            TokenTree::Group(group) => {
                found.extend(words(&group.stream().into_iter().collect::<Vec<_>>()));
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

/// The first names after `crate::`, in `use` and everywhere else, braces included.
fn crate_paths(tokens: &[TokenTree], root: &str, found: &mut Vec<String>) {
    for (index, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            crate_paths(&group.stream().into_iter().collect::<Vec<_>>(), root, found);
        }
        let is_crate = matches!(token, TokenTree::Ident(word) if word == root);
        match (is_crate, tokens.get(index + 3)) {
            (true, Some(TokenTree::Ident(name))) => found.push(name.to_string()),
            (true, Some(TokenTree::Group(group))) if group.delimiter() == Delimiter::Brace => {
                let mut first = true;
                for inner in group.stream() {
                    match inner {
                        TokenTree::Ident(name) if first => {
                            found.push(name.to_string());
                            first = false;
                        }
                        TokenTree::Punct(mark) if mark.as_char() == ',' => first = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}
