//! A ring in a file that the user's processes share, locked while it is used.

use super::ring::Words;
use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// Bytes of a word.
const WORD: u64 = 8;

/// Where the ring is.
#[derive(Clone, Debug)]
pub(super) struct StateFile(PathBuf);

/// The file, locked until it is dropped.
pub(super) struct Locked(File);

impl StateFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Opens the file, which is made if it is missing, and locks it; none if somebody else has the lock.
    ///
    /// # Errors
    /// It cannot be opened, or others could write to it.
    pub(super) fn try_lock(&self) -> io::Result<Option<Locked>> {
        let file = self.open()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Locked(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn open(&self) -> io::Result<File> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        platform::open(folder, &self.0)
    }
}

impl Words for Locked {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len() / WORD)
    }

    fn clear(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.set_len(len * WORD)
    }

    fn word(&self, place: u64) -> io::Result<u64> {
        let mut word = 0_u64.to_le_bytes();
        platform::read_at(&self.0, &mut word, place * WORD)?;
        Ok(u64::from_le_bytes(word))
    }

    fn put(&mut self, place: u64, word: u64) -> io::Result<()> {
        platform::write_at(&self.0, &word.to_le_bytes(), place * WORD)
    }
}

#[cfg(unix)]
mod platform {
    use rustix::fs::{Mode, OFlags};
    use std::{
        fs::{DirBuilder, File, Metadata},
        io,
        os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _},
        path::Path,
    };

    pub(super) fn open(folder: &Path, path: &Path) -> io::Result<File> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let own = |metadata: &Metadata| {
            metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
        };
        let found = folder.symlink_metadata()?;
        if !found.is_dir() || !own(&found) {
            let reason = "its folder belongs to or is writable by others";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
        }
        let flags = OFlags::RDWR
            | OFlags::CREATE
            | OFlags::CLOEXEC
            | OFlags::NONBLOCK
            | OFlags::NOFOLLOW
            | OFlags::NOCTTY;
        let file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o600))?);
        let found = file.metadata()?;
        if !found.is_file() || !own(&found) {
            let reason = "it is no file that only you can write to";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
        }
        Ok(file)
    }

    pub(super) fn read_at(file: &File, word: &mut [u8], at: u64) -> io::Result<()> {
        file.read_exact_at(word, at)
    }

    pub(super) fn write_at(file: &File, word: &[u8], at: u64) -> io::Result<()> {
        file.write_all_at(word, at)
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{
        fs::File,
        io::{self, Read as _, Seek as _, SeekFrom, Write as _},
        path::Path,
    };

    /// The user's profile is the user's alone by its access list.
    pub(super) fn open(folder: &Path, path: &Path) -> io::Result<File> {
        std::fs::create_dir_all(folder)?;
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options.open(path)
    }

    pub(super) fn read_at(mut file: &File, word: &mut [u8], at: u64) -> io::Result<()> {
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(word)
    }

    pub(super) fn write_at(mut file: &File, word: &[u8], at: u64) -> io::Result<()> {
        file.seek(SeekFrom::Start(at))?;
        file.write_all(word)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_keeps_its_words_and_belongs_to_the_user() {
        let base = tempfile::tempdir().unwrap();
        let file = StateFile::new(base.path().join("rate/x"));
        let mut words = file.try_lock().unwrap().unwrap();
        words.clear(4).unwrap();
        words.put(3, 7).unwrap();
        assert!(file.try_lock().unwrap().is_none());
        drop(words);
        let words = file.try_lock().unwrap().unwrap();
        assert_eq!((words.len().unwrap(), words.word(3).unwrap()), (4, 7));
        let mode = |path: &str| {
            let found = std::fs::metadata(base.path().join(path)).unwrap();
            found.permissions().mode() & 0o777
        };
        assert_eq!((mode("rate"), mode("rate/x")), (0o700, 0o600));
    }

    #[test]
    fn what_others_can_write_to_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let file = StateFile::new(base.path().join("rate/x"));
        drop(file.try_lock().unwrap());
        let open = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(base.path().join("rate/x"), open(0o666)).unwrap();
        assert!(file.try_lock().is_err());
        std::fs::set_permissions(base.path().join("rate/x"), open(0o600)).unwrap();
        std::fs::set_permissions(base.path().join("rate"), open(0o777)).unwrap();
        assert!(file.try_lock().is_err());
        let link = StateFile::new(base.path().join("link"));
        std::os::unix::fs::symlink(base.path().join("rate/x"), base.path().join("link")).unwrap();
        assert!(link.try_lock().is_err());
    }
}
