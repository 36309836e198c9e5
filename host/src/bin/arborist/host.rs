//! What `run`, `dagu` and `inspect` share: a loaded component and the calls that it is given.

use crate::{
    args::RunnerArgs,
    exit::{Exit, Failure},
    settings::{self, Surroundings},
    talk::Talk,
};
use arborist::{
    config::{FieldValue, Folders, Settings},
    engine::{Call, Component, Engine, Ignore, Origin, RunnerInfo, Source},
    escape::printable,
    gateway::{Gateway, Session, SystemLookup},
    limits::Limits,
    runner::{self, Parameters},
    secrets::{RunSecrets, SecretSet},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Everything that the command line and the configuration come to, before anything is loaded.
pub(crate) struct Plan {
    surroundings: Surroundings,
    settings: Settings,
    source: Source,
    parameters: Parameters,
    began: Instant,
}

/// A component that can be called, and its session.
pub(crate) struct Ready {
    pub(crate) component: Component,
    pub(crate) settings: Settings,
    pub(crate) session: Session,
    /// What the runner reads from its configuration store.
    config: Arc<[(String, String)]>,
    parameters: Parameters,
    began: Instant,
}

/// The two calls, which have time and a model of their own.
#[derive(Clone, Copy)]
pub(crate) enum Operation {
    TaskSpec,
    Dagu,
}

impl Plan {
    pub(crate) async fn new(args: &RunnerArgs, talk: &Talk) -> Result<Self, Failure> {
        let began = Instant::now();
        let surroundings = Surroundings::of_process();
        let settings = surroundings.resolve(&settings::invocation(args)?)?;
        settings
            .warnings
            .iter()
            .for_each(|warning| talk.warn(warning));
        let source = settings::source(&settings).await?;
        let parameters = Parameters::parse(&args.params)?;
        Ok(Self {
            surroundings,
            settings,
            source,
            parameters,
            began,
        })
    }

    /// What a dry run prints.
    pub(crate) fn show(&self) -> String {
        let settings = &self.settings;
        let rows = settings.rows();
        let mut lines: Vec<String> = rows
            .iter()
            .map(|row| format!("{}: {} ({})", row.key, row.value, row.source))
            .collect();
        let (size, digest) = (self.source.bytes().len(), self.source.digest());
        lines.push(format!("component: {size} bytes, {digest}"));
        let names = self
            .parameters
            .as_slice()
            .iter()
            .map(|parameter| printable(&parameter.name, 200));
        lines.push(format!(
            "parameters: {}",
            names.collect::<Vec<_>>().join(", ")
        ));
        if let Some(whole) = settings.timeouts.whole {
            lines.push(format!("timeout: {}", humantime::format_duration(whole)));
        }
        lines.push(String::new());
        lines.extend(settings.explain());
        lines.join("\n") + "\n"
    }

    /// Loads the component and holds the settings against what it says of itself. The deadline of
    /// `operation`, or of the whole command, covers it.
    pub(crate) async fn ready(self, operation: Operation, talk: &Talk) -> Result<Ready, Failure> {
        let (deadline, time) = deadline(&self.settings, self.began, operation);
        let late = || {
            let message = format!(
                "the component was not compiled within {}\n  help: give it more time with `--timeout SECONDS`; it is compiled once and then kept",
                humantime::format_duration(time)
            );
            Failure::new(Exit::Sandbox, message)
        };
        let loading = load(&self.source, &self.surroundings.folders, talk);
        let component = tokio::time::timeout_at(deadline, loading)
            .await
            .map_err(|_| late())??;
        let info = describe(&component, &self.settings.limits, deadline, time).await?;
        let settings = match info {
            Some(info) => settings::checked(self.settings, &info)?,
            None => self.settings,
        };
        self.surroundings.ask_leave(&settings, talk).await?;
        let gateway = Gateway::new(settings.policy.clone(), Arc::new(SystemLookup));
        let secrets = secrets(&settings)?;
        let config = config(&settings, &secrets);
        let session = gateway.session(&settings.limits, secrets);
        let Self {
            parameters, began, ..
        } = self;
        Ok(Ready {
            component,
            settings,
            session,
            config,
            parameters,
            began,
        })
    }
}

impl Ready {
    /// A call of `operation` with the parameters that it gets.
    pub(crate) fn call(&self, operation: Operation, talk: &Arc<Talk>) -> (Call, Parameters) {
        let settings = &self.settings;
        // Without --timeout the second call has time of its own.
        let began = match (operation, settings.timeouts.whole) {
            (Operation::Dagu, None) => Instant::now(),
            _ => self.began,
        };
        let (deadline, time) = deadline(settings, began, operation);
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
            session: self.session.clone(),
            observer: Arc::<Talk>::clone(talk),
            deadline,
            time,
        };
        (call, parameters)
    }

    /// Says what a run that succeeded was refused, and with `-v` what went out.
    pub(crate) fn sum_up(&self, talk: &Talk) {
        talk.done();
        talk.warn_refused(&self.session);
        let summary = self.session.summary();
        let bytes = |bytes| bytesize::ByteSize::b(bytes).display().iec();
        talk.detail(format!(
            "network: {} requests to {}; {} sent, {} received, {} refused",
            summary.requests,
            if summary.hosts.is_empty() {
                "nowhere".to_owned()
            } else {
                summary.hosts.join(", ")
            },
            bytes(summary.sent),
            bytes(summary.received),
            summary.refused
        ));
    }
}

fn deadline(settings: &Settings, began: Instant, operation: Operation) -> (Instant, Duration) {
    let timeouts = &settings.timeouts;
    let time = timeouts.whole.unwrap_or(match operation {
        Operation::TaskSpec => timeouts.task_spec,
        Operation::Dagu => timeouts.dagu,
    });
    (began + time, time)
}

/// Fresh placeholders for the secrets of the settings.
fn secrets(settings: &Settings) -> Result<RunSecrets, Failure> {
    let bound = settings
        .fields
        .iter()
        .filter_map(|field| match &field.value {
            FieldValue::Plain(_) => None,
            FieldValue::Secret(secret) => {
                Some((settings.binding(&field.name)?.clone(), secret.clone()))
            }
        });
    RunSecrets::new(&SecretSet::new(bound), getrandom::fill).map_err(|error| {
        Failure::new(
            Exit::Internal,
            format!("the system gives no random bytes: {error}"),
        )
    })
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

/// Compiles a component, or maps what an earlier command compiled.
pub(crate) async fn load(
    source: &Source,
    folders: &Folders,
    talk: &Talk,
) -> Result<Component, Failure> {
    let aot = folders.cache.as_ref().map(|folder| folder.join("aot"));
    let engine =
        Engine::new(aot.as_deref()).map_err(|error| Failure::new(Exit::Internal, error))?;
    if let Some(problem) = engine.cache_problem() {
        talk.warn(problem);
    }
    talk.waiting_for(&format!("loading {}", printable(source.name(), 200)));
    let component = engine
        .load(source)
        .await
        .map_err(|error| Failure::new(Exit::Component, error))?;
    let name = printable(component.name(), 200);
    match component.origin() {
        Origin::Cached => talk.detail(format!("{name}: already compiled")),
        Origin::Compiled(took) => {
            let took = Duration::from_millis(u64::try_from(took.as_millis()).unwrap_or(0));
            talk.detail(format!(
                "{name}: compiled in {}",
                humantime::format_duration(took)
            ));
        }
    }
    if let Some(reason) = component.not_kept() {
        talk.warn(format!("the compiled component is not kept: {reason}"));
    }
    Ok(component)
}

/// What a component says of itself: asked without configuration and network, so that it cannot depend on them.
pub(crate) async fn describe(
    component: &Component,
    limits: &Limits,
    deadline: Instant,
    time: Duration,
) -> Result<Option<RunnerInfo>, Failure> {
    let call = Call {
        limits: limits.clone(),
        config: Arc::new([]),
        session: Session::closed(),
        observer: Arc::new(Ignore),
        deadline,
        time,
    };
    runner::describe(component, &call).await.map_err(|error| {
        let failure = Failure::from(error);
        Failure {
            message: format!("asked what it is: {}", failure.message),
            ..failure
        }
    })
}
