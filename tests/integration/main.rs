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

mod audit;
mod both_doors;
mod cassette;
mod cli;
mod compile;
mod compiler_child;
mod components;
mod consent;
mod corpus;
mod custom;
mod egress;
mod engine_runs;
mod explain;
mod graph;
mod languages;
mod own_tests;
mod proxy;
mod rate;
mod retry;
mod sandbox;
mod services;
mod streaming;
mod streams;
mod structure;
mod tls;
mod wat_components;

/// The test guests, as `build.rs` built them.
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));

    /// Those that only the hostile set runs.
    const _: &str = EARLY;
}
