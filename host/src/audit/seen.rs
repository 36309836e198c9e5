//! Who else learns what becomes of a run's attempts.

use super::line::{End, Record, Text, Verdict};
use crate::escape::printable;
use serde::Serialize;
use std::{fmt, time::Duration};

/// Learns what became of each attempt of a run, as the audit log does. Called where the attempt ends, on the thread that runs the
/// guest, so it should return soon; of attempts that nothing was sent of, as often as the log has lines for them.
pub trait Watch: Send + Sync {
    /// Takes one attempt.
    fn ended(&self, attempt: &Ended<'_>);

    /// A request waits that long from now on.
    fn waits(&self, _wait: Wait, _time: Duration) {}
}

/// What a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It failed, and is sent again: this is the attempt that comes, from 2.
    Retry(u32),
    /// The rate limit lets one attempt go after another.
    Turn,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(attempt) => write!(f, "attempt {attempt}, by `retry`"),
            Self::Turn => f.write_str("its turn, by `rate_limit`"),
        }
    }
}

/// An attempt that has ended. It serializes as the line of the audit log does, with the same bounds and without secrets.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct Ended<'a>(pub(super) &'a Record);

impl Ended<'_> {
    /// What was decided.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// What it was and what came of it, in one printable line.
    #[must_use]
    pub fn line(&self) -> String {
        let Record {
            method,
            scheme,
            host,
            port,
            path,
            url,
            end,
            reason,
            ..
        } = self.0;
        let usual = match scheme.as_ref().map(|scheme| scheme.0.as_str()) {
            Some("https") => Some(443),
            _ => Some(80),
        };
        let port = port.filter(|port| Some(*port) != usual);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let target = match (host, path, url) {
            (Some(host), Some(path), _) => format!("{}{port}{}", host.0, path.0),
            (_, _, Some(url)) => url.0.clone(),
            _ => String::new(),
        };
        let came = end.as_ref().map(|end| match end.status {
            Some(status) => format!("{status}, {}", end.outcome.name()),
            None => end.outcome.name().to_owned(),
        });
        let mut came = came.unwrap_or_default();
        // A status says enough.
        if let (Some(Text(reason)), Some(End { status: None, .. })) = (reason, end) {
            came = format!("{came}: {}", printable(reason, 400));
        }
        format!(
            "{} {}: {came}",
            printable(&method.0, 40),
            printable(&target, 400)
        )
    }
}
