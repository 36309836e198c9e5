//! Component files that need not be read to be known: the digest of a large file, remembered by what the system says of the file.
//!
//! Whatever the file holds by then, what runs is the component with the digest that is told. A file counts as the same by device, inode,
//! size and both times, to the nanosecond; not while it is so young that a change could leave its times as they are, nor where its times are
//! such as an image's are made. What remains: who writes through a mapping may leave the times as they were until the system writes the
//! file, so that what was there before is run until then. Who wants to know what a file holds now reads it.

use super::digest::Digest;
use crate::{
    clock,
    private::{self, Bound, Others},
};
use std::{
    fs::{File, Metadata},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

/// The smallest file for which reading is slower than looking it up.
const SMALLEST: u64 = 1024 * 1024;
/// How long a file must have been left alone, for file systems that tell times by seconds or more.
const SETTLED: Duration = Duration::from_secs(2);
/// The most files that are remembered, and the bytes of what is remembered of them.
const MOST: Bound = Bound {
    ending: ENDING,
    files: 500,
    bytes: 500 * LONGEST,
};
const ENDING: &str = ".file";
/// How the name of a record begins that is being written.
const DRAFT: &str = ".new-";
/// How long one that nobody goes on writing stands.
const DRAFT_AGE: Duration = Duration::from_secs(60 * 60);
/// The longest record, in bytes.
const LONGEST: u64 = 512;

/// A folder of this user's that remembers digests of files, or none that does.
#[derive(Clone, Debug, Default)]
pub struct KnownFiles {
    folder: Option<PathBuf>,
}

/// What is known of one file, or can be.
#[derive(Debug)]
pub(super) struct Known {
    folder: PathBuf,
    record: PathBuf,
    stamp: String,
    /// Whether it had been left alone for long enough when it was seen, before it was read.
    settled: bool,
}

impl KnownFiles {
    /// Those that are remembered in `folder`, which is made when there is something to remember.
    #[must_use]
    pub fn of(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Forgets all of them.
    pub fn forget(&self) {
        let none = Bound {
            files: 0,
            bytes: 0,
            ..MOST
        };
        if let Some(folder) = self.folder.as_ref().filter(|it| is_private(it)) {
            private::remove_oldest(folder, none, is_ours);
        }
    }

    /// The place of the file of which the system says that; none for a small one.
    pub(super) fn place(&self, seen: &Metadata) -> Option<Known> {
        if seen.len() < SMALLEST {
            return None;
        }
        let (name, stamp) = identity(seen)?;
        let folder = self.folder.clone()?;
        Some(Known {
            record: folder.join(name + ENDING),
            folder,
            stamp,
            settled: is_settled(seen),
        })
    }
}

impl Known {
    /// The digest that the file has, if it is known.
    pub(super) fn digest(&self) -> Option<Digest> {
        if !is_private(&self.folder) {
            return None;
        }
        let mut text = String::new();
        let record = private::open(&self.record)?;
        record.take(LONGEST).read_to_string(&mut text).ok()?;
        Digest::parse(text.strip_prefix(&self.stamp)?.strip_suffix('\n')?)
    }

    /// Remembers what the file was read to be, unless it may have changed meanwhile. That it cannot be done costs the next start the
    /// reading.
    pub(super) fn remember(&self, file: &File, digest: Digest) {
        let now = file.metadata().ok().and_then(|seen| identity(&seen));
        if !self.settled || now.is_none_or(|(_, stamp)| stamp != self.stamp) {
            return;
        }
        let write = || {
            private::make_folder(&self.folder)?;
            if !is_private(&self.folder) {
                return Err(std::io::ErrorKind::PermissionDenied.into());
            }
            let mut draft = tempfile::Builder::new()
                .prefix(DRAFT)
                .tempfile_in(&self.folder)?;
            draft.write_all(format!("{}{digest}\n", self.stamp).as_bytes())?;
            draft.persist(&self.record).map(drop)?;
            std::io::Result::Ok(())
        };
        if write().is_ok() {
            private::remove_oldest(&self.folder, MOST, is_ours);
            private::remove_left_behind(&self.folder, DRAFT, DRAFT_AGE);
        }
    }

    pub(super) fn forget(&self) {
        drop(std::fs::remove_file(&self.record));
    }
}

/// Whether nobody else can have put anything there.
fn is_private(folder: &Path) -> bool {
    private::flaw(folder, Others::Nothing).is_ok_and(|flaw| flaw.is_none())
}

/// Whether a record can have this name, the ending left out.
fn is_ours(name: &str) -> bool {
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split_once('-')
        .is_some_and(|(device, inode)| is_hex(device) && is_hex(inode))
}

/// Whether both times lie so far back that any later change gives the file others. One without nanoseconds was not taken from a clock.
#[cfg(unix)]
fn is_settled(seen: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(now) = clock::now().duration_since(UNIX_EPOCH) else {
        return false;
    };
    let settled = now.saturating_sub(SETTLED).as_secs();
    let made_up = seen.ctime_nsec() == 0;
    let mut times = [seen.mtime(), seen.ctime()].into_iter();
    !made_up && times.all(|time| u64::try_from(time).is_ok_and(|time| time < settled))
}

#[cfg(not(unix))]
fn is_settled(_: &Metadata) -> bool {
    false
}

/// A name for the file, and all that changes with it.
#[cfg(unix)]
fn identity(seen: &Metadata) -> Option<(String, String)> {
    use std::os::unix::fs::MetadataExt as _;
    let name = format!("{:x}-{:x}", seen.dev(), seen.ino());
    let (size, modified, changed) = (seen.size(), seen.mtime(), seen.ctime());
    let (modified_ns, changed_ns) = (seen.mtime_nsec(), seen.ctime_nsec());
    let times = format!("{modified}.{modified_ns:09} {changed}.{changed_ns:09}");
    let stamp = format!("{name} {size} {times} ");
    Some((name, stamp))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(String, String)> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::engine::Source;
    use std::{
        fs,
        os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    };

    struct Case {
        base: tempfile::TempDir,
        known: KnownFiles,
    }

    impl Case {
        /// A large component, which waits until it has been left alone for long enough.
        fn new() -> Self {
            let base = tempfile::tempdir().unwrap();
            let known = KnownFiles::of(Some(base.path().join("known")));
            let case = Self { base, known };
            case.write(b'a');
            case
        }

        fn path(&self) -> PathBuf {
            self.base.path().join("large.wasm")
        }

        fn write(&self, filler: u8) {
            // A custom section, whose length is written in five bytes.
            let length = u32::try_from(SMALLEST).unwrap();
            let mut bytes = b"\0asm\x0d\0\x01\0\0".to_vec();
            bytes.extend((0..4).map(|at| (length >> (7 * at)).to_le_bytes()[0] | 0x80));
            bytes.push((length >> 28) as u8);
            bytes.push(0);
            bytes.resize(bytes.len() + usize::try_from(SMALLEST).unwrap() - 1, filler);
            fs::write(self.path(), bytes).unwrap();
        }

        fn settle(&self) {
            let since = |path: &Path| {
                clock::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
                    - u64::try_from(fs::metadata(path).unwrap().ctime()).unwrap()
            };
            while since(&self.path()) <= SETTLED.as_secs() {
                std::thread::sleep(Duration::from_millis(50));
            }
        }

        fn read(&self) -> Source {
            Source::read_unless_known(&self.path(), &self.known).unwrap()
        }

        fn is_known(&self) -> bool {
            let seen = fs::metadata(self.path()).unwrap();
            self.known.place(&seen).unwrap().digest().is_some()
        }
    }

    #[test]
    fn a_file_that_was_left_alone_is_known_and_its_bytes_are_read_when_they_are_asked_for() {
        let case = Case::new();
        let first = case.read();
        assert!(!case.is_known(), "too young");
        case.settle();
        case.read();
        assert!(case.is_known());
        let again = case.read();
        assert!(again.is_unread());
        assert_eq!(
            (again.digest(), again.size()),
            (first.digest(), first.size())
        );
        assert_eq!(again.bytes().unwrap(), first.bytes().unwrap());
    }

    #[test]
    fn a_change_is_seen_even_if_it_keeps_the_size_and_the_time_of_modification() {
        let case = Case::new();
        case.settle();
        let first = case.read();
        let times = fs::metadata(case.path()).unwrap().modified().unwrap();
        case.write(b'b');
        File::options()
            .write(true)
            .open(case.path())
            .unwrap()
            .set_modified(times)
            .unwrap();
        let second = case.read();
        assert!(!second.is_unread());
        assert_ne!(first.digest(), second.digest());
    }

    #[test]
    fn what_changes_between_the_look_and_the_reading_is_refused() {
        let case = Case::new();
        case.settle();
        case.read();
        let unread = case.read();
        case.write(b'b');
        let error = unread.bytes().unwrap_err().to_string();
        assert!(error.contains("changed while it was looked at"), "{error}");
    }

    #[test]
    fn a_wrong_record_costs_one_error_at_most() {
        let case = Case::new();
        case.settle();
        case.read();
        let place = case
            .known
            .place(&fs::metadata(case.path()).unwrap())
            .unwrap();
        let wrong = format!("{}{}\n", place.stamp, Digest::of(b"another"));
        fs::write(&place.record, wrong).unwrap();
        case.read().bytes().unwrap_err();
        assert_eq!(case.read().bytes().unwrap().len(), case.read().size());
        for damaged in [
            "",
            "x",
            &place.stamp,
            &format!("{}sha256:00\n", place.stamp),
        ] {
            fs::write(&place.record, damaged).unwrap();
            assert!(!case.is_known(), "{damaged}");
        }
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_not_believed() {
        let case = Case::new();
        case.settle();
        case.read();
        assert!(case.is_known());
        let folder = case.known.folder.as_ref().unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(!case.is_known());
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        case.known.forget();
        assert!(!case.is_known());
    }
}
