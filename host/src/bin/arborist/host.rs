//! What `run`, `dagu` and `inspect` share: a loaded component and the call that it is given.

use crate::{
    args::RunnerArgs,
    exit::{Exit, Failure},
    select::Selected,
    talk::Talk,
};
use arborist::{
    config::{Environment, Folders},
    engine::{Call, Component, Engine, Origin, Source},
    gateway::Session,
    limits::Limits,
    runner::Parameters,
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a command may take where nobody says: generating with a slow model takes minutes.
const TIME: Duration = Duration::from_secs(300);

/// Everything that the flags of a run come to.
pub(crate) struct Plan {
    pub(crate) selected: Selected,
    pub(crate) source: Source,
    pub(crate) parameters: Parameters,
    pub(crate) limits: Limits,
    pub(crate) time: Duration,
    deadline: Instant,
}

impl Plan {
    pub(crate) fn new(args: &RunnerArgs) -> Result<Self, Failure> {
        let environment = Environment::of_process();
        let variable = environment.get("AGENT_ARBORIST_RUNNER");
        let selected =
            Selected::choose(args.component.as_deref(), args.runner.as_deref(), variable)?;
        let time = args.timeout.map_or(TIME, Duration::from_secs);
        Ok(Self {
            source: read(&selected)?,
            selected,
            parameters: Parameters::parse(&args.params)?,
            limits: limits(&args.limits)?,
            time,
            deadline: Instant::now() + time,
        })
    }

    /// The plan for a dry run.
    pub(crate) fn show(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        let limits = arborist::limits::ROWS
            .iter()
            .map(|row| {
                format!(
                    "{} {}",
                    row.name,
                    row.limit.show(self.limits.get(row.limit))
                )
            })
            .collect::<Vec<_>>()
            .join(", ");
        let names = self
            .parameters
            .as_slice()
            .iter()
            .map(|parameter| parameter.name.as_str());
        let parameters = names.collect::<Vec<_>>().join(", ");
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "runner      {} ({})\ncomponent   {} bytes, {}\nparameters  {}\nnetwork     none\ntimeout     {}\nlimits      {limits}\n",
            self.selected.name,
            self.selected.why,
            self.source.bytes().len(),
            self.source.digest(),
            if parameters.is_empty() {
                "none"
            } else {
                &parameters
            },
            humantime::format_duration(self.time),
        );
        text
    }

    /// Loads the component; the deadline covers that too.
    pub(crate) async fn load(&self, talk: &Talk) -> Result<Component, Failure> {
        match tokio::time::timeout_at(self.deadline, load(&self.source, talk)).await {
            Ok(loaded) => loaded,
            Err(_elapsed) => Err(Failure::new(
                Exit::Sandbox,
                format!(
                    "{} was not compiled within {}\n  help: give it more time with `--timeout SECONDS`; it is compiled once and then kept",
                    self.selected.name,
                    humantime::format_duration(self.time)
                ),
            )),
        }
    }

    /// A call under the plan's limits and deadline.
    pub(crate) fn call(&self, talk: &Arc<Talk>) -> Call {
        Call {
            limits: self.limits.clone(),
            config: Arc::new([]),
            session: Session::closed(),
            observer: Arc::<Talk>::clone(talk),
            deadline: self.deadline,
            time: self.time,
        }
    }
}

/// Reads a chosen runner's component.
pub(crate) fn read(selected: &Selected) -> Result<Source, Failure> {
    selected
        .source()
        .map_err(|error| Failure::new(Exit::Component, error))
}

/// The limits that `--limit` flags come to.
pub(crate) fn limits(flags: &[String]) -> Result<Limits, Failure> {
    let mut limits = Limits::default();
    for flag in flags {
        let usage = |message: String| Failure::new(Exit::Usage, format!("--limit: {message}"));
        let (name, value) = flag.split_once('=').ok_or_else(|| {
            usage("write it as NAME=VALUE, for instance memory=512MiB".to_owned())
        })?;
        limits
            .set(name, value)
            .map_err(|error| usage(error.to_string()))?;
    }
    Ok(limits)
}

/// Compiles a component, or maps what an earlier command compiled.
pub(crate) async fn load(source: &Source, talk: &Talk) -> Result<Component, Failure> {
    let folders = Folders::of(&Environment::of_process());
    let aot = folders.cache.map(|folder| folder.join("aot"));
    let engine =
        Engine::new(aot.as_deref()).map_err(|error| Failure::new(Exit::Internal, error))?;
    if let Some(problem) = engine.cache_problem() {
        talk.warn(problem);
    }
    talk.waiting_for(&format!("loading {}", source.name()));
    let component = engine
        .load(source)
        .await
        .map_err(|error| Failure::new(Exit::Component, error))?;
    match component.origin() {
        Origin::Cached => talk.detail(format!("{}: already compiled", component.name())),
        Origin::Compiled(took) => talk.detail(format!(
            "{}: compiled in {}",
            component.name(),
            humantime::format_duration(Duration::from_millis(
                u64::try_from(took.as_millis()).unwrap_or(0)
            ))
        )),
    }
    if let Some(reason) = component.not_kept() {
        talk.warn(format!("the compiled component is not kept: {reason}"));
    }
    Ok(component)
}
