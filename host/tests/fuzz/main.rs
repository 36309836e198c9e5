//! Fuzz targets: what holds for every input, hostile ones first. A module is a target, and `scripts/fuzz` runs one for long.
//!
//! Built on proptest rather than on libFuzzer: it runs on a stable compiler and as a part of `cargo test`, makes structured inputs, and
//! shrinks what fails. What coverage would find is found by material instead: dictionaries, seeds, and seeds that are bent.
//!
//! A work bound is a count (of values, of bytes, of faults), never a time. What a long run finds becomes a seed in `seeds/`, which
//! every run begins with, or a named test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic"
)]

mod configurations;
mod material;
mod oracle;
mod redactor;
mod rules;
mod specs;
mod urls;
