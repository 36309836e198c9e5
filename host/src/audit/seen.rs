//! Who else learns what becomes of a run's attempts.

use super::line::{Record, Verdict};
use crate::escape::printable;
use serde::Serialize;

/// Learns what became of each attempt of a run, as the audit log does. Called where the attempt ends, on the thread that runs the
/// guest, so it should return soon; of attempts that nothing was sent of, as often as the log has lines for them.
pub trait Watch: Send + Sync {
    /// Takes one attempt.
    fn ended(&self, attempt: &Ended<'_>);
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
            host,
            path,
            url,
            end,
            ..
        } = self.0;
        let target = match (host, path, url) {
            (Some(host), Some(path), _) => format!("{}{}", host.0, path.0),
            (_, _, Some(url)) => url.0.clone(),
            _ => String::new(),
        };
        let came = end.as_ref().map(|end| match end.status {
            Some(status) => format!("{status}, {}", end.outcome.name()),
            None => end.outcome.name().to_owned(),
        });
        let came = came.unwrap_or_default();
        format!(
            "{} {}: {came}",
            printable(&method.0, 40),
            printable(&target, 400)
        )
    }
}
