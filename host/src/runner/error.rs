//! Why a run has no result, and whose fault that is.

use crate::{
    engine::{CallError, RunnerError, Stop},
    escape::printable,
    gateway::{Refusal, Session},
    spec::SpecError,
};

/// The longest text of a guest that a message shows, in characters.
const SHOWN: usize = 4096;

/// Why a run has no result. Its text can be shown as it is: what came from outside is escaped and cut.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The sandbox stopped the runner.
    #[error("the sandbox stopped the runner: {stop}")]
    Stopped {
        /// Why.
        stop: Stop,
        /// The guest's stack at a trap, innermost first, escaped.
        frames: Vec<String>,
    },
    /// The gateway refused what the runner asked for, and the run failed.
    #[error("{}{}\n  note: the runner then reported: {}", printable(&refusal.message, SHOWN), refusal.help.as_ref().map(|help| format!("\n  help: {help}")).unwrap_or_default(), printable(reported, SHOWN))]
    Refused {
        /// What was refused.
        refusal: Refusal,
        /// How the run failed.
        reported: String,
    },
    /// The runner calls its configuration unusable.
    #[error("the runner does not accept its configuration: {}", printable(.0, SHOWN))]
    Config(String),
    /// The runner reports a failure.
    #[error("the runner reported an error: {}", printable(&.0.to_string(), SHOWN))]
    Runner(RunnerError),
    /// What the runner returned is not valid.
    #[error("the runner returned a {what} that is not valid:\n{error}")]
    Returned {
        /// What it should have been.
        what: &'static str,
        /// What is wrong with it.
        error: SpecError,
    },
}

/// Whose fault it is that a run has no result; each has an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunClass {
    /// The configuration's.
    Config,
    /// The runner's, by its own account.
    Runner,
    /// The sandbox stopped it.
    Sandbox,
    /// A spec or DAG is not valid.
    Spec,
}

impl RunError {
    /// The error of a call, with what its gateway refused.
    pub(super) fn of_call(error: CallError, session: &Session) -> Self {
        match error {
            CallError::Stopped { stop, frames } => Self::Stopped {
                stop: match stop {
                    Stop::Trap(text) => Stop::Trap(printable(&text, SHOWN).into_owned()),
                    stop @ (Stop::Limit { .. } | Stop::Deadline(_) | Stop::Exit(_)) => stop,
                },
                frames: frames
                    .iter()
                    .map(|name| printable(name, 200).into_owned())
                    .collect(),
            },
            CallError::Runner(RunnerError::InvalidConfig(text)) => Self::Config(text),
            CallError::Runner(error) => match session.refusal() {
                Some(refusal) => Self::Refused {
                    refusal: refusal.clone(),
                    reported: error.to_string(),
                },
                None => Self::Runner(error),
            },
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn class(&self) -> RunClass {
        match self {
            Self::Stopped { .. } | Self::Refused { .. } => RunClass::Sandbox,
            Self::Config(_) => RunClass::Config,
            Self::Runner(_) => RunClass::Runner,
            Self::Returned { .. } => RunClass::Spec,
        }
    }
}
