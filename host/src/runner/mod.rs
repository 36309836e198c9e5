//! One run, from input to checked output.
//!
//! What a runner returns is text from a stranger. It becomes a [`TaskSpec`] or a [`Dag`] by being parsed
//! and checked, or the run fails; nobody downstream sees the runner's own text.

mod error;
mod input;

pub use error::{RunClass, RunError};
pub use input::{
    Description, InputError, MAX_DESCRIPTION, MAX_NAME, MAX_PARAMETERS, MAX_VALUE, Parameters,
};

use crate::{
    engine::{Call, CallError, Component, RunnerError},
    spec::{Checked, Dag, TaskSpec},
};

/// Turns a description into a task spec.
///
/// # Errors
/// See [`RunError`].
pub async fn task_spec(
    component: &Component,
    call: &Call,
    description: &Description,
    parameters: &Parameters,
) -> Result<Checked<TaskSpec>, RunError> {
    let answer = component
        .generate_task_spec(call, description.as_str(), parameters.as_slice())
        .await;
    let text = answer.map_err(|error| RunError::of_call(error, &call.session))?;
    TaskSpec::parse(&text).map_err(|error| RunError::Returned {
        what: "task spec",
        error,
    })
}

/// Turns a task spec into a DAG: the runner's own where it makes one, else the host's.
///
/// # Errors
/// See [`RunError`].
pub async fn dag(
    component: &Component,
    call: &Call,
    spec: &TaskSpec,
    parameters: &Parameters,
) -> Result<Checked<Dag>, RunError> {
    let answer = component
        .generate_dagu_config(call, &spec.to_yaml(), parameters.as_slice())
        .await;
    match answer {
        Ok(text) => Dag::parse(&text).map_err(|error| RunError::Returned { what: "DAG", error }),
        Err(CallError::Runner(RunnerError::Unsupported)) => Ok(Dag::from_spec(spec)),
        Err(error) => Err(RunError::of_call(error, &call.session)),
    }
}
