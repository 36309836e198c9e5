//! The result cache of a command, and `arborist cache`: what is kept between runs, of both kinds.

mod components;
mod results;
mod warm;

pub(crate) use warm::warm;

use crate::{
    args::{CacheArgs, CacheKind, Report},
    exit::Failure,
    output,
    settings::{self, Surroundings},
    talk::Talk,
};
use arborist::{
    cache::{CacheKey, ResultCache, Which},
    config::{Folders, Invocation, Settings},
    engine::Discard,
    escape::printable,
};
use std::{path::Path, time::Duration};

/// The cache that the settings name. One that cannot be used costs a call, and a word.
pub(crate) fn open(
    settings: &Settings,
    folders: &Folders,
    no_cache: bool,
    talk: &Talk,
) -> Option<ResultCache> {
    let wanted = settings.cache.as_ref().filter(|_| !no_cache)?;
    match key(folders) {
        Ok(key) => Some(ResultCache::new(wanted.dir.clone(), key, wanted.ttl)),
        Err(reason) => {
            talk.warn(format!("nothing is cached: {reason}"));
            None
        }
    }
}

fn key(folders: &Folders) -> Result<CacheKey, String> {
    let Some(state) = &folders.state else {
        return Err(
            "there is no folder for the cache's key\n  help: set HOME or XDG_STATE_HOME".to_owned(),
        );
    };
    CacheKey::of_folder(state).map_err(|error| error.to_string())
}

/// A folder, or what was done to it, in both formats.
struct Told {
    json: serde_json::Value,
    text: String,
}

pub(crate) fn ls(args: &CacheArgs, talk: &Talk) -> Result<(), Failure> {
    let (surroundings, settings) = looked_at(args, talk)?;
    let mut told = Vec::new();
    if wants(args, CacheKind::Results) {
        told.extend(results::list(&settings, &surroundings.folders)?);
    }
    if wants(args, CacheKind::Components) {
        told.extend(components::list(&settings, &surroundings.folders, talk)?);
    }
    tell(told, args.format)
}

pub(crate) fn clear(args: &CacheArgs, all: bool, talk: &Talk) -> Result<(), Failure> {
    let (surroundings, settings) = looked_at(args, talk)?;
    let (which, discard) = if all {
        (Which::All, Discard::All)
    } else {
        (Which::Expired, Discard::Useless)
    };
    let mut told = Vec::new();
    if wants(args, CacheKind::Results) {
        told.extend(results::clear(&settings, &surroundings.folders, which)?);
    }
    if wants(args, CacheKind::Components) {
        let cleared = components::clear(&settings, &surroundings.folders, discard, talk)?;
        told.extend(cleared);
    }
    tell(told, args.format)
}

fn wants(args: &CacheArgs, kind: CacheKind) -> bool {
    args.only.is_none_or(|only| only == kind)
}

/// The settings of the selected runner.
fn looked_at(args: &CacheArgs, talk: &Talk) -> Result<(Surroundings, Settings), Failure> {
    let surroundings = Surroundings::of_process();
    let settings = surroundings.resolve(&Invocation {
        runner: args.runner.clone(),
        ..settings::to_look_at(&args.config)?
    })?;
    settings
        .warnings
        .iter()
        .for_each(|warning| talk.warn(warning));
    talk.done();
    Ok((surroundings, settings))
}

fn tell(told: Vec<Told>, format: Report) -> Result<(), Failure> {
    match format {
        Report::Json => output::print_json(&told.into_iter().map(|told| told.json).collect()),
        Report::Text => output::print(&told.into_iter().map(|told| told.text).collect::<String>()),
    }
}

fn entries(count: usize) -> String {
    match count {
        1 => "1 entry".to_owned(),
        _ => format!("{count} entries"),
    }
}

/// What was cleared, in a line; `count` says so many of what it was.
fn removed(
    folder: &Path,
    count: impl Fn(usize) -> String,
    gone: usize,
    bytes: u64,
    kept: usize,
) -> String {
    let mut line = format!(
        "{}: removed {}, {}",
        shown(folder),
        count(gone),
        size(bytes)
    );
    if kept > 0 {
        line += &format!("; {} could not be removed", count(kept));
    }
    line + "\n"
}

fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().iec().to_string()
}

/// A time in whole seconds.
fn time(time: Duration) -> String {
    humantime::format_duration(Duration::from_secs(time.as_secs())).to_string()
}

fn shown(folder: &Path) -> String {
    printable(&folder.to_string_lossy(), 400).into_owned()
}
