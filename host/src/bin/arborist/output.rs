//! Where results go: standard output, or a file that is replaced as a whole.

use crate::exit::{Exit, Failure};
use arborist::escape::{json, printable};
use std::{
    io::{self, BufRead as _, ErrorKind, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Prints a result to standard output. A reader that has gone away has had what it wanted.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Internal,
            format!("cannot write the result: {error}"),
        )),
        _ => Ok(()),
    }
}

/// So many of something: `1 test`, `2 tests`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Prints a value as JSON, for reports; it may hold text from outside.
pub(crate) fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    print(&json(&format!("{value:#}\n")))
}

/// A result on its way: to standard output, or into a file that is replaced as a whole. Everything that can
/// fail early has been done; [`Staged::deliver`] makes it visible.
pub(crate) struct Staged {
    to: To,
    text: String,
}

enum To {
    Stdout,
    /// Anything but a regular file (a device, a pipe) is written as it is.
    Special(PathBuf),
    File {
        target: PathBuf,
        written: NamedTempFile,
    },
}

impl Staged {
    /// Prepares `text` for `path`, or for standard output where there is none.
    pub(crate) fn new(path: Option<&Path>, text: String) -> Result<Self, Failure> {
        let to = match path {
            Some(path) if path != Path::new("-") => {
                stage(path, &text).map_err(|error| cannot_write(path, &error))?
            }
            _ => To::Stdout,
        };
        Ok(Self { to, text })
    }

    pub(crate) async fn deliver(self) -> Result<(), Failure> {
        match self.to {
            To::Stdout => {
                let text = self.text;
                if is_taken_at_once(&text) {
                    return print(&text);
                }
                // A pipe may be full, and its reader in no hurry.
                aside(move || print(&text)).await
            }
            To::Special(path) => {
                // A pipe may have no reader yet.
                let text = self.text;
                aside(move || {
                    std::fs::write(&path, &text).map_err(|error| cannot_write(&path, &error))
                })
                .await
            }
            To::File { target, written } => match written.persist(&target) {
                Ok(_) => Ok(()),
                Err(error) => Err(cannot_write(&target, &error.error)),
            },
        }
    }
}

/// Whether standard output takes `text` without waiting for a reader. A pipe of Linux that is ready takes a page; anything takes the smaller
/// bound.
#[cfg(unix)]
fn is_taken_at_once(text: &str) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = io::stdout();
    let most = if cfg!(target_os = "linux") && !stdout.is_terminal() {
        4096
    } else {
        512
    };
    let mut asked = [PollFd::new(&stdout, PollFlags::OUT)];
    let ready = poll(&mut asked, Some(&Timespec::default())).is_ok_and(|ready| ready == 1);
    text.len() <= most && ready && asked.iter().all(|it| it.revents() == PollFlags::OUT)
}

#[cfg(not(unix))]
fn is_taken_at_once(_: &str) -> bool {
    false
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let shown = |path: &Path| printable(&path.to_string_lossy(), 400).into_owned();
    let folder = path
        .parent()
        .filter(|folder| *folder != Path::new("") && !folder.exists());
    // The kind, not the error itself, which names the temporary file.
    let (reason, help) = match (error.kind(), folder) {
        (ErrorKind::NotFound, Some(folder)) => {
            let folder = shown(folder);
            let reason = format!("the folder {folder} does not exist");
            (reason, "\n  help: make it first, with mkdir -p".to_owned())
        }
        (ErrorKind::PermissionDenied, _) => {
            let help = "\n  help: name a file that you may write to";
            (error.kind().to_string(), help.to_owned())
        }
        (kind, _) => (kind.to_string(), String::new()),
    };
    let path = shown(path);
    Failure::new(Exit::Usage, format!("cannot write {path}: {reason}{help}"))
}

/// Whether both paths lead to one file.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().ok();
    one == other || whole(one).is_some_and(|path| whole(other) == Some(path))
}

/// Writes the text beside its place, so that a failure in the middle leaves what was there.
fn stage(path: &Path, text: &str) -> io::Result<To> {
    let existing = std::fs::metadata(path).ok();
    if existing
        .as_ref()
        .is_some_and(|metadata| !metadata.is_file())
    {
        return Ok(To::Special(path.to_owned()));
    }
    if existing
        .as_ref()
        .is_some_and(|metadata| metadata.permissions().readonly())
    {
        return Err(ErrorKind::PermissionDenied.into());
    }
    // Through a link, the file that it points to is replaced, not the link.
    let target = if existing.is_some() {
        path.canonicalize()?
    } else {
        // As the shell does, the target of a link is made where it is missing.
        match path.read_link() {
            Ok(target) => path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => path.to_owned(),
        }
    };
    let folder = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".arborist-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any program makes a file: the umask decides.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut written = builder.tempfile_in(folder)?;
    written.write_all(text.as_bytes())?;
    // A file that exists keeps its mode.
    if let Some(metadata) = existing {
        written.as_file().set_permissions(metadata.permissions())?;
    }
    Ok(To::File { target, written })
}

/// Reads standard input up to `most` bytes, off the runtime's thread, so that Ctrl-C and the time-out work
/// while it waits. `what` is for the message that it is too long.
pub(crate) async fn read_stdin(what: &'static str, most: usize) -> Result<String, Failure> {
    aside(move || read_text(io::stdin().lock(), "standard input", what, most)).await
}

/// Reads a text file up to `most` bytes, off the runtime's thread: it may be a pipe that never ends.
pub(crate) async fn read_file(
    path: &Path,
    what: &'static str,
    most: usize,
) -> Result<String, Failure> {
    let path = path.to_owned();
    aside(move || {
        let name = printable(&path.to_string_lossy(), 400).into_owned();
        let fail =
            |error: io::Error| Failure::new(Exit::Usage, format!("cannot read {name}: {error}"));
        if std::fs::metadata(&path).map_err(fail)?.is_dir() {
            return Err(Failure::new(
                Exit::Usage,
                format!("{name} is a folder, and {what} is a file"),
            ));
        }
        read_text(std::fs::File::open(&path).map_err(fail)?, &name, what, most)
    })
    .await
}

/// Reads one line that the user types; empty where there is nobody to type.
pub(crate) async fn read_line() -> Result<String, Failure> {
    aside(|| {
        let mut line = String::new();
        let mut typed = io::stdin().lock().take(4096);
        // What cannot be read was not typed.
        let _ = typed.read_line(&mut line);
        Ok(line)
    })
    .await
}

/// Does blocking work on a thread of its own.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_panic| {
        Err(Failure::new(
            Exit::Internal,
            "the work on a file was broken off",
        ))
    })
}

/// Reads one byte more than is allowed, and a line's end at the end does not count.
fn read_text(
    source: impl io::Read,
    name: &str,
    what: &str,
    most: usize,
) -> Result<String, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let mut bytes = Vec::new();
    source
        .take(most as u64 + 3)
        .read_to_end(&mut bytes)
        .map_err(|error| usage(format!("cannot read {name}: {error}")))?;
    if bytes.trim_ascii_end().len() > most {
        return Err(usage(format!(
            "{name} has more than {most} bytes, and {what} has at most that"
        )));
    }
    String::from_utf8(bytes).map_err(|_| usage(format!("{name} is not UTF-8 text")))
}
