//! A request that can be sent: its target parsed once, its headers judged, its body within bounds.

use super::{
    message::{HttpError, Request, StreamedRequest},
    session::Session,
};
use crate::{
    audit::{Outcome, Verdict},
    limits::Limit,
    policy::{InvalidTarget, Method, Target, headers},
};
use bytes::Bytes;
use http::HeaderMap;

/// A request in the form in which it is decided on and sent.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

impl Asked {
    /// Checks what a guest gave.
    pub(super) fn check(session: &Session, request: Request) -> Result<Self, HttpError> {
        let target = Target::parse(&request.method, &request.url);
        let given = request.headers.iter();
        let given = given.map(|(name, value)| (name.as_str(), value.as_bytes()));
        let asked = Self::judge(session, target, given, |code, reason| {
            session.audit_invalid(&request.method, &request.url, code, reason);
        })?;
        let bound = session.inner.largest_request;
        if request
            .body
            .as_ref()
            .is_some_and(|body| body.len() as u64 > bound)
        {
            let error = session.too_large("the body of a request", Limit::Request, bound);
            let attempt = session.audit(&asked);
            session.limited(&attempt.exchange(), Limit::Request, &error);
            attempt.ends(Outcome::NotSent, None);
            return Err(error);
        }
        Ok(Self {
            body: request.body.map(Bytes::from),
            ..asked
        })
    }

    /// Checks what a guest gave in parts; the body is judged as it comes.
    pub(super) fn check_parts(
        session: &Session,
        request: &StreamedRequest,
    ) -> Result<Self, HttpError> {
        let target = Target::from_parts(
            &request.method,
            request.scheme.as_deref(),
            request.authority.as_deref(),
            request.path_and_query.as_deref(),
        );
        let given = request.headers.iter();
        let given = given.map(|(name, value)| (name.as_str(), value.as_bytes()));
        Self::judge(session, target, given, |code, reason| {
            session.audit_invalid_parts(request, code, reason);
        })
    }

    /// The headers are judged here for both doors, so that neither lets through what the other refuses. `audit` takes what
    /// is wrong with the target.
    fn judge<'a>(
        session: &Session,
        target: Result<Target, InvalidTarget>,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        audit: impl FnOnce(&str, &str),
    ) -> Result<Self, HttpError> {
        let target = target.map_err(|error| {
            let reason = error.to_string();
            audit("target", &reason);
            HttpError::InvalidRequest(reason)
        })?;
        let mut asked = Self {
            target,
            headers: HeaderMap::new(),
            body: None,
        };
        let judged = headers::outgoing(headers).map_err(|error| {
            let reason = error.to_string();
            let attempt = session.audit(&asked);
            attempt.refused(Verdict::Invalid, "headers", session.hide(&reason));
            HttpError::InvalidRequest(reason)
        })?;
        asked.headers = judged.headers;
        Ok(asked)
    }

    /// The method.
    pub(super) fn method(&self) -> Method {
        self.target.method()
    }
}
