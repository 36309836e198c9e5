//! A runner's gateway, and one run's part of it.

use super::{
    message::{DENIED, HttpError},
    rate::{NoTurn, RateLimiter},
    retry::Retries,
    tape::Tape,
    transport::{Lookup, SystemLookup, Transport},
};
use crate::{
    audit::{RunAudit, Wait},
    escape::printable,
    limits::{Limit, Limits},
    pace::{RateLimit, Retry},
    policy::{Denial, Policy, Target},
    route::Route,
    secrets::{RunSecrets, SecretDenial, ShownPieces},
};
use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// The gateway of a runner's settings, shared by its runs.
#[derive(Debug)]
pub struct Gateway {
    pub(super) policy: Arc<Policy>,
    pub(super) transport: Transport,
    retry: Option<Retry>,
    pub(super) rate: Option<Arc<RateLimiter>>,
}

/// What a gateway keeps to.
#[derive(Debug)]
pub struct GatewayOptions {
    /// Where requests may go.
    pub policy: Policy,
    /// Which way they go.
    pub route: Route,
    /// How a request that failed is sent again; `None`: it is sent once.
    pub retry: Option<Retry>,
    /// What keeps attempts apart; `None`: they go out as they come.
    pub rate: Option<Arc<RateLimiter>>,
}

/// What belongs to one run.
#[derive(Debug)]
pub struct SessionOptions<'a> {
    /// What it may use.
    pub limits: &'a Limits,
    /// What it holds placeholders for.
    pub secrets: RunSecrets,
    /// Its part of the audit log.
    pub audit: RunAudit,
    /// Where its exchanges are recorded, or answered from.
    pub tape: Tape,
}

impl GatewayOptions {
    /// One attempt, by the direct way, as often as the runner likes.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            route: Route::default(),
            retry: None,
            rate: None,
        }
    }
}

impl Gateway {
    /// A gateway that finds addresses by `lookup`. Nothing is opened before the first request that the policy permits.
    #[must_use]
    pub fn new(options: GatewayOptions, lookup: Arc<dyn Lookup>) -> Arc<Self> {
        let policy = Arc::new(options.policy);
        let transport = Transport::new(Arc::clone(&policy), options.route, lookup);
        Arc::new(Self {
            policy,
            transport,
            retry: options.retry,
            rate: options.rate,
        })
    }

    /// A gateway that denies every request.
    #[must_use]
    pub fn closed() -> Arc<Self> {
        Self::new(
            GatewayOptions::new(Policy::deny_all()),
            Arc::new(SystemLookup),
        )
    }

    /// One run's part, with the run's secrets: what the runner holds placeholders for.
    #[must_use]
    pub fn session(self: &Arc<Self>, limits: &Limits, secrets: RunSecrets) -> Session {
        self.begin(SessionOptions {
            limits,
            secrets,
            audit: RunAudit::none(),
            tape: Tape::None,
        })
    }

    /// One run's part.
    #[must_use]
    pub fn begin(self: &Arc<Self>, options: SessionOptions<'_>) -> Session {
        let limits = options.limits;
        let inner = Inner {
            gateway: Arc::clone(self),
            secrets: options.secrets,
            audit: options.audit,
            tape: options.tape,
            largest_request: limits.get(Limit::Request),
            largest_response: limits.get(Limit::Response),
            requests_allowed: limits.get(Limit::Requests),
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            taped: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            hosts: Mutex::default(),
            refusal: OnceLock::new(),
            given_up: AtomicBool::new(false),
        };
        Session {
            inner: Arc::new(inner),
            deadline: None,
        }
    }
}

/// One run's gateway. Clones are the same run's, each with a deadline of its own.
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) inner: Arc<Inner>,
    /// By when whoever holds this clone must have its answers: beyond it nothing waits for a turn or for another attempt.
    pub(super) deadline: Option<Instant>,
}

pub(super) struct Inner {
    pub(super) gateway: Arc<Gateway>,
    pub(super) secrets: RunSecrets,
    pub(super) audit: RunAudit,
    pub(super) tape: Tape,
    pub(super) largest_request: u64,
    pub(super) largest_response: u64,
    requests_allowed: u64,
    requests: AtomicU64,
    retries: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    /// Bytes of bodies that a cassette needs whole.
    pub(super) taped: AtomicU64,
    refused: AtomicU64,
    hosts: Mutex<BTreeSet<String>>,
    refusal: OnceLock<Refusal>,
    /// Whether a request was given up that may be sent again.
    given_up: AtomicBool,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}

/// The first thing that the gateway refused to a run, for the user to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was asked for and why it was refused, in one line of printable text.
    pub message: String,
    /// How to allow it, if that can be said.
    pub help: Option<String>,
    /// Whether it was no rule that refused it, but a cassette that holds no answer.
    pub unrecorded: bool,
}

impl std::fmt::Display for Refusal {
    /// The reason, and how to allow it on a line of its own. Both are printable.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&printable(&self.message, 4096))?;
        self.help
            .as_ref()
            .map_or(Ok(()), |help| write!(f, "\n  help: {help}"))
    }
}

/// What a run sent and got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Requests that the policy permitted and the budget covered, retries and redirects among them, also where the rate limit, the
    /// name or the connection then kept them from going out; and those that were answered from a cassette.
    pub requests: u64,
    /// Those among them that were retries.
    pub retries: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// The hosts that requests went to.
    pub hosts: Vec<String>,
    /// Bytes of request bodies.
    pub sent: u64,
    /// Bytes of answers' bodies.
    pub received: u64,
}

impl Session {
    /// The session of a run without network.
    #[must_use]
    pub fn closed() -> Self {
        Gateway::closed().session(&Limits::default(), RunSecrets::none())
    }

    /// The same run's session for a call that must be done by then.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            deadline: Some(deadline),
        }
    }

    /// The attempts of one request.
    pub(super) fn retries(&self) -> Retries {
        Retries::new(self.inner.gateway.retry, self.deadline)
    }

    /// The first refusal that the run met, if it met any.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.inner.refusal.get()
    }

    /// Whether a request of the run failed for good that may go better later: the service was busy or out of reach, and there was no
    /// attempt left.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.inner.given_up.load(Ordering::Relaxed)
    }

    pub(super) fn gives_up(&self) {
        self.inner.given_up.store(true, Ordering::Relaxed);
    }

    /// Says that a request waits, and for what.
    pub(super) fn waits(&self, wait: Wait, time: Duration) {
        self.inner.audit.waits(wait, time);
    }

    /// What the run sent and got so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let hosts = self
            .inner
            .hosts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Summary {
            requests: self.inner.requests.load(Ordering::Relaxed),
            retries: self.inner.retries.load(Ordering::Relaxed),
            refused: self.inner.refused.load(Ordering::Relaxed),
            hosts: hosts.iter().cloned().collect(),
            sent: self.inner.sent.load(Ordering::Relaxed),
            received: self.inner.received.load(Ordering::Relaxed),
        }
    }

    /// Notes a denial for the user; the guest reads the same text for each.
    pub(super) fn deny(&self, denial: &Denial) -> HttpError {
        let help = denial.advice().map(|advice| match denial.flag() {
            Some(flag) => {
                format!("to allow it, {advice}\n        or to the command line:   {flag}")
            }
            None => format!("to allow it, {advice}"),
        });
        self.refuse(denial.to_string(), help);
        HttpError::Denied(DENIED.to_owned())
    }

    /// Notes that a request carries a secret where it may not go.
    pub(super) fn deny_secret(&self, denial: &SecretDenial) -> HttpError {
        self.refuse(denial.to_string(), denial.advice());
        HttpError::Denied(DENIED.to_owned())
    }

    /// A text of the run as people may read it: placeholders by the names of their secrets.
    #[must_use]
    pub fn show<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.inner.secrets.show(text)
    }

    /// [`Session::show`] for a text that comes in pieces.
    #[must_use]
    pub fn show_pieces(&self) -> ShownPieces {
        self.inner.secrets.show_pieces()
    }

    /// Whether the value of a secret of the run is in a text, in any spelling in which answers are searched for it, or cannot be
    /// searched for. Whoever may have any text searched can guess a secret: what comes out is not for a guest.
    pub(crate) fn holds_secret(&self, text: &str) -> bool {
        self.inner.secrets.hide(text) != text
    }

    /// Notes that something is larger than `limit` allows.
    pub(super) fn too_large(&self, what: &str, limit: Limit, bound: u64) -> HttpError {
        self.refuse(
            format!(
                "{what} is larger than its limit `{limit}` of {}",
                limit.show(bound)
            ),
            Some(format!("give it more with `--limit {limit}=…`")),
        );
        HttpError::TooLarge(bound)
    }

    /// Takes one request out of the run's budget.
    pub(super) fn take_request(&self, target: &Target) -> Result<(), HttpError> {
        let allowed = self.inner.requests_allowed;
        let taken =
            self.inner
                .requests
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |requests| {
                    (requests < allowed).then_some(requests + 1)
                });
        if taken.is_err() {
            let message =
                format!("the runner asked for more than {allowed} requests, its limit `requests`");
            self.refuse(
                message,
                Some("give it more with `--limit requests=…`".to_owned()),
            );
            return Err(HttpError::BudgetExhausted(format!("{allowed} requests")));
        }
        let mut hosts = self
            .inner
            .hosts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        hosts.insert(target.origin().to_string());
        Ok(())
    }

    /// Notes that the rate limit refuses a request.
    pub(super) fn no_turn(&self, rate: RateLimit, reason: &NoTurn) -> HttpError {
        let help = match reason {
            NoTurn::TooLate { .. } => {
                "raise `rate_limit` in the runner's section, or give the run more time with `--timeout`"
            }
            NoTurn::State(_) => {
                "make sure that the folder for Arborist's state is yours, and that its disk is not full"
            }
        };
        let message =
            format!("the runner's `rate_limit` of {rate} keeps the request back: {reason}");
        self.refuse(message, Some(help.to_owned()));
        HttpError::RateLimited
    }

    /// Notes that a cassette has no answer.
    pub(super) fn deny_unrecorded(&self, difference: String) -> HttpError {
        let help = "record the run again with `--record FILE`, or leave out of the cassette's request what need not be the same";
        self.refuse_by(difference, Some(help.to_owned()), true);
        HttpError::Denied(DENIED.to_owned())
    }

    pub(super) fn count_retry(&self) {
        self.inner.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_sent(&self, bytes: usize) {
        self.inner.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_received(&self, bytes: usize) {
        self.inner
            .received
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self, message: String, help: Option<String>) {
        self.refuse_by(message, help, false);
    }

    fn refuse_by(&self, message: String, help: Option<String>, unrecorded: bool) {
        self.inner.refused.fetch_add(1, Ordering::Relaxed);
        // A help names the origin to allow, and a guest can put a placeholder there too.
        let help = help.map(|help| self.show(&help).into_owned());
        let message = self.show(&message).into_owned();
        self.inner.refusal.get_or_init(|| Refusal {
            message,
            help,
            unrecorded,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_shown_so_that_no_terminal_obeys_it() {
        let message = "\u{1b}[2J\u{202e}".to_owned();
        let refusal = Refusal {
            message,
            help: None,
            unrecorded: false,
        };
        assert_eq!(refusal.to_string(), r"\x1b[2J\u{202e}");
    }
}
