//! The command line of Arborist: reads arguments, calls the library, prints, and decides the exit code.

mod args;
mod audit;
mod build;
mod cache;
mod check;
mod config;
mod dagu;
mod events;
mod exit;
mod graph;
mod host;
mod inspect;
mod json_log;
mod new;
mod output;
mod paint;
mod progress;
mod run;
mod runners;
mod settings;
mod talk;
mod tape;
mod test;
mod writer;

use arborist::engine;
use args::{CacheCommand, Cli, Command, Format, TalkArgs};
use clap::{CommandFactory as _, Parser as _};
use exit::{Exit, Failure};
use std::{
    ffi::OsString,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use talk::Talk;

fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(arguments()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are printed too, and are no errors.
            let exit = if error.use_stderr() {
                Exit::Usage.into()
            } else {
                ExitCode::SUCCESS
            };
            // Whoever closed the pipe has read enough.
            drop(error.print());
            return exit;
        }
    };
    let command = &cli.command;
    let talk = Talk::new(command.talk(), command.streams(), command.events());
    let talk = Arc::new(talk);
    // A panic is a fault of ours: it is told as one, and the exit code says so too.
    let outcome = catch_unwind(AssertUnwindSafe(|| dispatch(cli.command, &talk)));
    let outcome = outcome.unwrap_or_else(|_| {
        Err(Failure::new(
            Exit::Internal,
            "a fault in Arborist itself; please report what stands above",
        ))
    });
    match outcome {
        Ok(()) => {
            talk.done();
            ExitCode::SUCCESS
        }
        Err(failure) => {
            talk.fail(&failure);
            failure.exit.into()
        }
    }
}

/// What was typed. `help --help` asks for no more than `help`, which clap does not see.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|command| command == "help") {
        arguments.retain(|argument| argument != "--help" && argument != "-h");
    }
    arguments
}

fn dispatch(command: Command, talk: &Arc<Talk>) -> Result<(), Failure> {
    match command {
        Command::Run(args) => within(args.runner.timeout, talk, run::run(*args, talk)),
        Command::Dagu(args) => within(args.runner.timeout, talk, dagu::dagu(*args, talk)),
        Command::New(args) => new::new(&args, talk),
        Command::Build(args) => within(None, talk, build::build(args, talk)),
        Command::Graph(args) => within(None, talk, graph::graph(args, talk)),
        Command::Check(args) => within(None, talk, check::check(args, talk)),
        Command::Test(args) => within(None, talk, test::test(args, talk)),
        Command::Inspect(args) => within(args.timeout, talk, inspect::inspect(args, talk)),
        Command::Runners(args) => runners::runners(&args, talk),
        Command::Init(args) => within(None, talk, config::init(args, talk)),
        Command::Config { command } => within(None, talk, config::config(command, talk)),
        Command::Cache { command } => match command {
            CacheCommand::Ls(args) => cache::ls(&args, talk),
            CacheCommand::Clear { what, all } => cache::clear(&what, all, talk),
            CacheCommand::Warm(args) => within(args.timeout, talk, cache::warm(args, talk)),
        },
        Command::Compile { order } => {
            let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
            // The reason is for the parent, which shows it as its own.
            engine::compile_as_child(&order, input, output)
                .map_err(|reason| Failure::rendered(Exit::Component, reason))
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "arborist", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
    }
}

/// Runs `work` on this thread until it ends, its time is up, or the user interrupts it. What is dropped then
/// gives back all that it holds: the store, connections, the temporary file of a result.
fn within(
    time: Option<Duration>,
    talk: &Talk,
    work: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Internal, format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(async {
        let mut stopped = pin!(stopped(time));
        let outcome = tokio::select! {
            outcome = work => outcome,
            failure = &mut stopped => return Err(failure),
        };
        if let (Err(failure), Some(events)) = (&outcome, talk.events()) {
            // The last event is waited for as a result is, and no longer than that.
            tokio::select! {
                () = events::end(events, failure) => {}
                _ = &mut stopped => {}
            }
        }
        outcome
    });
    // A read cannot be stopped in the middle; the process does not wait for it. A child that compiles is killed with its future.
    runtime.shutdown_background();
    outcome
}

/// Waits until the time is up or the user interrupts.
async fn stopped(time: Option<Duration>) -> Failure {
    tokio::select! {
        () = late(time) => Failure::new(
            Exit::Sandbox,
            "the time of --timeout is up\n  help: give it more, and look at what it waits for: input, a compilation, an answer",
        ),
        Ok(()) = tokio::signal::ctrl_c() => Failure::new(Exit::Interrupted, "interrupted"),
        () = told_to_end() => Failure::new(Exit::Interrupted, "told to end"),
    }
}

/// Waits for what service managers, containers and closing terminals send.
#[cfg(unix)]
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_end() {
    std::future::pending().await
}

/// Ends a little after the time that each part of the work has been given by itself: the part can say more.
async fn late(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time + Duration::from_secs(1)).await,
        None => std::future::pending().await,
    }
}

impl Command {
    /// Whether a runner's progress is shown as it comes.
    fn streams(&self) -> bool {
        matches!(self, Self::Run(args) if args.stream)
    }

    /// Whether everything is told as events.
    fn events(&self) -> bool {
        match self {
            Self::Run(args) => args.format == Format::Ndjson,
            Self::Dagu(args) => args.format == Format::Ndjson,
            _ => false,
        }
    }

    fn talk(&self) -> TalkArgs {
        match self {
            Self::Run(args) => args.runner.talk,
            Self::Dagu(args) => args.runner.talk,
            Self::Inspect(args) => args.talk,
            Self::Build(args) => args.talk,
            Self::Test(args) => args.talk,
            Self::Check(args) => args.talk,
            Self::Cache {
                command: CacheCommand::Warm(args),
            } => args.talk,
            Self::Graph(_)
            | Self::New(_)
            | Self::Runners(_)
            | Self::Init(_)
            | Self::Config { .. }
            | Self::Cache { .. }
            | Self::Compile { .. }
            | Self::Completions { .. } => TalkArgs::default(),
        }
    }
}
