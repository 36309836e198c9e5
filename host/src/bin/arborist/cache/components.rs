//! `arborist cache ls` and `clear`, for compiled components.

use super::{Told, removed, shown, size, time};
use crate::{
    exit::{Exit, Failure},
    host,
    talk::Talk,
};
use arborist::{
    clock,
    config::{Folders, Settings},
    engine::{Discard, Engine, KeptComponent, KeptComponents, KnownFiles},
    escape::printable,
};

/// As much of a digest as tells components apart: `sha256:` and twelve digits.
const DIGEST: usize = 19;

/// The engine whose components are meant, where it has a folder for them. One that cannot be trusted has been told of.
fn engine(settings: &Settings, folders: &Folders, talk: &Talk) -> Result<Engine, Failure> {
    let engine = host::engine(folders, settings.engine, talk)?;
    if folders.cache.is_none() {
        let message = "there is no folder of compiled components to look at\n  help: set HOME or XDG_CACHE_HOME";
        return Err(Failure::new(Exit::Config, message));
    }
    Ok(engine)
}

pub(super) fn list(
    settings: &Settings,
    folders: &Folders,
    talk: &Talk,
) -> Result<Option<Told>, Failure> {
    let engine = engine(settings, folders, talk)?;
    Ok(engine.kept().map(|kept| Told {
        json: as_json(&kept),
        text: as_text(&kept),
    }))
}

fn as_json(kept: &KeptComponents) -> serde_json::Value {
    let entries = kept.components.iter().map(|component| {
        serde_json::json!({
            "component": component.digest, "name": component.name, "version": component.version,
            "bytes": component.bytes, "idle_ms": clock::millis(component.idle), "current": component.current,
        })
    });
    serde_json::json!({
        "kind": "components", "folder": kept.folder.to_string_lossy(), "entries": entries.collect::<Vec<_>>(),
        "bytes": kept.bytes, "most_bytes": kept.most.bytes(), "cut": kept.cut,
    })
}

fn as_text(kept: &KeptComponents) -> String {
    let mut lines = format!(
        "{}: {}, {} of at most {}\n",
        shown(&kept.folder),
        count(kept.components.len()),
        size(kept.bytes),
        kept.most
    );
    lines.extend(kept.components.iter().map(line));
    if kept.cut {
        lines += "  there are more files than were looked at\n";
    }
    lines
}

fn line(component: &KeptComponent) -> String {
    let KeptComponent {
        name,
        digest,
        version,
        bytes,
        idle,
        current,
    } = component;
    let name = name.as_deref().unwrap_or("(unnamed)");
    let digest = digest.as_deref().unwrap_or("(unknown)");
    let version = version.as_deref().unwrap_or("an earlier one");
    let use_of = if *current {
        String::new()
    } else {
        let version = printable(version, 40);
        format!("  of no use to this version (compiled by {version})")
    };
    format!(
        "  {}  {}  {}  used {} ago{use_of}\n",
        printable(name, 60),
        digest.get(..DIGEST).unwrap_or(digest),
        size(*bytes),
        time(*idle)
    )
}

pub(super) fn clear(
    settings: &Settings,
    folders: &Folders,
    which: Discard,
    talk: &Talk,
) -> Result<Option<Told>, Failure> {
    let engine = engine(settings, folders, talk)?;
    let Some(path) = engine.cache_folder() else {
        return Ok(None);
    };
    let discarded = engine.discard(which);
    if which == Discard::All {
        KnownFiles::of(folders.known_files()).forget();
    }
    let text = removed(
        path,
        count,
        discarded.components,
        discarded.bytes,
        discarded.kept,
    );
    let json = serde_json::json!({
        "kind": "components", "folder": path.to_string_lossy(), "removed": discarded.components,
        "bytes": discarded.bytes, "not_removed": discarded.kept,
    });
    Ok(Some(Told { json, text }))
}

fn count(components: usize) -> String {
    match components {
        1 => "1 component".to_owned(),
        _ => format!("{components} components"),
    }
}
