//! A log that many runs write to, line by line.

use super::{
    line::MAX_LINE_BYTES,
    open::{self, Links, OpenError},
};
use crate::{clock, escape::printable};
use serde::Serialize;
use std::{
    io::{self, ErrorKind, Write},
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The last second that RFC 3339 can write, after 1970.
const END_OF_9999: Duration = Duration::from_secs(253_402_300_799);

/// An audit log, for any number of runs at once. A line goes out in one write to a file that is opened for appending,
/// so that neither threads nor processes mix their lines; nothing is kept in memory, and nothing waits for another process.
pub struct AuditLog {
    /// What it is called in messages.
    name: String,
    out: Mutex<Out>,
    failed: OnceLock<AuditFailure>,
    clock: fn() -> SystemTime,
}

struct Out {
    sink: Box<dyn Write + Send>,
    /// Whether the last line has no end.
    torn: bool,
}

/// A line could not be written: what was asked for and is not in the log may have been sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the audit log {log} cannot be written: {reason}\n  help: make room for it or name another file with `--audit FILE`; no request is sent that cannot be written down"
)]
pub struct AuditFailure {
    /// The log's name, safe to show.
    pub log: String,
    /// What the system says.
    pub reason: String,
}

impl AuditLog {
    /// Opens the file at `path` for appending, or makes it, readable and writable by the user alone.
    ///
    /// # Errors
    /// It is no regular file, is no audit log, or cannot be opened.
    pub fn open(path: &Path, links: Links) -> Result<Arc<Self>, OpenError> {
        let (file, torn) = open::open(path, links)?;
        let name = path.to_string_lossy();
        Ok(Self::with(Box::new(file), &name, torn, clock::now))
    }

    /// A log that goes to `sink`, which must take a line as a whole. `clock` gives the time of each line.
    #[must_use]
    pub fn to(
        sink: impl Write + Send + 'static,
        name: &str,
        clock: fn() -> SystemTime,
    ) -> Arc<Self> {
        Self::with(Box::new(sink), name, false, clock)
    }

    fn with(
        sink: Box<dyn Write + Send>,
        name: &str,
        torn: bool,
        clock: fn() -> SystemTime,
    ) -> Arc<Self> {
        Arc::new(Self {
            name: printable(name, 400).into_owned(),
            out: Mutex::new(Out { sink, torn }),
            failed: OnceLock::new(),
            clock,
        })
    }

    /// Why the log is failed, if it is: once a line was lost it stays so.
    #[must_use]
    pub fn failure(&self) -> Option<&AuditFailure> {
        self.failed.get()
    }

    /// The time, as lines have it: RFC 3339 in UTC, with milliseconds.
    pub(super) fn time(&self) -> String {
        // A clock that is set wildly wrong must not stop anything.
        let since = (self.clock)().duration_since(UNIX_EPOCH);
        let since = since.unwrap_or_default().min(END_OF_9999);
        humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
    }

    /// Writes a line. It is tried also after a failure: what can still be written down, should be.
    ///
    /// # Errors
    /// This line or an earlier one could not be written.
    pub(super) fn write(&self, line: &impl Serialize) -> Result<(), &AuditFailure> {
        let written = text(line).and_then(|text| {
            let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
            out.write(text)
        });
        if let Err(error) = written {
            self.failed.get_or_init(|| AuditFailure {
                log: self.name.clone(),
                reason: printable(&error.to_string(), 400).into_owned(),
            });
        }
        self.failed.get().map_or(Ok(()), Err)
    }
}

/// Few lines are longer.
const USUAL_LINE_BYTES: usize = 1024;

fn text(line: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(USUAL_LINE_BYTES);
    serde_json::to_writer(&mut text, line)?;
    if text.len() >= MAX_LINE_BYTES {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            "a line is longer than the log takes",
        ));
    }
    text.push(b'\n');
    Ok(text)
}

impl Out {
    /// One write, unless the system takes a part: then the rest is tried, and an error says why it did.
    fn write(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        if self.torn {
            line.insert(0, b'\n');
        }
        let mut rest = line.as_slice();
        while !rest.is_empty() {
            match self.sink.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    rest = rest.get(count..).unwrap_or_default();
                    self.torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.sink.flush()
    }
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditLog")
            .field("name", &self.name)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
