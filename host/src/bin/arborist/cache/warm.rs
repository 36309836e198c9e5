//! `arborist cache warm`: what the first run of a runner would wait for, done before.

use super::{size, time};
use crate::{
    args::{Report, WarmArgs},
    exit::{Exit, Failure},
    host, output,
    settings::{self, Surroundings},
    talk::Talk,
};
use arborist::{
    builtin, clock,
    config::{Folders, Invocation, Settings},
    engine::{Component, Engine, Origin},
    escape::printable,
    runner::{self, Deadline, StartError},
};
use futures_util::{StreamExt as _, stream};
use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};
use tokio::time::Instant;

/// How many runners are worked on at once. One compilation at a time uses every core; meanwhile another runner is read or asked what
/// it is.
const AT_ONCE: usize = 2;
/// How long a component may take to describe itself.
const TIME: Duration = Duration::from_secs(30);
/// How long it may take to compile, unless `--timeout` says less.
const MOST: Duration = Duration::from_secs(86_400);

/// What became of a runner.
struct Row {
    runner: String,
    done: Result<Component, Failure>,
    /// Its bytes in the cache.
    bytes: Option<u64>,
}

pub(crate) async fn warm(args: WarmArgs, talk: &Arc<Talk>) -> Result<(), Failure> {
    let surroundings = Surroundings::of_process();
    let base = settings::to_look_at(&args.config)?;
    let settings = surroundings.resolve(&base)?;
    let engine = host::engine(&surroundings.folders, settings.engine, talk)?;
    if engine.cache_folder().is_none() {
        let message = "there is no folder to keep compiled components in\n  help: set HOME or XDG_CACHE_HOME to one that is yours alone";
        return Err(Failure::new(Exit::Config, message));
    }
    if settings.engine.cache_size.bytes() == 0 {
        let message = "`engine.cache_size` is 0, so no compiled component is kept, and none can be made ready\n  help: give it a size, by `engine: {cache_size: …}` in a file that is named, or by $AGENT_ARBORIST_ENGINE__CACHE_SIZE";
        return Err(Failure::new(Exit::Config, message));
    }
    let invocations = if args.runners.is_empty() {
        all(&settings, &base)
    } else {
        args.runners.iter().map(|it| named(it, &base)).collect()
    };
    let total = invocations.len();
    let mut warned = BTreeSet::new();
    let plans: Vec<_> = invocations
        .into_iter()
        .map(|(runner, invocation)| {
            let settings = surroundings.resolve(&invocation);
            let warnings = settings.iter().flat_map(|settings| &settings.warnings);
            // What is wrong with the file is wrong for each runner in it.
            let warnings = warnings.map(ToString::to_string);
            let new: Vec<_> = warnings.filter(|it| warned.insert(it.clone())).collect();
            new.iter().for_each(|warning| talk.warn(warning));
            (runner, settings)
        })
        .collect();
    let rows = stream::iter(plans.into_iter().zip(1_usize..))
        .map(|((runner, settings), at)| {
            talk.waiting_for(&format!(
                "compiling {at} of {total}: {}",
                printable(&runner, 200)
            ));
            prepare(&engine, &surroundings.folders, runner, settings, talk)
        })
        .buffered(AT_ONCE);
    let mut rows: Vec<Row> = rows.collect().await;
    talk.done();
    look_again(&engine, &mut rows);
    match args.format {
        Report::Json => output::print_json(&rows.iter().map(Row::json).collect())?,
        Report::Text => output::print(&rows.iter().map(Row::text).collect::<String>())?,
    }
    match rows.iter().find_map(|row| row.done.as_ref().err()) {
        Some(failure) => Err(Failure::told(failure.exit)),
        None => Ok(()),
    }
}

/// The built-in runners, and the sections that have a component.
fn all(settings: &Settings, base: &Invocation) -> Vec<(String, Invocation)> {
    let sections = settings.file.iter().flat_map(|file| &file.with_component);
    let sections = sections.filter(|name| builtin::find(name).is_none());
    let builtins = builtin::ALL.iter().map(|builtin| builtin.name.to_owned());
    let names = builtins.chain(sections.cloned());
    names
        .map(|name| (name.clone(), runner(name, base)))
        .collect()
}

/// As for `inspect`: what names a runner is one, and a file that is called like a runner is meant by `./NAME`.
fn named(given: &Path, base: &Invocation) -> (String, Invocation) {
    match given.to_str().filter(|name| !name.contains(['/', '.'])) {
        Some(name) => (name.to_owned(), runner(name.to_owned(), base)),
        None => {
            let invocation = Invocation {
                component: Some(given.to_owned()),
                ..base.clone()
            };
            (given.to_string_lossy().into_owned(), invocation)
        }
    }
}

fn runner(name: String, base: &Invocation) -> Invocation {
    Invocation {
        runner: Some(name),
        ..base.clone()
    }
}

async fn prepare(
    engine: &Engine,
    folders: &Folders,
    runner: String,
    settings: Result<Settings, Failure>,
    talk: &Arc<Talk>,
) -> Row {
    let done = async {
        let settings = settings?;
        let source = settings::source(&settings, folders).await?;
        let loading = Deadline::after(Instant::now(), MOST);
        let component = runner::load(engine, &source, &settings.limits, loading).await?;
        if let Some(reason) = component.not_kept() {
            let message = format!("the compiled component is not kept: {reason}");
            return Err(Failure::new(Exit::Config, message));
        }
        // A run asks that first, and keeps the answer.
        let time = Deadline::after(Instant::now(), TIME);
        let info = runner::describe(&component, &settings.limits, time, host::log_to(talk)).await;
        info.map_err(StartError::Describe)?;
        Ok(component)
    };
    Row {
        runner,
        done: done.await,
        bytes: None,
    }
}

/// What was compiled first may have made way for what was compiled last.
fn look_again(engine: &Engine, rows: &mut [Row]) {
    let Some(kept) = engine.kept() else { return };
    for row in rows {
        let Ok(component) = &row.done else { continue };
        let digest = component.digest().to_string();
        let mut found = kept.components.iter().filter(|it| it.current);
        row.bytes = found
            .find(|kept| kept.digest.as_ref() == Some(&digest))
            .map(|kept| kept.bytes);
        if row.bytes.is_none() && !kept.cut {
            let message = format!(
                "it made way for the others: `engine.cache_size` is {}\n  help: give it more, by `engine: {{cache_size: …}}` in a file that is named, or by $AGENT_ARBORIST_ENGINE__CACHE_SIZE",
                kept.most
            );
            row.done = Err(Failure::new(Exit::Config, message));
        }
    }
}

impl Row {
    fn json(&self) -> serde_json::Value {
        match &self.done {
            Ok(component) => {
                let took = match component.origin() {
                    Origin::Compiled(took) => Some(clock::millis(took)),
                    Origin::Cached => None,
                };
                serde_json::json!({
                    "runner": self.runner, "state": if took.is_some() { "compiled" } else { "kept" },
                    "component": component.digest().to_string(), "bytes": self.bytes, "took_ms": took,
                })
            }
            Err(failure) => serde_json::json!({
                "runner": self.runner, "state": "failed", "class": failure.exit.class(),
                "error": plain(failure),
            }),
        }
    }

    fn text(&self) -> String {
        let name = printable(&self.runner, 60);
        match &self.done {
            Ok(component) => {
                let how = match component.origin() {
                    Origin::Compiled(took) if took < Duration::from_secs(1) => {
                        format!("compiled in {} ms", took.as_millis())
                    }
                    Origin::Compiled(took) => format!("compiled in {}", time(took)),
                    Origin::Cached => "already compiled".to_owned(),
                };
                let size = self.bytes.map(|bytes| format!("  {}", size(bytes)));
                format!("{name:<12} {how}{}\n", size.unwrap_or_default())
            }
            Err(failure) => {
                let message = plain(failure).replace('\n', "\n  ");
                format!("{name:<12} failed: {message}\n")
            }
        }
    }
}

/// A failure's text without the colours of a terminal.
fn plain(failure: &Failure) -> String {
    anstream::adapter::strip_str(&failure.text("help")).to_string()
}
