//! From the command line to settings, and the user's leave for what a found file would send.

use crate::{
    args::{ConfigArgs, RunnerArgs},
    exit::{Exit, Failure},
    output,
    talk::Talk,
};
use arborist::{
    config::{self, EngineSettings, Environment, Faults, Folders, Invocation, Laid, Settings},
    engine::{KnownFiles, Source},
};
use std::io::IsTerminal as _;

/// The environment and folders of this process.
pub(crate) struct Surroundings {
    environment: Environment,
    pub(crate) folders: Folders,
}

impl Surroundings {
    pub(crate) fn of_process() -> Self {
        let environment = Environment::of_process();
        Self {
            folders: Folders::of(&environment),
            environment,
        }
    }

    pub(crate) fn resolve(&self, invocation: &Invocation) -> Result<Settings, Failure> {
        config::resolve(invocation, &self.environment, &self.folders)
            .map_err(|faults| failure(&faults))
    }

    /// [`Surroundings::resolve`] with fields laid over the section.
    pub(crate) fn resolve_over(
        &self,
        invocation: &Invocation,
        laid: &Laid,
    ) -> Result<Settings, Failure> {
        config::resolve_over(invocation, &self.environment, &self.folders, laid)
            .map_err(|faults| failure(&faults))
    }

    /// How the engine is set up by a command that reads no configuration file.
    pub(crate) fn engine(&self) -> Result<EngineSettings, Failure> {
        EngineSettings::of_environment(&self.environment).map_err(|faults| failure(&faults))
    }

    /// Asks the user for what a found file would send where; without a terminal, says it. Where nothing `sends`, what the runner
    /// would be given is left.
    ///
    /// # Errors
    /// The user says no.
    pub(crate) async fn ask_leave(
        &self,
        settings: &Settings,
        sends: bool,
        talk: &Talk,
    ) -> Result<(), Failure> {
        let mut pending = settings.pending(&self.folders);
        pending.retain(|disclosure| sends || disclosure.is_to_runner());
        if pending.is_empty() {
            return Ok(());
        }
        if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
            // Also with -q: where a secret goes is never kept quiet.
            pending.iter().for_each(|disclosure| talk.say(disclosure));
            return Ok(());
        }
        talk.done();
        for disclosure in &pending {
            let file =
                arborist::escape::printable(&disclosure.file.to_string_lossy(), 400).into_owned();
            talk.ask(format!(
                "{file} wants to send {} to {}: yes/no? ",
                arborist::escape::printable(&disclosure.variable, 100),
                arborist::escape::printable(&disclosure.target, 300)
            ));
            let answer = output::read_line().await?;
            if !matches!(answer.trim().to_lowercase().as_str(), "yes" | "y") {
                return Err(Failure::new(
                    Exit::Config,
                    "nothing was sent and nothing was run\n  help: if you trust that file, answer yes, or name it with --config",
                ));
            }
        }
        if let Err(error) = config::remember(&pending, &self.folders) {
            talk.warn(format!("the answer is not remembered: {error}"));
        }
        Ok(())
    }
}

/// What the flags of a run say.
pub(crate) fn invocation(args: &RunnerArgs) -> Result<Invocation, Failure> {
    Ok(Invocation {
        runner: args.runner.clone(),
        component: args.component.clone(),
        set: args.set.clone(),
        set_env: args.set_env.clone(),
        allow: args.allow.clone(),
        limits: args.limits.clone(),
        audit: args.audit.clone(),
        timeout: args.timeout,
        replay: args.tape.replay.is_some(),
        ..of_file(&args.config)?
    })
}

/// The invocation of a command that only looks: a variable that is not set keeps nobody from looking.
pub(crate) fn to_look_at(config: &ConfigArgs) -> Result<Invocation, Failure> {
    Ok(Invocation {
        replay: true,
        ..of_file(config)?
    })
}

/// The invocation of a command that only says which file.
pub(crate) fn of_file(config: &ConfigArgs) -> Result<Invocation, Failure> {
    let folder = std::env::current_dir().map_err(|error| {
        Failure::new(
            Exit::Internal,
            format!("the current folder cannot be found: {error}"),
        )
    })?;
    Ok(Invocation {
        config: config.file.clone(),
        folder,
        ..Invocation::default()
    })
}

/// The component of the selected runner. Nothing of it is read where it is known; what is read is read off the runtime's thread.
pub(crate) async fn source(settings: &Settings, folders: &Folders) -> Result<Source, Failure> {
    read(settings, KnownFiles::of(folders.known_files())).await
}

/// [`source`] for those who ask what the file holds now: a known one is read too.
pub(crate) async fn source_anew(settings: &Settings) -> Result<Source, Failure> {
    read(settings, KnownFiles::default()).await
}

async fn read(settings: &Settings, known: KnownFiles) -> Result<Source, Failure> {
    if let Some(source) = arborist::runner::known_source(&settings.runner, &known) {
        return Ok(source);
    }
    let runner = settings.runner.clone();
    output::aside(move || {
        let source = arborist::runner::source(&runner, &known);
        source.map_err(|error| Failure::new(Exit::Component, error))
    })
    .await
}

/// Faults of the command line are usage errors; anything else is the configuration's.
pub(crate) fn failure(faults: &Faults) -> Failure {
    let exit = if faults.are_usage() {
        Exit::Usage
    } else {
        Exit::Config
    };
    let color = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    Failure::rendered(exit, faults.render(color))
}
