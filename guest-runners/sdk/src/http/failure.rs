//! Why there is no answer, and to whom that is a failure.

use super::HttpError;
use crate::{Error, ServiceFailure};

/// No answer came from `origin`. Turns into an [`Error`] by `?`; branch on `error` to do better.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The scheme, host and port that the request went to.
    pub origin: String,
    /// What the host said.
    pub error: HttpError,
}

impl From<Failure> for Error {
    fn from(Failure { origin, error }: Failure) -> Self {
        let service = |why: &str, retryable| {
            Self::Service(ServiceFailure {
                status: None,
                message: format!("{origin}: {why}"),
                retryable,
            })
        };
        match error {
            HttpError::Denied(text) => service(&text, false),
            HttpError::Timeout => service("no answer in time", true),
            HttpError::TooLarge(limit) => service(
                &format!("the request or its answer is larger than {limit} bytes"),
                false,
            ),
            HttpError::RateLimited => {
                service("the rate limit leaves no time for the request", true)
            }
            HttpError::Connection(text) => service(&text, true),
            HttpError::InvalidRequest(text) => {
                Self::Other(format!("{origin}: the request cannot be sent: {text}"))
            }
            HttpError::BudgetExhausted(text) => service(&text, false),
        }
    }
}

/// The scheme, host and port of a URL, for messages: never user information, path or query.
pub(super) fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() {
        host.to_owned()
    } else {
        format!("{scheme}://{host}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_shows_nothing_secret() {
        for (url, want) in [
            ("https://api.test/v1?key=s", "https://api.test"),
            ("http://u:p@h.test:8080#f", "http://h.test:8080"),
            ("h.test/path", "h.test"),
            ("", ""),
        ] {
            assert_eq!(origin(url), want);
        }
    }

    #[test]
    fn only_passing_faults_are_retryable() {
        for (error, want) in [
            (HttpError::Denied("no rule".into()), false),
            (HttpError::Timeout, true),
            (HttpError::TooLarge(5), false),
            (HttpError::RateLimited, true),
            (HttpError::Connection("refused".into()), true),
            (HttpError::BudgetExhausted("requests".into()), false),
        ] {
            let Error::Service(failure) = Failure {
                origin: "o".into(),
                error,
            }
            .into() else {
                panic!("not a service failure")
            };
            assert_eq!((failure.retryable, failure.status), (want, None));
            assert!(failure.message.starts_with("o: "));
        }
    }
}
