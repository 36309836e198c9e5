//! Opens the file of a log.

use crate::escape::printable;
use std::{
    fs::File,
    io::{self, ErrorKind, Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// What every line of a log begins with.
const BEGINNING: &[u8] = b"{\"time\":\"";

/// Whether the path may end in a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Yes: the user named the file.
    Followed,
    /// No: a configuration file that may be a stranger's says it.
    Refused,
}

/// Why a file cannot be the audit log. Safe to show.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A folder, a pipe, a device or a socket.
    #[error(
        "the audit log {0} is no regular file\n  help: name a file, or one that does not exist yet"
    )]
    NotRegular(String),
    /// It has other content.
    #[error(
        "the file {0} exists and is no audit log\n  help: name another file; a log is only ever appended to, and never to a file that holds something else"
    )]
    NotALog(String),
    /// A symbolic link where none is followed.
    #[error(
        "the audit log {0} is a symbolic link, and the configuration file that says so was found, not named\n  help: name that file with --config if you trust it"
    )]
    Link(String),
    /// The system does not open it.
    #[error(
        "the audit log {path} cannot be opened: {reason}\n  help: name a file in a folder that exists and that you may write to"
    )]
    Io {
        /// The path.
        path: String,
        /// What the system says.
        reason: io::Error,
    },
}

/// The file, at whose end lines can be written, and whether its last line has no end.
pub(super) fn open(path: &Path, links: Links) -> Result<(File, bool), OpenError> {
    let shown = || printable(&path.to_string_lossy(), 400).into_owned();
    let failed = |reason| OpenError::Io {
        path: shown(),
        reason,
    };
    let mut file = match platform::open(path, links) {
        Ok(file) => file,
        // A folder; and a pipe that nobody reads, or a socket.
        Err(error) if platform::is_irregular(&error) => return Err(OpenError::NotRegular(shown())),
        Err(error) if links == Links::Refused && platform::is_link(&error) => {
            return Err(OpenError::Link(shown()));
        }
        Err(error) => return Err(failed(error)),
    };
    // The descriptor is judged, not the path, which may be another file by now.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(OpenError::NotRegular(shown()));
    }
    if metadata.len() == 0 {
        return Ok((file, false));
    }
    match ends(&mut file) {
        Ok(torn) => Ok((file, torn)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(OpenError::NotALog(shown())),
        Err(error) => Err(failed(error)),
    }
}

/// Whether the last line of a log has no end, as after a full disk.
///
/// # Errors
/// What is there does not begin as a log does.
fn ends(file: &mut File) -> io::Result<bool> {
    let mut beginning = Vec::new();
    file.take(BEGINNING.len() as u64)
        .read_to_end(&mut beginning)?;
    if beginning != BEGINNING {
        return Err(ErrorKind::InvalidData.into());
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(unix)]
mod platform {
    use super::Links;
    use rustix::{
        fs::{Mode, OFlags},
        io::Errno,
    };
    use std::{fs::File, io, path::Path};

    pub(super) fn open(path: &Path, links: Links) -> io::Result<File> {
        // Without NONBLOCK a named pipe would wait for a reader for ever.
        let mut flags = OFlags::RDWR
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::CLOEXEC
            | OFlags::NONBLOCK
            | OFlags::NOCTTY;
        if links == Links::Refused {
            flags |= OFlags::NOFOLLOW;
        }
        let descriptor = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(File::from(descriptor))
    }

    pub(super) fn is_irregular(error: &io::Error) -> bool {
        [Errno::ISDIR, Errno::NXIO, Errno::NODEV]
            .iter()
            .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
    }

    pub(super) fn is_link(error: &io::Error) -> bool {
        error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
    }
}

#[cfg(not(unix))]
mod platform {
    use super::Links;
    use std::{fs::File, io, path::Path};

    /// Links are not told apart here; a path out of a found file stays beneath its folder all the same.
    pub(super) fn open(path: &Path, _links: Links) -> io::Result<File> {
        File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
    }

    pub(super) fn is_irregular(_error: &io::Error) -> bool {
        false
    }

    pub(super) fn is_link(_error: &io::Error) -> bool {
        false
    }
}
