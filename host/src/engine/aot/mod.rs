//! The AOT cache: what was compiled once is mapped the next time.
//!
//! An artefact is native code, and loading one trusts it completely. So only this process' own user may
//! have written it: the folder is private, an entry is opened without following links, and its descriptor
//! is checked before anything is read through it. A flaw in an entry is a miss; a folder that cannot be
//! trusted turns the cache off with a reason for the user.

mod entry;
mod folder;
mod map;
mod said;

pub(crate) use entry::Draft;
pub use folder::FolderError;
pub(super) use map::component as map;

use super::source::Digest;
use entry::Entry;
use folder::Folder;
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    hash::{Hash as _, Hasher},
    path::{Path, PathBuf},
};

/// A folder of artefacts that one engine may load.
#[derive(Debug)]
pub(crate) struct AotCache {
    folder: Folder,
    /// What the engine's settings, wasmtime's version and the CPU come to.
    compatibility: [u8; 32],
}

impl AotCache {
    /// Opens the cache in `path`, making the folder where it is missing.
    ///
    /// # Errors
    /// The folder cannot be made, or others could write to it.
    pub(crate) fn open(path: &Path, engine: &wasmtime::Engine) -> Result<Self, FolderError> {
        let mut hasher = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        Ok(Self {
            folder: Folder::open(path)?,
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
        if opened.is_none() {
            entry::remove(&self.folder, &key);
        }
        opened
    }

    /// A file for an artefact that is about to be made.
    ///
    /// # Errors
    /// The folder takes no file: a full disk costs the next start a compilation, nothing else.
    pub(crate) fn draft(&self) -> std::io::Result<Draft> {
        Draft::new(&self.folder)
    }

    /// Keeps what was compiled.
    ///
    /// # Errors
    /// Why the artefact was not kept.
    pub(crate) fn keep(&self, digest: Digest, draft: Draft) -> std::io::Result<()> {
        draft.keep(&self.folder, &self.key(digest))
    }

    /// Where the artefacts are.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn key(&self, digest: Digest) -> String {
        self.key_with(digest, &[])
    }

    /// A name for what depends on more than the component.
    fn key_with(&self, digest: Digest, more: &[u8]) -> String {
        let mut hasher = Sha256::new();
        hasher.update(digest.as_bytes());
        hasher.update(self.compatibility);
        hasher.update(more);
        hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(settings: &wasmtime::Config, path: &Path) -> String {
        let engine = wasmtime::Engine::new(settings).unwrap();
        let cache = AotCache::open(path, &engine).unwrap();
        cache.key(Digest::of(b"a component"))
    }

    #[test]
    fn another_engine_finds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aot");
        let settings = crate::engine::settings::on_demand();
        let mut others = settings.clone();
        others.epoch_interruption(false);
        let [same, ours, theirs] =
            [&settings, &settings, &others].map(|settings| key(settings, &path));
        assert_eq!(same, ours);
        // Without this the two would take turns at throwing each other's artefacts away.
        assert_ne!(ours, theirs);
    }

    #[test]
    fn every_way_of_allocating_shares_what_was_compiled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aot");
        let pooling = crate::engine::settings::pooling(2);
        let on_demand = crate::engine::settings::on_demand();
        assert_eq!(key(&pooling, &path), key(&on_demand, &path));
    }
}
