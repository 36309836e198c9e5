//! What a redirect asks for next. Each hop is a request of its own, decided anew.

use super::{asked::Asked, incoming::Incoming, message::HttpError, session::Session};
use crate::{audit::Outcome, policy::Method, secrets::is_secret_name};
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE},
};

/// The request that follows from `answer`, or `None` where it is no redirect.
///
/// 307 and 308 repeat the method and body; 301 and 302 do for anything but POST; 303, and 301 and 302 after
/// POST, become GET without a body. At another origin nothing goes along that could be a credential.
pub(super) fn next(
    session: &Session,
    asked: &Asked,
    answer: &mut Incoming,
) -> Result<Option<Asked>, HttpError> {
    let status = answer.status();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.header("location").map(str::to_owned) else {
        return Ok(None);
    };
    // Its line comes before that of what it leads to.
    answer.redirects();
    let keeps = match (status, asked.method()) {
        (307 | 308, _) | (_, Method::Get | Method::Head) => true,
        (301 | 302, method) => method != Method::Post,
        _ => false,
    };
    let method = if keeps { asked.method() } else { Method::Get };
    let target = asked.target.redirect(method, &location).map_err(|error| {
        let reason = format!("the service redirects to an invalid URL: {error}");
        session.audit_invalid(method.as_str(), &location, "redirect", &reason);
        HttpError::Connection(reason)
    })?;
    let mut headers = asked.headers.clone();
    if !keeps {
        for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE] {
            headers.remove(name);
        }
    }
    if target.origin() != asked.target.origin() {
        headers = without_credentials(&headers);
    }
    let body = if keeps { asked.body.clone() } else { None };
    let mut next = Asked {
        target,
        headers,
        body,
    };
    let origin = next.target.origin();
    let secrets = &session.inner.secrets;
    match secrets.redirected(origin, &mut next.headers, next.body.as_deref()) {
        Ok(()) => Ok(Some(next)),
        Err(denial) => {
            let attempt = session.audit(&next);
            let error = session.denied_secret(&attempt.exchange(), &denial);
            attempt.ends(Outcome::NotSent, None);
            Err(error)
        }
    }
}

/// Everything but what is called like a credential: `authorization`, `cookie`, `x-api-key` and their kin.
fn without_credentials(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| **name != COOKIE && !is_secret_name(name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
