//! A ring in a file that the user's processes share, locked while it is used.

use super::ring::Words;
use crate::{
    escape::printable,
    private::{self, Others},
};
use std::{
    fs::{File, TryLockError},
    io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
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
        let refused = |reason| io::Error::new(ErrorKind::PermissionDenied, reason);
        let folder = self.0.parent().unwrap_or(Path::new("."));
        private::make_folder(folder)?;
        if let Some(flaw) = private::flaw(folder, Others::Look)? {
            return Err(refused(flaw));
        }
        private::open_or_make(&self.0).ok_or_else(|| {
            let path = printable(&self.0.to_string_lossy(), 400).into_owned();
            io::Error::new(
                ErrorKind::PermissionDenied,
                format!("{path} is no file that only you can write to; remove it"),
            )
        })
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
        let mut file = &self.0;
        file.seek(SeekFrom::Start(place * WORD))?;
        file.read_exact(&mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    fn put(&mut self, place: u64, word: u64) -> io::Result<()> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(place * WORD))?;
        file.write_all(&word.to_le_bytes())
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
