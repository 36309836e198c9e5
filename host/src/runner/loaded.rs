//! A runner that can be started: its component, its settings held against what it says of itself, its gateway.

use super::{Parameters, RunError, Running, running};
use crate::{
    audit::{AuditFailure, AuditLog},
    builtin,
    cache::ResultCache,
    config::{Faults, FieldInfo, FieldValue, RunnerOrigin, Selected, Settings},
    engine::{
        Call, Component, Digest, Engine, Ignore, KnownFiles, LoadError, Observer, RunnerInfo,
        Source, SourceError,
    },
    gateway::{Gateway, GatewayOptions, Lookup, RateLimiter, SystemLookup, Tape},
    limits::Limits,
    secrets::SecretSet,
};
use sha2::{Digest as _, Sha256};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};
use tokio::time::Instant;

/// A component with its settings. Loaded once, it can be started any number of times, many at once: its runs
/// share nothing but compiled code and connections.
#[derive(Debug)]
pub struct Runner {
    pub(super) component: Component,
    pub(super) settings: Settings,
    pub(super) gateway: Arc<Gateway>,
    pub(super) secrets: Arc<SecretSet>,
    pub(super) audit: Option<Arc<AuditLog>>,
    pub(super) cache: Option<ResultCache>,
}

/// What runners have of the world around them.
#[derive(Clone)]
pub struct Outside {
    /// How names become addresses.
    pub lookup: Arc<dyn Lookup>,
    /// A folder of the user's own for what processes share; without it a rate limit counts the runs of this process alone.
    pub state: Option<PathBuf>,
    /// Takes what a component logs when it is asked what it is; a run has an observer of its own.
    pub observer: Arc<dyn Observer>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside")
            .field("lookup", &self.lookup)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Default for Outside {
    /// The system's resolver, nothing that is shared, and nobody who listens.
    fn default() -> Self {
        Self {
            lookup: Arc::new(SystemLookup),
            state: None,
            observer: Arc::new(Ignore),
        }
    }
}

/// By when something must be done, and the time that this came from, for messages.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// The moment.
    pub at: Instant,
    /// The time that was given.
    pub time: Duration,
}

/// Why a runner cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The component is no runner, or does not compile.
    #[error("{0}")]
    Component(#[from] LoadError),
    /// Compiling it took too long.
    #[error(
        "the component was not compiled within {}\n  help: give it more time with `--timeout TIME`; it is compiled once and then kept",
        humantime::format_duration(*.0)
    )]
    Late(Duration),
    /// It failed when it was asked what it is.
    #[error("asked what it is: {0}")]
    Describe(RunError),
    /// The settings are not what it takes.
    #[error("{}", .0.render(false))]
    Settings(Faults),
}

/// Why a run cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The audit log cannot be written.
    #[error("{0}")]
    Unaudited(#[from] AuditFailure),
}

impl Deadline {
    /// That of a call.
    pub(super) fn of(call: &Call) -> Self {
        Self {
            at: call.deadline,
            time: call.time,
        }
    }

    /// A deadline `time` after `began`.
    #[must_use]
    pub fn after(began: Instant, time: Duration) -> Self {
        Self {
            at: began + time,
            time,
        }
    }
}

/// Reads the component of a selected runner: its file, unless `known` knows it, or what comes with the host.
///
/// # Errors
/// It cannot be read, or is no component.
pub fn source(selected: &Selected, known: &KnownFiles) -> Result<Source, SourceError> {
    match &selected.origin {
        RunnerOrigin::File(path) => Source::read_unless_known(path, known),
        // Settings select no other built-in runner than there is; an empty component would be refused.
        RunnerOrigin::Builtin => match builtin::find(&selected.name) {
            Some(builtin) => match builtin.sha256().and_then(|hex| Digest::from_hex(&hex)) {
                Some(digest) => Ok(Source::embedded(builtin.name, builtin.bytes, digest)),
                None => Source::from_bytes(builtin.name, builtin.bytes),
            },
            None => Source::from_bytes(&selected.name, []),
        },
    }
}

/// [`source`] where nothing is read for it: of what comes with the host, and of a large file that `known` knows.
#[must_use]
pub fn known_source(selected: &Selected, known: &KnownFiles) -> Option<Source> {
    match &selected.origin {
        RunnerOrigin::File(path) => Source::known(path, known),
        RunnerOrigin::Builtin => source(selected, known).ok(),
    }
}

/// Compiles a component, or maps what was compiled before.
///
/// # Errors
/// [`StartError::Component`] and [`StartError::Late`].
pub async fn load(
    engine: &Engine,
    source: &Source,
    limits: &Limits,
    deadline: Deadline,
) -> Result<Component, StartError> {
    match tokio::time::timeout_at(deadline.at, engine.load(source, limits)).await {
        Ok(loaded) => Ok(loaded?),
        Err(_elapsed) => Err(StartError::Late(deadline.time)),
    }
}

/// What a component says of itself, asked without configuration and network, and only where it was not asked before; `None` where it
/// does not say. `observer` takes what it logs while it is asked.
///
/// # Errors
/// See [`RunError`].
pub async fn describe(
    component: &Component,
    limits: &Limits,
    deadline: Deadline,
    observer: Arc<dyn Observer>,
) -> Result<Option<RunnerInfo>, RunError> {
    let info = component.describe(limits, deadline.at, deadline.time, observer);
    Ok(info.await?)
}

impl Runner {
    /// Holds `settings` against what `component` says of itself, and opens its way out. Nothing is sent before the first run asks for it.
    ///
    /// # Errors
    /// [`StartError::Describe`] and [`StartError::Settings`].
    pub async fn new(
        component: Component,
        settings: Settings,
        outside: Outside,
        deadline: Deadline,
    ) -> Result<Self, StartError> {
        let observer = Arc::clone(&outside.observer);
        let settings = Self::settle(&component, settings, deadline, observer).await?;
        Ok(Self::unchecked(component, settings, outside))
    }

    /// Holds `settings` against what the runner says that it reads, as [`Runner::new`] does; `observer` hears what the runner logs
    /// when it is asked.
    ///
    /// # Errors
    /// [`StartError::Describe`] and [`StartError::Settings`].
    pub async fn settle(
        component: &Component,
        settings: Settings,
        deadline: Deadline,
        observer: Arc<dyn Observer>,
    ) -> Result<Settings, StartError> {
        let info = describe(component, &settings.limits, deadline, observer).await;
        match info.map_err(StartError::Describe)? {
            Some(info) => settings
                .check(&declared(info))
                .map_err(StartError::Settings),
            None => Ok(settings),
        }
    }

    /// A runner with settings as they are: nobody asks it whether they are what it takes.
    #[must_use]
    pub fn unchecked(component: Component, settings: Settings, outside: Outside) -> Self {
        let options = GatewayOptions {
            policy: settings.policy.clone(),
            route: settings.route.clone(),
            retry: settings.retry,
            rate: limiter(&settings, &component, outside.state),
        };
        let gateway = Gateway::new(options, outside.lookup);
        let secrets = secrets(&settings);
        Self {
            component,
            settings,
            gateway,
            secrets,
            audit: None,
            cache: None,
        }
    }

    /// The same runner, with its runs written to `log`, which others may share.
    #[must_use]
    pub fn audited(self, log: Arc<AuditLog>) -> Self {
        Self {
            audit: Some(log),
            ..self
        }
    }

    /// The same runner, with its results kept in `cache` and taken from it. A run in which the runner gets a secret as it is neither
    /// takes nor keeps any.
    #[must_use]
    pub fn cached(self, cache: ResultCache) -> Self {
        Self {
            cache: Some(cache),
            ..self
        }
    }

    /// Starts a run, which began at `began`: fresh placeholders, a session of its own.
    ///
    /// # Errors
    /// The system gives no random bytes, or the audit log cannot be written.
    pub fn start(
        self: &Arc<Self>,
        parameters: Parameters,
        observer: Arc<dyn Observer>,
        began: Instant,
    ) -> Result<Running, BeginError> {
        self.start_taped(Tape::None, parameters, observer, began)
    }

    /// [`Runner::start`] for a run whose exchanges are recorded, or answered from a cassette.
    ///
    /// # Errors
    /// Those of [`Runner::start`].
    pub fn start_taped(
        self: &Arc<Self>,
        tape: Tape,
        parameters: Parameters,
        observer: Arc<dyn Observer>,
        began: Instant,
    ) -> Result<Running, BeginError> {
        running::start(Arc::clone(self), tape, parameters, observer, began)
    }

    /// The settings, as the runner's own account of its fields completes them.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The component.
    #[must_use]
    pub fn component(&self) -> &Component {
        &self.component
    }
}

/// The fields that a runner declares, as the configuration knows them.
fn declared(info: RunnerInfo) -> Vec<FieldInfo> {
    let fields = info.config.into_iter();
    fields
        .map(|field| FieldInfo {
            name: field.name,
            description: field.description,
            required: field.required,
            secret: field.secret,
            default: field.default,
        })
        .collect()
}

/// Keeps the rate that the settings give. Its state belongs to the file and the section that say so, and where there is none to the
/// component, so that all runs count that send with the same key.
fn limiter(
    settings: &Settings,
    component: &Component,
    state: Option<PathBuf>,
) -> Option<Arc<RateLimiter>> {
    let rate = settings.rate_limit?;
    let Some(state) = state else {
        return Some(RateLimiter::in_process(rate));
    };
    let file = settings.file.as_ref();
    let of = match file.filter(|_| settings.runner.section_used) {
        Some(file) => {
            let path = file.path.canonicalize();
            let path = path.unwrap_or_else(|_| file.path.clone());
            // No path holds a zero byte.
            format!("{}\0{}", path.to_string_lossy(), settings.runner.name)
        }
        None => component.digest().to_string(),
    };
    let name = format!("{:x}", Sha256::digest(of));
    Some(RateLimiter::across_processes(
        rate,
        state.join("rate").join(name),
    ))
}

fn secrets(settings: &Settings) -> Arc<SecretSet> {
    let fields = settings.fields.iter();
    SecretSet::new(fields.filter_map(|field| match &field.value {
        FieldValue::Plain(_) => None,
        FieldValue::Secret(secret) => {
            Some((settings.binding(&field.name)?.clone(), secret.clone()))
        }
    }))
}
