//! What a guest says while it works: log lines and progress, bounded, handed to an observer.

use crate::{
    gateway::{Ended, Session, ShownPieces, Wait},
    limits::{Limit, Limits},
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

/// The largest piece of progress, as the contract says: 1 MiB.
const PIECE: usize = 1024 * 1024;

/// The longest line of standard output or standard error, in bytes; the rest of a longer one is the next.
const LINE: usize = 8 * 1024;

/// How much a log line matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The finest detail.
    Trace,
    /// Detail for the runner's author.
    Debug,
    /// What happens; also every line of standard output and standard error.
    Info,
    /// Something odd that does not end the run.
    Warn,
    /// Something failed.
    Error,
    /// Nothing works any more.
    Critical,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Critical => "critical",
        })
    }
}

/// Something a guest said. All texts are the guest's own, as it gave them: escape before showing.
#[derive(Debug)]
pub enum Event<'a> {
    /// A log line.
    Log {
        /// How much it matters.
        level: Level,
        /// The part of the runner that spoke, or `stdout` or `stderr`; may be empty.
        context: &'a str,
        /// The line.
        message: &'a str,
    },
    /// What the runner has now, to be shown right behind what it had before: by `progress.emit`, or a piece of its stream. Never empty,
    /// and no line: it may be a part of one, or many. Without placeholders, also those that came in several pieces.
    Progress(&'a str),
    /// What became of a request: of each where the observer [wants them](Observer::wants_requests).
    Request(Ended<'a>),
    /// A request waits from now on: of each where the observer [wants them](Observer::wants_requests).
    Waits {
        /// For what.
        wait: Wait,
        /// How long.
        time: Duration,
    },
    /// The call has said as much as its limit `logs` allows; nothing more of it follows.
    Silenced,
}

/// Takes what guests say. Called on the thread that runs the guest, so it should return soon.
pub trait Observer: Send + Sync {
    /// Takes one event.
    fn event(&self, event: Event<'_>);

    /// Whether it is told of requests.
    fn wants_requests(&self) -> bool {
        false
    }

    /// Takes note that the guest reads this field of its configuration, or all of it.
    fn reads(&self, _field: Option<&str>) {}

    /// Takes what a call has used when it ends, however it ends.
    fn used(&self, _usage: Usage) {}
}

/// What one call has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The memory that its linear memories had in the end, which never shrink, in bytes.
    pub memory: u64,
    /// CPU time.
    pub cpu: Duration,
}

/// An observer that wants nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignore;

impl Observer for Ignore {
    fn event(&self, _event: Event<'_>) {}
}

/// The bounded way from one run's guest to its observer.
#[derive(Clone)]
pub(crate) struct Voice(Arc<Inner>);

struct Inner {
    observer: Arc<dyn Observer>,
    /// Knows how to show what the runner holds in the place of secrets.
    session: Session,
    progress: Mutex<ShownPieces>,
    left: AtomicU64,
    silenced: AtomicBool,
}

impl Voice {
    pub(crate) fn new(observer: Arc<dyn Observer>, limits: &Limits, session: Session) -> Self {
        Self(Arc::new(Inner {
            observer,
            progress: Mutex::new(session.show_pieces()),
            session,
            left: AtomicU64::new(limits.get(Limit::Logs)),
            silenced: AtomicBool::new(false),
        }))
    }

    /// Tells that the guest reads its configuration.
    pub(crate) fn reads(&self, field: Option<&str>) {
        self.0.observer.reads(field);
    }

    /// Tells what the call has used.
    pub(crate) fn used(&self, usage: Usage) {
        self.0.observer.used(usage);
    }

    pub(crate) fn log(&self, level: Level, context: &str, message: &str) {
        // A line costs at least 16 bytes, so that a flood of empty ones ends too.
        if self.pay(context.len() + message.len() + 16) {
            let (context, message) = (self.0.session.show(context), self.0.session.show(message));
            trace(level, &context, &message);
            self.0.observer.event(Event::Log {
                level,
                context: &context,
                message: &message,
            });
        }
    }

    /// Takes a piece of progress.
    ///
    /// # Errors
    /// It is larger than 1 MiB, which ends the run.
    pub(crate) fn show(&self, piece: &str) -> Result<(), TooLong> {
        if piece.len() > PIECE {
            return Err(TooLong);
        }
        if self.pay(piece.len() + 16) {
            self.progress(|pieces| pieces.push(piece));
        }
        Ok(())
    }

    /// Hands over what was held back, since no more comes.
    pub(crate) fn finish(&self) {
        self.progress(ShownPieces::finish);
    }

    fn progress(&self, shown: impl FnOnce(&mut ShownPieces) -> String) {
        let mut pieces = self
            .0
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let shown = shown(&mut pieces);
        drop(pieces);
        if !shown.is_empty() {
            self.0.observer.event(Event::Progress(&shown));
        }
    }

    fn pay(&self, bytes: usize) -> bool {
        let paid = self
            .0
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes as u64)
            })
            .is_ok();
        if !paid && !self.0.silenced.swap(true, Ordering::Relaxed) {
            // Nothing shorter may slip through afterwards: what is shown is a beginning, not a sample.
            self.0.left.store(0, Ordering::Relaxed);
            self.0.observer.event(Event::Silenced);
        }
        paid
    }
}

/// A piece of progress is larger than the contract allows.
#[derive(Debug, thiserror::Error)]
#[error("a piece of progress has at most 1 MiB, and it gave more at once")]
pub(crate) struct TooLong;

/// For those who trace; the run's span is around it.
fn trace(level: Level, context: &str, message: &str) {
    macro_rules! event {
        ($level:ident $(, $field:tt)*) => {
            tracing::event!(target: "arborist::guest", tracing::Level::$level, context $(, $field = true)*, "{message}")
        };
    }
    match level {
        Level::Trace => event!(TRACE),
        Level::Debug => event!(DEBUG),
        Level::Info => event!(INFO),
        Level::Warn => event!(WARN),
        Level::Error => event!(ERROR),
        Level::Critical => event!(ERROR, critical),
    }
}

impl fmt::Debug for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voice")
            .field("left", &self.0.left)
            .finish_non_exhaustive()
    }
}

/// Cuts the bytes of standard output or standard error into lines.
#[derive(Debug)]
pub(crate) struct Lines {
    voice: Voice,
    context: &'static str,
    pending: Vec<u8>,
}

impl Lines {
    pub(crate) fn new(voice: Voice, context: &'static str) -> Self {
        Self {
            voice,
            context,
            pending: Vec::new(),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut piece = piece;
            while self.pending.len() + piece.len() > LINE {
                let (now, later) = piece.split_at(LINE.saturating_sub(self.pending.len()));
                self.pending.extend_from_slice(now);
                self.flush();
                piece = later;
            }
            self.pending.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.flush();
            }
        }
    }

    fn flush(&mut self) {
        let line = String::from_utf8_lossy(&self.pending);
        self.voice.log(
            Level::Info,
            self.context,
            line.trim_end_matches(['\n', '\r']),
        );
        self.pending.clear();
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);

    impl Observer for Seen {
        fn event(&self, event: Event<'_>) {
            self.0.lock().unwrap().push(match event {
                Event::Log { message, .. } => message.to_owned(),
                Event::Progress(chunk) => format!("+{chunk}"),
                Event::Silenced => "silenced".to_owned(),
                Event::Request(_) | Event::Waits { .. } => "request".to_owned(),
            });
        }
    }

    fn voice(logs: &str) -> (Arc<Seen>, Voice) {
        let seen = Arc::new(Seen::default());
        let mut limits = Limits::default();
        limits.set("logs", logs).unwrap();
        (
            Arc::clone(&seen),
            Voice::new(seen, &limits, Session::closed()),
        )
    }

    #[test]
    fn lines_are_cut_at_newlines_and_at_their_longest() {
        let (seen, voice) = voice("1MiB");
        let mut lines = Lines::new(voice, "stdout");
        lines.write(b"one\ntw");
        lines.write(b"o\r\n\xff");
        lines.write(&[b'x'; LINE]);
        drop(lines);
        let seen = seen.0.lock().unwrap();
        assert_eq!(seen[..2], ["one".to_owned(), "two".to_owned()]);
        assert!(seen[2].starts_with('\u{fffd}') && seen[2].len() == LINE + 2);
        assert_eq!(seen[3], "x");
    }

    #[test]
    fn a_flood_is_cut_once_and_for_all() {
        let (seen, voice) = voice("100B");
        voice.log(Level::Info, "", &"a".repeat(60));
        voice.log(Level::Info, "", &"b".repeat(60));
        voice.show("").unwrap();
        voice.log(Level::Info, "", "");
        assert_eq!(
            *seen.0.lock().unwrap(),
            ["a".repeat(60), "silenced".to_owned()]
        );
    }
}
