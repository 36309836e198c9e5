//! Whether a component that was just built can be called at all: some tools look for what the sources export only then.

use super::{
    inputs::USUAL,
    notes::{Noted, Notes},
};
use crate::{
    engine::{Call, CallError, Component, Stop},
    gateway::Session,
    limits::Limits,
    runner::Deadline,
};
use std::sync::Arc;

/// A spec as small as there is one.
const SPEC: &str =
    r#"{"name": "one", "description": "", "steps": [{"name": "only", "command": "true"}]}"#;

/// How a component failed when it was called without configuration and network. Safe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its `{function}` was called without configuration and network, and {reason}")]
pub struct Unable {
    /// The function that was called.
    pub function: &'static str,
    /// How the sandbox stopped it, with its last words.
    pub reason: String,
    /// What to write where the engine says that the sources do not export it: then no call can ever succeed.
    pub missing: Option<String>,
}

/// Calls each function of the contract once, with an instance of its own, no configuration and no network. What a function answers or
/// reports is its own affair; this is about those that trap.
///
/// # Errors
/// The first function that traps or exits.
pub async fn begin(
    component: &Component,
    limits: &Limits,
    deadline: Deadline,
) -> Result<(), Unable> {
    let notes = Arc::new(Notes::default());
    let call = Call {
        limits: limits.clone(),
        config: Arc::new([]),
        session: Session::closed(),
        observer: Arc::<Notes>::clone(&notes),
        deadline: deadline.at,
        time: deadline.time,
    };
    let about = component.ask_about(&call).await;
    able("describe", about.map(drop), &notes.take())?;
    let spec = component.generate_task_spec(&call, USUAL, &[]).await;
    able("generate-task-spec", spec.map(drop), &notes.take())?;
    let dag = component.generate_dagu_config(&call, SPEC, &[]).await;
    able("generate-dagu-config", dag.map(drop), &notes.take())
}

fn able(
    function: &'static str,
    outcome: Result<(), CallError>,
    noted: &Noted,
) -> Result<(), Unable> {
    match outcome {
        Err(CallError::Stopped {
            stop: stop @ (Stop::Trap(_) | Stop::Exit(_)),
            ..
        }) => Err(Unable {
            function,
            reason: noted.words.behind(&stop.to_string()),
            missing: noted.words.missing(),
        }),
        Ok(()) | Err(_) => Ok(()),
    }
}
