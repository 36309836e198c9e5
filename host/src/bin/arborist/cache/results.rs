//! `arborist cache ls` and `clear`, for results.

use super::{Told, entries, key, removed, shown, size, time};
use crate::exit::{Exit, Failure};
use arborist::{
    cache::{self, Listed, Listing, Which},
    clock,
    config::{Folders, Settings},
    escape::printable,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The selected runner's folder, and the one that a cache without a `dir` has.
fn folders(settings: &Settings, folders: &Folders) -> Result<Vec<PathBuf>, Failure> {
    let named = settings.cache.as_ref().map(|cache| cache.dir.clone());
    // The one that the configuration names first.
    let mut all: Vec<PathBuf> = named.into_iter().chain(folders.results()).collect();
    all.dedup();
    if all.is_empty() {
        let message = "there is no folder of results to look at\n  help: set HOME or XDG_CACHE_HOME, or name a `cache.dir` in the configuration";
        return Err(Failure::new(Exit::Config, message));
    }
    Ok(all)
}

pub(super) fn list(settings: &Settings, user: &Folders) -> Result<Vec<Told>, Failure> {
    let folders = folders(settings, user)?;
    let key = key(user).map_err(|reason| Failure::new(Exit::Config, reason))?;
    let listed = folders.iter().map(|folder| {
        let listing = cache::list(folder, &key);
        Told {
            json: as_json(folder, &listing),
            text: as_text(folder, &listing),
        }
    });
    Ok(listed.collect())
}

fn as_json(folder: &Path, listing: &Listing) -> serde_json::Value {
    let entries = listing.entries.iter().map(|listed| {
        let entry = &listed.entry;
        serde_json::json!({
            "name": listed.name.as_str(), "runner": entry.runner, "operation": entry.operation,
            "component": entry.digest, "bytes": listed.bytes, "age_ms": clock::millis(listed.age),
            "ttl_ms": entry.ttl, "expired": listed.expired,
        })
    });
    serde_json::json!({
        "kind": "results", "folder": folder.to_string_lossy(), "entries": entries.collect::<Vec<_>>(),
        "unknown": listing.unknown,
    })
}

fn as_text(folder: &Path, listing: &Listing) -> String {
    let mut lines = format!("{}: {}\n", shown(folder), entries(listing.entries.len()));
    for listed in &listing.entries {
        let Listed { entry, bytes, .. } = listed;
        let left = Duration::from_millis(entry.ttl).saturating_sub(listed.age);
        let end = if listed.expired {
            "expired".to_owned()
        } else {
            format!("expires in {}", time(left))
        };
        lines += &format!(
            "  {}  {}  {}  made {} ago  {end}\n",
            printable(&entry.runner, 60),
            printable(&entry.operation, 60),
            size(*bytes),
            time(listed.age)
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

pub(super) fn clear(
    settings: &Settings,
    user: &Folders,
    which: Which,
) -> Result<Vec<Told>, Failure> {
    let folders = folders(settings, user)?;
    let cleared = folders.iter().map(|folder| {
        let cleared = cache::clear(folder, which);
        Told {
            json: serde_json::json!({
                "kind": "results", "folder": folder.to_string_lossy(), "removed": cleared.entries,
                "bytes": cleared.bytes, "not_removed": cleared.kept,
            }),
            text: removed(
                folder,
                entries,
                cleared.entries,
                cleared.bytes,
                cleared.kept,
            ),
        }
    });
    Ok(cleared.collect())
}
