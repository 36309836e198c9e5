//! What a redirect asks for next. Each hop is a request of its own, decided anew.

use super::{asked::Asked, incoming::Incoming, message::HttpError, session::Session};
use crate::{policy::Method, secrets::is_secret_name};
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
    answer: &Incoming,
) -> Result<Option<Asked>, HttpError> {
    let status = answer.status();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.header("location") else {
        return Ok(None);
    };
    let keeps = match (status, asked.method()) {
        (307 | 308, _) | (_, Method::Get | Method::Head) => true,
        (301 | 302, method) => method != Method::Post,
        _ => false,
    };
    let method = if keeps { asked.method() } else { Method::Get };
    let target = asked.target.redirect(method, location).map_err(|error| {
        HttpError::Connection(format!("the service redirects to an invalid URL: {error}"))
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
    session
        .0
        .secrets
        .redirected(target.origin(), &mut headers, body.as_deref())
        .map_err(|denial| session.deny_secret(&denial))?;
    Ok(Some(Asked {
        target,
        headers,
        body,
    }))
}

/// Everything but what is called like a credential: `authorization`, `cookie`, `x-api-key` and their kin.
fn without_credentials(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| **name != COOKIE && !is_secret_name(name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
