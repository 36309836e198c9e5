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
    /// [`Error::Service`] with the status and the first line of what the service said; retryable for
    /// 408, 425, 429 and 5xx.
    pub fn success(self) -> Result<Self, Error> {
        if (200..300).contains(&self.status()) {
            return Ok(self);
        }
        Err(service_failure(&self.origin, self.status(), self.body()))
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
pub(super) fn service_failure(origin: &str, status: u16, body: &[u8]) -> Error {
    let words = words(body);
    let separator = if words.is_empty() { "" } else { ": " };
    Error::Service(ServiceFailure {
        status: Some(status),
        message: format!("{origin} answered {status}{separator}{words}"),
        retryable: matches!(status, 408 | 425 | 429 | 500..=599),
    })
}

/// The first line of what a service said: of its message, where it speaks one of the usual JSON shapes,
/// else of the body.
fn words(body: &[u8]) -> String {
    let said = match serde_json::from_slice::<Value>(body) {
        Ok(answer) => message(&answer).map(str::to_owned),
        Err(_) => None,
    };
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

fn message(answer: &Value) -> Option<&str> {
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
