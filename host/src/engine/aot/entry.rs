//! One artefact: a record that names its length, and the code, each written whole and then renamed.

use super::{
    folder::Folder,
    names::{self, DRAFT},
    record,
};
use crate::{clock, private};
use std::{
    fs::{File, Metadata},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::NamedTempFile;

/// How long an entry's time of use stands before it is set anew: one that is used all day costs a call to the system now and then.
const USED_WITHIN: Duration = Duration::from_secs(10 * 60);

/// An artefact whose descriptor has been checked.
#[derive(Debug)]
pub(super) struct Entry {
    file: File,
    seen: Metadata,
}

impl Entry {
    /// Opens the artefact for `key`; `None` where there is none or it cannot be trusted.
    pub(super) fn open(folder: &Folder, key: &str) -> Option<Self> {
        let length = record::length(&record_path(folder, key))?;
        let (file, seen) = private::open_seen(&code_path(folder, key, length))?;
        (seen.len() == length).then_some(Self { file, seen })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Lets the entry count as used now, unless it does already. That it cannot be done costs nothing but its place in the order.
    pub(super) fn used(&self) {
        let now = clock::now();
        let used = self.seen.modified().ok();
        // A time in the future would keep it for ever.
        let since = used.and_then(|used| now.duration_since(used).ok());
        if since.is_none_or(|since| since > USED_WITHIN) {
            drop(self.file.set_modified(now));
        }
    }
}

/// Gives the code, and the record that makes it found, their names. Both are whole and on the disk before either has its own.
pub(super) fn keep(
    folder: &Folder,
    key: &str,
    code: NamedTempFile,
    length: u64,
    record: &str,
) -> io::Result<()> {
    let record = draft(folder, record.as_bytes())?;
    place(code, &code_path(folder, key, length))?;
    place(record, &record_path(folder, key))
}

/// A file that is whole and on the disk, and that nobody finds yet: half of one must not survive a crash.
pub(super) fn draft(folder: &Folder, content: &[u8]) -> io::Result<NamedTempFile> {
    let most = private::longest_file();
    if content.len() as u64 > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut draft: NamedTempFile = tempfile::Builder::new()
        .prefix(DRAFT)
        .tempfile_in(folder.path())?;
    draft.write_all(content)?;
    draft.as_file().sync_all()?;
    Ok(draft)
}

/// A reader sees the old file or the new one, and never a half.
pub(super) fn place(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    draft.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Forgets an artefact that turned out to be of no use.
pub(super) fn remove(folder: &Folder, key: &str) {
    let record = record_path(folder, key);
    // Whether it is gone already or cannot be removed, the next compilation replaces it.
    if let Some(length) = record::length(&record) {
        drop(std::fs::remove_file(code_path(folder, key, length)));
    }
    drop(std::fs::remove_file(record));
}

pub(super) fn record_path(folder: &Folder, key: &str) -> PathBuf {
    folder.path().join(names::record(key))
}

fn code_path(folder: &Folder, key: &str, length: u64) -> PathBuf {
    folder.path().join(names::code(key, length))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::engine::{aot::record::About, digest::Digest};
    use std::{os::unix::fs::PermissionsExt as _, time::UNIX_EPOCH};

    fn folder() -> (tempfile::TempDir, Folder) {
        let base = tempfile::tempdir().unwrap();
        let folder = Folder::open(&base.path().join("aot")).unwrap();
        let record = About::text(4, Digest::of(b"x"), "a name");
        let code = draft(&folder, b"code").unwrap();
        keep(&folder, "key", code, 4, &record).unwrap();
        assert!(Entry::open(&folder, "key").is_some());
        (base, folder)
    }

    #[test]
    fn a_record_says_what_was_compiled() {
        let (_base, folder) = folder();
        let about = About::read(&record_path(&folder, "key"));
        assert_eq!(about.digest, Some(Digest::of(b"x")));
        assert_eq!(about.name.as_deref(), Some("a name"));
        assert_eq!(about.version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
        // As earlier versions wrote it.
        std::fs::write(record_path(&folder, "key"), "4").unwrap();
        assert!(Entry::open(&folder, "key").is_some());
        assert_eq!(About::read(&record_path(&folder, "key")), About::default());
    }

    #[test]
    fn the_time_of_use_is_set_once_in_a_while() {
        let (_base, folder) = folder();
        let path = code_path(&folder, "key", 4);
        let modified = || path.metadata().unwrap().modified().unwrap();
        let set = |time| {
            let file = File::options().write(true).open(&path).unwrap();
            file.set_modified(time).unwrap();
        };
        let lately = clock::now() - USED_WITHIN / 2;
        for (before, is_set) in [
            (UNIX_EPOCH, true),
            (lately, false),
            (clock::now() + USED_WITHIN, true),
        ] {
            set(before);
            Entry::open(&folder, "key").unwrap().used();
            let since = clock::now().duration_since(modified());
            let now = since.is_ok_and(|since| since < USED_WITHIN / 4);
            assert_eq!((now, modified() == before), (is_set, !is_set), "{before:?}");
        }
    }

    #[test]
    fn what_others_could_have_written_is_a_miss() {
        let (_base, folder) = folder();
        let code = code_path(&folder, "key", 4);
        std::fs::set_permissions(&code, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(Entry::open(&folder, "key").is_none());
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
