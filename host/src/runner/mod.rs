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
    engine::{Call, CallError, Component, RunnerError, RunnerInfo},
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
    let spec = answer.map_err(RunError::from).and_then(|text| {
        TaskSpec::parse(&call.session.show(&text)).map_err(|error| RunError::Returned {
            what: "task spec",
            error,
        })
    });
    spec.map_err(|error| error.after(&call.session))
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
    let dag = match answer {
        Err(CallError::Runner(RunnerError::Unsupported)) => Ok(Dag::from_spec(spec)),
        Err(error) => Err(error.into()),
        Ok(text) => Dag::parse(&call.session.show(&text))
            .map_err(|error| RunError::Returned { what: "DAG", error }),
    };
    dag.map_err(|error| error.after(&call.session))
}

/// Asks the runner what it is; `None` where it does not say. The call should have an empty configuration and
/// a closed session.
///
/// # Errors
/// See [`RunError`].
pub async fn describe(component: &Component, call: &Call) -> Result<Option<RunnerInfo>, RunError> {
    Ok(component.describe(call).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server runs many of these at once, on any thread.
    #[test]
    fn a_run_can_move_between_threads() {
        fn is_send<T: Send>(_: impl Fn() -> T) {}
        fn any<T>() -> T {
            panic!("only its type matters")
        }
        is_send(|| task_spec(any(), any(), any(), any()));
        is_send(|| dag(any(), any(), any(), any()));
        is_send(|| describe(any(), any()));
        is_send(|| any::<&crate::engine::Engine>().load(any()));
    }
}
