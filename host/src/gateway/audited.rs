//! What the audit log is told of a session: everything that it reads passes here, and the secrets stay behind.

use super::{
    asked::Asked,
    body::Body,
    message::{DENIED, HttpError, StreamedRequest},
    session::Session,
};
use crate::{
    audit::{self, Attempt, AuditFailure, Exchange, UnderWay, Verdict},
    limits::Limit,
    policy::{Denial, Permit},
    secrets::SecretDenial,
};
use futures_util::StreamExt as _;
use std::io;

/// The longest URL that is searched for secrets, in bytes; of a longer one only its length is written.
const SEARCHED: usize = 64 * 1024;

impl Session {
    /// Says what the run's requests belong to from now on, for those who trace.
    pub fn within(&self, span: tracing::Span) {
        self.inner.audit.within(span);
    }

    /// Why the run sends nothing more, if its audit log could not be written.
    #[must_use]
    pub fn audit_failure(&self) -> Option<&AuditFailure> {
        self.inner.audit.failure()
    }

    /// Says that a call of the runner begins, so that attempts that it leaves open are written as what the call came to.
    #[must_use]
    pub fn call(&self) -> UnderWay {
        self.inner.audit.call()
    }

    /// A text of the run as a log may keep it: neither placeholders nor values.
    pub(super) fn hide(&self, text: &str) -> String {
        self.inner.secrets.hide(text).into_owned()
    }

    /// [`Session::hide`] for bytes that may be no text.
    pub(super) fn hide_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        self.inner.secrets.hide_bytes(bytes).into_owned()
    }

    /// Begins an attempt at what could be sent.
    pub(super) fn audit(&self, asked: &Asked) -> Attempt {
        let target = &asked.target;
        self.inner.audit.attempt(|| {
            // The query is cut off last, since a value could reach over its beginning.
            let query = target.query().map(|query| format!("?{query}"));
            let path = format!("{}{}", target.path(), query.unwrap_or_default());
            audit::Asked::Target {
                method: target.method().as_str().to_owned(),
                scheme: target.scheme().as_str().to_owned(),
                host: self.hide(&target.host().to_string()),
                port: target.port(),
                path: without_query(self.hide(&path)),
            }
        })
    }

    /// Notes what cannot be sent at all.
    pub(super) fn audit_invalid(&self, method: &str, url: &str, code: &str, reason: &str) {
        let attempt = self.inner.audit.attempt(|| audit::Asked::Invalid {
            method: self.searched(method),
            url: without_userinfo(without_query(self.searched(url))),
        });
        attempt.refused(Verdict::Invalid, code, self.hide(reason));
    }

    /// [`Session::audit_invalid`] for what comes in parts.
    pub(super) fn audit_invalid_parts(&self, request: &StreamedRequest, code: &str, reason: &str) {
        let url = format!(
            "{}://{}{}",
            request.scheme.as_deref().unwrap_or_default(),
            request.authority.as_deref().unwrap_or_default(),
            request.path_and_query.as_deref().unwrap_or_default()
        );
        self.audit_invalid(&request.method, &url, code, reason);
    }

    fn searched(&self, text: &str) -> String {
        if text.len() > SEARCHED {
            return format!("({} bytes)", text.len());
        }
        self.hide(text)
    }

    /// Writes down that a request is about to leave.
    ///
    /// # Errors
    /// It cannot be written, so it must not leave, and neither may anything after it.
    pub(super) fn announce(&self, mut attempt: Attempt) -> Result<Attempt, HttpError> {
        match attempt.sends() {
            Ok(()) => Ok(attempt),
            Err(failure) => {
                attempt.refused(Verdict::Denied, "audit", failure.reason.as_str());
                self.refuse(failure.to_string(), None);
                Err(HttpError::Denied(DENIED.to_owned()))
            }
        }
    }

    /// Ends an attempt that the policy denies.
    pub(super) fn denied(&self, attempt: Attempt, denial: &Denial) -> HttpError {
        let why = self.hide(&denial.why().to_string());
        attempt.refused(Verdict::Denied, denial.reason().code(), why);
        self.deny(denial)
    }

    /// Notes that an attempt carries a secret where it may not go, perhaps while its body goes out.
    pub(super) fn denied_secret(&self, exchange: &Exchange, denial: &SecretDenial) -> HttpError {
        let why = self.hide(&denial.to_string());
        exchange.refuses(Verdict::Denied, denial.code(), why);
        self.deny_secret(denial)
    }

    /// Notes that an attempt meets a limit.
    pub(super) fn limited(&self, exchange: &Exchange, limit: Limit, error: &HttpError) {
        let reason = self.hide(&error.to_string());
        exchange.refuses(Verdict::Limit, &limit.to_string(), reason);
    }
}

/// Notes the rule that permits an attempt.
pub(super) fn permitted(attempt: &mut Attempt, permit: &Permit<'_>) {
    attempt.permitted(|| {
        let rule = permit.rule();
        (rule.rule().to_string(), rule.source().to_string())
    });
}

/// A body that is counted as it goes out.
pub(super) fn counted(body: Body, exchange: Exchange) -> Body {
    match body {
        Body::None => Body::None,
        Body::Whole(bytes) => {
            exchange.sends(bytes.len());
            Body::Whole(bytes)
        }
        Body::Stream(pieces) => Body::Stream(Box::pin(pieces.map(move |piece| {
            match &piece {
                Ok(piece) => exchange.sends(piece.len()),
                Err(error) => note_limit(&exchange, error),
            }
            piece
        }))),
    }
}

/// A body that passes its limit breaks off, and the error that it breaks off with says so.
fn note_limit(exchange: &Exchange, error: &io::Error) {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    if let Some(error @ HttpError::TooLarge(_)) = error {
        exchange.refuses(
            Verdict::Limit,
            &Limit::Request.to_string(),
            error.to_string(),
        );
    }
}

fn without_query(mut url: String) -> String {
    url.truncate(url.find(['?', '#']).unwrap_or(url.len()));
    url
}

/// A user name and password in a URL are nobody's to keep.
fn without_userinfo(url: String) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at_checked(start).unwrap_or(("", &url));
    let end = rest.find(['/', '\\']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or(rest);
    match authority.rfind('@') {
        Some(at) => format!("{scheme}…{}", rest.get(at..).unwrap_or_default()),
        None => url,
    }
}
