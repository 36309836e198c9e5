//! What lies in a folder of results, and how it is thrown away.

use super::{
    entry::{Entry, MAGIC},
    key::CacheKey,
    question::EntryName,
    store::{DRAFT, ENTRY, LOCK, read, since_1970},
};
use crate::{
    clock,
    private::{self, OwnFile},
    turn,
};
use std::{path::Path, time::Duration};

/// What lies in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries that the key has sealed, youngest first.
    pub entries: Vec<Listed>,
    /// Files with an entry's name that the key has not sealed: damaged, or of another key.
    pub unknown: usize,
}

/// An entry in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: EntryName,
    /// What it holds, without the text.
    pub entry: Entry,
    /// The size of its file in bytes.
    pub bytes: u64,
    /// How old it is; zero where the clock has been set back since.
    pub age: Duration,
    /// Whether it may be used no more.
    pub expired: bool,
}

/// Which entries are thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are expired by their own account, whoever sealed them, and those whose head cannot be read.
    Expired,
    /// All.
    All,
}

/// What was thrown away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Entries.
    pub entries: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Entries that the system does not let go.
    pub kept: usize,
}

/// What lies in `folder`; nothing where there is no such folder. Files that are no entries by their names are passed over.
#[must_use]
pub fn list(folder: &Path, key: &CacheKey) -> Listing {
    let now = since_1970(clock::now());
    let mut listing = Listing::default();
    for (name, file) in entries(folder) {
        let bytes = read(&file.path).unwrap_or_default();
        let Some(entry) = Entry::open(&bytes, key, &name) else {
            listing.unknown += 1;
            continue;
        };
        listing.entries.push(Listed {
            name,
            bytes: file.bytes,
            age: entry.age(now).unwrap_or_default(),
            expired: entry.is_expired(now),
            entry: Entry {
                text: String::new(),
                ..entry
            },
        });
    }
    listing.entries.sort_by_key(|listed| listed.age);
    listing
}

/// Throws entries away. Only a file goes that has an entry's name, begins as entries do, and is this user's; with it go locks that
/// nobody holds and drafts that nobody has written to for a day. The folder stays.
#[must_use]
pub fn clear(folder: &Path, which: Which) -> Cleared {
    let now = since_1970(clock::now());
    let mut cleared = Cleared::default();
    for (_, file) in entries(folder) {
        let bytes = read(&file.path);
        let Some(bytes) = bytes.filter(|bytes| bytes.starts_with(MAGIC.as_bytes())) else {
            continue;
        };
        let is_spent = || Entry::claimed(&bytes).is_none_or(|entry| entry.is_expired(now));
        if which == Which::Expired && !is_spent() {
            continue;
        }
        if std::fs::remove_file(&file.path).is_ok() {
            cleared.entries += 1;
            cleared.bytes += file.bytes;
        } else {
            cleared.kept += 1;
        }
    }
    for file in private::own_files(folder, LOCK) {
        if is_named(&file, LOCK).is_some() {
            turn::remove_unheld(&file.path);
        }
    }
    private::remove_left_behind(folder, DRAFT, Duration::from_secs(24 * 60 * 60));
    cleared
}

fn entries(folder: &Path) -> impl Iterator<Item = (EntryName, OwnFile)> {
    let files = private::own_files(folder, ENTRY).into_iter();
    files.filter_map(|file| Some((is_named(&file, ENTRY)?, file)))
}

fn is_named(file: &OwnFile, ending: &str) -> Option<EntryName> {
    EntryName::of_stem(file.name.strip_suffix(ending)?)
}
