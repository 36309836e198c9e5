//! Opens configuration files, and says whose they are. What depends on the platform is here.

use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::document::MAX_FILE_BYTES;

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// There is none of that name.
    #[error("there is no such file")]
    Absent,
    /// The system refuses to open or read it.
    #[error("it cannot be read: {0}")]
    Io(#[source] std::io::Error),
    /// A folder, a pipe, a device.
    #[error("it is not a regular file")]
    NotRegular,
    /// Larger than it may be.
    #[error("it is larger than {} KiB", .most / 1024)]
    TooLarge {
        /// The most that it may have, in bytes.
        most: usize,
    },
    /// Not UTF-8.
    #[error("line {line} is not UTF-8")]
    NotText {
        /// The first line that is not, from 1.
        line: usize,
    },
    /// It belongs to another user.
    #[error("it was found, not named, and belongs neither to you nor to root")]
    Foreign,
    /// Its mode lets others write it.
    #[error("it was found, not named, and others may write to it")]
    Writable,
}

impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Self::Absent,
            _ => Self::Io(error),
        }
    }
}

/// Reads a file that the user named.
pub(super) fn read_named(path: &Path) -> Result<String, FileError> {
    let file = platform::open(path, true)?;
    read(&file)
}

/// Reads a file that was found at `path`, which is canonical, if it is the user's own or root's.
pub(super) fn read_found(path: &Path) -> Result<String, FileError> {
    let file = platform::open(path, false)?;
    // The descriptor is judged, not the path, which may be another file by now.
    platform::check_owner(&file)?;
    read(&file)
}

/// Reads at most `most` bytes of a file that the configuration names and that need not be text.
pub(super) fn read_bytes(path: &Path, most: usize) -> Result<Vec<u8>, FileError> {
    bytes(&platform::open(path, true)?, most)
}

fn bytes(file: &File, most: usize) -> Result<Vec<u8>, FileError> {
    if !file.metadata()?.is_file() {
        return Err(FileError::NotRegular);
    }
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(FileError::TooLarge { most });
    }
    Ok(bytes)
}

fn read(file: &File) -> Result<String, FileError> {
    let mut bytes = bytes(file, MAX_FILE_BYTES)?;
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let lines = error
            .as_bytes()
            .iter()
            .take(valid)
            .filter(|byte| **byte == b'\n')
            .count();
        FileError::NotText { line: lines + 1 }
    })
}

/// `path` below `folder`, links resolved as far as the path exists; none if it leads out of it.
/// `folder` is canonical.
///
/// What is made there later could lead elsewhere, by whoever may write in `folder`; that it is the
/// user's is for [`read_found`] to see.
pub(super) fn beneath(folder: &Path, path: &Path) -> Option<PathBuf> {
    let mut resolved = folder.to_path_buf();
    let mut exists = true;
    let mut parts = path.components().peekable();
    if path.is_absolute() {
        resolved = PathBuf::new();
        while let Some(part @ (Component::Prefix(_) | Component::RootDir)) = parts.peek() {
            resolved.push(part);
            parts.next();
        }
    }
    for part in parts {
        match part {
            Component::CurDir => {}
            // `x/..` is the folder that holds x's target; where x does not exist it is a trick.
            Component::ParentDir if exists => {
                resolved.pop();
            }
            Component::ParentDir | Component::Prefix(_) | Component::RootDir => return None,
            Component::Normal(name) => {
                resolved.push(name);
                match resolved.canonicalize() {
                    Ok(canonical) => resolved = canonical,
                    // A link that leads nowhere yet may lead anywhere later.
                    Err(_) if resolved.symlink_metadata().is_ok() => return None,
                    Err(_) => exists = false,
                }
            }
        }
    }
    resolved.starts_with(folder).then_some(resolved)
}

#[cfg(unix)]
mod platform {
    use std::fs::File;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use rustix::fs::{Mode, OFlags};

    use super::FileError;

    pub(super) fn open(path: &Path, follow: bool) -> Result<File, FileError> {
        // Without NONBLOCK a named pipe would wait for a writer for ever.
        let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        if !follow {
            flags |= OFlags::NOFOLLOW;
        }
        let descriptor =
            rustix::fs::open(path, flags, Mode::empty()).map_err(std::io::Error::from)?;
        Ok(File::from(descriptor))
    }

    pub(super) fn check_owner(file: &File) -> Result<(), FileError> {
        let metadata = file.metadata()?;
        let user = rustix::process::geteuid().as_raw();
        if metadata.is_file() && metadata.uid() != user && metadata.uid() != 0 {
            return Err(FileError::Foreign);
        }
        // Group and others.
        if metadata.is_file() && metadata.mode() & 0o022 != 0 {
            return Err(FileError::Writable);
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod platform {
    use std::fs::File;
    use std::path::Path;

    use super::FileError;

    pub(super) fn open(path: &Path, _follow: bool) -> Result<File, FileError> {
        Ok(File::open(path)?)
    }

    /// Owners and modes are not told apart here; what a found file may do stays confined all the same.
    pub(super) fn check_owner(_file: &File) -> Result<(), FileError> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn found_files_are_judged_by_their_descriptor() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let path = root.join("file");
        std::fs::write(&path, "runner: mock\n").unwrap();
        for (mode, good) in [(0o600, true), (0o644, true), (0o664, false), (0o646, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_found(&path).is_ok(), good, "{mode:o}");
            assert!(read_named(&path).is_ok());
        }
        symlink(&path, root.join("link")).unwrap();
        assert!(read_found(&root.join("link")).is_err());
        assert!(matches!(read_named(&root), Err(FileError::NotRegular)));
        assert!(matches!(read_found(&root), Err(FileError::NotRegular)));
        assert!(matches!(
            read_found(&root.join("none")),
            Err(FileError::Absent)
        ));
        let pipe = root.join("pipe");
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::Mode::from_raw_mode(0o600),
        )
        .unwrap();
        assert!(matches!(read_named(&pipe), Err(FileError::NotRegular)));
        assert!(matches!(
            read_named(Path::new("/dev/zero")),
            Err(FileError::NotRegular)
        ));
        std::fs::write(&path, vec![b' '; MAX_FILE_BYTES + 1]).unwrap();
        assert!(matches!(read_named(&path), Err(FileError::TooLarge { .. })));
        std::fs::write(&path, b"a: 1\nb: \xff\n").unwrap();
        assert!(matches!(
            read_named(&path),
            Err(FileError::NotText { line: 2 })
        ));
        std::fs::write(&path, b"\xef\xbb\xbfa: 1\n").unwrap();
        assert_eq!(read_named(&path).unwrap(), "a: 1\n");
    }

    #[test]
    fn paths_stay_beneath() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let base = root.join("repo");
        std::fs::create_dir_all(base.join("in")).unwrap();
        std::fs::write(root.join("outside.wasm"), "").unwrap();
        symlink(&root, base.join("up")).unwrap();
        symlink(root.join("nowhere"), base.join("dangling")).unwrap();
        symlink(base.join("in"), base.join("inner")).unwrap();
        for good in [
            "a.wasm",
            "./in/a.wasm",
            "in/../a.wasm",
            "inner/a",
            "new/deep/a",
            ".",
        ] {
            assert!(beneath(&base, Path::new(good)).is_some(), "{good}");
        }
        assert_eq!(
            beneath(&base, Path::new("inner/a")).unwrap(),
            base.join("in/a")
        );
        assert!(beneath(&base, &base.join("in/a")).is_some());
        for bad in [
            "../outside.wasm",
            "up/outside.wasm",
            "dangling",
            "in/../../x",
            "new/../../x",
            "/etc/passwd",
        ] {
            assert!(beneath(&base, Path::new(bad)).is_none(), "{bad}");
        }
    }
}
