//! What Arborist costs beside its bare twins: wasmtime alone with the same component, `reqwest` alone with the same request, Python
//! with the runner that users wrote before.
//!
//! Each row of the goals is measured with its twin in the same process and in alternating rounds, so that a busy machine disturbs
//! both. What counts is CPU time where one thread does the work, and the ratio of the two.
//!
//! | module | gives |
//! | --- | --- |
//! | [`bare`] | wasmtime alone |
//! | [`ours`] | Arborist's library, as a process composes it that makes many runs |
//! | [`rows`] | the rows of the goals |
//! | [`rounds`] | two things in turns |
//! | [`report`], [`plot`] | the table, JSON, pictures |

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement that cannot go on should stop, and its result is printed"
)]

pub mod bare;
pub mod clock;
pub mod ours;
pub mod plot;
pub mod report;
pub mod rounds;
pub mod rows;
pub mod service;
