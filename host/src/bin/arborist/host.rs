//! What `run`, `dagu` and `inspect` share: a loaded component and the runs that it is given.

use crate::{
    args::{self, Format, RunnerArgs},
    audit, cache,
    exit::{Exit, Failure},
    output::{self, Staged},
    settings::{self, Surroundings},
    talk::Talk,
    tape::TapeFile,
};
use arborist::{
    config::{EngineSettings, Folders, Invocation, Profile, RunnerOrigin, Settings},
    engine::{
        Allocation, Compiler, CompilerCommand, Component, Engine, EngineError, EngineOptions,
        Event, Observer, Origin, Pool, Source,
    },
    escape::printable,
    limits::Limits,
    project::Stale,
    runner::{self, Deadline, Made, Operation, Outside, Parameters, RunError, Runner, Running},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Everything that the command line and the configuration come to, before anything is loaded.
pub(crate) struct Plan {
    surroundings: Surroundings,
    settings: Settings,
    source: Source,
    parameters: Parameters,
    tape: TapeFile,
    no_cache: bool,
    began: Instant,
}

impl Plan {
    pub(crate) async fn new(
        args: &RunnerArgs,
        operation: Operation,
        talk: &Talk,
    ) -> Result<Self, Failure> {
        let began = Instant::now();
        let surroundings = Surroundings::of_process();
        let invocation = settings::invocation(args)?;
        let invocation = Invocation {
            // Few runners ask anybody for a DAG: those that do meet a denial that names the secret.
            replay: invocation.replay || operation == Operation::Dagu,
            ..invocation
        };
        let settings = surroundings.resolve(&invocation)?;
        settings
            .warnings
            .iter()
            .for_each(|warning| talk.warn(warning));
        let source = settings::source(&settings, &surroundings.folders).await?;
        if args.component.is_none() {
            tell_stale(&settings, talk).await?;
        }
        let parameters = Parameters::parse(&args.params)?;
        let tape = TapeFile::open(&args.tape).await?;
        Ok(Self {
            surroundings,
            settings,
            source,
            parameters,
            tape,
            no_cache: args.no_cache,
            began,
        })
    }

    /// The name of the selected runner.
    pub(crate) fn runner(&self) -> &str {
        &self.settings.runner.name
    }

    /// Refuses results that would replace the audit log or the cassette, and those that cannot be written: that is better known before
    /// anything is sent.
    pub(crate) fn keeps_apart(&self, results: &[&Option<PathBuf>]) -> Result<(), Failure> {
        audit::apart(&self.settings, results)?;
        self.tape.apart(results)?;
        for path in results.iter().filter_map(|path| path.as_deref()) {
            drop(Staged::new(Some(path), String::new())?);
        }
        Ok(())
    }

    /// What a dry run prints.
    pub(crate) fn show(&self) -> String {
        let settings = &self.settings;
        let rows = settings.rows();
        let mut lines: Vec<String> = rows
            .iter()
            .map(|row| format!("{}: {} ({})", row.key, row.value, row.source))
            .collect();
        let (size, digest) = (self.source.size(), self.source.digest());
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

    /// Loads the runner and starts a run of it. The deadline of `operation`, or of the whole command, covers it.
    pub(crate) async fn start(
        self,
        operation: Operation,
        talk: &Arc<Talk>,
    ) -> Result<(Running, TapeFile), Failure> {
        let deadline = operation.deadline(&self.settings, self.began);
        let log = audit::open(&self.settings).await?;
        let (folders, limits) = (&self.surroundings.folders, &self.settings.limits);
        let engine = engine(folders, self.settings.engine, talk)?;
        let component = load(&engine, &self.source, limits, deadline, talk).await?;
        // What a command has set up for one component is the system's to take back at its end: piece by piece takes longer.
        std::mem::forget(component.clone());
        let outside = Outside {
            state: folders.state.clone(),
            observer: log_to(talk),
            ..Outside::default()
        };
        let told = self.settings.warnings.len();
        let runner = Runner::new(component, self.settings, outside, deadline).await?;
        // What the runner's own account of its fields brought up.
        let since = runner.settings().warnings.iter().skip(told);
        since.for_each(|warning| talk.warn(warning));
        let runner = log.into_iter().fold(runner, Runner::audited);
        let cache = cache::open(runner.settings(), folders, self.no_cache, talk);
        let runner = cache.into_iter().fold(runner, Runner::cached);
        let sends = !self.tape.replays();
        self.surroundings
            .ask_leave(runner.settings(), sends, talk)
            .await?;
        let observer = Arc::<Talk>::clone(talk);
        let tape = self.tape.tape();
        let running = Arc::new(runner).start_taped(tape, self.parameters, observer, self.began)?;
        talk.runs(&running, operation);
        talk.detail(format!("run: {}", running.id()));
        Ok((running, self.tape))
    }
}

/// Says what there is to say of a result: the runner's own warnings, and whether it was made now.
pub(crate) fn tell<T>(made: &Made<T>, talk: &Talk) {
    made.warnings.iter().for_each(|warning| talk.warn(warning));
    if let Some(age) = made.age {
        let age = humantime::format_duration(Duration::from_secs(age.as_secs()));
        talk.detail(format!(
            "cache: a result that was made {age} ago; --no-cache asks anew"
        ));
    }
    if let Some(reason) = &made.not_kept {
        talk.warn(format!("the result is not cached: {reason}"));
    }
}

/// Says where the component lies in a project's folder and is older than its sources. Of one that the user names by itself nothing is
/// said: it is what it is.
pub(crate) async fn tell_stale(settings: &Settings, talk: &Talk) -> Result<(), Failure> {
    let RunnerOrigin::File(component) = &settings.runner.origin else {
        return Ok(());
    };
    // Most runs are of no project, and start no thread for this.
    if !Stale::concerns(component) {
        return Ok(());
    }
    let component = component.clone();
    let stale = output::aside(move || Ok(Stale::of(&component))).await?;
    stale.iter().for_each(|stale| talk.warn(stale));
    Ok(())
}

/// A run's failure; where requests were given up that may go better later, with how they are sent again.
pub(crate) fn failed(error: RunError, running: &Running) -> Failure {
    let busy = matches!(error, RunError::Runner(_)) && running.session().gave_up();
    let mut failure = Failure::from(error);
    if busy {
        let help = match running.runner().settings().retry {
            None => "the service was busy or out of reach; `retry: {attempts: 3, delay: 2s}` in the runner's section sends such requests again".to_owned(),
            Some(retry) => format!(
                "the service was busy or out of reach, in the time of the run and the {} attempts of `retry`; give it more `attempts`, a longer `delay`, or the run more time with --timeout",
                retry.attempts
            ),
        };
        failure.help.push(help);
    }
    failure
}

/// Refuses a dry run as events: nothing happens in it.
pub(crate) fn refuse_dry_events(format: Format) -> Result<(), Failure> {
    match format {
        Format::Yaml | Format::Json => Ok(()),
        Format::Ndjson => Err(Failure::new(
            Exit::Usage,
            "a dry run has no events\n  help: leave out --format ndjson",
        )),
    }
}

/// Says what a run that succeeded was refused, and with `-v` what went out.
pub(crate) fn sum_up(running: &Running, talk: &Talk) {
    talk.done();
    talk.warn_refused(running.session());
    let summary = running.session().summary();
    let requests = match summary.requests {
        0 => "no request".to_owned(),
        1 => format!("1 request to {}", summary.hosts.join(", ")),
        many => format!("{many} requests to {}", summary.hosts.join(", ")),
    };
    let again = match summary.retries {
        0 => String::new(),
        retries => format!(", {retries} of them again"),
    };
    let bytes = |bytes| bytesize::ByteSize::b(bytes).display().iec();
    let moved = match summary.requests {
        0 => String::new(),
        _ => format!(
            "; {} sent, {} received",
            bytes(summary.sent),
            bytes(summary.received)
        ),
    };
    let refused = match summary.refused {
        0 => String::new(),
        refused => format!("; {refused} refused"),
    };
    talk.detail(format!("network: {requests}{again}{moved}{refused}"));
    // The result is printed next, and both may go to one terminal.
    talk.done();
}

/// An engine whose components are compiled in a child, and kept in the user's cache folder.
pub(crate) fn engine(
    folders: &Folders,
    settings: EngineSettings,
    talk: &Talk,
) -> Result<Engine, Failure> {
    // This very program compiles, in a child that the system bounds.
    let program = this_program().map_err(|error| {
        let message = format!("this program cannot start itself to compile: {error}");
        Failure::new(Exit::Internal, message)
    })?;
    let worker = CompilerCommand::new(program, [args::COMPILE]);
    let options = EngineOptions {
        allocation: match settings.profile {
            Profile::OnDemand => Allocation::OnDemand,
            Profile::Pooling { instances } => Allocation::Pooling(Pool { instances }),
        },
        cache: folders.cache.as_ref().map(|folder| folder.join("aot")),
        cache_size: settings.cache_size,
        compiler: Compiler::Child(worker),
        // Nobody else is served meanwhile.
        alone: true,
    };
    let engine = Engine::new(options).map_err(|error| {
        let exit = match error {
            EngineError::Pool(_) => Exit::Config,
            EngineError::Start(_) => Exit::Internal,
        };
        Failure::new(exit, error)
    })?;
    if let Some(problem) = engine.cache_problem() {
        talk.warn(problem);
    }
    Ok(engine)
}

/// Compiles a component, or maps what an earlier command compiled.
pub(crate) async fn load(
    engine: &Engine,
    source: &Source,
    limits: &Limits,
    deadline: Deadline,
    talk: &Talk,
) -> Result<Component, Failure> {
    talk.waiting_for(&format!("loading {}", printable(source.name(), 200)));
    let component = runner::load(engine, source, limits, deadline).await?;
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

/// Tells `talk` what a component logs while it is asked what it is. Whatever else it says then belongs to no run.
pub(crate) fn log_to(talk: &Arc<Talk>) -> Arc<dyn Observer> {
    struct Logs(Arc<Talk>);
    impl Observer for Logs {
        fn event(&self, event: Event<'_>) {
            if matches!(event, Event::Log { .. }) {
                self.0.event(event);
            }
        }
    }
    Arc::new(Logs(Arc::clone(talk)))
}

/// The running program: the very file that runs, also where an upgrade has replaced it since.
fn this_program() -> std::io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() {
        return Ok(running);
    }
    std::env::current_exe()
}
