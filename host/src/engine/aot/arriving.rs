//! Native code while it arrives: in a draft of the folder or, where none can be kept, in memory that has no name.
//!
//! It can be a gigabyte, so it is written as it comes, and the process that will map it never holds it besides. Whatever goes wrong with
//! the disk moves what has come so far to the next place, and is told as the reason why the code is not kept.

use super::{
    map::{Code, Unusable},
    names::DRAFT,
};
use crate::{limits::CacheSize, private};
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// As much as is copied at once when code moves on, in bytes.
const PIECE: usize = 64 * 1024;

/// Native code that is arriving, or has arrived.
#[derive(Debug)]
pub(in crate::engine) struct Arriving {
    place: Place,
    length: u64,
    /// Of what has come, to know it again: a disk can lose what it took.
    digest: Sha256,
    cache: Option<Cache>,
    /// Why there is no draft any more.
    trouble: Option<Trouble>,
}

/// Where a draft is written, and how long it may be.
#[derive(Debug)]
struct Cache {
    folder: PathBuf,
    most: CacheSize,
}

/// From the best place to the one that is always there.
#[derive(Debug)]
enum Place {
    /// Nothing has come.
    Nowhere,
    Draft(NamedTempFile),
    /// A file without a name, in memory.
    Unnamed(File),
    Bytes(Vec<u8>),
}

/// What is wrong with a place.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It takes no more, or gives nothing back.
    Io(io::Error),
    /// More comes than may be kept.
    TooLarge,
    /// No code is mapped from there.
    NoCode(io::Error),
}

impl Arriving {
    /// Native code that is not to be kept.
    pub(in crate::engine) fn in_memory() -> Self {
        Self {
            place: Place::Nowhere,
            length: 0,
            digest: Sha256::new(),
            cache: None,
            trouble: None,
        }
    }

    /// Native code of at most `most` bytes that is to be kept in a folder; what is longer is not kept.
    pub(super) fn in_folder(folder: &Path, most: CacheSize) -> Self {
        let cache = Cache {
            folder: folder.to_owned(),
            most,
        };
        Self {
            cache: Some(cache),
            ..Self::in_memory()
        }
    }

    /// How many bytes have come.
    pub(in crate::engine) fn length(&self) -> u64 {
        self.length
    }

    /// Takes what comes next. It writes to a disk, and may be waited for: not for a thread that serves others.
    ///
    /// # Errors
    /// It can be held nowhere, not even in memory.
    pub(in crate::engine) fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        if matches!(self.place, Place::Nowhere) {
            self.begin();
        }
        let length = self.length.saturating_add(piece.len() as u64);
        let most = self.cache.as_ref().map(|cache| cache.most.bytes());
        if matches!(self.place, Place::Draft(_)) && most.is_some_and(|most| length > most) {
            self.move_on(Trouble::TooLarge)?;
        }
        while let Err(error) = self.place.append(piece, length) {
            self.move_on(Trouble::Io(error))?;
        }
        self.digest.update(piece);
        self.length = length;
        Ok(())
    }

    /// Nothing comes any more: what is to be kept is on the disk before it can be found, so that no half of it survives a crash.
    ///
    /// # Errors
    /// The disk has lost it.
    pub(in crate::engine) fn finish(&mut self) -> io::Result<()> {
        match &self.place {
            Place::Draft(draft) => match draft.as_file().sync_all() {
                Ok(()) => Ok(()),
                Err(error) => self.move_on(Trouble::Io(error)),
            },
            Place::Nowhere | Place::Unnamed(_) | Place::Bytes(_) => Ok(()),
        }
    }

    /// What `open` makes of it. Where the system maps no code from its place, it moves on to one from where it does.
    ///
    /// # Errors
    /// Why `open` makes nothing of it.
    pub(in crate::engine) fn load<T>(
        &mut self,
        open: impl Fn(Code<'_>) -> Result<T, Unusable>,
    ) -> Result<T, Unusable> {
        loop {
            let opened = match &self.place {
                Place::Nowhere => open(Code::Bytes(&[])),
                Place::Draft(draft) => open(Code::File(draft.as_file())),
                Place::Unnamed(file) => open(Code::File(file)),
                Place::Bytes(bytes) => open(Code::Bytes(bytes)),
            };
            match opened {
                // Another place would need more memory, not less.
                Err(Unusable::System(error)) if error.kind() != io::ErrorKind::OutOfMemory => {
                    let moved = self.move_on(Trouble::NoCode(error));
                    moved.map_err(Unusable::System)?;
                }
                opened => return opened,
            }
        }
    }

    /// The draft, or what has become of it.
    pub(super) fn into_draft(self) -> Result<NamedTempFile, Trouble> {
        match self.place {
            Place::Draft(draft) => Ok(draft),
            _ => Err(self
                .trouble
                .unwrap_or_else(|| Trouble::Io(io::ErrorKind::NotFound.into()))),
        }
    }

    fn begin(&mut self) {
        let draft = self.cache.as_ref().map(|cache| {
            let mut draft = tempfile::Builder::new();
            draft.prefix(DRAFT).tempfile_in(&cache.folder)
        });
        self.place = match draft {
            Some(Ok(draft)) => Place::Draft(draft),
            Some(Err(error)) => {
                self.trouble = Some(Trouble::Io(error));
                Place::unnamed()
            }
            None => Place::unnamed(),
        };
    }

    /// Moves what has come to the next place that takes it.
    fn move_on(&mut self, trouble: Trouble) -> io::Result<()> {
        let (mut from, next) = match std::mem::replace(&mut self.place, Place::Nowhere) {
            Place::Draft(draft) => {
                self.trouble = Some(trouble);
                (
                    draft.into_file(),
                    vec![Place::unnamed(), Place::new_bytes()],
                )
            }
            Place::Unnamed(file) => (file, vec![Place::new_bytes()]),
            Place::Nowhere | Place::Bytes(_) => return Err(trouble.into()),
        };
        let expected: [u8; 32] = self.digest.clone().finalize().into();
        let mut error = io::Error::other("the disk has lost what it took");
        for mut place in next {
            match place.copy(&mut from, self.length) {
                Ok(digest) if digest == expected => {
                    self.place = place;
                    return Ok(());
                }
                Ok(_) => {}
                Err(failed) => error = failed,
            }
        }
        Err(error)
    }
}

impl Place {
    fn new_bytes() -> Self {
        Self::Bytes(Vec::new())
    }

    #[cfg(target_os = "linux")]
    fn unnamed() -> Self {
        use rustix::fs::{MemfdFlags, memfd_create};
        let make = |flags| memfd_create("native-code", MemfdFlags::CLOEXEC | flags);
        // It is mapped and never executed as a program; kernels before 6.3 do not know the word for that.
        let made = make(MemfdFlags::NOEXEC_SEAL).or_else(|_| make(MemfdFlags::empty()));
        made.map_or_else(|_| Self::new_bytes(), |file| Self::Unnamed(file.into()))
    }

    #[cfg(not(target_os = "linux"))]
    fn unnamed() -> Self {
        Self::new_bytes()
    }

    /// Writes a piece, with which it comes to `length` bytes.
    fn append(&mut self, piece: &[u8], length: u64) -> io::Result<()> {
        match self {
            Self::Draft(draft) => write(draft.as_file_mut(), piece, length),
            Self::Unnamed(file) => write(file, piece, length),
            Self::Bytes(bytes) => {
                bytes.try_reserve(piece.len())?;
                bytes.extend_from_slice(piece);
                Ok(())
            }
            Self::Nowhere => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Writes the first `length` bytes of a file, and gives their digest.
    fn copy(&mut self, from: &mut File, length: u64) -> io::Result<[u8; 32]> {
        from.rewind()?;
        let (mut digest, mut copied) = (Sha256::new(), 0);
        let (mut from, mut piece) = (from.take(length), Vec::with_capacity(PIECE));
        loop {
            piece.clear();
            let read = (&mut from).take(PIECE as u64).read_to_end(&mut piece)?;
            if read == 0 {
                return Ok(digest.finalize().into());
            }
            copied += read as u64;
            self.append(&piece, copied)?;
            digest.update(&piece);
        }
    }
}

/// Writes to a file that has `length` bytes then.
fn write(file: &mut File, piece: &[u8], length: u64) -> io::Result<()> {
    let most = private::longest_file();
    if length > most {
        // Who writes more is ended by a signal.
        let message = format!("this process may write files of {most} bytes at most (`ulimit -f`)");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    file.write_all(piece)
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Io(error) | Trouble::NoCode(error) => error,
            Trouble::TooLarge => io::ErrorKind::FileTooLarge.into(),
        }
    }
}
