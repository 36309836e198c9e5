//! Where results go: standard output, or a file that is replaced as a whole.

use crate::exit::{Exit, Failure};
use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    path::Path,
};

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

/// Prints a value as JSON, for reports.
pub(crate) fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    print(&format!("{value:#}\n"))
}

/// Writes a result to `path`, or to standard output where there is none.
pub(crate) fn deliver(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match path {
        None => print(text),
        Some(path) if path == Path::new("-") => print(text),
        Some(path) => write(path, text).map_err(|error| {
            Failure::new(
                Exit::Internal,
                format!("cannot write {}: {error}", path.display()),
            )
        }),
    }
}

/// Replaces a regular file by renaming, so that a failure in the middle leaves what was there; writes to
/// anything else (a device, a pipe) as it is.
fn write(path: &Path, text: &str) -> io::Result<()> {
    // Through a link, the file that it points to is replaced, not the link.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let existing = std::fs::metadata(&target).ok();
    if existing
        .as_ref()
        .is_some_and(|metadata| !metadata.is_file())
    {
        return std::fs::write(&target, text);
    }
    if existing
        .as_ref()
        .is_some_and(|metadata| metadata.permissions().readonly())
    {
        return Err(ErrorKind::PermissionDenied.into());
    }
    let folder = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".arborist-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any program makes a file: the umask decides. A file that exists keeps its mode.
        let mode = existing
            .as_ref()
            .map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// Reads standard input up to `most` bytes; more is a usage error that says `what` it was read for.
pub(crate) fn read_stdin(what: &str, most: usize) -> Result<String, Failure> {
    read_text(io::stdin().lock(), "standard input", what, most)
}

/// Reads a text file up to `most` bytes.
pub(crate) fn read_file(path: &Path, what: &str, most: usize) -> Result<String, Failure> {
    let name = path.display().to_string();
    let fail = |error: io::Error| Failure::new(Exit::Usage, format!("cannot read {name}: {error}"));
    let metadata = std::fs::metadata(path).map_err(fail)?;
    if metadata.is_dir() {
        return Err(Failure::new(
            Exit::Usage,
            format!("{name} is a folder, and {what} is a file"),
        ));
    }
    read_text(std::fs::File::open(path).map_err(fail)?, &name, what, most)
}

fn read_text(
    source: impl io::Read,
    name: &str,
    what: &str,
    most: usize,
) -> Result<String, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let mut bytes = Vec::new();
    source
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| usage(format!("cannot read {name}: {error}")))?;
    if bytes.len() > most {
        return Err(usage(format!(
            "{name} has more than {most} bytes, and {what} has at most that"
        )));
    }
    String::from_utf8(bytes).map_err(|_| usage(format!("{name} is not UTF-8 text")))
}
