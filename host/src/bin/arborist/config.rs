//! `arborist init` and `arborist config`: write, check, show and explain a configuration.

use crate::{
    args::{ConfigCommand, ExplainArgs, InitArgs, Report, SettingsArgs},
    exit::{Exit, Failure},
    host,
    output::{self, Staged},
    settings,
    talk::Talk,
};
use arborist::{
    config::{EngineSettings, Folders, Invocation, Settings, TEMPLATE, Verdict},
    engine::Engine,
    escape::printable,
    runner::{self, Deadline, Runner},
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::time::Instant;

/// The largest component that `config check` compiles, in bytes: it takes seconds, and the run that follows finds it compiled.
const SMALL: usize = 2 * 1024 * 1024;
/// How long a component may take to load there.
const TIME: Duration = Duration::from_secs(120);

/// Writes the commented file; never over another, unless told to.
pub(crate) async fn init(args: InitArgs, talk: &Talk) -> Result<(), Failure> {
    let to_stdout = args.file == Path::new("-");
    if !to_stdout && !args.force && args.file.symlink_metadata().is_ok() {
        let message = format!(
            "{} is there already\n  help: name another file, or replace it with --force",
            args.file.display()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    Staged::new(Some(&args.file), TEMPLATE.to_owned())?
        .deliver()
        .await?;
    if !to_stdout {
        talk.say(format!(
            "wrote {}; `arborist config check` finds mistakes in it",
            args.file.display()
        ));
    }
    Ok(())
}

pub(crate) async fn config(command: ConfigCommand, talk: &Arc<Talk>) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check(args) => check(&args, talk).await,
        ConfigCommand::Show(args) => show(&args, talk),
        ConfigCommand::Explain(args) => explain(&args, talk),
    }
}

/// Checks the selected runner's settings, and where nobody named one, those of every section. All that is wrong is told.
async fn check(args: &SettingsArgs, talk: &Arc<Talk>) -> Result<(), Failure> {
    let surroundings = settings::Surroundings::of_process();
    let settings = surroundings.resolve(&invocation(args, false)?)?;
    tell_all(&settings, talk);
    let selected = settings.runner.name.clone();
    let mut names = vec![selected.clone()];
    let file = settings.file.as_ref();
    let sections = file.map(|file| file.sections.clone()).unwrap_or_default();
    if args.runner.is_none() {
        let others = sections.into_iter().filter(|name| *name != selected);
        names.extend(others);
    }
    let file = file.map_or_else(
        || "no file".to_owned(),
        |file| file.path.display().to_string(),
    );
    let checker = Checker::new(&surroundings.folders, settings.engine, talk)?;
    let mut failures = Vec::new();
    failures.extend(checker.check(settings).await.err());
    for name in names.iter().skip(1) {
        let other = Invocation {
            runner: Some(name.clone()),
            ..invocation(args, false)?
        };
        let checked = match surroundings.resolve(&other) {
            Ok(settings) => {
                tell_all(&settings, talk);
                checker.check(settings).await
            }
            Err(failure) => Err(failure),
        };
        failures.extend(checked.err());
    }
    talk.done();
    if let Some(last) = failures.pop() {
        failures.iter().for_each(|failure| talk.error(failure));
        return Err(last);
    }
    match args.format {
        Report::Text => output::print(&format!(
            "{file}: nothing wrong with {}\n",
            names.join(", ")
        )),
        Report::Json => {
            output::print_json(&serde_json::json!({"file": file, "checked": names, "faults": []}))
        }
    }
}

/// Holds settings against the components that they are for.
struct Checker<'a> {
    engine: Engine,
    folders: &'a Folders,
    talk: &'a Arc<Talk>,
}

impl<'a> Checker<'a> {
    fn new(
        folders: &'a Folders,
        settings: EngineSettings,
        talk: &'a Arc<Talk>,
    ) -> Result<Self, Failure> {
        let engine = host::engine(folders, settings, talk)?;
        Ok(Self {
            engine,
            folders,
            talk,
        })
    }

    /// Whether the component is there and a runner, and reads the fields that it is given. A large one that was not compiled before is
    /// not compiled for this.
    async fn check(&self, settings: Settings) -> Result<(), Failure> {
        let talk = self.talk;
        let of = |message: String| format!("{}: {message}", settings.runner.name);
        let source = settings::source(&settings, self.folders)
            .await
            .map_err(|failure| Failure {
                message: of(failure.message),
                ..failure
            })?;
        let name = printable(&settings.runner.name, 200).into_owned();
        let compiled = self.engine.is_compiled(&source).await;
        let compiled = compiled.map_err(|error| Failure::new(Exit::Component, error))?;
        let size = source.size();
        if !compiled && size > SMALL {
            let size = bytesize::ByteSize::b(size as u64).display().iec();
            talk.say(format!(
                "the fields of `{name}` are not compared with what it reads: its component, {size}, was not compiled yet; `arborist inspect {name}` does that"
            ));
            return Ok(());
        }
        talk.waiting_for(&format!("loading {name}"));
        let deadline = Deadline::after(Instant::now(), TIME);
        let component = runner::load(&self.engine, &source, &settings.limits, deadline).await?;
        let told = settings.warnings.len();
        let settings = Runner::settle(&component, settings, deadline, host::log_to(talk)).await?;
        talk.done();
        let since = settings.warnings.iter().skip(told);
        since.for_each(|warning| talk.warn(warning));
        Ok(())
    }
}

fn show(args: &SettingsArgs, talk: &Talk) -> Result<(), Failure> {
    let rows = resolve(args, true, talk)?.rows();
    if args.format == Report::Json {
        let rows = rows.iter().map(
            |row| serde_json::json!({"key": row.key, "value": row.value, "source": row.source}),
        );
        return output::print_json(&rows.collect());
    }
    let width = rows
        .iter()
        .map(|row| row.key.chars().count())
        .max()
        .unwrap_or(0);
    let lines = rows
        .iter()
        .map(|row| format!("{:<width$}  {}  ({})\n", row.key, row.value, row.source));
    output::print(&lines.collect::<String>())
}

fn explain(args: &ExplainArgs, talk: &Talk) -> Result<(), Failure> {
    let invocation = Invocation {
        component: args.component.clone(),
        allow: args.allow.clone(),
        ..invocation(&args.settings, true)?
    };
    let settings = settled(&invocation, talk)?;
    let format = args.settings.format;
    if let Some(request) = &args.request {
        return judge(&settings, request, format);
    }
    let lines = settings.explain();
    match format {
        Report::Text => output::print(&(lines.join("\n") + "\n")),
        Report::Json => output::print_json(&serde_json::json!(lines)),
    }
}

/// Prints what the gateway would decide. That it would deny is the answer, and the exit code says it too.
fn judge(settings: &Settings, request: &str, format: Report) -> Result<(), Failure> {
    let verdict = settings.judge(request).map_err(|error| {
        let message = format!(
            "--request is none that can be sent: {error}\n  help: it takes [METHOD ]URL, such as \"POST https://api.example.com/v1/generate\""
        );
        Failure::new(Exit::Usage, message)
    })?;
    match format {
        Report::Text => output::print(&verdict_text(&verdict))?,
        Report::Json => output::print_json(&verdict_json(&verdict))?,
    }
    match verdict.decision {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::told(Exit::Sandbox)),
    }
}

fn verdict_text(verdict: &Verdict) -> String {
    let mut lines = Vec::new();
    match &verdict.decision {
        Ok(permitted) => {
            lines.push(format!("allowed: {}", verdict.request));
            let (rule, source) = (&permitted.rule, &permitted.source);
            lines.push(format!("  rule: `{rule}`, from {source}"));
            let secrets = permitted.secrets.iter();
            lines.extend(secrets.map(|secret| format!("  secret: {secret}")));
            let later = permitted.later.iter();
            lines.extend(later.map(|later| format!("  at run time: {later}")));
        }
        Err(refused) => {
            lines.push(format!("denied: {}", refused.reason));
            if let Some(advice) = &refused.advice {
                lines.push(format!("  to allow it, {advice}"));
            }
            if let Some(flag) = &refused.flag {
                lines.push(format!("  or to the command line:   {flag}"));
            }
        }
    }
    lines.join("\n") + "\n"
}

fn verdict_json(verdict: &Verdict) -> serde_json::Value {
    let request = &verdict.request;
    match &verdict.decision {
        Ok(permitted) => serde_json::json!({
            "request": request, "allowed": true, "rule": permitted.rule, "source": permitted.source,
            "secrets": permitted.secrets, "at_run_time": permitted.later,
        }),
        Err(refused) => serde_json::json!({
            "request": request, "allowed": false, "reason": refused.reason, "code": refused.code,
            "fix": refused.fix, "flag": refused.flag,
        }),
    }
}

/// The settings; to `look` at them, secrets need not be set.
fn resolve(args: &SettingsArgs, look: bool, talk: &Talk) -> Result<Settings, Failure> {
    settled(&invocation(args, look)?, talk)
}

fn invocation(args: &SettingsArgs, look: bool) -> Result<Invocation, Failure> {
    Ok(Invocation {
        runner: args.runner.clone(),
        replay: look,
        ..settings::of_file(&args.config)?
    })
}

fn settled(invocation: &Invocation, talk: &Talk) -> Result<Settings, Failure> {
    let settings = settings::Surroundings::of_process().resolve(invocation)?;
    tell(&settings, talk);
    talk.done();
    Ok(settings)
}

/// What deserves a word, and where the runner would be denied what it was told to ask.
fn tell_all(settings: &Settings, talk: &Talk) {
    tell(settings, talk);
    let unreached = settings.unreached();
    unreached.iter().for_each(|warning| talk.warn(warning));
}

fn tell(settings: &Settings, talk: &Talk) {
    let warnings = settings.warnings.iter();
    warnings.for_each(|warning| talk.warn(warning));
}
