//! Arborist's library, composed as a process composes it that makes many runs.

use arborist::{
    audit::{AuditLog, Links},
    config::{self, Environment, Folders, Invocation},
    engine::{Allocation, Engine, EngineOptions, Ignore, KnownFiles},
    runner::{self, Deadline, Description, Outside, Parameters, Runner, Running},
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::time::Instant;

/// What a runner is made of.
#[derive(Debug)]
pub struct Setup<'a> {
    /// Where instances get their memory.
    pub allocation: Allocation,
    /// Its component; none is the built-in `mock`.
    pub component: Option<&'a Path>,
    /// A configuration whose section `measured` it takes; none is an empty one.
    pub config: Option<&'a Path>,
    /// Limits, as `NAME=VALUE`.
    pub limits: &'a [&'a str],
}

impl<'a> Setup<'a> {
    /// The built-in `mock`, with nothing beside it.
    #[must_use]
    pub fn mock(allocation: Allocation) -> Self {
        Self {
            allocation,
            component: None,
            config: None,
            limits: &[],
        }
    }
}

/// Loads a runner.
///
/// # Panics
/// It cannot be loaded.
pub async fn load(setup: Setup<'_>) -> Arc<Runner> {
    let name = match (setup.component, setup.config) {
        (None, _) => Some("mock"),
        (Some(_), Some(_)) => Some("measured"),
        (Some(_), None) => None,
    };
    let invocation = Invocation {
        folder: Path::new("/").to_owned(),
        config: setup.config.map(Path::to_owned),
        runner: name.map(str::to_owned),
        component: setup.component.map(Path::to_owned),
        limits: setup.limits.iter().map(ToString::to_string).collect(),
        ..Invocation::default()
    };
    let variables = [("KEY", "sk-measured-0123456789abcdef")];
    let environment = Environment::from_iter(variables);
    let settings = config::resolve(&invocation, &environment, &Folders::default());
    let settings = settings.unwrap_or_else(|faults| panic!("{}", faults.render(false)));
    let options = EngineOptions {
        allocation: setup.allocation,
        ..EngineOptions::default()
    };
    let engine = Engine::new(options).expect("an engine");
    let source = runner::source(&settings.runner, &KnownFiles::default()).expect("a component");
    let deadline = Deadline::after(Instant::now(), Duration::from_secs(600));
    let component = runner::load(&engine, &source, &settings.limits, deadline).await;
    let component = component.expect("it compiles");
    let log = settings.audit.as_ref().map(|file| {
        let log = AuditLog::open(&file.path, Links::Followed);
        log.expect("a file for the audit log")
    });
    let runner = Runner::new(component, settings, Outside::default(), deadline).await;
    let runner = runner.expect("settings that it takes");
    Arc::new(log.into_iter().fold(runner, Runner::audited))
}

/// A run that has begun.
///
/// # Panics
/// The system gives no random bytes.
#[must_use]
pub fn start(runner: &Arc<Runner>, parameters: &Parameters) -> Running {
    runner
        .start(parameters.clone(), Arc::new(Ignore), Instant::now())
        .expect("it starts")
}

/// One sandboxed run: what the runner answered, unread.
///
/// # Panics
/// It fails.
pub async fn answer(
    runner: &Arc<Runner>,
    description: &Description,
    parameters: &Parameters,
) -> String {
    let running = start(runner, parameters);
    running.answer(description).await.expect("an answer")
}

/// One run as users have it: the answer read, checked and written anew.
///
/// # Panics
/// It has no task spec.
pub async fn task_spec(
    runner: &Arc<Runner>,
    description: &Description,
    parameters: &Parameters,
) -> String {
    let running = start(runner, parameters);
    let made = running.task_spec(description).await.expect("a task spec");
    made.value.to_yaml()
}
