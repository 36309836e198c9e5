//! The harness of the integration tests: the real binary, in an environment of its own, with a bound on
//! its time and an eye on its memory.
//!
//! | module | gives |
//! | --- | --- |
//! | [`host`] | the `arborist` binary |
//! | [`dagu`] | the real Dagu engine |
//! | [`service`] | a fake AI service that misbehaves as a test wants |
//! | [`pty`] | a command at a terminal |

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic, and the harness is no part of the host"
)]

pub mod dagu;
pub mod host;
#[cfg(unix)]
pub mod pty;
pub mod service;

pub use host::{Host, Ran};

use std::process::Command;

/// The real binary, with nothing of the caller's environment but `PATH`.
///
/// # Panics
/// It is not built.
#[must_use]
pub fn arborist() -> Command {
    host::command()
}
