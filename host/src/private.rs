//! Folders and files that are this user's alone, and how one knows.
//!
//! What is kept between runs is trusted only as far as nobody else can have written it. A path says nothing about that: a file is
//! opened without following a link, and judged by its descriptor. What depends on the platform is here.

use std::{
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// The most names of a folder that are looked at: a folder that somebody filled with millions of files keeps nobody busy.
pub(crate) const MOST_NAMES: usize = 100_000;

/// What others may do with a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Nothing at all.
    Nothing,
    /// Look into it, but not write to it.
    Look,
}

/// Files of one kind in a folder, and how many of them may be there.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// How their names end.
    pub ending: &'static str,
    /// The most files.
    pub files: usize,
    /// The most bytes of all of them together.
    pub bytes: u64,
}

/// Makes a folder, and the ones above it that are missing, so that nobody else can look into them.
///
/// # Errors
/// Those of the system.
pub fn make_folder(path: &Path) -> io::Result<()> {
    platform::make_folder(path)
}

/// What makes a folder unfit to keep what is trusted, if anything does.
///
/// # Errors
/// It cannot be looked at.
pub fn flaw(path: &Path, others: Others) -> io::Result<Option<&'static str>> {
    let metadata = path.symlink_metadata()?;
    Ok(if metadata.is_dir() {
        platform::flaw(&metadata, others)
    } else {
        Some("it is no folder")
    })
}

/// Opens a file for reading, without following a link or waiting for anybody. None unless it is a regular file that nobody but
/// this user can have written: his own, unwritable by others, with one name.
#[must_use]
pub fn open(path: &Path) -> Option<File> {
    open_seen(path).map(|(file, _)| file)
}

/// [`open`], with what was seen of the file through its descriptor.
pub(crate) fn open_seen(path: &Path) -> Option<(File, Metadata)> {
    platform::open(path, false)
}

/// Opens such a file for locking, or makes it.
#[must_use]
pub(crate) fn open_or_make(path: &Path) -> Option<File> {
    platform::open(path, true).map(|(file, _)| file)
}

/// The longest file that this process may write, in bytes. Who writes more is ended by a signal.
pub(crate) fn longest_file() -> u64 {
    platform::longest_file()
}

/// Whether nobody else may read an opened file either.
pub(crate) fn is_hidden_from_others(file: &File) -> bool {
    file.metadata()
        .is_ok_and(|metadata| platform::flaw(&metadata, Others::Nothing).is_none())
}

/// Whether `path` is the very file that was opened.
pub(crate) fn is_still_at(file: &File, path: &Path) -> bool {
    platform::is_still_at(file, path)
}

/// Removes the oldest files of a kind until the rest keep `bound`; a folder that cannot be read is left alone. Only what `is_kept`
/// says of a name's stem counts and goes: the folder may hold what others put there. Two processes that do so at once remove no
/// more than they must, give or take a file.
pub(crate) fn remove_oldest(folder: &Path, bound: Bound, is_kept: impl Fn(&str) -> bool) {
    let mut files = own_files(folder, bound.ending);
    files.retain(|file| file.name.strip_suffix(bound.ending).is_some_and(&is_kept));
    files.sort_by_key(|file| std::cmp::Reverse(file.modified));
    let (mut count, mut bytes) = (0, 0_u64);
    for file in files {
        count += 1;
        bytes = bytes.saturating_add(file.bytes);
        if count > bound.files || bytes > bound.bytes {
            // Whoever was faster has done the same.
            drop(std::fs::remove_file(&file.path));
        }
    }
}

/// Removes temporary files with this prefix that nobody has written to for `age`: what killed processes left behind.
pub(crate) fn remove_left_behind(folder: &Path, prefix: &str, age: Duration) {
    let old = |file: &OwnFile| file.modified.elapsed().is_ok_and(|since| since > age);
    let named = |file: &OwnFile| file.name.strip_prefix(prefix).is_some_and(is_random);
    for file in own_files(folder, "").into_iter().filter(named).filter(old) {
        drop(std::fs::remove_file(&file.path));
    }
}

/// What the crate `tempfile` puts behind a prefix.
fn is_random(rest: &str) -> bool {
    rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A regular file of this user's in a folder.
#[derive(Debug)]
pub(crate) struct OwnFile {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) modified: SystemTime,
}

/// The regular files of this user's whose names end in `ending`; links are none. Of a folder with more than [`MOST_NAMES`], those
/// that the system names first.
pub(crate) fn own_files(folder: &Path, ending: &str) -> Vec<OwnFile> {
    files_named(folder, |name| name.ends_with(ending)).0
}

/// The regular files of this user's with such names, and whether there were more names than were looked at.
pub(crate) fn files_named(folder: &Path, is_meant: impl Fn(&str) -> bool) -> (Vec<OwnFile>, bool) {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.by_ref().take(MOST_NAMES).filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        if !is_meant(&name) {
            return None;
        }
        let metadata = entry.path().symlink_metadata().ok()?;
        let own = metadata.is_file() && platform::is_own(&metadata);
        own.then(|| OwnFile {
            path: entry.path(),
            name,
            bytes: metadata.len(),
            modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        })
    });
    let files = files.collect();
    (files, entries.next().is_some())
}

#[cfg(unix)]
mod platform {
    use super::{File, Others, Path, io};
    use rustix::fs::{Mode, OFlags};
    use std::{
        fs::Metadata,
        os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    };

    pub(super) fn make_folder(path: &Path) -> io::Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
    }

    pub(super) fn longest_file() -> u64 {
        use rustix::process::{Resource, getrlimit};
        getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX)
    }

    pub(super) fn is_own(metadata: &Metadata) -> bool {
        metadata.uid() == rustix::process::geteuid().as_raw()
    }

    pub(super) fn flaw(metadata: &Metadata, others: Others) -> Option<&'static str> {
        flaw_for(metadata, others, rustix::process::geteuid().as_raw())
    }

    pub(super) fn flaw_for(metadata: &Metadata, others: Others, user: u32) -> Option<&'static str> {
        if metadata.uid() != user {
            return Some("it belongs to another user");
        }
        match others {
            Others::Nothing if metadata.mode() & 0o077 != 0 => {
                Some("others may look into it or write to it")
            }
            Others::Look if metadata.mode() & 0o022 != 0 => Some("others may write to it"),
            Others::Nothing | Others::Look => None,
        }
    }

    pub(super) fn open(path: &Path, make: bool) -> Option<(File, Metadata)> {
        // Without NONBLOCK a named pipe would wait for its other end for ever.
        let mut flags = OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
        flags |= if make {
            OFlags::RDWR | OFlags::CREATE
        } else {
            OFlags::RDONLY
        };
        let mode = Mode::RUSR | Mode::WUSR;
        let file = File::from(rustix::fs::open(path, flags, mode).ok()?);
        let user = rustix::process::geteuid().as_raw();
        let metadata = file.metadata().ok()?;
        is_trusted(&metadata, user).then_some((file, metadata))
    }

    /// Whether nobody but that user can have written the file.
    pub(super) fn is_trusted(metadata: &Metadata, user: u32) -> bool {
        metadata.is_file()
            && metadata.uid() == user
            && metadata.mode() & 0o022 == 0
            && metadata.nlink() == 1
    }

    pub(super) fn is_still_at(file: &File, path: &Path) -> bool {
        let (Ok(opened), Ok(there)) = (file.metadata(), path.symlink_metadata()) else {
            return false;
        };
        opened.dev() == there.dev() && opened.ino() == there.ino()
    }
}

/// Elsewhere the user's own folders are private by their access lists.
#[cfg(not(unix))]
mod platform {
    use super::{File, Others, Path, io};
    use std::fs::{Metadata, OpenOptions};

    pub(super) fn make_folder(path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    pub(super) fn longest_file() -> u64 {
        u64::MAX
    }

    pub(super) fn is_own(_metadata: &Metadata) -> bool {
        true
    }

    pub(super) fn flaw(_metadata: &Metadata, _others: Others) -> Option<&'static str> {
        None
    }

    pub(super) fn open(path: &Path, make: bool) -> Option<(File, Metadata)> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(make)
            .create(make)
            .open(path)
            .ok()?;
        let metadata = file.metadata().ok()?;
        metadata.is_file().then_some((file, metadata))
    }

    pub(super) fn is_still_at(_file: &File, path: &Path) -> bool {
        path.symlink_metadata().is_ok()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_is_made_private_and_flawed_when_it_is_not() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("deep/folder");
        make_folder(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(flaw(&path, Others::Nothing).unwrap(), None);
        mode(&path, 0o755);
        assert!(flaw(&path, Others::Nothing).unwrap().is_some());
        assert_eq!(flaw(&path, Others::Look).unwrap(), None);
        mode(&path, 0o770);
        assert!(flaw(&path, Others::Look).unwrap().is_some());
        let link = base.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(flaw(&link, Others::Look).unwrap(), Some("it is no folder"));
        let user = rustix::process::geteuid().as_raw();
        let metadata = base.path().metadata().unwrap();
        assert_eq!(platform::flaw_for(&metadata, Others::Look, user), None);
        assert_eq!(
            platform::flaw_for(&metadata, Others::Look, user + 1),
            Some("it belongs to another user")
        );
    }

    #[test]
    fn a_file_that_others_can_have_written_is_none() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("file");
        std::fs::write(&path, "x").unwrap();
        for (bits, good) in [(0o600, true), (0o644, true), (0o664, false), (0o646, false)] {
            mode(&path, bits);
            assert_eq!(open(&path).is_some(), good, "{bits:o}");
        }
        mode(&path, 0o600);
        let user = rustix::process::geteuid().as_raw();
        let metadata = path.metadata().unwrap();
        assert!(
            platform::is_trusted(&metadata, user) && !platform::is_trusted(&metadata, user + 1)
        );
        symlink(&path, base.path().join("link")).unwrap();
        assert!(open(&base.path().join("link")).is_none());
        std::fs::hard_link(&path, base.path().join("second")).unwrap();
        assert!(open(&path).is_none());
        let pipe = base.path().join("pipe");
        let bits = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, bits, 0).unwrap();
        assert!(open(&pipe).is_none());
        assert!(open(base.path()).is_none());
    }

    #[test]
    fn the_oldest_files_of_a_kind_go_first() {
        let base = tempfile::tempdir().unwrap();
        let file = |name: &str, age: u64| {
            let path = base.path().join(name);
            std::fs::write(&path, "12345").unwrap();
            let file = File::options().write(true).open(&path).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
            file.set_modified(time).unwrap();
            path
        };
        let names = ["a.kind", "b.kind", "c.kind", "d.kind"];
        let paths: Vec<_> = names
            .iter()
            .zip(1..)
            .map(|(name, age)| file(name, age))
            .collect();
        let other = file("z.other", 100_000);
        let theirs = file("theirs.kind", 100_000);
        let bound = |files, bytes| Bound {
            ending: ".kind",
            files,
            bytes,
        };
        let left = || paths.iter().filter(|path| path.exists()).count();
        remove_oldest(base.path(), bound(3, 1_000), |stem| stem != "theirs");
        assert!(left() == 3 && !paths[3].exists() && other.exists());
        remove_oldest(base.path(), bound(3, 9), |stem| stem != "theirs");
        assert!(left() == 1 && paths[0].exists() && other.exists());
        assert!(theirs.exists(), "it was not kept by us");
    }

    #[test]
    fn what_is_no_draft_by_its_name_is_not_left_behind() {
        let base = tempfile::tempdir().unwrap();
        let draft = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(base.path());
        let (_file, draft) = draft.unwrap().keep().unwrap();
        let notes = base.path().join(".new-notes.txt");
        std::fs::write(&notes, "mine").unwrap();
        for path in [&draft, &notes] {
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        remove_left_behind(base.path(), ".new-", Duration::from_secs(1));
        assert!(!draft.exists() && notes.exists());
    }
}
