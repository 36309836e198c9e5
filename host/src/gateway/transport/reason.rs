//! Why a request has no answer, in words that a guest may read.

use super::{When, client::CONNECT, resolve::NonePermitted};
use rustls::{CertificateError, Error as TlsError};
use std::{error::Error, io, net::IpAddr};

/// What a proxy's 407 means.
pub(super) const CREDENTIALS: &str = "it wants a user name and a password, or others than it was given; they stand in `proxy: http://USER:${PASSWORD}@HOST:PORT`";

/// How the client says that a proxy answers 407.
const UNAUTHORIZED: &str = "tunnel error: proxy authorization required";
/// How it says that a proxy makes no tunnel.
const UNSUCCESSFUL: &str = "tunnel error: unsuccessful";

/// The answers of a name whose addresses were all filtered out, if that is why the request failed.
pub(super) fn none_permitted(error: &reqwest::Error) -> Option<Vec<IpAddr>> {
    let filtered = causes(error).find_map(|cause| cause.downcast_ref::<NonePermitted>());
    filtered.map(|filtered| filtered.answers.clone())
}

/// How far a request came that failed.
pub(super) fn when(error: &reqwest::Error) -> When {
    let lasting = causes(error).any(|cause| {
        let text = cause.to_string();
        cause.is::<TlsError>() || text == UNAUTHORIZED || text == UNSUCCESSFUL
    });
    match (lasting, error.is_connect()) {
        (true, _) => When::Always,
        (false, true) => When::Connecting,
        (false, false) => When::Sent,
    }
}

/// Why a request failed, without the URL and its query.
pub(super) fn explain(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return format!("no connection within {} s", CONNECT.as_secs());
    }
    if let Some(tls) = causes(&error).find_map(|cause| cause.downcast_ref::<TlsError>()) {
        return explain_tls(tls);
    }
    let innermost = causes(&error).last();
    let text = innermost.map_or_else(|| error.to_string(), ToString::to_string);
    // The types of these two are the client's own, and cannot be named here.
    match text.as_str() {
        UNAUTHORIZED => CREDENTIALS.to_owned(),
        UNSUCCESSFUL => "it refuses to connect to that host and port, or cannot".to_owned(),
        _ => text,
    }
}

fn explain_tls(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => "nobody whom this machine trusts has signed the service's certificate (UnknownIssuer); if its authority is your own, name the authority's certificate with `ca: FILE` in the runner's section".to_owned(),
        TlsError::InvalidMessage(_) => format!(
            "what answers there does not speak TLS ({error}): if it is a service without encryption, its URL begins with http://"
        ),
        TlsError::PeerIncompatible(_) => {
            format!("the service speaks neither TLS 1.2 nor TLS 1.3 as it should: {error}")
        }
        other => other.to_string(),
    }
}

/// The error and all that caused it, outermost first.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| {
        next(*error)
    })
}

/// What an I/O error carries is no cause of it by its own account.
fn next<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let carried = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match carried {
        Some(carried) => Some(carried as &(dyn Error + 'static)),
        None => error.source(),
    }
}
