//! A request on its way.

use super::failure::origin;
use super::{Failure, HttpError, Incoming, Response};
use crate::bindings::arborist::runner::http::{self as host, Header};
use serde::Serialize;

/// A request that is being put together.
#[derive(Clone, Debug)]
pub struct Request {
    inner: host::Request,
    /// Why the body could not be made; told when the request is sent, so that calls can be chained.
    fault: Option<String>,
}

impl Request {
    /// A request without headers and body. `method` is one of those that the contract names, in upper
    /// case; `url` is absolute.
    pub fn new(method: &str, url: impl Into<String>) -> Self {
        let inner = host::Request {
            method: method.to_owned(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
        };
        Self { inner, fault: None }
    }

    /// `GET url`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// `POST url`.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.inner.headers.push(Header {
            name: name.to_owned(),
            value: value.to_owned(),
        });
        self
    }

    /// Adds `authorization: Bearer token`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sets the body, at most 8 MiB.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.inner.body = Some(body.into());
        self
    }

    /// Sets the body to a value as JSON, and says so in `content-type`.
    #[must_use]
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.header("content-type", "application/json").body(body),
            Err(fault) => {
                self.fault = Some(format!("the body is no JSON: {fault}"));
                self
            }
        }
    }

    /// Where the request goes.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// What stands in the first header of that name, in any case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let is = |header: &&Header| header.name.eq_ignore_ascii_case(name);
        self.inner
            .headers
            .iter()
            .find(is)
            .map(|header| header.value.as_str())
    }

    /// The body so far.
    pub fn body_bytes(&self) -> Option<&[u8]> {
        self.inner.body.as_deref()
    }

    /// Sends the request and waits for the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`Failure`] where no whole answer came.
    pub fn send(self) -> Result<Response, Failure> {
        let (origin, request) = self.ready()?;
        match host::send(&request) {
            Ok(response) => Ok(Response::new(origin, response)),
            Err(error) => Err(Failure { origin, error }),
        }
    }

    /// Sends the request and returns when the answer's head has come.
    ///
    /// # Errors
    /// [`Failure`] where no head came.
    pub fn open(self) -> Result<Incoming, Failure> {
        let (origin, request) = self.ready()?;
        match host::open(&request) {
            Ok(incoming) => Ok(Incoming::new(origin, incoming)),
            Err(error) => Err(Failure { origin, error }),
        }
    }

    fn ready(self) -> Result<(String, host::Request), Failure> {
        let origin = origin(&self.inner.url);
        match self.fault {
            None => Ok((origin, self.inner)),
            Some(fault) => Err(Failure {
                origin,
                error: HttpError::InvalidRequest(fault),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn json_sets_body_and_type() {
        let request = Request::post("https://h.test").bearer("t").json(&["é"]);
        assert_eq!(request.body_bytes(), Some("[\"é\"]".as_bytes()));
        assert_eq!(
            request.header_value("Content-Type"),
            Some("application/json")
        );
        assert_eq!(request.header_value("Authorization"), Some("Bearer t"));
    }

    #[test]
    fn what_is_no_json_is_told_when_sent() {
        let failure = Request::post("https://h.test")
            .json(&HashMap::from([((1, 2), 3)]))
            .send()
            .unwrap_err();
        assert!(matches!(failure.error, HttpError::InvalidRequest(text) if text.contains("JSON")));
    }
}
