//! When a request is sent again, and after how long.

use super::rate;
use crate::{clock, pace::Retry, policy::Method};
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The longest wait of the gateway's own choosing, before jitter, which at most doubles it; a service may ask for a longer one.
const LONGEST: Duration = Duration::from_secs(600);

/// What went wrong with an attempt, if it may go better the next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setback {
    /// The service answered that it cannot now, perhaps with a `Retry-After`.
    Busy(Option<String>),
    /// There was never a connection, so the service has not seen the request.
    NotConnected,
    /// The connection broke after the request went out: the service may have acted on it.
    Broken,
}

/// The attempts that a request has left, redirects included.
#[derive(Debug)]
pub(super) struct Retries {
    waits: Option<ExponentialBackoff>,
    deadline: Option<Instant>,
}

impl Setback {
    /// What an answer's status and its `Retry-After` say.
    pub(super) fn of_answer(status: u16, retry_after: Option<&str>) -> Option<Self> {
        // 529 is no registered status, but how some AI services say that they are overloaded.
        matches!(status, 429 | 502 | 503 | 504 | 529)
            .then(|| Self::Busy(retry_after.map(str::to_owned)))
    }

    /// Whether a request with this method may be sent again.
    pub(super) fn permits(&self, method: Method) -> bool {
        match self {
            Self::Busy(_) | Self::NotConnected => true,
            // RFC 9110, section 9.2.2: what may be done twice.
            Self::Broken => method != Method::Post && method != Method::Patch,
        }
    }
}

impl Retries {
    /// Those of one request. None is configured: it has one attempt.
    pub(super) fn new(retry: Option<Retry>, deadline: Option<Instant>) -> Self {
        let waits = retry.map(|retry| {
            ExponentialBuilder::new()
                .with_min_delay(retry.delay)
                .with_max_delay(LONGEST)
                .with_factor(2.0)
                .with_max_times(retry.attempts.saturating_sub(1) as usize)
                .with_jitter()
                .build()
        });
        Self { waits, deadline }
    }

    /// How long to wait before the next attempt; none if there is to be none: there is none left, the method does not bear it,
    /// or it would come after the deadline.
    pub(super) fn next(&mut self, setback: &Setback, method: Method) -> Option<Duration> {
        if !setback.permits(method) {
            return None;
        }
        let own = self.waits.as_mut()?.next()?;
        let asked = match setback {
            Setback::Busy(Some(text)) => retry_after(text, clock::now()),
            Setback::Busy(None) | Setback::NotConnected | Setback::Broken => None,
        };
        // A service that says when knows better than we; but not sooner than the user wants.
        let wait = asked.map_or(own, |asked| asked.max(own));
        (wait < rate::left(self.deadline)).then_some(wait)
    }
}

/// The time that `Retry-After` asks for, in either of its forms (RFC 9110, section 10.2.3): seconds, or a date.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // So many digits that they are no number mean later than anybody waits.
        let seconds = text.parse().unwrap_or(u64::from(u32::MAX));
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    const RETRY: Retry = Retry {
        attempts: 3,
        delay: Duration::from_secs(2),
    };

    fn busy(retry_after: &str) -> Setback {
        Setback::of_answer(429, Some(retry_after)).unwrap()
    }

    #[test]
    fn the_status_decides() {
        for status in [429, 502, 503, 504, 529] {
            assert_eq!(Setback::of_answer(status, None), Some(Setback::Busy(None)));
        }
        for status in [200, 301, 400, 401, 403, 404, 408, 500, 501, 505] {
            assert_eq!(Setback::of_answer(status, None), None);
        }
    }

    #[test]
    fn waits_double_and_vary_and_end() {
        let mut retries = Retries::new(Some(RETRY), None);
        let mut next = || retries.next(&Setback::NotConnected, Method::Post);
        let seconds = Duration::from_secs;
        assert!((seconds(2)..=seconds(4)).contains(&next().unwrap()));
        assert!((seconds(4)..=seconds(8)).contains(&next().unwrap()));
        assert_eq!(next(), None);
        let firsts = (0..20)
            .map(|_| Retries::new(Some(RETRY), None).next(&Setback::NotConnected, Method::Get));
        let firsts: std::collections::HashSet<_> = firsts.collect();
        assert!(firsts.len() > 1, "no jitter");
    }

    #[test]
    fn without_configuration_there_is_one_attempt() {
        assert_eq!(Retries::new(None, None).next(&busy("1"), Method::Get), None);
    }

    #[test]
    fn what_may_have_been_done_is_not_done_twice() {
        for (method, repeats) in [
            (Method::Get, true),
            (Method::Head, true),
            (Method::Options, true),
            (Method::Put, true),
            (Method::Delete, true),
            (Method::Post, false),
            (Method::Patch, false),
        ] {
            let next = |setback| Retries::new(Some(RETRY), None).next(&setback, method);
            assert_eq!(next(Setback::Broken).is_some(), repeats, "{method:?}");
            assert!(next(Setback::NotConnected).is_some());
            assert!(next(Setback::Busy(None)).is_some());
        }
    }

    #[test]
    fn nothing_waits_beyond_the_deadline() {
        let next = |setback: &Setback, left: u64| {
            let deadline = Instant::now() + Duration::from_secs(left);
            Retries::new(Some(RETRY), Some(deadline)).next(setback, Method::Post)
        };
        assert_eq!(next(&Setback::NotConnected, 1), None);
        assert!(next(&Setback::NotConnected, 5).is_some());
        assert_eq!(next(&busy("60"), 60), None);
        assert_eq!(next(&busy("60"), 90), Some(Duration::from_secs(60)));
        assert_eq!(next(&busy("99999999999999999999999"), 3600), None);
        // Without a deadline there is an end too.
        let mut without = Retries::new(Some(RETRY), None);
        assert_eq!(without.next(&busy("999999"), Method::Post), None);
    }

    #[test]
    fn a_service_says_when_in_seconds_or_by_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let asked = |text| retry_after(text, now).map(|wait| wait.as_secs());
        assert_eq!(asked("7"), Some(7));
        assert_eq!(asked(" 0 "), Some(0));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:40 GMT"), Some(3));
        assert_eq!(asked("Sunday, 06-Nov-94 08:49:40 GMT"), Some(3));
        assert_eq!(asked("Sun Nov  6 08:49:40 1994"), Some(3));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
        for text in [
            "",
            "-1",
            "1.5",
            "soon",
            "+3",
            "Sun, 99 Nov 1994 08:49:40 GMT",
        ] {
            assert_eq!(asked(text), None, "{text}");
        }
    }
}
