//! The last stage of a request: values where the placeholders were, if they may be there.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_PAD_INDIFFERENT};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderName, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::body::{Escape, OutgoingBody};
use super::denial::{Place, SecretDenial, SecretReason};
use super::rules::Rules;
use super::run::RunSecrets;
use crate::policy::{Origin, Target};

/// Dropped from requests whose answers are scrubbed: they ask for a part of an answer, or for a difference to another, and a value
/// that comes in parts is not found.
const PARTIAL: [HeaderName; 3] = [RANGE, IF_RANGE, HeaderName::from_static("a-im")];

/// A request as it goes on the wire. `Debug` shows nothing of it but whether it carries a secret.
pub struct Sent {
    /// The headers; those with a value in them are marked as sensitive.
    pub headers: HeaderMap,
    /// The URL.
    pub url: Url,
    /// The body.
    pub body: Option<Bytes>,
    /// Whether a secret is in it.
    pub carried: bool,
    /// The names of the secrets that are in it, for the audit.
    pub names: BTreeSet<String>,
}

impl RunSecrets {
    /// Puts values where the placeholders are. The last stage before the transport, after everything that keeps or logs a request.
    ///
    /// A secret goes to the origins that it is bound to and into the places that its binding names; a placeholder anywhere else, or one
    /// that was changed, is a denial. Placeholders of other runs are ordinary text. Where anything is bound to the origin, the answer
    /// will be scrubbed, so it is asked for in one piece (`Range` and the like are dropped: a service may ignore them anyway) and as
    /// it is (`Accept-Encoding: identity`), also if this request carries nothing.
    ///
    /// Values are percent-encoded in the query and in forms, and escaped in JSON bodies, as `Content-Type` says. In `Authorization:
    /// Basic` they are put into the credentials.
    ///
    /// # Errors
    /// Says which secret may not go where. Nothing may be sent then.
    pub fn outgoing(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Option<Bytes>,
    ) -> Result<Sent, Box<SecretDenial>> {
        let mut sent = Sent {
            headers,
            url: target.url().clone(),
            body,
            carried: false,
            names: BTreeSet::new(),
        };
        let Some(run) = self.run() else {
            return Ok(sent);
        };
        let mut rules = Rules::new(run, target.origin());
        let escape = Escape::of(&sent.headers);
        check_fixed_parts(&rules, target, &sent.headers)?;
        put_into_query(&mut rules, target, &mut sent.url)?;
        put_into_headers(&mut rules, &mut sent.headers)?;
        if let Some(body) = &mut sent.body {
            put_into_body(&mut rules, escape, body)?;
        }
        sent.carried = rules.has_carried();
        sent.names.clone_from(rules.names());
        if rules.answers_are_scrubbed()? {
            for name in PARTIAL {
                sent.headers.remove(name);
            }
            let identity = HeaderValue::from_static("identity");
            sent.headers.insert(ACCEPT_ENCODING, identity);
        }
        Ok(sent)
    }

    /// [`RunSecrets::outgoing`] for a body that goes out in pieces: what it must go through. None if there are no secrets.
    ///
    /// `headers` are those of the request as the runner made it.
    #[must_use]
    pub fn outgoing_body(&self, origin: &Origin, headers: &HeaderMap) -> Option<OutgoingBody> {
        let run = self.run()?;
        Some(OutgoingBody::new(
            Rules::new(run, origin),
            Escape::of(headers),
        ))
    }

    /// Prepares a request, with placeholders still in it, for the origin that a redirect leads to: headers that hold the placeholder of
    /// a secret that is not bound to it are dropped.
    ///
    /// # Errors
    /// The body holds such a placeholder. What is left is for [`RunSecrets::outgoing`] to judge.
    pub fn redirected(
        &self,
        to: &Origin,
        headers: &mut HeaderMap,
        body: Option<&[u8]>,
    ) -> Result<(), Box<SecretDenial>> {
        let Some(run) = self.run() else {
            return Ok(());
        };
        let rules = Rules::new(run, to);
        let foreign = |name: &HeaderName, value: &HeaderValue| {
            rules.is_foreign(name.as_str().as_bytes())
                || rules.is_foreign(value.as_bytes())
                || basic(name, value)
                    .is_some_and(|credentials| rules.is_foreign(&credentials.decoded))
        };
        let dropped: Vec<HeaderName> = headers
            .iter()
            .filter(|(name, value)| foreign(name, value))
            .map(|(name, _)| name.clone())
            .collect();
        for name in dropped {
            headers.remove(name);
        }
        body.map_or(Ok(()), |body| rules.refuse_foreign(body, Place::Body))
    }
}

/// Host, path and header names never hold a placeholder.
fn check_fixed_parts(
    rules: &Rules,
    target: &Target,
    headers: &HeaderMap,
) -> Result<(), Box<SecretDenial>> {
    rules.refuse_any(target.host().to_string().as_bytes(), Place::Host)?;
    rules.refuse_any(target.path().as_bytes(), Place::Path)?;
    for name in headers.keys() {
        rules.refuse_any(name.as_str().as_bytes(), Place::HeaderName)?;
    }
    Ok(())
}

fn put_into_query(
    rules: &mut Rules,
    target: &Target,
    url: &mut Url,
) -> Result<(), Box<SecretDenial>> {
    let query = target.query().unwrap_or_default().as_bytes();
    let write = |value: &str, out: &mut Vec<u8>| Escape::Percent.write(value, out);
    if let Some(replaced) = rules.replace(query, &Place::Query, write)? {
        // The query was ASCII, and so is what was put in.
        url.set_query(Some(&String::from_utf8_lossy(&replaced.text)));
    }
    Ok(())
}

fn put_into_headers(rules: &mut Rules, headers: &mut HeaderMap) -> Result<(), Box<SecretDenial>> {
    let plain = |value: &str, out: &mut Vec<u8>| Escape::None.write(value, out);
    for (name, value) in headers.iter_mut() {
        let place = Place::Header(name.clone());
        let replaced = match basic(name, value) {
            Some(credentials) => {
                rules
                    .replace(&credentials.decoded, &place, plain)?
                    .map(|mut replaced| {
                        replaced.text = credentials.encode(&replaced.text);
                        replaced
                    })
            }
            None => rules.replace(value.as_bytes(), &place, plain)?,
        };
        let Some(replaced) = replaced else {
            continue;
        };
        match HeaderValue::from_bytes(&replaced.text) {
            Ok(mut with_secret) => {
                with_secret.set_sensitive(true);
                *value = with_secret;
            }
            Err(_) => {
                let denial = rules.refuse(replaced.secret, place, SecretReason::NotAHeader);
                return denial.map_or(Ok(()), Err);
            }
        }
    }
    Ok(())
}

fn put_into_body(
    rules: &mut Rules,
    escape: Escape,
    body: &mut Bytes,
) -> Result<(), Box<SecretDenial>> {
    let write = |value: &str, out: &mut Vec<u8>| escape.write(value, out);
    if let Some(replaced) = rules.replace(body, &Place::Body, write)? {
        *body = replaced.text.into();
    }
    Ok(())
}

/// `Authorization: Basic`, taken apart.
struct Basic {
    /// The scheme as it is written, and the spaces after it.
    scheme: String,
    decoded: Vec<u8>,
}

fn basic(name: &HeaderName, value: &HeaderValue) -> Option<Basic> {
    let text = value.to_str().ok().filter(|_| *name == AUTHORIZATION)?;
    let (scheme, rest) = text.split_at_checked("basic".len())?;
    let credentials = rest.trim_start_matches(' ');
    if !scheme.eq_ignore_ascii_case("basic") || credentials.len() == rest.len() {
        return None;
    }
    let decoded = STANDARD_PAD_INDIFFERENT.decode(credentials).ok()?;
    let before = text.len() - credentials.len();
    Some(Basic {
        scheme: text.get(..before)?.to_owned(),
        decoded,
    })
}

impl Basic {
    fn encode(&self, credentials: &[u8]) -> Vec<u8> {
        let mut text = self.scheme.clone();
        STANDARD.encode_string(credentials, &mut text);
        text.into_bytes()
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent")
            .field("carried", &self.carried)
            .finish_non_exhaustive()
    }
}
