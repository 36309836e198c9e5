//! Runs a test: one run of its runner, answered by its exchanges.

use super::{
    file::{Exchanges, Input, Suite, Test},
    script::{Said, Script},
};
use crate::{
    cassette::Request,
    config::{Folders, Settings},
    engine::{Component, Digest, Engine, Event, KnownFiles, Level, Observer, RunnerError},
    escape::printable,
    gateway::Tape,
    runner::{self, Deadline, Operation, Outside, RunClass, RunError, Runner, Running, StartError},
    spec::{Dag, TaskSpec},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Most log lines of a test that are kept, the last ones.
const LOGS: usize = 50;

/// Runs tests. Each component is compiled once.
#[derive(Debug)]
pub struct Tester<'a> {
    engine: &'a Engine,
    folders: &'a Folders,
    time: Duration,
    components: HashMap<Digest, Component>,
}

/// What came out of a test.
#[derive(Debug)]
pub struct Tested {
    /// What the run made, or how it failed.
    pub outcome: Result<Made, Failed>,
    /// What was asked for, in order.
    pub requests: Vec<Request>,
    /// What differs, for those requests that nothing answered. Can be shown.
    pub unanswered: Vec<String>,
    /// How many of the test's own exchanges were not asked for.
    pub unused: usize,
    /// The last log lines of the runner; can be shown.
    pub logs: Vec<String>,
}

/// What a run made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    /// A spec, where a description was given.
    pub spec: Option<TaskSpec>,
    /// A DAG, where one is wanted.
    pub dag: Option<Dag>,
}

/// How a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// As tests call it.
    pub kind: &'static str,
    /// The status that the service answered with, if the runner says so.
    pub status: Option<u16>,
    /// Whether the same call may succeed later, if the runner says so.
    pub retryable: Option<bool>,
    /// What the user would read; can be shown.
    pub message: String,
    /// Whose fault it is; none where the component cannot be used.
    pub class: Option<RunClass>,
}

impl<'a> Tester<'a> {
    /// A tester on this engine. A test that is not done in `time` fails.
    #[must_use]
    pub fn new(engine: &'a Engine, folders: &'a Folders, time: Duration) -> Self {
        Self {
            engine,
            folders,
            time,
            components: HashMap::new(),
        }
    }

    /// Runs a test to its end.
    pub async fn run(&mut self, suite: &Suite, test: &Test) -> Tested {
        let player = match test.player() {
            Ok(player) => player,
            Err(message) => return Tested::failed(Failed::unready("unreadable", message)),
        };
        let inline = matches!(test.exchanges, Exchanges::Inline(_));
        let script = Arc::new(Script::new(player));
        let notes = Arc::new(Notes::default());
        let outcome = self.outcome(suite, test, &script, &notes).await;
        let (
            Said {
                requests,
                unanswered,
            },
            unused,
        ) = script.ended();
        Tested {
            outcome,
            requests,
            unanswered,
            unused: if inline { unused } else { 0 },
            logs: notes.lines(),
        }
    }

    async fn outcome(
        &mut self,
        suite: &Suite,
        test: &Test,
        script: &Arc<Script>,
        notes: &Arc<Notes>,
    ) -> Result<Made, Failed> {
        let began = Instant::now();
        let mut settings = suite
            .settings(test, self.folders)
            .map_err(|faults| Failed::config(faults.to_string()))?;
        settings.timeouts.whole = Some(self.time);
        let operation = match test.input {
            Input::Description(_) => Operation::TaskSpec,
            Input::Spec(_) => Operation::Dagu,
        };
        let deadline = operation.deadline(&settings, began);
        let component = self.component(&settings, deadline).await?;
        // A rate that is kept across processes is for what is sent.
        let outside = Outside::default();
        let runner = Runner::new(component, settings, outside, deadline).await?;
        let parameters = test.parameters.clone();
        let tape = Tape::Replay(Arc::<Script>::clone(script));
        let notes = Arc::<Notes>::clone(notes);
        let running = Arc::new(runner)
            .start_taped(tape, parameters, notes, began)
            .map_err(|error| Failed::unready("internal", error.to_string()))?;
        let wants_dag = test
            .expect
            .as_ref()
            .is_some_and(|expect| expect.dag.is_some());
        make(&running, &test.input, wants_dag).await
    }

    async fn component(
        &mut self,
        settings: &Settings,
        deadline: Deadline,
    ) -> Result<Component, Failed> {
        let known = KnownFiles::of(self.folders.known_files());
        let source = runner::source(&settings.runner, &known)
            .map_err(|error| Failed::unready("component", error.to_string()))?;
        if let Some(component) = self.components.get(&source.digest()) {
            return Ok(component.clone());
        }
        let component = runner::load(self.engine, &source, &settings.limits, deadline).await?;
        self.components.insert(source.digest(), component.clone());
        Ok(component)
    }
}

async fn make(running: &Running, input: &Input, wants_dag: bool) -> Result<Made, Failed> {
    match input {
        Input::Description(description) => {
            let spec = running.task_spec(description).await?.value;
            let dag = match wants_dag {
                true => Some(running.dag(&spec).await?.value),
                false => None,
            };
            let spec = Some(spec);
            Ok(Made { spec, dag })
        }
        Input::Spec(spec) => Ok(Made {
            spec: None,
            dag: Some(running.dag(spec).await?.value),
        }),
    }
}

impl Tested {
    fn failed(failed: Failed) -> Self {
        Self {
            outcome: Err(failed),
            requests: Vec::new(),
            unanswered: Vec::new(),
            unused: 0,
            logs: Vec::new(),
        }
    }
}

impl Failed {
    fn of(kind: &'static str, message: String, class: Option<RunClass>) -> Self {
        Self {
            kind,
            status: None,
            retryable: None,
            message,
            class,
        }
    }

    /// The run did not come to begin.
    fn unready(kind: &'static str, message: String) -> Self {
        Self::of(kind, message, None)
    }

    fn config(message: String) -> Self {
        Self::of("invalid-config", message, Some(RunClass::Config))
    }
}

impl From<StartError> for Failed {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Settings(faults) => Self::config(faults.to_string()),
            StartError::Describe(error) => {
                let message = format!("asked what it is: {error}");
                Self {
                    message,
                    ..error.into()
                }
            }
            StartError::Component(_) | StartError::Late(_) => {
                Self::unready("component", error.to_string())
            }
        }
    }
}

impl From<RunError> for Failed {
    fn from(error: RunError) -> Self {
        let mut failed = Self::of("", error.to_string(), Some(error.class()));
        failed.kind = match &error {
            RunError::Stopped { .. } | RunError::Waited(_) => "stopped",
            RunError::Refused { .. } | RunError::Unaudited { .. } => "refused",
            RunError::Config(_) => "invalid-config",
            RunError::Returned { what: "DAG", .. } => "invalid-dag",
            RunError::Returned { .. } => "invalid-spec",
            RunError::Runner(error) => {
                if let RunnerError::Service {
                    status, retryable, ..
                } = error
                {
                    failed.status = *status;
                    failed.retryable = Some(*retryable);
                }
                error.kind()
            }
        };
        failed
    }
}

/// Keeps the last log lines.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }
}

impl Observer for Notes {
    fn event(&self, event: Event<'_>) {
        let Event::Log {
            level,
            context,
            message,
        } = event
        else {
            return;
        };
        if level < Level::Info {
            return;
        }
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LOGS {
            lines.remove(0);
        }
        let (context, message) = (printable(context, 60), printable(message, 300));
        lines.push(format!("{level} {context}: {message}"));
    }
}
