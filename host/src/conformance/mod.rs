//! The conformance suite: what every runner should do, whatever it is written in.
//!
//! A [`Subject`] is a runner with made-up values for the fields that nobody set. [`run`] gives it inputs, and answers what it asks for
//! from a service that lives in this process ([`service`]): nothing leaves the machine. [`ROWS`] says what is checked and what the
//! contract asks for; a [`Report`] says what was seen. Never prints.

mod asked;
mod begin;
mod catalogue;
mod checks;
mod inputs;
mod made_up;
mod notes;
mod report;
pub mod service;
mod subject;
mod words;

pub use begin::{Unable, begin};
pub use catalogue::{ROWS, Row};
pub use made_up::{URL, made_up};
pub use report::{Check, Report, Verdict};
pub use subject::{Subject, SubjectOptions};

use crate::engine::LoadError;

/// Checks a runner.
pub async fn run(subject: Subject) -> Report {
    checks::run(subject).await
}

/// The report on a component that is no runner of the contract: nothing else can be checked. None where it is no component at all, or
/// cannot be compiled.
#[must_use]
pub fn unfit(name: &str, error: &LoadError) -> Option<Report> {
    checks::unfit(name, error)
}
