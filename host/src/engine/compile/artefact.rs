//! The file that native code is written to: in the AOT cache, or nameless.

use crate::engine::{
    aot::{AotCache, Draft},
    source::Source,
};
use std::{fs::File, io};

/// Native code that is being made.
pub(in crate::engine) enum Artefact {
    /// To be kept.
    Draft(Draft),
    /// For this process only.
    Nameless(File),
}

impl Artefact {
    /// A file for native code, and why it will not be kept, if there is a cache and it takes none.
    pub(in crate::engine) fn new(cache: Option<&AotCache>) -> (io::Result<Self>, Option<String>) {
        match cache.map(AotCache::draft) {
            Some(Ok(draft)) => (Ok(Self::Draft(draft)), None),
            Some(Err(error)) => (nameless().map(Self::Nameless), Some(error.to_string())),
            None => (nameless().map(Self::Nameless), None),
        }
    }

    /// The file, to be written from its beginning.
    pub(in crate::engine) fn file(&self) -> io::Result<File> {
        match self {
            Self::Draft(draft) => draft.file(),
            Self::Nameless(file) => file.try_clone(),
        }
    }

    /// What `open` finds in it, and why it is not kept, if it should be and is not.
    pub(in crate::engine) fn open<T>(
        self,
        cache: Option<&AotCache>,
        source: &Source,
        open: impl FnOnce(&File) -> Option<T>,
    ) -> (Option<T>, Option<String>) {
        let (draft, cache) = match (self, cache) {
            (Self::Draft(draft), Some(cache)) => (draft, cache),
            (Self::Draft(_), None) => return (None, None),
            (Self::Nameless(file), _) => return (open(&file), None),
        };
        // Mapped before it has a name: whether it is kept decides nothing about this run.
        let opened = draft.file().ok().and_then(|file| open(&file));
        let kept = cache.keep(source.digest(), draft);
        (opened, kept.err().map(|error| error.to_string()))
    }
}

/// A file that no path leads to. In memory where the system has that: a folder for temporary files may forbid
/// mapping code from it.
#[cfg(target_os = "linux")]
fn nameless() -> io::Result<File> {
    let descriptor = rustix::fs::memfd_create("arborist-code", rustix::fs::MemfdFlags::CLOEXEC)?;
    Ok(File::from(descriptor))
}

#[cfg(not(target_os = "linux"))]
fn nameless() -> io::Result<File> {
    tempfile::tempfile()
}
