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
pub(super) const MOST_ANSWERS: usize = 16;
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

    /// Takes the entry `key` out, so that it does not count, nor go.
    pub(super) fn take(&mut self, key: &str) -> Entry {
        let at = self.entries.iter().position(|entry| entry.key == key);
        at.map(|at| self.entries.remove(at)).unwrap_or_default()
    }

    /// Has others make way for an entry of `own` bytes, which is not among them, in a folder that may have `most`; and tidies up. What
    /// was not used for the longest time goes, and nothing without which there is room as well.
    ///
    /// Entries of other versions of this program are no exception: what nobody uses any more goes first. A process that has mapped what
    /// goes keeps it until it ends.
    pub(super) fn make_room(mut self, folder: &Folder, own: u64, most: u64) {
        let places = MOST_ENTRIES - usize::from(own > 0);
        let too_many = self.entries.len().saturating_sub(places);
        let too_much = self.bytes().saturating_sub(most.saturating_sub(own));
        let (mut count, mut bytes) = (0, 0_u64);
        for entry in &self.entries {
            if count >= too_many && bytes >= too_much {
                break;
            }
            count += 1;
            bytes = bytes.saturating_add(entry.bytes);
        }
        let going = count;
        for (at, entry) in self.entries.iter_mut().enumerate().rev() {
            let left = bytes.saturating_sub(entry.bytes);
            if at >= going {
                entry.forget_beside(MOST_ANSWERS, u64::MAX);
            } else if count > too_many && left >= too_much {
                // A larger one that goes as well makes all the room.
                (count, bytes) = (count - 1, left);
            } else {
                entry.remove();
            }
        }
        self.tidy(folder);
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

    /// The bytes of the code and its record, without what belongs to them.
    pub(super) fn code_bytes(&self) -> u64 {
        let files = self.record.iter().chain(&self.code);
        files.map(|file| file.bytes).fold(0, u64::saturating_add)
    }

    /// Forgets what belongs to the code, so that at most so many answers stay, the newest, and all of it takes at most `room` bytes.
    /// Gives the bytes of what stays.
    pub(super) fn forget_beside(&mut self, answers: usize, room: u64) -> u64 {
        self.said
            .sort_by_key(|file| std::cmp::Reverse(file.modified));
        let most = answers + usize::from(self.shape.is_some());
        let (mut count, mut bytes) = (0, 0_u64);
        for file in self.shape.iter().chain(&self.said) {
            let with = bytes.saturating_add(file.bytes);
            if count < most && with <= room {
                (count, bytes) = (count + 1, with);
            } else {
                drop(std::fs::remove_file(&file.path));
            }
        }
        bytes
    }

    /// The file of this name is written anew, and no longer one of these.
    pub(super) fn without(&mut self, name: &str) {
        self.said.retain(|file| file.name != name);
        self.shape.take_if(|file| file.name == name);
    }

    /// Removes code that the record does not name any more.
    pub(super) fn remove_code_but(&mut self, name: &str) {
        for file in self.code.extract_if(.., |file| file.name != name) {
            drop(std::fs::remove_file(&file.path));
        }
    }
}
