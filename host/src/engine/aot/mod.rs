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
//! looks at the folder, and lets those go that were not used for the longest time: after it is written, so that none goes in vain.

mod arriving;
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

pub(super) use arriving::Arriving;
pub use folder::FolderError;
pub use listing::{Discard, Discarded, KeptComponent, KeptComponents};
pub(super) use map::{Code, Unusable, component};

use super::{digest::Digest, source::Source};
use crate::{escape::printable, limits::CacheSize, private, turn::Turn};
use arriving::Trouble;
use contents::{Contents, MOST_ANSWERS};
use entry::Entry;
use folder::Folder;
use record::About;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use std::{
    hash::{Hash as _, Hasher},
    io::{self, Read as _},
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
        "the system maps no code from {}: {error}\n  help: it may lie on a file system without execution (`noexec`); set XDG_CACHE_HOME to a folder elsewhere",
        printable(&folder.to_string_lossy(), 400)
    )]
    NoCode {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
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

    /// What `open` finds in the artefact for the component of that digest, if there is one that can be trusted. One that it refuses is
    /// removed; one that the system does not give now stays.
    pub(crate) fn load<T>(
        &self,
        digest: Digest,
        open: impl FnOnce(Code<'_>) -> Result<T, Unusable>,
    ) -> Option<T> {
        let key = self.key(digest);
        let entry = Entry::open(&self.folder, &key)?;
        match open(Code::File(entry.file())) {
            Ok(opened) => {
                entry.used();
                Some(opened)
            }
            Err(Unusable::Refused(_)) => {
                entry::remove(&self.folder, &key);
                None
            }
            Err(Unusable::System(_)) => None,
        }
    }

    /// Where native code is put that is to be kept.
    pub(crate) fn arriving(&self) -> Arriving {
        Arriving::in_folder(self.folder.path(), self.most)
    }

    /// Waits while another process compiles the component of that digest. Whoever has the turn looks again before
    /// compiling. It is no promise to be the only one: where no lock can be had, or another one takes too long, all go on.
    pub(crate) async fn turn(&self, digest: Digest) -> Option<Turn> {
        let lock = self.folder.path().join(names::lock(&self.key(digest)));
        Turn::wait(&lock, Instant::now() + PATIENCE).await.ok()
    }

    /// What `open` finds in what was compiled, which is kept if it can be; and why it is not, if it is not. What is refused is not kept.
    ///
    /// # Errors
    /// Why `open` finds nothing.
    pub(crate) fn keep<T>(
        &self,
        source: &Source,
        mut code: Arriving,
        open: impl Fn(Code<'_>) -> Result<T, Unusable>,
    ) -> Result<(T, Option<NotKept>), Unusable> {
        code.finish().map_err(Unusable::System)?;
        let opened = code.load(open);
        if let Err(Unusable::Refused(_)) = opened {
            return opened.map(|opened| (opened, None));
        }
        let kept = self.write(&self.key(source.digest()), source, code);
        opened.map(|opened| (opened, kept.err()))
    }

    /// Gives what has arrived its place, and only then has others make way for it.
    fn write(&self, key: &str, source: &Source, code: Arriving) -> Result<(), NotKept> {
        let (bytes, most) = (code.length(), self.most.bytes());
        let record = About::text(bytes, source.digest(), source.name());
        let coming = bytes.saturating_add(record.len() as u64);
        let written = match code.into_draft() {
            Ok(_) if coming > most => Err(self.not_kept(Trouble::TooLarge, bytes)),
            Ok(draft) => entry::keep(&self.folder, key, draft, bytes, &record)
                .map_err(|error| self.not_kept(Trouble::Io(error), bytes)),
            Err(trouble) => Err(self.not_kept(trouble, bytes)),
        };
        let mut contents = Contents::of(&self.folder);
        let own = match written {
            Ok(()) => {
                let mut own = contents.take(key);
                own.remove_code_but(&names::code(key, bytes));
                coming + own.forget_beside(MOST_ANSWERS, most.saturating_sub(coming))
            }
            Err(_) => 0,
        };
        contents.make_room(&self.folder, own, most);
        written
    }

    /// What was kept beside an entry under `name`, in at most so many bytes. What is damaged or longer was not.
    fn beside<T: DeserializeOwned>(&self, name: &str, most: u64) -> Option<T> {
        let mut text = Vec::new();
        private::open(&self.folder.path().join(name))?
            .take(most + 1)
            .read_to_end(&mut text)
            .ok()?;
        let within = text.len() as u64 <= most;
        within.then(|| serde_json::from_slice(&text).ok())?
    }

    /// Keeps what belongs to an entry and is called `name`, beside at most so many answers.
    fn keep_beside(&self, key: &str, name: &str, text: &[u8], answers: usize) {
        let Ok(draft) = entry::draft(&self.folder, text) else {
            return;
        };
        let (length, most) = (text.len() as u64, self.most.bytes());
        let mut contents = Contents::of(&self.folder);
        let mut own = contents.take(key);
        let own_bytes = match most.checked_sub(own.code_bytes()) {
            // The bound was lowered since it was compiled.
            None => {
                own.remove();
                0
            }
            Some(room) if length <= room => {
                if entry::place(draft, &self.folder.path().join(name)).is_err() {
                    return;
                }
                own.without(name);
                own.code_bytes() + length + own.forget_beside(answers, room - length)
            }
            // An entry does not make way for what belongs to it.
            Some(room) => own.code_bytes() + own.forget_beside(MOST_ANSWERS, room),
        };
        contents.make_room(&self.folder, own_bytes, most);
    }

    fn not_kept(&self, trouble: Trouble, bytes: u64) -> NotKept {
        let (folder, most) = (self.folder.path().to_owned(), self.most);
        match trouble {
            Trouble::Io(error) => NotKept::Io { folder, error },
            Trouble::NoCode(error) => NotKept::NoCode { folder, error },
            Trouble::TooLarge => NotKept::TooLarge { bytes, most },
        }
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
