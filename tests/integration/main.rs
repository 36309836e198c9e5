//! The integration tests: one binary, a module a subject.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic"
)]
// A guest that no test names is a constant that nobody uses.
#![deny(dead_code)]

mod advice;
mod aot;
mod audit;
mod both_doors;
mod cache;
mod cassette;
mod check;
mod cli;
mod compile;
mod compiler_child;
mod components;
mod consent;
mod corpus;
mod custom;
mod egress;
mod engine_profiles;
mod engine_runs;
mod events;
mod examples;
mod explain;
mod first_steps;
mod graph;
mod guide;
mod languages;
mod own_tests;
mod pool;
mod projects;
mod proxy;
mod rate;
mod retry;
mod sandbox;
mod sdk_examples;
mod services;
mod streaming;
mod streams;
mod structure;
mod tls;
mod toolchains;
mod wat_components;
mod writing_runners;

/// The forms in which a text could be left behind: as it is, in JSON and URLs, and in base64 at each offset.
fn spellings(text: &str) -> Vec<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let mut forms = vec![text.to_owned()];
    forms.push(text.bytes().map(|byte| format!("%{byte:02X}")).collect());
    forms.push(text.bytes().map(|byte| format!("%{byte:02x}")).collect());
    forms.push(text.replace('-', "%2D"));
    forms.push(text.replace('-', "%2d"));
    forms.push(text.bytes().map(|byte| format!("\\u{byte:04x}")).collect());
    forms.push(text.bytes().map(|byte| format!("{byte:02x}")).collect());
    for offset in 0..3 {
        let padded = [&[b'x'; 2][..offset], text.as_bytes()].concat();
        let encoded = STANDARD_NO_PAD.encode(padded);
        // Without what depends on the bytes around it.
        forms.push(encoded[offset + 1..encoded.len() - 2].to_owned());
    }
    forms
}

/// The test guests, as `build.rs` built them.
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));

    /// Those that only the hostile set runs.
    const _: &str = EARLY;
}
