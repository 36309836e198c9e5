//! The result cache of a command, and `arborist cache`.

use crate::{
    args::{CacheArgs, CacheCommand, Report},
    exit::{Exit, Failure},
    output,
    settings::{self, Surroundings},
    talk::Talk,
};
use arborist::{
    cache::{self, CacheKey, Cleared, Listed, Listing, ResultCache, Which},
    clock,
    config::{Folders, Invocation, Settings},
    escape::printable,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

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

pub(crate) fn cache(command: &CacheCommand, talk: &Talk) -> Result<(), Failure> {
    let surroundings = Surroundings::of_process();
    match command {
        CacheCommand::Ls(args) => ls(args, &surroundings, talk),
        CacheCommand::Clear { folders, all } => {
            let which = if *all { Which::All } else { Which::Expired };
            clear(folders, which, &surroundings, talk)
        }
    }
}

/// The selected runner's folder, and the one that a cache without a `dir` has.
fn folders(
    args: &CacheArgs,
    surroundings: &Surroundings,
    talk: &Talk,
) -> Result<Vec<PathBuf>, Failure> {
    let settings = surroundings.resolve(&Invocation {
        runner: args.runner.clone(),
        ..settings::to_look_at(&args.config)?
    })?;
    settings
        .warnings
        .iter()
        .for_each(|warning| talk.warn(warning));
    talk.done();
    let named = settings.cache.map(|cache| cache.dir);
    // The one that the configuration names first.
    let mut all: Vec<PathBuf> = named
        .into_iter()
        .chain(surroundings.folders.results())
        .collect();
    all.dedup();
    if all.is_empty() {
        let message = "there is no folder of results to look at\n  help: set HOME or XDG_CACHE_HOME, or name a `cache.dir` in the configuration";
        return Err(Failure::new(Exit::Config, message));
    }
    Ok(all)
}

fn ls(args: &CacheArgs, surroundings: &Surroundings, talk: &Talk) -> Result<(), Failure> {
    let folders = folders(args, surroundings, talk)?;
    let key = key(&surroundings.folders).map_err(|reason| Failure::new(Exit::Config, reason))?;
    let listings: Vec<_> = folders
        .iter()
        .map(|folder| (folder.as_path(), cache::list(folder, &key)))
        .collect();
    match args.format {
        Report::Json => output::print_json(&listings.iter().map(as_json).collect()),
        Report::Text => output::print(&listings.iter().map(as_text).collect::<String>()),
    }
}

fn as_json((folder, listing): &(&Path, Listing)) -> serde_json::Value {
    let entries = listing.entries.iter().map(|listed| {
        let entry = &listed.entry;
        serde_json::json!({
            "name": listed.name.as_str(), "runner": entry.runner, "operation": entry.operation,
            "component": entry.digest, "bytes": listed.bytes, "age_ms": clock::millis(listed.age),
            "ttl_ms": entry.ttl, "expired": listed.expired,
        })
    });
    serde_json::json!({
        "folder": folder.to_string_lossy(), "entries": entries.collect::<Vec<_>>(), "unknown": listing.unknown,
    })
}

fn as_text((folder, listing): &(&Path, Listing)) -> String {
    let mut lines = format!("{}: {}\n", shown(folder), entries(listing.entries.len()));
    for listed in &listing.entries {
        let Listed { entry, bytes, .. } = listed;
        let age = humantime::format_duration(Duration::from_secs(listed.age.as_secs()));
        let left = Duration::from_millis(entry.ttl).saturating_sub(listed.age);
        let end = if listed.expired {
            "expired".to_owned()
        } else {
            let left = humantime::format_duration(Duration::from_secs(left.as_secs()));
            format!("expires in {left}")
        };
        lines += &format!(
            "  {}  {}  {}  made {age} ago  {end}\n",
            printable(&entry.runner, 60),
            printable(&entry.operation, 60),
            size(*bytes)
        );
    }
    if listing.unknown > 0 {
        lines += &format!(
            "  and {} that no run would take: damaged, or of another key\n",
            listing.unknown
        );
    }
    lines
}

fn clear(
    args: &CacheArgs,
    which: Which,
    surroundings: &Surroundings,
    talk: &Talk,
) -> Result<(), Failure> {
    let folders = folders(args, surroundings, talk)?;
    let cleared: Vec<_> = folders
        .iter()
        .map(|folder| (folder.as_path(), cache::clear(folder, which)))
        .collect();
    match args.format {
        Report::Json => output::print_json(
            &cleared
                .iter()
                .map(|(folder, cleared)| {
                    serde_json::json!({
                        "folder": folder.to_string_lossy(), "removed": cleared.entries,
                        "bytes": cleared.bytes, "not_removed": cleared.kept,
                    })
                })
                .collect(),
        ),
        Report::Text => output::print(&cleared.iter().map(removed).collect::<String>()),
    }
}

fn removed((folder, cleared): &(&Path, Cleared)) -> String {
    let mut line = format!(
        "{}: removed {}, {}",
        shown(folder),
        entries(cleared.entries),
        size(cleared.bytes)
    );
    if cleared.kept > 0 {
        line += &format!("; {} could not be removed", entries(cleared.kept));
    }
    line + "\n"
}

fn entries(count: usize) -> String {
    match count {
        1 => "1 entry".to_owned(),
        _ => format!("{count} entries"),
    }
}

fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().iec().to_string()
}

fn shown(folder: &Path) -> String {
    printable(&folder.to_string_lossy(), 400).into_owned()
}
