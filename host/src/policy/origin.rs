//! Scheme, host and port.

use std::fmt;
use std::str::FromStr;

use super::host::{Host, HostError};
use super::target::{InvalidTarget, Target};

/// The two schemes that a request may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The scheme in lower case, without `://`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that a URL without one means.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// `http` or `https` in any case.
    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Scheme, host and port: what secrets are bound to and what implied rules permit. Another name for the same machine is another
/// origin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// http or https.
    pub scheme: Scheme,
    /// The canonical host.
    pub host: Host,
    /// The port, also where the text left it to the scheme.
    pub port: u16,
}

impl fmt::Display for Origin {
    /// `https://api.example.com`, with the port only where it is not the scheme's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if self.port == self.scheme.default_port() {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    /// Parses an origin by the parser that requests go through, so that the two can be compared.
    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text.contains('#') {
            return Err(OriginError::More);
        }
        let target = Target::parse("GET", text)?;
        if target.path() != "/" || target.query().is_some() {
            return Err(OriginError::More);
        }
        Ok(target.into_origin())
    }
}

/// Why a text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is no URL that a request could have.
    #[error(transparent)]
    Url(#[from] InvalidTarget),
    /// It has a path, a query or a fragment.
    #[error("an origin is SCHEME://HOST[:PORT] and nothing after it")]
    More,
}

/// The part after the colon is no port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the port must be a number from 1 to 65535 without sign or leading zero")]
pub struct InvalidPort;

/// What precedes the path, taken apart: the same steps for rules and for requests.
pub(super) struct Authority<'a> {
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
}

/// Why an authority could not be taken apart.
pub(super) enum AuthorityError {
    Userinfo,
    Host(HostError),
    Port(InvalidPort),
}

impl<'a> Authority<'a> {
    /// Splits `HOST[:PORT]`. The host is not yet looked at.
    pub(super) fn split(text: &'a str) -> Result<Self, AuthorityError> {
        if text.contains('@') {
            return Err(AuthorityError::Userinfo);
        }
        let after_host = match text.strip_prefix('[') {
            Some(inner) => inner
                .find(']')
                .map(|at| at + 2)
                .ok_or(AuthorityError::Host(HostError::Ipv6))?,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at(after_host);
        let port = match rest.strip_prefix(':') {
            Some(digits) => Some(port(digits).ok_or(AuthorityError::Port(InvalidPort))?),
            None if rest.is_empty() => None,
            None => return Err(AuthorityError::Host(HostError::Ipv6)),
        };
        if host.is_empty() {
            return Err(AuthorityError::Host(HostError::Empty));
        }
        Ok(Self { host, port })
    }
}

/// `u16::from_str` alone would take `+80` and `080`.
fn port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}
