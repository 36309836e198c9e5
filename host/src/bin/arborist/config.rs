//! `arborist init` and `arborist config`: write, check, show and explain a configuration.

use crate::{
    args::{ConfigCommand, InitArgs, Report, SettingsArgs},
    exit::{Exit, Failure},
    output::{self, Staged},
    settings,
    talk::Talk,
};
use arborist::config::{Invocation, Settings, TEMPLATE};
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

fn explain(args: &SettingsArgs, talk: &Talk) -> Result<(), Failure> {
    let lines = resolve(args, true, talk)?.explain();
    match args.format {
        Report::Text => output::print(&(lines.join("\n") + "\n")),
        Report::Json => output::print_json(&serde_json::json!(lines)),
    }
}

/// The settings; to `look` at them, secrets need not be set.
fn resolve(args: &SettingsArgs, look: bool, talk: &Talk) -> Result<Settings, Failure> {
    let surroundings = settings::Surroundings::of_process();
    let invocation = Invocation {
        runner: args.runner.clone(),
        replay: look,
        ..settings::of_file(&args.config)?
    };
    let settings = surroundings.resolve(&invocation)?;
    settings
        .warnings
        .iter()
        .for_each(|warning| talk.warn(warning));
    Ok(settings)
}
