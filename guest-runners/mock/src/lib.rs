//! The runner `mock`: plans without an AI service, so that everything else can be tried at once and
//! offline. The same description gives the same bytes, always.
//!
//! A description is cut ([`pieces`]) into the things it asks for ([`clauses`]), these are put in order and
//! completed ([`plan`]), and each becomes a step whose command only echoes what it would do ([`text`]).
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )
)]

mod clauses;
mod drafts;
mod fold;
mod pieces;
mod plan;
mod text;
mod verbs;
mod words;

use arborist_sdk::{Error, Info, Request, Runner, SpecText};
use plan::STEPS;

struct Mock;

impl Runner for Mock {
    fn describe() -> Info {
        Info::new(
            "mock",
            env!("CARGO_PKG_VERSION"),
            "Plans from the description's own words, offline and always the same; steps only echo",
        )
    }

    fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
        let steps = request.parse_parameter("steps")?;
        if steps.is_some_and(|steps| !STEPS.contains(&steps)) {
            return Err(Error::InvalidInput(format!(
                "the parameter `steps` must be a number from {} to {}",
                STEPS.start(),
                STEPS.end()
            )));
        }
        if request.description().trim().is_empty() {
            return Err(Error::InvalidInput(
                "the description is empty: say in a sentence what the task should do".to_owned(),
            ));
        }
        Ok(plan::spec(request.description(), steps).into())
    }
}

arborist_sdk::export!(Mock);

#[cfg(test)]
mod tests;
