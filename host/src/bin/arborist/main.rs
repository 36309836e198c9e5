//! The command line of Arborist: reads arguments, calls the library, prints, and decides the exit code.

mod args;
mod config;
mod dagu;
mod exit;
mod host;
mod inspect;
mod output;
mod run;
mod runners;
mod settings;
mod talk;

use args::{Cli, Command, TalkArgs};
use clap::{CommandFactory as _, Parser as _};
use exit::{Exit, Failure};
use std::process::ExitCode;
use talk::Talk;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are printed too, and are no errors.
            let exit = if error.use_stderr() {
                Exit::Usage.into()
            } else {
                ExitCode::SUCCESS
            };
            return if error.print().is_ok() {
                exit
            } else {
                Exit::Internal.into()
            };
        }
    };
    let talk = std::sync::Arc::new(Talk::new(cli.command.talk()));
    match dispatch(cli.command, &talk) {
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

fn dispatch(command: Command, talk: &std::sync::Arc<Talk>) -> Result<(), Failure> {
    match command {
        Command::Run(args) => until_interrupted(run::run(*args, talk)),
        Command::Dagu(args) => until_interrupted(dagu::dagu(*args, talk)),
        Command::Inspect(args) => until_interrupted(inspect::inspect(args, talk)),
        Command::Runners(args) => runners::runners(&args, talk),
        Command::Init(args) => config::init(&args, talk),
        Command::Config { command } => config::config(&command, talk),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "arborist", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
    }
}

/// Runs `work` on this thread until it ends or the user interrupts it. What is dropped then gives back
/// all that it holds: the store, connections, the temporary file of a result.
fn until_interrupted(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Internal, format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = work => outcome,
            Ok(()) = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, "interrupted")),
        }
    });
    // A compilation cannot be stopped in the middle; the process does not wait for it.
    runtime.shutdown_background();
    outcome
}

impl Command {
    fn talk(&self) -> TalkArgs {
        match self {
            Self::Run(args) => args.runner.talk,
            Self::Dagu(args) => args.runner.talk,
            Self::Inspect(args) => args.talk,
            Self::Runners(_) | Self::Init(_) | Self::Config { .. } | Self::Completions { .. } => {
                TalkArgs::default()
            }
        }
    }
}
