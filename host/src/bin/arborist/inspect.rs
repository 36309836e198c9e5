//! `arborist inspect`: what a component is, what it asks for and what it may use.

mod engine;

use crate::{
    args::{InspectArgs, Report},
    exit::Failure,
    host, output,
    settings::{self, Surroundings},
    talk::Talk,
};
use arborist::{
    config::{Invocation, RunnerOrigin, Settings},
    engine::{Component, RunnerInfo},
    escape::printable,
    limits::ROWS,
    runner::{self, Deadline, StartError},
};
use serde::Serialize;
use std::{fmt::Write as _, sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a component may take to describe itself.
const TIME: Duration = Duration::from_secs(30);
/// Most sections that are asked whether they name a file.
const SECTIONS: usize = 100;
/// How long it may take to compile, unless `--timeout` says less.
const MOST: Duration = Duration::from_secs(86_400);

pub(crate) async fn inspect(args: InspectArgs, talk: &Arc<Talk>) -> Result<(), Failure> {
    let surroundings = Surroundings::of_process();
    let settings = surroundings.resolve(&invocation(&args)?)?;
    if args.runner.is_none() {
        return engine::inspect(&settings, &surroundings.folders, args.format, talk);
    }
    let lenders = lenders(&surroundings, &settings, &args)?;
    let source = settings::source_anew(&settings).await?;
    // Compiling takes what time it needs: --timeout is around all of this.
    let loading = Deadline::after(Instant::now(), MOST);
    let engine = host::engine(&surroundings.folders, settings.engine, talk)?;
    let told = args.engine.then(|| engine::Told::new(&engine, &settings));
    let component = host::load(&engine, &source, &settings.limits, loading, talk).await?;
    let time = Deadline::after(Instant::now(), TIME);
    let observer = host::log_to(talk);
    let info = runner::describe(&component, &settings.limits, time, observer).await;
    let info = info.map_err(StartError::Describe)?;
    talk.done();
    let mut found = Found::new(&component, info, &settings);
    found.engine = told.map(|told| told.of(&component));
    found.network.extend(lenders);
    match args.format {
        Report::Text => output::print(&found.text()),
        Report::Json => output::print_json(&serde_json::json!(found)),
    }
}

fn invocation(args: &InspectArgs) -> Result<Invocation, Failure> {
    let invocation = Invocation {
        limits: args.limits.clone(),
        ..settings::to_look_at(&args.config)?
    };
    let Some(runner) = &args.runner else {
        return Ok(invocation);
    };
    // What names a runner is one; a file that is called like a runner is meant by `./NAME`.
    let name = runner.to_str().filter(|name| !name.contains(['/', '.']));
    Ok(match name {
        Some(name) => Invocation {
            runner: Some(name.to_owned()),
            ..invocation
        },
        None => Invocation {
            component: Some(runner.clone()),
            ..invocation
        },
    })
}

/// Of a file that is inspected by its path: the sections that name it, whose rules it has only when it is run by their names.
fn lenders(
    surroundings: &Surroundings,
    settings: &Settings,
    args: &InspectArgs,
) -> Result<Option<String>, Failure> {
    let (Some(file), RunnerOrigin::File(path)) = (&settings.file, &settings.runner.origin) else {
        return Ok(None);
    };
    if settings.runner.section_used {
        return Ok(None);
    }
    let mut names = Vec::new();
    for section in file.sections.iter().take(SECTIONS) {
        let invocation = Invocation {
            runner: Some(section.clone()),
            ..settings::to_look_at(&args.config)?
        };
        // One that is at fault is the business of `config check`.
        let other = surroundings.resolve(&invocation).ok();
        if let Some(RunnerOrigin::File(named)) = other.map(|other| other.runner.origin)
            && output::same_file(path, &named)
        {
            names.push(printable(section, 100).into_owned());
        }
    }
    let Some(first) = names.first() else {
        return Ok(None);
    };
    Ok(Some(format!(
        "that is so of the file by itself: as `{}` of {} it has the rules of that section, which `arborist inspect {first}` shows",
        names.join("` and `"),
        printable(&file.path.to_string_lossy(), 400)
    )))
}

/// What was found, as the JSON format prints it.
#[derive(Serialize)]
struct Found {
    name: String,
    world: &'static str,
    size: usize,
    digest: String,
    imports: Vec<Import>,
    exports: Vec<String>,
    info: Option<RunnerInfo>,
    network: Vec<String>,
    limits: Vec<LimitRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<engine::Told>,
}

#[derive(Serialize)]
struct Import {
    name: String,
    meaning: &'static str,
}

#[derive(Serialize)]
struct LimitRow {
    name: &'static str,
    value: String,
    about: &'static str,
}

impl Found {
    fn new(component: &Component, info: Option<RunnerInfo>, settings: &Settings) -> Self {
        let import = |(name, meaning): (&str, &'static str)| Import {
            name: name.to_owned(),
            meaning,
        };
        Self {
            name: component.name().to_owned(),
            world: component.world().name(),
            size: component.size(),
            digest: component.digest().to_string(),
            imports: component.shape().meanings().map(import).collect(),
            exports: component.shape().exports.clone(),
            info,
            network: settings.explain(),
            limits: ROWS
                .iter()
                .map(|row| LimitRow {
                    name: row.name,
                    value: row.limit.show(settings.limits.get(row.limit)),
                    about: row.about,
                })
                .collect(),
            engine: None,
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{}\n  world   {}",
            printable(&self.name, 500),
            self.world
        );
        let _ = writeln!(
            text,
            "  size    {} bytes\n  digest  {}",
            self.size, self.digest
        );
        let _ = writeln!(text, "\nimports");
        for import in &self.imports {
            let _ = writeln!(
                text,
                "  {:<44} {}",
                printable(&import.name, 200),
                import.meaning
            );
        }
        let _ = writeln!(text, "\nexports");
        for export in &self.exports {
            let _ = writeln!(text, "  {}", printable(export, 200));
        }
        let _ = writeln!(text, "\nconfiguration");
        match &self.info {
            None => {
                let _ = writeln!(
                    text,
                    "  it does not say (it does not export `arborist:runner/about`)"
                );
            }
            Some(info) => info_text(&mut text, info),
        }
        let _ = writeln!(text, "\nnetwork");
        for line in &self.network {
            let _ = writeln!(text, "  {line}");
        }
        let _ = writeln!(text, "\nlimits (change one with --limit NAME=VALUE)");
        for row in &self.limits {
            let _ = writeln!(text, "  {:<15} {:<10} {}", row.name, row.value, row.about);
        }
        if let Some(engine) = &self.engine {
            let _ = write!(text, "\n{}", engine.text());
        }
        text
    }
}

fn info_text(text: &mut String, info: &RunnerInfo) {
    let name = printable(&info.name, 200);
    let version = printable(&info.version, 100);
    let _ = writeln!(
        text,
        "  {name} {version}: {}",
        printable(&info.description, 500)
    );
    if info.config.is_empty() {
        let _ = writeln!(text, "  it reads no fields");
    }
    for field in &info.config {
        let mut notes = Vec::new();
        if field.required {
            notes.push("required".to_owned());
        }
        if field.secret {
            notes.push("secret".to_owned());
        }
        if let Some(default) = &field.default {
            notes.push(format!("default {}", printable(default, 100)));
        }
        let notes = if notes.is_empty() {
            String::new()
        } else {
            format!(" ({})", notes.join(", "))
        };
        let _ = writeln!(
            text,
            "  {:<15} {}{notes}",
            printable(&field.name, 100),
            printable(&field.description, 300)
        );
    }
}
