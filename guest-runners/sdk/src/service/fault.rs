//! How a service fails, and what to do about it.

use super::settings::Settings;
use crate::error::one_line;
use crate::http::{Failure, HttpError, Incoming, Request, message};
use crate::{Error, ServiceFailure};
use serde_json::Value;

/// What of a service's own words goes into a message, in bytes.
const MAX_WORDS: usize = 400;

impl Settings {
    /// Sends `request` and waits for the head of an answer with success.
    ///
    /// # Errors
    /// What kept the service from answering, with the field that is most likely to blame.
    pub(super) fn open(&self, request: Request) -> Result<Incoming, Error> {
        let opened = request.open().map_err(|failure| self.blame(failure))?;
        opened.success().map_err(|error| self.advise(error))
    }

    /// A request that cannot be sent is the fault of the only thing in it that the user wrote: the URL.
    fn blame(&self, failure: Failure) -> Error {
        match &failure.error {
            HttpError::InvalidRequest(why) => self.config.invalid("base_url", why),
            _ => failure.into(),
        }
    }

    /// Adds to a status what the user can do about it.
    fn advise(&self, error: Error) -> Error {
        let Error::Service(mut failure) = error else {
            return error;
        };
        let (key, model, base_url) = (
            self.config.full("api_key"),
            self.config.full("model"),
            self.config.full("base_url"),
        );
        let advice = match failure.status {
            Some(401 | 403) => format!("; check `{key}`"),
            Some(404) => format!(
                "; check `{model}` (now {}) and `{base_url}`",
                one_line(&self.model, 100)
            ),
            _ => return Error::Service(failure),
        };
        failure.message.push_str(&advice);
        Error::Service(failure)
    }

    /// The error for what a service says in the middle of its answer.
    pub(super) fn said(&self, origin: &str, error: &Value, retryable: bool) -> Error {
        let words = message(error).unwrap_or("it gave up");
        Error::Service(ServiceFailure {
            status: None,
            message: format!(
                "{origin} broke off its answer: {}",
                one_line(words, MAX_WORDS)
            ),
            retryable,
        })
    }

    /// The error for an answer that the model was not let finish.
    pub(super) fn too_long(&self, origin: &str, field: &str) -> Error {
        Error::InvalidResponse(format!(
            "the answer of {origin} was cut off at the most tokens that it may have; raise `{}`, or describe a \
             smaller task",
            self.config.full(field)
        ))
    }

    /// The error for an answer that the service would not give.
    pub(super) fn refused(&self, origin: &str, words: &str) -> Error {
        let separator = if words.is_empty() { "" } else { ": " };
        Error::InvalidResponse(format!(
            "the model at {origin} refused to answer{separator}{}",
            one_line(words, MAX_WORDS)
        ))
    }

    /// The error for an answer that ended without its end. `heard` is whether any of it was of the protocol.
    pub(super) fn unfinished(&self, origin: &str, kind: Option<&str>, heard: bool) -> Error {
        if heard {
            return Error::Service(ServiceFailure {
                status: None,
                message: format!("the answer of {origin} ended before it was complete"),
                retryable: true,
            });
        }
        let kind = kind.map_or_else(String::new, |kind| format!(" ({})", one_line(kind, 60)));
        Error::InvalidResponse(format!(
            "the answer of {origin}{kind} is none of the protocol; check `{}`",
            self.config.full("base_url")
        ))
    }
}

/// An event's or line's data.
///
/// # Errors
/// [`Error::InvalidResponse`] that says where it is no JSON, without quoting it.
pub(super) fn json(origin: &str, data: &str) -> Result<Value, Error> {
    serde_json::from_str(data).map_err(|fault| {
        Error::InvalidResponse(format!(
            "the answer of {origin} has a piece that is no JSON (line {}, column {})",
            fault.line(),
            fault.column()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use crate::Config;
    use crate::http::Response;

    fn settings() -> Settings {
        let config = Config::of([("high.api_key", "k")]).part("high");
        Settings::new(Kind::OpenAi, &config, Some("m\nn")).unwrap()
    }

    #[test]
    fn statuses_come_with_advice() {
        for (status, part) in [
            (401, "; check `high.api_key`"),
            (403, "; check `high.api_key`"),
            (404, "; check `high.model` (now m n) and `high.base_url`"),
            (500, "answered 500: no"),
        ] {
            let error = Response::of("https://s.test/v1", status, "no")
                .success()
                .unwrap_err();
            let Error::Service(failure) = settings().advise(error) else {
                panic!("no failure of the service")
            };
            assert!(failure.message.ends_with(part), "{}", failure.message);
            assert_eq!(failure.status, Some(status));
        }
    }

    #[test]
    fn a_url_that_cannot_be_sent_is_a_fault_of_its_field() {
        let failure = |error| Failure {
            origin: "https://s.test".into(),
            error,
        };
        let error = settings().blame(failure(HttpError::InvalidRequest("no host".into())));
        assert!(matches!(error, Error::InvalidConfig(text) if text.contains("`high.base_url`")));
        let error = settings().blame(failure(HttpError::Timeout));
        assert!(matches!(error, Error::Service(_)));
    }
}
