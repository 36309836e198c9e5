//! One attempt, from the question to its outcome.

use super::{
    line::{End, Name, Names, Outcome, Record, Text, Verdict},
    log::AuditFailure,
    run::Inner,
    seen::Ended,
};
use crate::clock;
use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// What is asked for, without secrets and placeholders.
pub(crate) enum Asked {
    /// A request that could be sent.
    Target {
        method: String,
        scheme: String,
        host: String,
        port: u16,
        /// Without its query.
        path: String,
    },
    /// Something that is none.
    Invalid {
        method: String,
        /// Without its query.
        url: String,
    },
}

/// An attempt that is under way. Where nobody has ended it, it is written when it is dropped, as what the run has come to.
pub(crate) struct Attempt(Option<Box<Open>>);

struct Open {
    run: Arc<Inner>,
    span: tracing::Span,
    record: Record,
    status: Option<u16>,
    began: Instant,
    exchange: Exchange,
    /// Whether the transport has had it.
    handed_over: bool,
    /// Whether a cassette answers it.
    replayed: bool,
}

/// What is counted and found while a request goes out and its answer comes in. Clones count together.
#[derive(Clone, Default)]
pub(crate) struct Exchange(Arc<Counts>);

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    received: AtomicU64,
    secrets: Mutex<BTreeSet<String>>,
    refused: Mutex<Option<Refused>>,
}

#[derive(Clone)]
struct Refused {
    verdict: Verdict,
    code: String,
    reason: String,
}

impl Attempt {
    pub(super) fn new(open: Option<(Arc<Inner>, u64, Asked)>) -> Self {
        Self(open.map(|(run, number, asked)| {
            let record = Record::new(number, asked);
            Box::new(Open {
                span: run.span(&record),
                run,
                record,
                status: None,
                began: Instant::now(),
                exchange: Exchange::default(),
                handed_over: false,
                replayed: false,
            })
        }))
    }

    /// Where to count what goes out and comes in.
    pub(crate) fn exchange(&self) -> Exchange {
        self.0
            .as_ref()
            .map(|open| open.exchange.clone())
            .unwrap_or_default()
    }

    /// Notes the rule that permits it, and where that comes from.
    pub(crate) fn permitted(&mut self, rule: impl FnOnce() -> (String, String)) {
        if let Some(open) = &mut self.0 {
            let (rule, from) = rule();
            open.record.rule = Some(Text(rule));
            open.record.rule_from = Some(Name(from));
        }
    }

    /// Writes down that the request is about to leave.
    ///
    /// # Errors
    /// It cannot be written, so it must not be sent.
    pub(crate) fn sends(&mut self) -> Result<(), AuditFailure> {
        let Some(open) = &mut self.0 else {
            return Ok(());
        };
        open.record.secrets = open.exchange.secrets();
        open.run
            .write("sending", &open.record)
            .map_err(Clone::clone)?;
        open.handed_over = true;
        Ok(())
    }

    /// Notes that a cassette answers it.
    pub(crate) fn replayed(&mut self) {
        if let Some(open) = &mut self.0 {
            open.replayed = true;
        }
    }

    /// Notes the status of the answer.
    pub(crate) fn answered(&mut self, status: u16) {
        if let Some(open) = &mut self.0 {
            open.status = Some(status);
            open.span.record("status", status);
        }
    }

    /// Ends it as refused before anything of it was sent.
    pub(crate) fn refused(self, verdict: Verdict, code: &str, reason: impl Into<String>) {
        self.exchange().refuses(verdict, code, reason);
        self.ends(Outcome::NotSent, None);
    }

    /// Ends it; `reason` says why, where that is not clear.
    pub(crate) fn ends(mut self, outcome: Outcome, reason: Option<String>) {
        self.end(outcome, reason);
    }

    /// [`Attempt::ends`] for one that is kept; what comes later is not noted.
    pub(crate) fn end(&mut self, outcome: Outcome, reason: Option<String>) {
        if let Some(mut open) = self.0.take() {
            open.record.reason = reason.map(Text);
            open.close(outcome);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(open) = self.0.take() {
            let outcome = open.run.ending();
            open.close(outcome);
        }
    }
}

impl Open {
    fn close(mut self, mut outcome: Outcome) {
        let Counts {
            sent,
            received,
            refused,
            ..
        } = &*self.exchange.0;
        if let Some(refused) = refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            // It was refused while its body went out.
            if self.handed_over && outcome == Outcome::Failed {
                outcome = Outcome::CutOff;
            }
            self.record.verdict = refused.verdict;
            self.record.code = Some(Name(refused.code));
            self.record.reason = Some(Text(refused.reason));
        }
        if self.replayed {
            outcome = Outcome::Replayed;
        }
        self.record.secrets = self.exchange.secrets();
        let took = clock::millis(self.began.elapsed());
        self.record.end = Some(End {
            status: self.status,
            sent: sent.load(Ordering::Relaxed),
            received: received.load(Ordering::Relaxed),
            duration_ms: took,
            outcome,
        });
        let ended = Ended(&self.record);
        tracing::info!(
            target: "arborist::request",
            parent: &self.span,
            verdict = ended.verdict().name(),
            outcome = outcome.name(),
            duration_ms = took,
            "{}",
            ended.line()
        );
        self.run.close(&self.record, self.handed_over);
    }
}

impl Record {
    fn new(attempt: u64, asked: Asked) -> Self {
        let mut record = Self {
            attempt,
            method: Name::default(),
            scheme: None,
            host: None,
            port: None,
            path: None,
            url: None,
            verdict: Verdict::Allowed,
            rule: None,
            rule_from: None,
            code: None,
            reason: None,
            secrets: Names::default(),
            end: None,
        };
        match asked {
            Asked::Target {
                method,
                scheme,
                host,
                port,
                path,
            } => {
                record.method = Name(method);
                record.scheme = Some(Name(scheme));
                record.host = Some(Name(host));
                record.port = Some(port);
                record.path = Some(Text(path));
            }
            Asked::Invalid { method, url } => {
                record.method = Name(method);
                record.url = Some(Text(url));
                record.verdict = Verdict::Invalid;
            }
        }
        record
    }
}

impl Exchange {
    /// Counts bytes of the request's body.
    pub(crate) fn sends(&self, bytes: usize) {
        self.0.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts bytes of the answer's body.
    pub(crate) fn receives(&self, bytes: usize) {
        self.0.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Notes the names of secrets that are in the request.
    pub(crate) fn carries(&self, names: impl IntoIterator<Item = String>) {
        let mut secrets = self
            .0
            .secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        secrets.extend(names);
    }

    /// Notes that it is refused, also while its body goes out. The first refusal is the one that counts.
    pub(crate) fn refuses(&self, verdict: Verdict, code: &str, reason: impl Into<String>) {
        let mut refused = self
            .0
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        refused.get_or_insert_with(|| Refused {
            verdict,
            code: code.to_owned(),
            reason: reason.into(),
        });
    }

    fn secrets(&self) -> Names {
        let secrets = self
            .0
            .secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Names(secrets.iter().cloned().collect())
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange")
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt")
    }
}
