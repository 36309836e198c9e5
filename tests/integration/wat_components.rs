//! Components that no compiler would make: refused when they are loaded, or stopped when they run.

use crate::wat;
use arborist_tests::{Host, Ran};

const MIB: u64 = 1024 * 1024;

fn run(host: &Host, text: &str) -> Ran {
    let path = host.file("guest.wat", text);
    host.run(&[
        "run",
        "x",
        "--component",
        path.to_str().unwrap(),
        "--limit",
        "cpu=500ms",
    ])
}

/// What must happen to each file in `framed/`: the exit code, and a word of the error.
const FRAMED: &[(&str, i32, &str)] = &[
    ("good", 0, ""),
    ("unknown-import", 4, "acme:magic/spell@1.0.0"),
    ("memory64", 4, "memory64"),
    ("memory-shared", 4, "does not compile"),
    ("gc", 4, "does not compile"),
    ("memory-4gib", 6, "`memory`"),
    ("table-huge", 6, "`table-elements`"),
    ("start-loop", 6, "`cpu`"),
    ("realloc-loop", 6, "`cpu`"),
    ("post-return-loop", 6, "`cpu`"),
    ("fill-loop", 6, "`cpu`"),
    ("start-trap", 6, "trapped"),
    ("post-return-trap", 6, "trapped"),
    ("recursion", 6, "call stack exhausted"),
    ("grow-loop", 6, "`"),
    ("table-grow", 6, "`"),
    ("realloc-lies", 6, "trapped"),
    ("answer-1gib", 6, "sandbox stopped"),
    ("answer-outside", 6, "trapped"),
    ("answer-area-outside", 6, "trapped"),
    ("answer-unaligned", 6, "trapped"),
    ("answer-unknown-case", 6, "trapped"),
    ("answer-not-utf8", 6, "trapped"),
    ("answer-63mib", 6, "`output`"),
    ("error-63mib", 6, "`output`"),
];

#[test]
fn each_core_in_a_frame_ends_as_it_should() {
    let mut names = wat::framed_names();
    names.retain(|name| !FRAMED.iter().any(|(known, ..)| known == name));
    assert!(names.is_empty(), "no row for {names:?}");
    let host = Host::new();
    for (name, code, reason) in FRAMED {
        let ran = run(&host, &wat::framed(name));
        assert!(ran.peak < 400 * MIB, "{name} took {} MiB", ran.peak / MIB);
        if *code == 0 {
            let _spec = ran.succeeded();
            continue;
        }
        let error = ran.failed(*code);
        assert!(error.contains(reason), "{name}: {error}");
    }
}

#[test]
fn what_is_no_runner_is_refused_with_what_was_found() {
    let host = Host::new();
    for (name, reason) in [
        ("core-module", "a core WebAssembly module"),
        ("empty", "its exports are: none"),
        ("other-world", "this is a command"),
        ("missing-function", "generate-dagu-config"),
        ("wrong-signature", "not as the contract has it"),
        ("wrong-version", "another version of the contract"),
    ] {
        let path = wat::file(name);
        let ran = host.run(&["run", "x", "--component", path.to_str().unwrap()]);
        let error = ran.failed(4);
        assert!(
            error.contains(reason) && error.contains("help:"),
            "{name}: {error}"
        );
    }
}

#[test]
fn many_small_memories_are_counted_together() {
    let error = run(&Host::new(), &wat::many_instances(15, 512, 10)).failed(6);
    assert!(error.contains("`memor"), "{error}");
    let error = run(&Host::new(), &wat::many_instances(30, 1, 1)).failed(6);
    assert!(error.contains("`memories`"), "{error}");
}

#[test]
fn a_compile_bomb_is_refused_before_it_goes_off() {
    let host = Host::new();
    for levels in [12, 20, 28] {
        let ran = run(&host, &wat::compile_bomb(levels));
        assert!(
            ran.peak < 200 * MIB,
            "{levels} levels took {} MiB",
            ran.peak / MIB
        );
        let error = ran.failed(4);
        assert!(error.contains("instances"), "{error}");
    }
    let _spec = run(&host, &wat::compile_bomb(3)).succeeded();
}

#[test]
fn large_but_harmless_code_is_compiled_in_bounded_memory() {
    let host = Host::new();
    for text in [wat::deep_blocks(1_000), wat::many_functions(20_000)] {
        let ran = run(&host, &text);
        assert!(ran.peak < 1024 * MIB, "{} MiB", ran.peak / MIB);
        let _spec = ran.succeeded();
    }
}
