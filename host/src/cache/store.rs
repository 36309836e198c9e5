//! A folder of entries.

use super::{
    MAX_BYTES, MAX_ENTRIES, MAX_ENTRY_BYTES,
    entry::Entry,
    key::CacheKey,
    question::{EntryName, Question},
};
use crate::{
    clock,
    escape::printable,
    private::{self, Bound},
    turn::{Late, Turn},
};
use std::{
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;

/// How the name of an entry's file ends.
pub(super) const ENTRY: &str = ".result";
/// How the name of a lock's file ends.
pub(super) const LOCK: &str = ".lock";
/// How the name of a file begins that is being written.
pub(super) const DRAFT: &str = ".new-";

/// Results in a folder. Opening one reads and makes nothing.
#[derive(Clone, Debug)]
pub struct ResultCache {
    folder: PathBuf,
    key: CacheKey,
    ttl: Duration,
    clock: fn() -> SystemTime,
}

/// A result that was made before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The entry.
    pub entry: Entry,
    /// How old it is.
    pub age: Duration,
}

/// Why a result is not kept. The next run with the same question makes a call of its own, and nothing else.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The folder takes no file.
    #[error("the folder {} takes no file: {error}", printable(&.folder.to_string_lossy(), 400))]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is too large.
    #[error("it has {0} bytes, and an entry has at most {MAX_ENTRY_BYTES}")]
    TooLarge(usize),
}

impl ResultCache {
    /// The results in `folder` under `key`, each used for `ttl` at most.
    #[must_use]
    pub fn new(folder: PathBuf, key: CacheKey, ttl: Duration) -> Self {
        Self {
            folder,
            key,
            ttl,
            clock: clock::now,
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> SystemTime) -> Self {
        Self { clock, ..self }
    }

    /// Where the entries are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A question without parts.
    #[must_use]
    pub fn question(&self) -> Question {
        Question::new(&self.key)
    }

    /// The entry of this name, if there is one that this key has sealed and that is young enough.
    #[must_use]
    pub fn find(&self, name: &EntryName) -> Option<Found> {
        let bytes = read(&self.path(name, ENTRY))?;
        let entry = Entry::open(&bytes, &self.key, name)?;
        let now = self.now();
        let age = entry.age(now)?;
        // The shorter of two times: what it was made with, and what is wanted now.
        (age < self.ttl && !entry.is_expired(now)).then_some(Found { entry, age })
    }

    /// Waits until no other run has the turn for this name.
    ///
    /// # Errors
    /// Another one still had it at `deadline`.
    pub async fn turn(&self, name: &EntryName, deadline: Instant) -> Result<Turn, Late> {
        // What cannot be made cannot hold a lock either, and [`ResultCache::keep`] says why.
        drop(self.make());
        Turn::wait(&self.path(name, LOCK), deadline).await
    }

    /// Keeps a result under this name, with the time as it is now, and lets the oldest go where there are too many.
    ///
    /// # Errors
    /// See [`KeepError`].
    pub fn keep(&self, name: &EntryName, entry: Entry) -> Result<(), KeepError> {
        let failed = |error| KeepError::Io {
            folder: self.folder.clone(),
            error,
        };
        let entry = Entry {
            made: clock::millis(self.now()),
            ttl: clock::millis(self.ttl),
            ..entry
        };
        let sealed = entry
            .seal(&self.key, name)
            .map_err(|error| failed(error.into()))?;
        if sealed.len() as u64 > MAX_ENTRY_BYTES {
            return Err(KeepError::TooLarge(sealed.len()));
        }
        self.make().map_err(failed)?;
        self.write(&sealed, &self.path(name, ENTRY))
            .map_err(failed)?;
        self.sweep();
        Ok(())
    }

    fn make(&self) -> io::Result<()> {
        if self.folder.is_dir() {
            return Ok(());
        }
        private::make_folder(&self.folder)?;
        // Results are nothing for a repository.
        drop(std::fs::write(self.folder.join(".gitignore"), "*\n"));
        Ok(())
    }

    /// A reader sees the old entry or the new one.
    fn write(&self, sealed: &[u8], path: &Path) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(DRAFT)
            .tempfile_in(&self.folder)?;
        file.write_all(sealed)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    fn sweep(&self) {
        let bound = Bound {
            ending: ENTRY,
            files: MAX_ENTRIES,
            bytes: MAX_BYTES,
        };
        let is_entry = |stem: &str| EntryName::of_stem(stem).is_some();
        private::remove_oldest(&self.folder, bound, is_entry);
        private::remove_left_behind(&self.folder, DRAFT, Duration::from_secs(24 * 60 * 60));
    }

    fn path(&self, name: &EntryName, ending: &str) -> PathBuf {
        self.folder.join(format!("{}{ending}", name.as_str()))
    }

    fn now(&self) -> Duration {
        since_1970((self.clock)())
    }
}

/// The bytes of an entry's file, unless there are too many of them or somebody else can have written it.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = private::open(path)?;
    file.take(MAX_ENTRY_BYTES + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    (bytes.len() as u64 <= MAX_ENTRY_BYTES).then_some(bytes)
}

pub(super) fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}
