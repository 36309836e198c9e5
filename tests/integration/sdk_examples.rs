//! The examples of the SDK that pages show: each is a test guest, word for word, and passes every check.

use crate::guests;
use arborist_tests::Host;
use serde_json::Value;

/// The blocks of Rust in a page.
fn blocks(page: &str) -> Vec<&str> {
    let blocks = page.split("```rust\n").skip(1);
    blocks
        .filter_map(|rest| rest.split("\n```").next())
        .collect()
}

#[test]
fn pages_show_what_is_built() {
    let greeter = include_str!("../guests/sdk-greeter/src/lib.rs").trim_end();
    let readme = include_str!("../../README.md");
    let shown = blocks(readme);
    let shown = shown
        .iter()
        .find_map(|block| block.strip_prefix("// src/lib.rs\n"));
    assert_eq!(shown, Some(greeter), "README.md");
    let sdk = include_str!("../../guest-runners/sdk/src/lib.rs");
    let comment: Vec<&str> = greeter.lines().collect();
    let commented = comment.join("\n//! ").replace("//! \n", "//!\n");
    assert!(sdk.contains(&commented), "guest-runners/sdk/src/lib.rs");
    let streaming = include_str!("../guests/sdk-streaming-greeter/src/lib.rs").trim_end();
    let page = include_str!("../../docs/streaming.md");
    assert!(blocks(page).contains(&streaming), "docs/streaming.md");
}

#[test]
fn what_pages_show_passes_every_check() {
    for component in [
        guests::SDK_GREETER,
        guests::SDK_STREAMING_GREETER,
        guests::SDK_CUSTOM,
    ] {
        let host = Host::new();
        let ran = host.run(&["check", "--format", "json", component]);
        let report: Value = serde_json::from_str(&ran.stdout)
            .unwrap_or_else(|_| panic!("{component}: {}{}", ran.stdout, ran.stderr));
        assert_eq!(ran.code, Some(0), "{component}: {report:#}");
        let checks = report["checks"].as_array().unwrap();
        assert!(checks.len() > 40, "{component}: {report:#}");
        for check in checks {
            let word = &check["verdict"];
            assert!(word == "pass" || word == "skip", "{component}: {check:#}");
        }
    }
}
