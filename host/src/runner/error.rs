//! Why a run has no result, and whose fault that is.

use crate::{
    engine::{CallError, RunnerError, Stop},
    escape::printable,
    gateway::{AuditFailure, Refusal, Session},
    spec::SpecError,
};
use std::time::Duration;

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
    #[error("{refusal}{}", after(refusal, reported))]
    Refused {
        /// What was refused.
        refusal: Refusal,
        /// How the run failed.
        reported: String,
    },
    /// The audit log could not be written, so nothing more was sent. The run fails also where it has a result.
    #[error("{failure}{}", .reported.as_ref().map(|reported| format!("\n  note: then {}", printable(reported, SHOWN))).unwrap_or_default())]
    Unaudited {
        /// What could not be written, and why.
        failure: AuditFailure,
        /// How the run failed, if it did.
        reported: Option<String>,
    },
    /// Another run asks the same, and its result did not come in this run's time.
    #[error("another run has been asking the same for {}, and a cached result is made once\n  help: wait for it, give this run more time with `--timeout TIME`, or ask all the same with --no-cache", humantime::format_duration(*.0))]
    Waited(Duration),
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

/// What the run came to after a refusal. What the guest read of it says that a rule is missing, which is not so of a cassette.
fn after(refusal: &Refusal, reported: &str) -> String {
    match refusal.unrecorded {
        true => String::new(),
        false => format!("\n  note: then {}", printable(reported, SHOWN)),
    }
}

impl From<CallError> for RunError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Stopped { stop, frames } => Self::Stopped { stop, frames },
            CallError::Runner(RunnerError::InvalidConfig(text)) => Self::Config(text),
            CallError::Runner(error) => Self::Runner(error),
        }
    }
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
    /// The same error without placeholders, and told as the refusal that it most likely comes from, if the run met one. What the
    /// sandbox stopped has a reason of its own.
    pub(super) fn after(self, session: &Session) -> Self {
        let shown = match self {
            Self::Config(text) => Self::Config(session.show(&text).into_owned()),
            Self::Runner(error) => {
                Self::Runner(error.map_text(|text| session.show(text).into_owned()))
            }
            other @ (Self::Stopped { .. }
            | Self::Waited(_)
            | Self::Refused { .. }
            | Self::Unaudited { .. }
            | Self::Returned { .. }) => other,
        };
        match session.audit_failure() {
            Some(failure) => Self::Unaudited {
                failure: failure.clone(),
                reported: Some(shown.to_string()),
            },
            None => shown.after_refusal(session),
        }
    }

    /// Nothing, unless the run's audit log could not be written.
    pub(super) fn unaudited(session: &Session) -> Result<(), Self> {
        session.audit_failure().map_or(Ok(()), |failure| {
            Err(Self::Unaudited {
                failure: failure.clone(),
                reported: None,
            })
        })
    }

    fn after_refusal(self, session: &Session) -> Self {
        match (session.refusal(), &self) {
            (None, _)
            | (
                _,
                Self::Stopped { .. }
                | Self::Waited(_)
                | Self::Refused { .. }
                | Self::Unaudited { .. },
            ) => self,
            (Some(refusal), _) => Self::Refused {
                refusal: refusal.clone(),
                reported: self.to_string(),
            },
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn class(&self) -> RunClass {
        match self {
            Self::Stopped { .. }
            | Self::Waited(_)
            | Self::Refused { .. }
            | Self::Unaudited { .. } => RunClass::Sandbox,
            Self::Config(_) => RunClass::Config,
            Self::Runner(_) => RunClass::Runner,
            Self::Returned { .. } => RunClass::Spec,
        }
    }
}
