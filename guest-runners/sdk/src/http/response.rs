//! A whole answer.

use super::failure::origin;
use crate::bindings::arborist::runner::http::{self as host, Header};
use crate::error::one_line;
use crate::{Error, ServiceFailure};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The largest answer that [`Response::text`] and [`Response::json`] take, in bytes. A spec has at most
/// 1 MiB; an answer beyond this is not one, and parsed it would fill the sandbox's memory.
pub const MAX_ANSWER: usize = 4 << 20;

/// What of a service's own words goes into a message, in bytes.
const MAX_WORDS: usize = 400;

/// A whole answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    origin: String,
    inner: host::Response,
}

impl Response {
    pub(super) fn new(origin: String, inner: host::Response) -> Self {
        Self { origin, inner }
    }

    /// An answer without a host, for a runner's unit tests.
    pub fn of(url: &str, status: u16, body: impl Into<Vec<u8>>) -> Self {
        let inner = host::Response {
            status,
            headers: Vec::new(),
            body: body.into(),
        };
        Self {
            origin: origin(url),
            inner,
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.inner.status
    }

    /// What stands in the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let is = |header: &&Header| header.name.eq_ignore_ascii_case(name);
        self.inner
            .headers
            .iter()
            .find(is)
            .map(|header| header.value.as_str())
    }

    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        &self.inner.body
    }

    /// The answer, if its status is one of success (2xx).
    ///
    /// # Errors
    /// [`Error::Service`] with the status, the first line of what the service said and its `retry-after`;
    /// retryable for 408, 425, 429 and 5xx, unless the service says that a quota is used up.
    pub fn success(self) -> Result<Self, Error> {
        if (200..300).contains(&self.status()) {
            return Ok(self);
        }
        let later = self.header("retry-after");
        Err(service_failure(
            &self.origin,
            self.status(),
            later,
            self.body(),
        ))
    }

    /// The body as text.
    ///
    /// # Errors
    /// [`Error::InvalidResponse`] beyond [`MAX_ANSWER`], or if it is not UTF-8.
    pub fn text(&self) -> Result<&str, Error> {
        if self.body().len() > MAX_ANSWER {
            return Err(self.invalid(format_args!("is larger than {MAX_ANSWER} bytes")));
        }
        std::str::from_utf8(self.body()).map_err(|_| self.invalid("is not UTF-8"))
    }

    /// The body read as JSON.
    ///
    /// # Errors
    /// [`Error::InvalidResponse`] that says where it is not what was expected, without quoting it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(self.text()?).map_err(|fault| match fault.classify() {
            serde_json::error::Category::Data => self.invalid(format_args!(
                "has another shape: {}",
                one_line(&fault.to_string(), 200)
            )),
            _ => self.invalid(format_args!(
                "is no JSON (line {}, column {})",
                fault.line(),
                fault.column()
            )),
        })
    }

    /// The error for an answer that cannot be used: `the answer of ORIGIN {why}`.
    pub fn invalid(&self, why: impl std::fmt::Display) -> Error {
        Error::InvalidResponse(format!("the answer of {} {why}", self.origin))
    }
}

/// The error for an answer without success. `body` may be only the beginning of it.
pub(super) fn service_failure(
    origin: &str,
    status: u16,
    later: Option<&str>,
    body: &[u8],
) -> Error {
    let answer = serde_json::from_slice::<Value>(body).ok();
    let words = words(answer.as_ref(), body);
    let separator = if words.is_empty() { "" } else { ": " };
    let later = later.map_or_else(String::new, |later| {
        let unit = if later.bytes().all(|byte| byte.is_ascii_digit()) {
            " s"
        } else {
            ""
        };
        format!(" (retry after {}{unit})", one_line(later, 40))
    });
    Error::Service(ServiceFailure {
        status: Some(status),
        message: format!("{origin} answered {status}{separator}{words}{later}"),
        retryable: matches!(status, 408 | 425 | 429 | 500..=599)
            && !answer.as_ref().is_some_and(is_used_up),
    })
}

/// Whether it is a quota that money buys, which waiting does not fill.
fn is_used_up(answer: &Value) -> bool {
    ["/error/code", "/error/type"]
        .iter()
        .filter_map(|place| answer.pointer(place)?.as_str())
        .any(|kind| matches!(kind, "insufficient_quota" | "billing_hard_limit_reached"))
}

/// The first line of what a service said: of its message, where it speaks one of the usual JSON shapes,
/// else of the body.
fn words(answer: Option<&Value>, body: &[u8]) -> String {
    let said = answer.and_then(message).map(str::to_owned);
    let said = said.unwrap_or_else(|| {
        // Enough for a line, and a bound on what a megabyte without a line end costs.
        String::from_utf8_lossy(body.get(..4096).unwrap_or(body)).into_owned()
    });
    let first = said
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    one_line(first, MAX_WORDS)
}

/// What a service's error says, where it has one of the usual JSON shapes.
pub(crate) fn message(answer: &Value) -> Option<&str> {
    let error = answer.get("error");
    [
        error.and_then(|error| error.get("message")),
        error,
        answer.get("message"),
        answer.get("detail"),
        Some(answer),
    ]
    .into_iter()
    .flatten()
    .find_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str) -> ServiceFailure {
        match Response::of("https://s.test/v1?q=s", status, body).success() {
            Err(Error::Service(failure)) => failure,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_line_of_what_the_service_said() {
        for (body, want) in [
            ("\n quota exceeded \nsecond", ": quota exceeded"),
            (
                r#"{"error":{"message":"bad key\nmore","type":"x"}}"#,
                ": bad key",
            ),
            (r#"{"error":"no such model"}"#, ": no such model"),
            (r#"{"detail":"later"}"#, ": later"),
            (r#"{"code":7}"#, r#": {"code":7}"#),
            ("", ""),
            ("\u{1b}[2Jx", ": [2Jx"),
        ] {
            assert_eq!(
                failure(400, body).message,
                format!("https://s.test answered 400{want}")
            );
        }
        assert!(failure(500, &"x".repeat(10_000)).message.len() < 500);
        assert!(failure(500, &"[".repeat(100_000)).message.len() < 500);
    }

    #[test]
    fn a_quota_that_is_used_up_does_not_pass_and_retry_after_is_told() {
        let quota =
            r#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#;
        assert!(!failure(429, quota).retryable);
        for (later, part) in [
            ("20", "m (retry after 20 s)"),
            (
                "Wed, 21 Oct 2026 07:28:00 GMT",
                "m (retry after Wed, 21 Oct 2026 07:28:00 GMT)",
            ),
        ] {
            let Error::Service(failure) =
                service_failure("https://s.test", 429, Some(later), br#"{"error":"m"}"#)
            else {
                panic!("no failure of the service")
            };
            assert!(failure.retryable && failure.message.ends_with(part));
        }
    }

    #[test]
    fn statuses_that_may_pass_are_retryable() {
        for (status, want) in [
            (400, false),
            (401, false),
            (404, false),
            (408, true),
            (429, true),
            (500, true),
            (503, true),
            (302, false),
        ] {
            let failure = failure(status, "x");
            assert_eq!((failure.status, failure.retryable), (Some(status), want));
        }
        for status in [200, 201, 204, 299] {
            assert!(Response::of("https://s.test", status, "").success().is_ok());
        }
    }

    #[test]
    fn json_faults_give_a_place_and_quote_nothing() {
        let fault = |body: Vec<u8>| match Response::of("https://s.test", 200, body).json::<Value>()
        {
            Err(Error::InvalidResponse(text)) => text,
            other => panic!("{other:?}"),
        };
        let text = fault(b"{\"key\": sk-secret".to_vec());
        assert!(
            text.contains("line 1") && !text.contains("secret"),
            "{text}"
        );
        assert!(fault(vec![0xff]).contains("UTF-8"));
        assert!(fault(vec![b' '; MAX_ANSWER + 1]).contains("larger"));
        assert!(fault("[".repeat(200_000).into_bytes()).contains("no JSON"));
    }
}
