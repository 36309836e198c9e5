//! The lines of the log.

use crate::escape::printable;
use serde::{Serialize, Serializer};

/// No line is longer than this, in bytes: every field has a bound.
pub const MAX_LINE_BYTES: usize = 64 * 1024;
/// Longest names, methods, hosts and codes, in characters.
const MAX_NAME: usize = 256;
/// Longest path, URL, rule and reason, in characters.
const MAX_TEXT: usize = 2048;
/// Most names in a list; a last item counts the others.
const MAX_NAMES: usize = 64;
/// Longest name in a list, in characters.
const MAX_LISTED: usize = 64;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A rule permits it.
    Allowed,
    /// No rule permits it, or a secret may not go where it would take it.
    Denied,
    /// It is no request that could be sent.
    Invalid,
    /// A limit of the run refuses it.
    Limit,
}

impl Verdict {
    /// The word for it in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Invalid => "invalid",
            Self::Limit => "limit",
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was sent.
    NotSent,
    /// The whole answer came.
    Complete,
    /// The answer is a redirect, which was followed, or was not for the reason in the next line.
    Redirected,
    /// The answer says that the service cannot now, and the request is sent again.
    Retried,
    /// It was answered from a cassette; nothing was sent.
    Replayed,
    /// There was no answer: the connection failed.
    Failed,
    /// The request or its answer broke off.
    CutOff,
    /// The answer is larger than its limit.
    TooLarge,
    /// The runner gave it up, or returned without reading the answer to its end.
    Abandoned,
    /// The sandbox stopped the run: a trap, or a limit.
    Stopped,
    /// The time of the call was up.
    Deadline,
    /// The run was cancelled: interrupted, or ended from outside.
    Cancelled,
}

impl Outcome {
    /// The word for it in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not-sent",
            Self::Complete => "complete",
            Self::Redirected => "redirected",
            Self::Retried => "retried",
            Self::Replayed => "replayed",
            Self::Failed => "failed",
            Self::CutOff => "cut-off",
            Self::TooLarge => "too-large",
            Self::Abandoned => "abandoned",
            Self::Stopped => "stopped",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A text that is cut and escaped when it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name(pub(super) String);

/// A longer one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

/// A list of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names(pub(super) Vec<String>);

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&printable(&self.0, MAX_NAME))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&printable(&self.0, MAX_TEXT))
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = self.0.iter().take(MAX_NAMES);
        let shown = shown.map(|name| printable(name, MAX_LISTED).into_owned());
        let more = self.0.len().saturating_sub(MAX_NAMES);
        let more = (more > 0).then(|| format!("… and {more} more"));
        serializer.collect_seq(shown.chain(more))
    }
}

/// One line: when, of which run, and what.
#[derive(Serialize)]
pub(super) struct Line<'a, T> {
    /// RFC 3339 in UTC, with milliseconds.
    pub(super) time: &'a str,
    pub(super) event: &'static str,
    pub(super) run: &'a str,
    pub(super) runner: &'a Name,
    pub(super) digest: &'a Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) section: Option<&'a Name>,
    #[serde(flatten)]
    pub(super) what: T,
}

/// What a run begins with.
#[derive(Serialize)]
pub(super) struct Began<'a> {
    /// Always there: that a runner holds no secret is worth a word too.
    pub(super) exposed: &'a Names,
}

/// Attempts of which nothing was sent, and that have no lines of their own.
#[derive(Serialize)]
pub(super) struct Omitted {
    pub(super) attempts: u64,
}

/// An attempt, as far as it has come.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Record {
    /// From 1 in each run.
    pub(super) attempt: u64,
    pub(super) method: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheme: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<Text>,
    /// Of a target that is not valid: what was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<Text>,
    pub(super) verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule_from: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Text>,
    pub(super) secrets: Names,
    #[serde(flatten)]
    pub(super) end: Option<End>,
}

/// What came of an attempt.
#[derive(Clone, Debug, Serialize)]
pub(super) struct End {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// Bytes of the request's body.
    pub(super) sent: u64,
    /// Bytes of the answer's body.
    pub(super) received: u64,
    pub(super) duration_ms: u64,
    pub(super) outcome: Outcome,
}
