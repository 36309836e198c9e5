//! One run of a runner: its session, its placeholders, its calls.

use super::{BeginError, Deadline, Description, Made, Parameters, RunError, Runner, cached::Asked};
use crate::{
    audit::{Audience, Ended, RunAudit, RunOf, Wait, Watch},
    config::{FieldValue, Settings},
    engine::{Call, CallError, Event, Observer, RunnerError},
    escape::printable,
    gateway::{Session, SessionOptions, Tape},
    secrets::RunSecrets,
    spec::{Dag, TaskSpec},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use tracing::Instrument as _;

/// One run. Its calls share a session and its secrets' placeholders, which are dead when it is dropped.
pub struct Running {
    pub(super) runner: Arc<Runner>,
    pub(super) session: Session,
    /// What the runner reads from its configuration store.
    config: Arc<[(String, String)]>,
    parameters: Parameters,
    observer: Arc<dyn Observer>,
    began: Instant,
    /// 128 random bits in hexadecimal.
    id: String,
    /// What its calls belong to, for those who trace.
    span: tracing::Span,
}

/// The two calls, which have time and a model of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A description becomes a task spec.
    TaskSpec,
    /// A task spec becomes a DAG.
    Dagu,
}

impl Operation {
    /// Its name among the configuration's keys, in spans and in events.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::TaskSpec => "task_spec",
            Self::Dagu => "dagu",
        }
    }

    /// What it makes, in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TaskSpec => "task spec",
            Self::Dagu => "DAG",
        }
    }

    /// By when a call must be done, for a run that began at `began`.
    #[must_use]
    pub fn deadline(self, settings: &Settings, began: Instant) -> Deadline {
        let timeouts = &settings.timeouts;
        let time: Duration = timeouts.whole.unwrap_or(match self {
            Self::TaskSpec => timeouts.task_spec,
            Self::Dagu => timeouts.dagu,
        });
        Deadline::after(began, time)
    }
}

pub(super) fn start(
    runner: Arc<Runner>,
    tape: Tape,
    parameters: Parameters,
    observer: Arc<dyn Observer>,
    began: Instant,
) -> Result<Running, BeginError> {
    let secrets = match &tape {
        // Nothing is sent: a secret need not be set.
        Tape::Replay(_) => RunSecrets::rehearsal(&runner.secrets, getrandom::fill)?,
        Tape::None | Tape::Record(_) => RunSecrets::new(&runner.secrets, getrandom::fill)?,
    };
    let config = config(&runner.settings, &secrets);
    let mut id = [0; 16];
    getrandom::fill(&mut id)?;
    let id = u128::from_ne_bytes(id);
    let audit = audit(&runner, &observer, id)?;
    let (id, name) = (format!("{id:032x}"), &runner.settings.runner.name);
    let span =
        tracing::info_span!(target: "arborist", "run", run = id, runner = %printable(name, 200));
    let gateway = &runner.gateway;
    let session = gateway.begin(SessionOptions {
        limits: &runner.settings.limits,
        secrets,
        audit,
        tape,
    });
    Ok(Running {
        runner,
        session,
        config,
        parameters,
        observer,
        began,
        id,
        span,
    })
}

/// Who learns of the run's requests, if anybody does.
fn audit(runner: &Runner, observer: &Arc<dyn Observer>, id: u128) -> Result<RunAudit, BeginError> {
    let watch = observer
        .wants_requests()
        .then(|| -> Arc<dyn Watch> { Arc::new(Tells(Arc::clone(observer))) });
    let traced = tracing::enabled!(target: "arborist::request", tracing::Level::INFO);
    let log = runner.audit.clone();
    if log.is_none() && watch.is_none() && !traced {
        return Ok(RunAudit::none());
    }
    let settings = &runner.settings;
    let selected = &settings.runner;
    let exposed = settings.secrets.iter().filter(|secret| secret.exposed);
    let of = RunOf {
        runner: selected.name.clone(),
        digest: runner.component.digest().to_string(),
        section: selected.section_used.then(|| selected.name.clone()),
        exposed: exposed.map(|secret| secret.field.clone()).collect(),
    };
    Ok(RunAudit::begin(Audience { log, watch }, of, id)?)
}

/// Tells an observer of requests.
struct Tells(Arc<dyn Observer>);

impl Watch for Tells {
    fn ended(&self, attempt: &Ended<'_>) {
        self.0.event(Event::Request(*attempt));
    }

    fn waits(&self, wait: Wait, time: Duration) {
        self.0.event(Event::Waits { wait, time });
    }
}

impl Running {
    /// What the runner itself answers to a description: a text that nobody has looked at yet. Show it by [`Session::show`].
    ///
    /// # Errors
    /// Those of the call.
    pub async fn answer(&self, description: &Description) -> Result<String, CallError> {
        let (call, parameters) = self.call(Operation::TaskSpec);
        let component = &self.runner.component;
        component
            .generate_task_spec(&call, description.as_str(), parameters.as_slice())
            .await
    }

    /// What the runner itself answers to a spec.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn answer_to_spec(&self, spec: &TaskSpec) -> Result<String, CallError> {
        let (call, parameters) = self.call(Operation::Dagu);
        let component = &self.runner.component;
        component
            .generate_dagu_config(&call, &spec.to_yaml(), parameters.as_slice())
            .await
    }

    /// Turns a description into a task spec.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn task_spec(&self, description: &Description) -> Result<Made<TaskSpec>, RunError> {
        let (call, parameters) = self.call(Operation::TaskSpec);
        let asked = Asked {
            operation: Operation::TaskSpec,
            input: description.as_str(),
            parameters: &parameters,
            deadline: Deadline::of(&call),
        };
        self.through_cache(asked, async || {
            let component = &self.runner.component;
            let answer = component
                .generate_task_spec(&call, description.as_str(), parameters.as_slice())
                .await;
            answer.map_err(RunError::from).and_then(|text| {
                TaskSpec::parse(&self.session.show(&text)).map_err(|error| RunError::Returned {
                    what: "task spec",
                    error,
                })
            })
        })
        .instrument(self.span_of(Operation::TaskSpec))
        .await
    }

    /// Turns a task spec into a DAG: the runner's own where it makes one, else the host's.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn dag(&self, spec: &TaskSpec) -> Result<Made<Dag>, RunError> {
        let (call, parameters) = self.call(Operation::Dagu);
        let text = spec.to_yaml();
        let asked = Asked {
            operation: Operation::Dagu,
            input: &text,
            parameters: &parameters,
            deadline: Deadline::of(&call),
        };
        self.through_cache(asked, async || {
            let component = &self.runner.component;
            let answer = component
                .generate_dagu_config(&call, &text, parameters.as_slice())
                .await;
            match answer {
                Err(CallError::Runner(RunnerError::Unsupported)) => Ok(Dag::from_spec(spec)),
                Err(error) => Err(error.into()),
                Ok(text) => Dag::parse(&self.session.show(&text))
                    .map_err(|error| RunError::Returned { what: "DAG", error }),
            }
        })
        .instrument(self.span_of(Operation::Dagu))
        .await
    }

    /// 128 random bits in hexadecimal, which stand in the audit log too.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The span that everything of the run is in, for those who trace.
    #[must_use]
    pub fn span(&self) -> &tracing::Span {
        &self.span
    }

    /// The runner.
    #[must_use]
    pub fn runner(&self) -> &Runner {
        &self.runner
    }

    /// The span of a call.
    fn span_of(&self, operation: Operation) -> tracing::Span {
        let span = tracing::info_span!(target: "arborist", parent: &self.span, "call", operation = operation.key());
        self.session.within(span.clone());
        span
    }

    /// The run's gateway: what it was refused, and what it sent.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// A call of `operation` with the parameters that it gets.
    fn call(&self, operation: Operation) -> (Call, Parameters) {
        let settings = &self.runner.settings;
        // Without a time for everything together the second call has time of its own.
        let began = match (operation, settings.timeouts.whole) {
            (Operation::Dagu, None) => Instant::now(),
            _ => self.began,
        };
        let deadline = operation.deadline(settings, began);
        let model = match operation {
            Operation::TaskSpec => &settings.models.task_spec,
            Operation::Dagu => &settings.models.dagu,
        };
        let parameters = match model {
            Some(model) => self.parameters.with_default("model", model),
            None => self.parameters.clone(),
        };
        let call = Call {
            limits: settings.limits.clone(),
            config: Arc::clone(&self.config),
            session: self.session.until(deadline.at),
            observer: Arc::clone(&self.observer),
            deadline: deadline.at,
            time: deadline.time,
        };
        (call, parameters)
    }
}

impl std::fmt::Debug for Running {
    /// Without the configuration, which nobody should read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("runner", &self.runner.component.name())
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// What the runner reads from its configuration store: placeholders where secrets are.
fn config(settings: &Settings, secrets: &RunSecrets) -> Arc<[(String, String)]> {
    let read = settings.fields.iter().filter_map(|field| {
        let value = match &field.value {
            FieldValue::Plain(text) => text.as_str(),
            // A secret without a binding, and so without a placeholder, is not given at all.
            FieldValue::Secret(_) => secrets.value_for_runner(&field.name)?,
        };
        Some((field.name.clone(), value.to_owned()))
    });
    read.collect()
}
