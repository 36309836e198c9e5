//! What the folder holds, and what of it goes: entries by their last use, and what killed processes left behind.

use super::{
    folder::Folder,
    names::{self, DRAFT, Part},
};
use crate::{
    private::{self, OwnFile},
    turn,
};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

/// The most entries, however small they are.
const MOST_ENTRIES: usize = 4_000;
/// The most answers of one component that are kept, of runs with different limits.
const MOST_ANSWERS: usize = 16;
/// How long a file that is being written may stand untouched: it is written in one go, and no disk takes an hour for that.
const DRAFT_AGE: Duration = Duration::from_secs(60 * 60);

/// All files with one key: what was compiled of one component for one engine, and what belongs to it.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) bytes: u64,
    /// When it was used last, give or take what an entry's time of use stands.
    pub(super) used: Option<SystemTime>,
    record: Option<OwnFile>,
    shape: Option<OwnFile>,
    code: Vec<OwnFile>,
    said: Vec<OwnFile>,
}

/// The folder as it was found.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Least recently used first.
    pub(super) entries: Vec<Entry>,
    /// Whether there are more files than were looked at.
    pub(super) cut: bool,
    locks: Vec<OwnFile>,
}

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Removed {
    pub(super) bytes: u64,
    /// Files that the system does not let go.
    pub(super) failed: usize,
}

impl Contents {
    /// Looks at the files that have names of ours, are regular, and this user's. Nothing is opened, so that nothing holds it up.
    pub(super) fn of(folder: &Folder) -> Self {
        let (files, cut) = private::files_named(folder.path(), |name| names::parse(name).is_some());
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        let mut locks = Vec::new();
        for file in files {
            let Some((key, part)) = names::parse(&file.name) else {
                continue;
            };
            if part == Part::Lock {
                locks.push(file);
                continue;
            }
            let entry = entries.entry(key.to_owned()).or_default();
            entry.bytes = entry.bytes.saturating_add(file.bytes);
            entry.used = entry.used.max(Some(file.modified));
            match part {
                Part::Record => entry.record = Some(file),
                Part::Code(_) => entry.code.push(file),
                Part::Shape => entry.shape = Some(file),
                Part::Said | Part::Lock => entry.said.push(file),
            }
        }
        let named = entries
            .into_iter()
            .map(|(key, entry)| Entry { key, ..entry });
        let mut entries: Vec<Entry> = named.collect();
        entries.sort_by_key(|entry| entry.used);
        Self {
            entries,
            cut,
            locks,
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        let bytes = self.entries.iter().map(|entry| entry.bytes);
        bytes.fold(0, u64::saturating_add)
    }

    /// Makes room for `coming` bytes more of the entry `key` in a folder that may have `most`, and tidies up. Says whether there is room
    /// now; where there never can be, nothing goes for it.
    ///
    /// Entries of other versions of this program are no exception: what nobody uses any more goes first. A process that has mapped what
    /// goes keeps it until it ends.
    pub(super) fn make_room(mut self, folder: &Folder, key: &str, coming: u64, most: u64) -> bool {
        let own = self.entries.iter().position(|entry| entry.key == key);
        let own = own.map_or(0, |at| self.entries.remove(at).bytes);
        let needed = own.saturating_add(coming);
        let fits = needed <= most;
        let room = most.saturating_sub(if fits { needed } else { 0 });
        let mut bytes = self.bytes();
        // Its own is one of them.
        let mut count = self.entries.len() + 1;
        for entry in &mut self.entries {
            if bytes <= room && count <= MOST_ENTRIES {
                entry.forget_answers();
                continue;
            }
            bytes = bytes.saturating_sub(entry.bytes);
            count -= 1;
            entry.remove();
        }
        self.tidy(folder);
        fits
    }

    /// Removes locks that nobody holds, and drafts that nobody goes on writing.
    pub(super) fn tidy(&self, folder: &Folder) {
        for lock in &self.locks {
            turn::remove_unheld(&lock.path);
        }
        private::remove_left_behind(folder.path(), DRAFT, DRAFT_AGE);
    }
}

impl Entry {
    /// Removes all its files, the record first: what is not found any more is not missed.
    pub(super) fn remove(&self) -> Removed {
        let one = self.record.iter().chain(&self.shape);
        let files = one.chain(&self.code).chain(&self.said);
        let mut removed = Removed::default();
        for file in files {
            match std::fs::remove_file(&file.path) {
                Ok(()) => removed.bytes += file.bytes,
                // Whoever was faster has done the same.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => removed.failed += 1,
            }
        }
        removed
    }

    /// Whether it holds native code, and not only what belongs to such.
    pub(super) fn has_code(&self) -> bool {
        !self.code.is_empty()
    }

    fn forget_answers(&mut self) {
        if self.said.len() <= MOST_ANSWERS {
            return;
        }
        self.said
            .sort_by_key(|file| std::cmp::Reverse(file.modified));
        for file in self.said.iter().skip(MOST_ANSWERS) {
            drop(std::fs::remove_file(&file.path));
        }
    }
}
