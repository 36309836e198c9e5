//! What is kept, as people see it, and how it is thrown away.

use super::{
    AotCache,
    contents::{Contents, Entry},
    entry::{self, record_path},
    record::About,
};
use crate::{clock, limits::CacheSize};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// What the AOT cache holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptComponents {
    /// Its folder.
    pub folder: PathBuf,
    /// The components, most recently used first.
    pub components: Vec<KeptComponent>,
    /// The bytes of all of them together.
    pub bytes: u64,
    /// How many bytes there may be.
    pub most: CacheSize,
    /// Whether the folder holds more files than were looked at.
    pub cut: bool,
}

/// A compiled component that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptComponent {
    /// What it was called when it was compiled, safe to show; none where the version that compiled it did not say.
    pub name: Option<String>,
    /// The digest of the component, as `sha256:…`.
    pub digest: Option<String>,
    /// The version of the program that compiled it.
    pub version: Option<String>,
    /// Its bytes, with all that belongs to it.
    pub bytes: u64,
    /// How long ago it was used, give or take ten minutes.
    pub idle: Duration,
    /// Whether this engine takes it. One that was compiled by another version, for other settings or another CPU is not taken, nor is a
    /// damaged one.
    pub current: bool,
}

/// Which compiled components are thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// Those that this engine does not take.
    Useless,
    /// All.
    All,
}

/// What was thrown away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discarded {
    /// Compiled components.
    pub components: usize,
    /// Bytes.
    pub bytes: u64,
    /// Compiled components that the system does not let go.
    pub kept: usize,
}

impl AotCache {
    /// The folder of the artefacts.
    pub(in crate::engine) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What is kept.
    pub(in crate::engine) fn list(&self) -> KeptComponents {
        let contents = Contents::of(&self.folder);
        let entries = contents.entries.iter().rev().filter(|it| it.has_code());
        KeptComponents {
            folder: self.path().to_owned(),
            components: entries.map(|entry| self.shown(entry)).collect(),
            bytes: contents.bytes(),
            most: self.most,
            cut: contents.cut,
        }
    }

    /// Throws artefacts away, and with them what was left behind.
    pub(in crate::engine) fn discard(&self, which: Discard) -> Discarded {
        let contents = Contents::of(&self.folder);
        let mut discarded = Discarded::default();
        for entry in &contents.entries {
            if which == Discard::Useless && self.takes(entry) {
                continue;
            }
            let removed = entry.remove();
            discarded.bytes += removed.bytes;
            if removed.failed > 0 {
                discarded.kept += 1;
            } else {
                discarded.components += usize::from(entry.has_code());
            }
        }
        contents.tidy(&self.folder);
        discarded
    }

    fn about(&self, entry: &Entry) -> About {
        About::read(&record_path(&self.folder, &entry.key))
    }

    /// Whether the entry is one that this engine takes: its key is what the digest in its record comes to.
    fn takes(&self, entry: &Entry) -> bool {
        let digest = self.about(entry).digest;
        digest.is_some_and(|digest| self.key(digest) == entry.key)
            && entry::Entry::open(&self.folder, &entry.key).is_some()
    }

    fn shown(&self, entry: &Entry) -> KeptComponent {
        let About {
            digest,
            version,
            name,
        } = self.about(entry);
        let since = entry
            .used
            .map(|used| clock::now().duration_since(used).unwrap_or_default());
        let shown = |text: String| crate::escape::printable(&text, 400).into_owned();
        KeptComponent {
            name: name.map(shown),
            digest: digest.map(|digest| digest.to_string()),
            version: version.map(shown),
            bytes: entry.bytes,
            idle: since.unwrap_or_default(),
            current: self.takes(entry),
        }
    }
}
