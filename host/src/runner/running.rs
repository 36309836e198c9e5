//! One run of a runner: its session, its placeholders, its calls.

use super::{BeginError, Deadline, Description, Parameters, RunError, Runner};
use crate::{
    audit::{RunAudit, RunOf},
    config::{FieldValue, Settings},
    engine::{Call, CallError, Observer, RunnerError},
    gateway::{Session, SessionOptions, Tape},
    secrets::RunSecrets,
    spec::{Checked, Dag, TaskSpec},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// One run. Its calls share a session and its secrets' placeholders, which are dead when it is dropped.
pub struct Running {
    runner: Arc<Runner>,
    session: Session,
    /// What the runner reads from its configuration store.
    config: Arc<[(String, String)]>,
    parameters: Parameters,
    observer: Arc<dyn Observer>,
    began: Instant,
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
    let audit = audit(&runner)?;
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
    })
}

/// The run's part of the audit log, if there is one.
fn audit(runner: &Runner) -> Result<RunAudit, BeginError> {
    let Some(log) = &runner.audit else {
        return Ok(RunAudit::none());
    };
    let mut id = [0; 16];
    getrandom::fill(&mut id)?;
    let settings = &runner.settings;
    let selected = &settings.runner;
    let exposed = settings.secrets.iter().filter(|secret| secret.exposed);
    let of = RunOf {
        runner: selected.name.clone(),
        digest: runner.component.digest().to_string(),
        section: selected.section_used.then(|| selected.name.clone()),
        exposed: exposed.map(|secret| secret.field.clone()).collect(),
    };
    Ok(RunAudit::begin(log, of, u128::from_ne_bytes(id))?)
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
    pub async fn task_spec(
        &self,
        description: &Description,
    ) -> Result<Checked<TaskSpec>, RunError> {
        let answer = self.answer(description).await;
        let spec = answer.map_err(RunError::from).and_then(|text| {
            TaskSpec::parse(&self.session.show(&text)).map_err(|error| RunError::Returned {
                what: "task spec",
                error,
            })
        });
        let spec = spec.map_err(|error| error.after(&self.session))?;
        RunError::unaudited(&self.session).map(|()| spec)
    }

    /// Turns a task spec into a DAG: the runner's own where it makes one, else the host's.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn dag(&self, spec: &TaskSpec) -> Result<Checked<Dag>, RunError> {
        let dag = match self.answer_to_spec(spec).await {
            Err(CallError::Runner(RunnerError::Unsupported)) => Ok(Dag::from_spec(spec)),
            Err(error) => Err(error.into()),
            Ok(text) => Dag::parse(&self.session.show(&text))
                .map_err(|error| RunError::Returned { what: "DAG", error }),
        };
        let dag = dag.map_err(|error| error.after(&self.session))?;
        RunError::unaudited(&self.session).map(|()| dag)
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
