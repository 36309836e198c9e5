//! One run's part of the log.

use super::{
    attempt::{Asked, Attempt},
    line::{Began, Line, Name, Names, Omitted, Outcome, Record},
    log::{AuditFailure, AuditLog},
    seen::{Ended, Wait, Watch},
};
use crate::{clock, escape::printable};
use serde::Serialize;
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

/// The most attempts of one run that have a line although nothing of them was sent: 1,000. A guest can ask for what is
/// refused as fast as it computes, and must not fill a disk with it; the others are counted in a line at the run's end. What is sent
/// always has its lines, and the limit `requests` bounds it.
pub const MAX_UNSENT: u64 = 1000;

/// What a run is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOf {
    /// The runner's name.
    pub runner: String,
    /// The digest of its component.
    pub digest: String,
    /// The section of the configuration that it has, if any.
    pub section: Option<String>,
    /// The names of the secrets that it gets raw.
    pub exposed: Vec<String>,
}

/// Who learns of a run's attempts.
#[derive(Clone, Default)]
pub struct Audience {
    /// The log that they are written to.
    pub log: Option<Arc<AuditLog>>,
    /// Who watches besides.
    pub watch: Option<Arc<dyn Watch>>,
}

impl From<&Arc<AuditLog>> for Audience {
    /// The log alone.
    fn from(log: &Arc<AuditLog>) -> Self {
        Self {
            log: Some(Arc::clone(log)),
            watch: None,
        }
    }
}

/// One run's part of a log; the default is that of a run whose attempts are nobody's business. Clones are the same run.
#[derive(Clone, Default)]
pub struct RunAudit(Option<Arc<Inner>>);

pub(super) struct Inner {
    audience: Audience,
    /// What the attempts belong to, for those who trace.
    span: Mutex<tracing::Span>,
    id: String,
    runner: Name,
    digest: Name,
    section: Option<Name>,
    attempts: AtomicU64,
    unsent: AtomicU64,
    /// How the call that is under way ends: what its open attempts have come to.
    ending: AtomicU8,
}

/// How a call of the runner ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// It returned.
    Returned,
    /// The sandbox stopped it.
    Stopped,
    /// Its time was up.
    Deadline,
}

/// A call of the runner that is under way. Dropped before [`UnderWay::ended`] said how it ended, it was cancelled. It must
/// be dropped before what the call holds, so that the attempts among it know.
#[derive(Debug)]
pub struct UnderWay(RunAudit, Outcome);

impl RunAudit {
    /// Begins a run: its line says what it is of. `id` is random, and tells its lines from those of other runs.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn begin(audience: impl Into<Audience>, of: RunOf, id: u128) -> Result<Self, AuditFailure> {
        let inner = Inner {
            audience: audience.into(),
            span: Mutex::new(tracing::Span::none()),
            id: format!("{id:032x}"),
            runner: Name(of.runner),
            digest: Name(of.digest),
            section: of.section.map(Name),
            attempts: AtomicU64::new(0),
            unsent: AtomicU64::new(0),
            ending: AtomicU8::new(index(Outcome::Abandoned)),
        };
        let began = Began {
            exposed: &Names(of.exposed),
        };
        inner.write("run", began).map_err(Clone::clone)?;
        Ok(Self(Some(Arc::new(inner))))
    }

    /// The part of a run that is not audited.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Says what attempts belong to from now on.
    pub fn within(&self, span: tracing::Span) {
        if let Some(inner) = &self.0 {
            *inner.span.lock().unwrap_or_else(PoisonError::into_inner) = span;
        }
    }

    /// The run's id: 128 random bits in hexadecimal. None if nobody learns of its attempts.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.0.as_deref().map(|inner| inner.id.as_str())
    }

    /// Why nothing more may be sent, if a line could not be written.
    #[must_use]
    pub fn failure(&self) -> Option<&AuditFailure> {
        self.0.as_deref()?.audience.log.as_ref()?.failure()
    }

    /// Says that a call of the runner begins.
    #[must_use]
    pub fn call(&self) -> UnderWay {
        if let Some(inner) = &self.0 {
            inner.end(Outcome::Abandoned);
        }
        UnderWay(self.clone(), Outcome::Cancelled)
    }

    /// Says that a request waits, and for how long.
    pub(crate) fn waits(&self, wait: Wait, time: Duration) {
        let Some(inner) = &self.0 else {
            return;
        };
        let within = inner.span.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = humantime::format_duration(clock::whole_millis(time));
        tracing::info!(target: "arborist::request", parent: &*within, "waits {shown} for {wait}");
        drop(within);
        if let Some(watch) = &inner.audience.watch {
            watch.waits(wait, time);
        }
    }

    /// Begins an attempt. `asked` is not called where nobody reads it.
    pub(crate) fn attempt(&self, asked: impl FnOnce() -> Asked) -> Attempt {
        let open = self.0.as_ref().map(|inner| {
            let number = inner.attempts.fetch_add(1, Ordering::Relaxed);
            (Arc::clone(inner), number.saturating_add(1), asked())
        });
        Attempt::new(open)
    }
}

impl Inner {
    pub(super) fn write(
        &self,
        event: &'static str,
        what: impl Serialize,
    ) -> Result<(), &AuditFailure> {
        let Some(log) = &self.audience.log else {
            return Ok(());
        };
        log.write(&Line {
            time: &log.time(),
            event,
            run: &self.id,
            runner: &self.runner,
            digest: &self.digest,
            section: self.section.as_ref(),
            what,
        })
    }

    /// Writes the line of an attempt that has ended, unless it is one too many of those that were never `sent`.
    pub(super) fn close(&self, record: &Record, sent: bool) {
        let omitted = !sent && self.unsent.fetch_add(1, Ordering::Relaxed) >= MAX_UNSENT;
        if !omitted {
            // A failure is the log's, which says so to whoever asks for more.
            let _ = self.write("attempt", record);
            if let Some(watch) = &self.audience.watch {
                watch.ended(&Ended(record));
            }
        }
    }

    /// The span of an attempt.
    pub(super) fn span(&self, record: &Record) -> tracing::Span {
        let within = self.span.lock().unwrap_or_else(PoisonError::into_inner);
        let host = record.host.as_ref().map_or("", |host| host.0.as_str());
        tracing::info_span!(
            target: "arborist::request",
            parent: &*within,
            "request",
            attempt = record.attempt,
            method = %printable(&record.method.0, 40),
            host = %printable(host, 256),
            status = tracing::field::Empty,
        )
    }

    /// What an attempt has come to that is dropped now.
    pub(super) fn ending(&self) -> Outcome {
        let index = self.ending.load(Ordering::Relaxed);
        let all = ENDINGS.get(usize::from(index));
        all.copied().unwrap_or(Outcome::Cancelled)
    }

    fn end(&self, outcome: Outcome) {
        self.ending.store(index(outcome), Ordering::Relaxed);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let unsent = self.unsent.load(Ordering::Relaxed);
        let attempts = unsent.saturating_sub(MAX_UNSENT);
        if attempts > 0 {
            let _ = self.write("omitted", Omitted { attempts });
        }
    }
}

impl UnderWay {
    /// Says how the call ended, for the attempts that are still open.
    pub fn ended(mut self, end: CallEnd) {
        self.1 = match end {
            CallEnd::Returned => Outcome::Abandoned,
            CallEnd::Stopped => Outcome::Stopped,
            CallEnd::Deadline => Outcome::Deadline,
        };
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(inner) = &self.0.0 {
            inner.end(self.1);
        }
    }
}

/// What an attempt can have come to that nobody has ended.
const ENDINGS: [Outcome; 4] = [
    Outcome::Abandoned,
    Outcome::Stopped,
    Outcome::Deadline,
    Outcome::Cancelled,
];

/// Its place among [`ENDINGS`].
fn index(outcome: Outcome) -> u8 {
    let at = ENDINGS.iter().position(|ending| *ending == outcome);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audience")
            .field("log", &self.log)
            .field("watch", &self.watch.is_some())
            .finish()
    }
}

impl fmt::Debug for RunAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunAudit").field(&self.id()).finish()
    }
}
