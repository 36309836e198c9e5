//! The AOT cache: what was compiled once is mapped the next time.
//!
//! An artefact is native code, and loading one trusts it completely. So only this process' own user may
//! have written it: the folder is private, an entry is opened without following links, and its descriptor
//! is checked before anything is read through it. A flaw in an entry is a miss; a folder that cannot be
//! trusted turns the cache off with a reason for the user.
//!
//! The folder is shared by all processes of the user and bounded in size. Files appear and disappear whole, by
//! their names: a reader has the entry or has none, and what a process has mapped stays its own. What an entry was
//! used is its code's time of modification, set anew once in a while when it is opened; only who writes an entry
//! looks at the folder, and lets those go that were not used for the longest time.

mod contents;
mod entry;
mod folder;
mod listing;
mod map;
mod names;
mod record;
mod said;
mod shape;
#[cfg(all(test, unix))]
mod tests;

pub use folder::FolderError;
pub use listing::{Discard, Discarded, KeptComponent, KeptComponents};
pub(super) use map::{component as map, in_memory};

use super::source::{Digest, Source};
use crate::{escape::printable, limits::CacheSize, turn::Turn};
use contents::Contents;
use entry::Entry;
use folder::Folder;
use record::About;
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    hash::{Hash as _, Hasher},
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::Instant;

/// How long a process waits for another one that compiles the same, before it compiles too: that one may have been stopped.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of artefacts that one engine may load.
#[derive(Debug)]
pub(crate) struct AotCache {
    folder: Folder,
    most: CacheSize,
    /// What the engine's settings, wasmtime's version and the CPU come to.
    compatibility: [u8; 32],
}

/// Why an artefact is not kept. The next start compiles again, and nothing else.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    /// The folder takes no file: a full disk, a quota, a file system that cannot be written to.
    #[error(
        "{} takes no file: {error}\n  help: make room there; until then it is compiled each time",
        printable(&folder.to_string_lossy(), 400)
    )]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is larger than all that may be kept.
    #[error(
        "its native code takes {}, and `engine.cache_size` is {most}\n  help: give it more, by `engine: {{cache_size: …}}` in a file that is named, or by $AGENT_ARBORIST_ENGINE__CACHE_SIZE",
        bytesize::ByteSize::b(*bytes).display().iec()
    )]
    TooLarge {
        /// Its bytes.
        bytes: u64,
        /// The bound.
        most: CacheSize,
    },
    /// Code cannot be mapped from there.
    #[error(
        "the system maps no code from {}\n  help: it may lie on a file system without execution (`noexec`); set XDG_CACHE_HOME to a folder elsewhere",
        printable(&folder.to_string_lossy(), 400)
    )]
    NoCode {
        /// The folder.
        folder: PathBuf,
    },
}

impl AotCache {
    /// Opens the cache in `path`, making the folder where it is missing. It is to hold at most `most`.
    ///
    /// # Errors
    /// The folder cannot be made, or others could write to it.
    pub(crate) fn open(
        path: &Path,
        most: CacheSize,
        engine: &wasmtime::Engine,
    ) -> Result<Self, FolderError> {
        let mut hasher = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        Ok(Self {
            folder: Folder::open(path)?,
            most,
            compatibility: hasher.0.finalize().into(),
        })
    }

    /// What `open` finds in the artefact for the component of that digest, if there is one that can be trusted. One in which it finds
    /// nothing is removed.
    pub(crate) fn load<T>(
        &self,
        digest: Digest,
        open: impl FnOnce(&File) -> Option<T>,
    ) -> Option<T> {
        let key = self.key(digest);
        let entry = Entry::open(&self.folder, &key)?;
        let opened = open(entry.file());
        match opened {
            Some(_) => entry.used(),
            None => entry::remove(&self.folder, &key),
        }
        opened
    }

    /// Waits while another process compiles the component of that digest. Whoever has the turn looks again before
    /// compiling. It is no promise to be the only one: where no lock can be had, or another one takes too long, all go on.
    pub(crate) async fn turn(&self, digest: Digest) -> Option<Turn> {
        let lock = self.folder.path().join(names::lock(&self.key(digest)));
        Turn::wait(&lock, Instant::now() + PATIENCE).await.ok()
    }

    /// Keeps what was compiled, and gives what `open` finds in it.
    ///
    /// # Errors
    /// Why it is not kept.
    pub(crate) fn keep<T>(
        &self,
        source: &Source,
        code: &[u8],
        open: impl FnOnce(&File) -> Option<T>,
    ) -> Result<T, NotKept> {
        let folder = || self.folder.path().to_owned();
        let key = self.key(source.digest());
        let file = self.write(&key, source, code)?;
        open(&file).ok_or_else(|| {
            entry::remove(&self.folder, &key);
            NotKept::NoCode { folder: folder() }
        })
    }

    fn write(&self, key: &str, source: &Source, code: &[u8]) -> Result<File, NotKept> {
        let (bytes, most) = (code.len() as u64, self.most);
        let record = About::text(bytes, source.digest(), source.name());
        let coming = bytes + record.len() as u64;
        if !Contents::of(&self.folder).make_room(&self.folder, key, coming, most.bytes()) {
            return Err(NotKept::TooLarge { bytes, most });
        }
        entry::keep(&self.folder, key, code, &record).map_err(|error| NotKept::Io {
            folder: self.folder.path().to_owned(),
            error,
        })
    }

    fn key(&self, digest: Digest) -> String {
        let mut hasher = Sha256::new();
        hasher.update(digest.as_bytes());
        hasher.update(self.compatibility);
        hex(&hasher.finalize())
    }
}

fn hex<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    let digits = bytes.into_iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// Lets wasmtime's `Hash` feed a hash that is the same in every process.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}
