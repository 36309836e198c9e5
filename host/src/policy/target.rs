//! What a guest asks for: one method, one URL, one canonical form, for both doors.

use std::fmt;

use super::host::{Host, HostError};
use super::method::{InvalidMethod, Method};
use super::origin::{Authority, AuthorityError, InvalidPort, Origin, Scheme};
use super::path::{may_climb, push_canonical_path, push_canonical_query};

/// Longest URL that a guest may give, in bytes, as written. Servers commonly take 8 KiB for the whole request line.
pub const MAX_URL_BYTES: usize = 8 * 1024;

/// A method and a URL in canonical form. Policy decides on it and the gateway sends it: there is no second parse that could
/// disagree with the first.
///
/// A fragment is dropped: it is no part of a request, HTTP libraries hand it over all the same, and a door that refused it would
/// disagree with the other, whose request type has no place for one. Control characters are refused even there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    method: Method,
    origin: Origin,
    url: url::Url,
    may_climb: bool,
}

impl Target {
    /// Parses what `arborist:runner/http` gets. Linear in the length of `url`, of which no more than [`MAX_URL_BYTES`] are looked at.
    ///
    /// # Errors
    /// Says what to change. The URL is not in the error.
    pub fn parse(method: &str, url: &str) -> Result<Self, InvalidTarget> {
        Self::with_method(method.parse()?, url)
    }

    /// Parses what wasi:http gets: the parts of the same URL, joined and given to the parser of [`Target::parse`].
    ///
    /// An absent or empty `path_and_query` is `/`.
    ///
    /// # Errors
    /// As [`Target::parse`]; also if a part holds what would, once joined, belong to another.
    pub fn from_parts(
        method: &str,
        scheme: Option<&str>,
        authority: Option<&str>,
        path_and_query: Option<&str>,
    ) -> Result<Self, InvalidTarget> {
        let method = method.parse()?;
        let scheme = scheme.ok_or(InvalidTarget::NoScheme)?;
        let authority = authority.ok_or(InvalidTarget::Host(HostError::Empty))?;
        let rest = path_and_query.unwrap_or_default();
        Scheme::parse(scheme).ok_or(InvalidTarget::Scheme)?;
        if authority.contains(['/', '?', '#']) {
            return Err(InvalidTarget::Authority);
        }
        if !(rest.is_empty() || rest.starts_with(['/', '?', '#'])) {
            return Err(InvalidTarget::PathForm);
        }
        Self::with_method(method, &format!("{scheme}://{authority}{rest}"))
    }

    /// The request that follows from a redirect: `location` is the value of the header, absolute or relative to this target.
    ///
    /// # Errors
    /// As [`Target::parse`], for the URL that `location` stands for.
    pub fn redirect(&self, method: Method, location: &str) -> Result<Self, InvalidTarget> {
        let before_path = location.split(['/', '?', '#']).next().unwrap_or_default();
        let absolute = if before_path.contains(':') {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{}:{location}", self.origin.scheme)
        } else if location.starts_with('/') {
            format!("{}{location}", self.origin)
        } else if location.starts_with('?') {
            format!("{}{}{location}", self.origin, self.path())
        } else if before_path.is_empty() {
            format!("{}{location}", self.url)
        } else {
            let folder = self
                .path()
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder);
            format!("{}{folder}/{location}", self.origin)
        };
        Self::with_method(method, &absolute)
    }

    fn with_method(method: Method, url: &str) -> Result<Self, InvalidTarget> {
        if url.len() > MAX_URL_BYTES {
            return Err(InvalidTarget::TooLong);
        }
        check_characters(url)?;
        let url = url.split('#').next().unwrap_or_default();
        let (scheme, rest) = split_scheme(url)?;
        let (authority, path_and_query) =
            rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        let authority = Authority::split(authority)?;
        let origin = Origin {
            scheme,
            host: Host::parse(authority.host)?,
            port: authority.port.unwrap_or(scheme.default_port()),
        };

        let mut canonical = origin.to_string();
        let path_start = canonical.len();
        push_canonical_path(path, &mut canonical).map_err(|_| InvalidTarget::Percent)?;
        let may_climb = canonical.get(path_start..).is_some_and(may_climb);
        if let Some(query) = query {
            canonical.push('?');
            push_canonical_query(query, &mut canonical);
        }
        // The client takes a `Url`. Were its parser ever to read the canonical text differently, that text must not be sent.
        match url::Url::parse(&canonical) {
            Ok(url) if url.as_str() == canonical => Ok(Self {
                method,
                origin,
                url,
                may_climb,
            }),
            Ok(_) | Err(_) => Err(InvalidTarget::Unstable),
        }
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Scheme, host and port.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn into_origin(self) -> Origin {
        self.origin
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.origin.scheme
    }

    /// The canonical host: for the policy, DNS, SNI, the Host header and the binding of secrets.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.origin.host
    }

    /// The port, also where the guest left it to the scheme.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.origin.port
    }

    /// The canonical path, with its leading `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// The query without its `?`, if the guest gave one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.url.query()
    }

    /// The very URL to send. Its text is canonical: parsing it again changes nothing.
    #[must_use]
    pub const fn url(&self) -> &url::Url {
        &self.url
    }

    /// Whether a lax server might see a dot segment in the path.
    pub(super) const fn may_climb(&self) -> bool {
        self.may_climb
    }
}

impl fmt::Display for Target {
    /// `POST https://api.example.com/v1/generate`: without the query, which is where services that should not do so take keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.origin, self.path())
    }
}

/// Refuses what URL parsers drop, trim or turn into something else without a word.
fn check_characters(url: &str) -> Result<(), InvalidTarget> {
    for byte in url.bytes() {
        match byte {
            b'\\' => return Err(InvalidTarget::Backslash),
            b' ' => return Err(InvalidTarget::Space),
            _ if byte.is_ascii_control() => return Err(InvalidTarget::Control),
            _ => {}
        }
    }
    Ok(())
}

/// Splits `SCHEME://REST`.
pub(super) fn split_scheme(url: &str) -> Result<(Scheme, &str), InvalidTarget> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(InvalidTarget::NoScheme);
    };
    if scheme.is_empty() || scheme.contains(['/', '?', '.', '[', '@']) {
        return Err(InvalidTarget::NoScheme);
    }
    let scheme = Scheme::parse(scheme).ok_or(InvalidTarget::Scheme)?;
    let rest = rest.strip_prefix("//").ok_or(InvalidTarget::Slashes)?;
    Ok((scheme, rest))
}

/// Why a request has no canonical form. Refused before any rule is asked; a guest may read the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// Not a method of the closed list.
    #[error(transparent)]
    Method(#[from] InvalidMethod),
    /// Longer than [`MAX_URL_BYTES`].
    #[error("the URL is longer than {MAX_URL_BYTES} bytes")]
    TooLong,
    /// NUL, tab, CR, LF, DEL or another control character.
    #[error("the URL contains a control character; percent-encode it")]
    Control,
    /// A space, also at an end.
    #[error("the URL contains a space; write %20")]
    Space,
    /// A backslash, which some parsers take for `/`.
    #[error("the URL contains a backslash; write / or %5C")]
    Backslash,
    /// Relative, or a host without a scheme.
    #[error("the URL has no scheme; write https://HOST/PATH")]
    NoScheme,
    /// Another scheme than http and https.
    #[error("the URL must begin with https:// or http://")]
    Scheme,
    /// `https:host`, which parsers repair in different ways.
    #[error("the scheme must be followed by //")]
    Slashes,
    /// `user@host`: it becomes a credential, and it makes the host hard to see.
    #[error("the URL contains a user name or an @ before the host; send credentials in a header")]
    Userinfo,
    /// The host is missing or malformed.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The port is malformed.
    #[error(transparent)]
    Port(#[from] InvalidPort),
    /// The authority of wasi:http with a path, query or fragment in it.
    #[error("the authority must be HOST[:PORT] and nothing else")]
    Authority,
    /// The path-with-query of wasi:http in absolute form, `*`, or without its slash.
    #[error("the path must begin with /")]
    PathForm,
    /// A `%` in the path without two hexadecimal digits.
    #[error("the path contains a % that encodes nothing; write %25")]
    Percent,
    /// The client's parser reads the canonical form differently. No such URL is known.
    #[error("the URL has no stable form")]
    Unstable,
}

impl From<AuthorityError> for InvalidTarget {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::Userinfo => Self::Userinfo,
            AuthorityError::Host(error) => Self::Host(error),
            AuthorityError::Port(error) => Self::Port(error),
        }
    }
}
