//! `arborist init` and `arborist config`: write, check, show and explain a configuration.

use crate::{
    args::{ConfigCommand, ExplainArgs, InitArgs, Report, SettingsArgs},
    exit::{Exit, Failure},
    output::{self, Staged},
    settings,
    talk::Talk,
};
use arborist::config::{Invocation, Settings, TEMPLATE, Verdict};
use std::path::Path;

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

pub(crate) fn config(command: &ConfigCommand, talk: &Talk) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check(args) => check(args, talk),
        ConfigCommand::Show(args) => show(args, talk),
        ConfigCommand::Explain(args) => explain(args, talk),
    }
}

/// Checks the selected runner's settings, and where nobody named one, those of every section.
fn check(args: &SettingsArgs, talk: &Talk) -> Result<(), Failure> {
    let settings = resolve(args, false, talk)?;
    let mut checked = vec![settings.runner.name.clone()];
    let sections = settings
        .file
        .as_ref()
        .map(|file| file.sections.clone())
        .unwrap_or_default();
    for section in sections.into_iter().filter(|_| args.runner.is_none()) {
        if !checked.contains(&section) {
            let other = SettingsArgs {
                config: args.config.clone(),
                runner: Some(section.clone()),
                format: args.format,
            };
            resolve(&other, false, talk)?;
            checked.push(section);
        }
    }
    let file = settings.file.as_ref().map_or_else(
        || "no file".to_owned(),
        |file| file.path.display().to_string(),
    );
    match args.format {
        Report::Text => output::print(&format!(
            "{file}: nothing wrong with {}\n",
            checked.join(", ")
        )),
        Report::Json => {
            output::print_json(&serde_json::json!({"file": file, "checked": checked, "faults": []}))
        }
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
            if let Some(fix) = &refused.fix {
                lines.push(format!("  to allow it, in the runner's section: {fix}"));
            }
            if let Some(flag) = &refused.flag {
                lines.push(format!("  or on the command line: {flag}"));
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
    settings
        .warnings
        .iter()
        .for_each(|warning| talk.warn(warning));
    talk.done();
    Ok(settings)
}
