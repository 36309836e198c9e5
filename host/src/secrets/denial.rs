//! Why a request may not carry a secret.

use std::fmt;

use http::HeaderName;

use super::binding::{Places, carries_in_clear};
use super::run::{Entry, Run};
use super::value::MIN_SECRET_BYTES;
use crate::escape::printable;
use crate::policy::Origin;

/// Most origins that a denial lists.
const MAX_LISTED: usize = 4;
/// Longest name in a message, in characters.
const MAX_SHOWN_NAME: usize = 64;

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The host.
    Host,
    /// The path.
    Path,
    /// The query.
    Query,
    /// The name of a header.
    HeaderName,
    /// The value of this header.
    Header(HeaderName),
    /// The body.
    Body,
}

impl Place {
    pub(super) const fn is_in(&self, places: Places) -> bool {
        match self {
            Self::Host | Self::Path | Self::HeaderName => false,
            Self::Query => places.query,
            Self::Header(_) => places.header,
            Self::Body => places.body,
        }
    }

    /// How `in:` calls it, if it may stand there.
    const fn key(&self) -> Option<&'static str> {
        match self {
            Self::Host | Self::Path | Self::HeaderName => None,
            Self::Query => Some("query"),
            Self::Header(_) => Some("header"),
            Self::Body => Some("body"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("the host"),
            Self::Path => f.write_str("the path"),
            Self::Query => f.write_str("the query"),
            Self::HeaderName => f.write_str("the name of a header"),
            Self::Header(name) => {
                write!(
                    f,
                    "the header `{}`",
                    printable(name.as_str(), MAX_SHOWN_NAME)
                )
            }
            Self::Body => f.write_str("the body"),
        }
    }
}

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretReason {
    /// The secret is bound to other origins: these.
    Unbound(Vec<Origin>),
    /// The secret may stand in other parts of a request: these.
    Place(Places),
    /// The placeholder is spelled in another way than the runner got it: in capitals, percent-encoded, or with escapes.
    Spelling,
    /// The value has characters that no header can have, such as a line's end.
    NotAHeader,
    /// Nobody gave the secret a value, which is no fault in a replay.
    Unset,
    /// The secret's value is too short to be one, which is no fault in a replay.
    TooShort,
    /// The request holds more than [`super::MAX_PLACEHOLDERS`] placeholders.
    TooMany,
    /// The answers of this origin could not be searched for its secrets.
    TooMuch,
}

/// A request that may not carry a secret that it asks to carry. For the user and the audit, not for the guest. It holds neither a
/// value nor a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretDenial {
    secret: String,
    origin: String,
    in_clear: bool,
    place: Place,
    reason: SecretReason,
}

impl SecretDenial {
    pub(super) fn new(
        run: &Run,
        entry: &Entry,
        origin: &Origin,
        place: Place,
        reason: SecretReason,
    ) -> Box<Self> {
        Box::new(Self {
            secret: entry.name.clone(),
            // The host may hold a placeholder itself.
            origin: run.show(&origin.to_string()),
            in_clear: carries_in_clear(origin),
            place,
            reason,
        })
    }

    /// The secret's field.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The origin asked for.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where in the request the placeholder was.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> &SecretReason {
        &self.reason
    }

    /// A short, stable word for audit lines and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.reason {
            SecretReason::Unbound(_) => "secret-origin",
            SecretReason::Place(_) => "secret-place",
            SecretReason::Spelling => "secret-spelling",
            SecretReason::NotAHeader => "secret-value",
            SecretReason::Unset => "secret-unset",
            SecretReason::TooShort => "secret-short",
            SecretReason::TooMany => "secret-count",
            SecretReason::TooMuch => "secret-size",
        }
    }

    /// What to do, in words. None where nothing helps.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        if let Some(line) = self.fix() {
            return Some(format!(
                "to allow it, write in the runner's section of agent-arborist.yaml:   {line}"
            ));
        }
        let secret = printable(&self.secret, MAX_SHOWN_NAME);
        match &self.reason {
            SecretReason::Unset => Some(format!(
                "set the variable that the configuration names for `{secret}`; `arborist config show` lists it"
            )),
            SecretReason::TooShort => Some(format!(
                "look at the variable that the configuration names for `{secret}`: it holds fewer than {MIN_SECRET_BYTES} bytes"
            )),
            // Without the line that permits it: the runner chose where it asks, and nobody should be led there.
            SecretReason::Unbound(_) if self.in_clear => Some(format!(
                "use https: whoever is on the way could read it. Over plain http `{secret}` goes only to an origin that `to` of `secrets` names in the runner's section"
            )),
            _ => None,
        }
    }

    /// The line of YAML in the runner's section that would permit the request. None where nothing does, and where nobody should be led
    /// to it: a secret over an unencrypted network.
    #[must_use]
    pub fn fix(&self) -> Option<String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if !self.secret.bytes().all(plain) {
            return None;
        }
        match &self.reason {
            SecretReason::Unbound(bound)
                if bound.len() < MAX_LISTED && self.place.key().is_some() && !self.in_clear =>
            {
                let all = bound
                    .iter()
                    .map(Origin::to_string)
                    .chain([self.origin.clone()]);
                let to: Vec<String> = all.map(|origin| format!("\"{origin}\"")).collect();
                Some(format!(
                    "secrets: {{{}: {{to: [{}]}}}}",
                    self.secret,
                    to.join(", ")
                ))
            }
            SecretReason::Place(places) => {
                let key = self.place.key()?;
                let kept = if places.is_empty() {
                    String::new()
                } else {
                    format!("{places}, ")
                };
                Some(format!(
                    "secrets: {{{}: {{in: [{kept}{key}]}}}}",
                    self.secret
                ))
            }
            _ => None,
        }
    }
}

impl fmt::Display for SecretDenial {
    /// One line of printable text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            secret,
            origin,
            place,
            reason,
            ..
        } = self;
        let secret = printable(secret, MAX_SHOWN_NAME);
        write!(
            f,
            "the runner put the secret `{secret}` into {place} of a request to {origin}"
        )?;
        match reason {
            SecretReason::Unbound(bound) if bound.is_empty() => {
                f.write_str(", and it is bound to no origin")
            }
            SecretReason::Unbound(bound) => {
                f.write_str(", and it is bound to ")?;
                for (at, origin) in bound.iter().take(MAX_LISTED).enumerate() {
                    write!(f, "{}{origin}", if at == 0 { "" } else { ", " })?;
                }
                match bound.len().saturating_sub(MAX_LISTED) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            SecretReason::Place(places) if places.is_empty() => {
                f.write_str(", and it may stand nowhere")
            }
            SecretReason::Place(places) => write!(f, ", and it may only stand in: {places}"),
            SecretReason::Spelling => {
                f.write_str(", spelled in another way than it was given; it must be sent unchanged")
            }
            SecretReason::NotAHeader => {
                f.write_str(", and its value has characters that no header can have")
            }
            SecretReason::Unset => f.write_str(", and it has no value"),
            SecretReason::TooShort => write!(
                f,
                ", and its value has fewer than {MIN_SECRET_BYTES} bytes, so it could not be found again in an answer"
            ),
            SecretReason::TooMany => write!(
                f,
                ", and that is more than {} secrets in one request",
                super::MAX_PLACEHOLDERS
            ),
            SecretReason::TooMuch => {
                f.write_str(", and the secrets are too large to be found in its answers")
            }
        }
    }
}

impl std::error::Error for SecretDenial {}
