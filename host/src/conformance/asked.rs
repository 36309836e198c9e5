//! One call of a runner, and what came of it.

use super::{notes::Noted, service::Seen};
use crate::{
    engine::{CallError, RunnerError, Stop},
    escape::printable,
    gateway::Session,
    spec::{SpecError, TaskSpec},
};

/// The longest text of a runner's that a report shows, in characters.
const SHOWN: usize = 300;

/// What came of a call.
#[derive(Debug)]
pub(super) struct Asked {
    /// What the runner returned, placeholders as `[secret NAME]`.
    pub(super) outcome: Result<String, CallError>,
    /// Whether a placeholder was in it.
    pub(super) leaked: bool,
    pub(super) noted: Noted,
    pub(super) seen: Seen,
    /// What the gateway refused first. Can be shown.
    pub(super) refused: Option<String>,
}

impl Asked {
    pub(super) fn new(
        outcome: Result<String, CallError>,
        session: &Session,
        noted: Noted,
        seen: Seen,
    ) -> Self {
        let mut leaked = false;
        let mut show = |text: &str| {
            let shown = session.show(text).into_owned();
            leaked |= shown != text;
            shown
        };
        let outcome = match outcome {
            Ok(text) => Ok(show(&text)),
            Err(CallError::Runner(error)) => {
                let text = error.to_string();
                show(&text);
                let shown = error.map_text(|text| session.show(text).into_owned());
                Err(CallError::Runner(shown))
            }
            Err(stopped) => Err(stopped),
        };
        let refusal = session.refusal();
        Self {
            outcome,
            leaked,
            noted,
            seen,
            refused: refusal.map(|refusal| printable(&refusal.message, SHOWN).into_owned()),
        }
    }

    /// The spec that it returned, if it is one.
    pub(super) fn spec(&self) -> Option<Result<TaskSpec, SpecError>> {
        let text = self.outcome.as_ref().ok()?;
        Some(TaskSpec::parse(text).map(|checked| checked.value))
    }

    /// Whether it returned a valid spec.
    pub(super) fn makes_spec(&self) -> bool {
        matches!(self.spec(), Some(Ok(_)))
    }

    /// The error that the runner reports.
    pub(super) fn error(&self) -> Option<&RunnerError> {
        match &self.outcome {
            Err(CallError::Runner(error)) => Some(error),
            Ok(_) | Err(CallError::Stopped { .. }) => None,
        }
    }

    /// Whether it was still at work when its time was up.
    pub(super) fn late(&self) -> bool {
        let late = |stop: &Stop| matches!(stop, Stop::Deadline(_) | Stop::Owed { .. });
        matches!(&self.outcome, Err(CallError::Stopped { stop, .. }) if late(stop))
    }

    /// Why the sandbox stopped it.
    pub(super) fn stop(&self) -> Option<&Stop> {
        match &self.outcome {
            Err(CallError::Stopped { stop, .. }) => Some(stop),
            Ok(_) | Err(CallError::Runner(_)) => None,
        }
    }

    /// What came of it, in words that can be shown.
    pub(super) fn told(&self) -> String {
        let told = match &self.outcome {
            Ok(_) => match self.spec() {
                Some(Ok(spec)) => format!(
                    "it returned a spec of {} steps, `{}`",
                    spec.steps().len(),
                    printable(spec.name(), 60)
                ),
                Some(Err(error)) => {
                    let error = printable(&error.to_string(), SHOWN).into_owned();
                    format!("it returned what is no valid task spec: {error}")
                }
                None => String::new(),
            },
            Err(CallError::Runner(error)) => {
                let text = printable(&error.to_string(), SHOWN).into_owned();
                match error {
                    RunnerError::Unsupported => "it answered `unsupported`".to_owned(),
                    _ => format!("it reported `{}`: {text}", error.kind()),
                }
            }
            Err(CallError::Stopped { stop, .. }) => {
                let text = stop.to_string();
                let line = text.lines().next().unwrap_or_default();
                let told = format!("the sandbox stopped it: {}", printable(line, SHOWN));
                match stop {
                    Stop::Trap(_) | Stop::Exit(_) => self.noted.words.behind_with_advice(&told),
                    _ => told,
                }
            }
        };
        let more = self.seen.malformed.as_ref().or(self.refused.as_ref());
        match more {
            Some(more) => format!("{told} (before that: {more})"),
            None => told,
        }
    }
}
