//! One artefact: a record that names its length, and the code, each written whole and then renamed.

use super::folder::Folder;
use crate::private;
use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::NamedTempFile;

/// How the name of a file begins that is being written.
const DRAFT: &str = ".new-";

/// An artefact whose descriptor has been checked.
#[derive(Debug)]
pub(super) struct Entry {
    file: File,
}

impl Entry {
    /// Opens the artefact for `key`; `None` where there is none or it cannot be trusted.
    pub(super) fn open(folder: &Folder, key: &str) -> Option<Self> {
        let mut record = String::new();
        private::open(&record_path(folder, key))?
            .take(32)
            .read_to_string(&mut record)
            .ok()?;
        let length: u64 = record.trim().parse().ok()?;
        let file = private::open(&code_path(folder, key, length))?;
        (file.metadata().ok()?.len() == length).then_some(Self { file })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

/// An artefact that is being written: nobody finds it before it is kept.
#[derive(Debug)]
pub(crate) struct Draft(NamedTempFile);

impl Draft {
    pub(super) fn new(folder: &Folder) -> io::Result<Self> {
        // No compilation takes a day.
        private::remove_left_behind(folder.path(), DRAFT, Duration::from_secs(24 * 60 * 60));
        let file = tempfile::Builder::new()
            .prefix(DRAFT)
            .tempfile_in(folder.path())?;
        Ok(Self(file))
    }

    /// The file, to be written from its beginning.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.0.as_file().try_clone()
    }

    /// Gives a short text its name at once.
    pub(super) fn keep_text(mut self, text: &[u8], path: &Path) -> io::Result<()> {
        self.0.write_all(text)?;
        place(self.0, path)
    }

    /// Gives the artefact its name, and then the record that makes it found.
    pub(super) fn keep(self, folder: &Folder, key: &str) -> io::Result<()> {
        let length = self.0.as_file().metadata()?.len();
        place(self.0, &code_path(folder, key, length))?;
        let mut record = Self::new(folder)?.0;
        record.write_all(length.to_string().as_bytes())?;
        place(record, &record_path(folder, key))
    }
}

/// Forgets an artefact that turned out to be of no use.
pub(super) fn remove(folder: &Folder, key: &str) {
    // Whether it is gone already or cannot be removed, the next compilation replaces it.
    if let Ok(length) = std::fs::read_to_string(record_path(folder, key))
        && let Ok(length) = length.trim().parse()
    {
        drop(std::fs::remove_file(code_path(folder, key, length)));
    }
    drop(std::fs::remove_file(record_path(folder, key)));
}

fn record_path(folder: &Folder, key: &str) -> PathBuf {
    folder.path().join(format!("{key}.len"))
}

/// The length is part of the name, so that a record never meets the code of another compilation.
fn code_path(folder: &Folder, key: &str, length: u64) -> PathBuf {
    folder.path().join(format!("{key}.{length}.code"))
}

fn place(file: NamedTempFile, path: &Path) -> io::Result<()> {
    // On the disk before it can be found: half an artefact must not survive a crash.
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn folder() -> (tempfile::TempDir, Folder) {
        let base = tempfile::tempdir().unwrap();
        let folder = Folder::open(&base.path().join("aot")).unwrap();
        let draft = Draft::new(&folder).unwrap();
        draft.file().unwrap().write_all(b"code").unwrap();
        draft.keep(&folder, "key").unwrap();
        assert!(Entry::open(&folder, "key").is_some());
        (base, folder)
    }

    #[test]
    fn what_others_could_have_written_is_a_miss() {
        let (_base, folder) = folder();
        let code = code_path(&folder, "key", 4);
        std::fs::set_permissions(&code, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(Entry::open(&folder, "key").is_none());
    }

    #[test]
    fn drafts_that_were_left_behind_are_removed_after_a_day() {
        let (_base, folder) = folder();
        let (left, young) = (
            folder.path().join(".new-aaaaaa"),
            folder.path().join(".new-bbbbbb"),
        );
        for path in [&left, &young] {
            std::fs::write(path, "half").unwrap();
        }
        let file = File::options().write(true).open(&left).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        drop(Draft::new(&folder).unwrap());
        assert!(!left.exists() && young.exists());
        assert!(Entry::open(&folder, "key").is_some());
    }

    #[test]
    fn a_pipe_is_a_miss_and_holds_nobody_up() {
        let (_base, folder) = folder();
        // A pipe has the length 0, so that the record may well agree with it.
        std::fs::write(record_path(&folder, "key"), "0").unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let code = code_path(&folder, "key", 0);
        rustix::fs::mkfifoat(rustix::fs::CWD, &code, mode).unwrap();
        let (opened, outcome) = std::sync::mpsc::channel();
        // On a thread of its own: opening a pipe that nobody writes to can take for ever.
        std::thread::spawn(move || opened.send(Entry::open(&folder, "key").is_none()));
        let patience = std::time::Duration::from_secs(60);
        assert_eq!(outcome.recv_timeout(patience), Ok(true));
    }

    #[test]
    fn a_linked_or_truncated_artefact_is_a_miss() {
        let (_base, folder) = folder();
        let code = code_path(&folder, "key", 4);
        std::fs::hard_link(&code, folder.path().join("second")).unwrap();
        assert!(Entry::open(&folder, "key").is_none());
        std::fs::remove_file(&code).unwrap();
        std::os::unix::fs::symlink(folder.path().join("second"), &code).unwrap();
        assert!(Entry::open(&folder, "key").is_none());
        std::fs::remove_file(&code).unwrap();
        std::fs::write(&code, "cod").unwrap();
        assert!(Entry::open(&folder, "key").is_none());
        std::fs::write(record_path(&folder, "key"), "-1").unwrap();
        assert!(Entry::open(&folder, "key").is_none());
    }
}
