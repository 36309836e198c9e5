//! A proxy: where it is, and who we are to it.

use crate::policy::{InvalidTarget, Origin, OriginError};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use std::{fmt, ops::Range, str::FromStr};
use zeroize::Zeroizing;

/// Longest user name and longest password in bytes: together they are one line of a request's head.
pub const MAX_CREDENTIAL_BYTES: usize = 1024;

/// An HTTP proxy. `Display` and `Debug` show `****` where it has credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    origin: Origin,
    /// User name and password.
    credentials: Option<(Zeroizing<String>, Zeroizing<String>)>,
}

impl Proxy {
    /// Adds a user name and a password, neither of them encoded.
    ///
    /// # Errors
    /// One is longer than [`MAX_CREDENTIAL_BYTES`] or holds a control character, or the user name holds a colon.
    pub fn with_credentials(self, user: &str, password: &str) -> Result<Self, ProxyError> {
        for text in [user, password] {
            if text.len() > MAX_CREDENTIAL_BYTES {
                return Err(ProxyError::TooLong);
            }
            if text.chars().any(char::is_control) {
                return Err(ProxyError::Control);
            }
        }
        if user.contains(':') {
            return Err(ProxyError::Colon);
        }
        let owned = |text: &str| Zeroizing::new(text.to_owned());
        Ok(Self {
            credentials: Some((owned(user), owned(password))),
            ..self
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The value of `Proxy-Authorization`, for the one who puts it on the wire.
    pub(crate) fn authorization(&self) -> Option<Zeroizing<String>> {
        let (user, password) = self.credentials.as_ref()?;
        let both = Zeroizing::new(format!("{}:{}", user.as_str(), password.as_str()));
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(both.as_bytes()));
        Some(Zeroizing::new(format!("Basic {}", encoded.as_str())))
    }
}

impl FromStr for Proxy {
    type Err = ProxyError;

    /// `http://[USER[:PASSWORD]@]HOST[:PORT]`, or https; user name and password are percent-encoded.
    fn from_str(text: &str) -> Result<Self, ProxyError> {
        if text
            .split_once("://")
            .is_some_and(|(scheme, _)| scheme.to_ascii_lowercase().starts_with("socks"))
        {
            return Err(ProxyError::Socks);
        }
        let Some(range) = userinfo(text) else {
            return Ok(Self {
                origin: text.parse().map_err(ProxyError::of)?,
                credentials: None,
            });
        };
        let (before, after) = (text.get(..range.start), text.get(range.end + 1..));
        let plain = format!(
            "{}{}",
            before.unwrap_or_default(),
            after.unwrap_or_default()
        );
        let proxy = plain.parse::<Self>()?;
        let both = text.get(range).unwrap_or_default();
        let (user, password) = both.split_once(':').unwrap_or((both, ""));
        let decoded = |text| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(|text| Zeroizing::new(text.into_owned()))
                .map_err(|_| ProxyError::Encoding)
        };
        proxy.with_credentials(&decoded(user)?, &decoded(password)?)
    }
}

/// Where in a proxy's URL user name and password stand, the `@` that ends them left out.
#[must_use]
pub fn userinfo(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + 3;
    let rest = url.get(start..)?;
    let authority = rest.split(['/', '?', '#']).next()?;
    authority.rfind('@').map(|end| start..start + end)
}

impl fmt::Display for Proxy {
    /// `http://****@proxy.example.com:3128`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin { scheme, .. } = self.origin;
        let origin = self.origin.to_string();
        match (&self.credentials, origin.split_once("://")) {
            (Some(_), Some((_, host))) => write!(f, "{scheme}://****@{host}"),
            _ => f.write_str(&origin),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no proxy. Nothing of the text is in the error: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// `socks5://` and its like.
    #[error("SOCKS proxies are not supported, only those that speak HTTP")]
    Socks,
    /// The rest of the URL is no origin.
    #[error(transparent)]
    Url(InvalidTarget),
    /// It has a path, a query or a fragment; or a password that begins one.
    #[error(
        "a proxy's URL ends with its host and port; in a password `/`, `?` and `#` are written %2F, %3F and %23"
    )]
    More,
    /// What is percent-encoded is not UTF-8.
    #[error("its user name or password is not UTF-8 once it is decoded")]
    Encoding,
    /// Longer than [`MAX_CREDENTIAL_BYTES`].
    #[error("its user name or password is longer than {MAX_CREDENTIAL_BYTES} bytes")]
    TooLong,
    /// A line feed, for example.
    #[error("its user name or password holds a control character")]
    Control,
    /// The protocol ends the user name with one.
    #[error("its user name holds a colon")]
    Colon,
}

impl ProxyError {
    fn of(error: OriginError) -> Self {
        match error {
            OriginError::Url(error) => Self::Url(error),
            OriginError::More => Self::More,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Proxy, ProxyError> {
        text.parse()
    }

    #[test]
    fn urls_of_proxies() {
        for (text, shown, authorization) in [
            (
                "http://proxy.example:3128",
                "http://proxy.example:3128",
                None,
            ),
            (
                "HTTP://Proxy.Example:3128/",
                "http://proxy.example:3128",
                None,
            ),
            ("https://10.0.0.1", "https://10.0.0.1", None),
            ("http://[::1]:3128", "http://[::1]:3128", None),
            (
                "http://Aladdin:open%20sesame@proxy.example:3128",
                "http://****@proxy.example:3128",
                Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ),
            (
                "http://token@p.example",
                "http://****@p.example",
                Some("Basic dG9rZW46"),
            ),
            (
                "http://u:a:b@c@p.example",
                "http://****@p.example",
                Some("Basic dTphOmJAYw=="),
            ),
        ] {
            let proxy = read(text).unwrap();
            assert_eq!(proxy.to_string(), shown);
            assert_eq!(format!("{proxy:?}"), shown);
            let found = proxy.authorization();
            assert_eq!(
                found.as_ref().map(|value| value.as_str()),
                authorization,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_quoting_it() {
        let long = format!("http://u:{}@p.example", "hush".repeat(300));
        for (text, words) in [
            ("socks5://hush:hush@p.example:1080", "SOCKS"),
            ("SOCKS://p.example", "SOCKS"),
            ("p.example:3128", "scheme"),
            ("hush:hush@p.example:3128", "http://"),
            ("ftp://hush@p.example", "http://"),
            ("http://p.example/hush", "ends with its host"),
            ("http://p.example?hush", "ends with its host"),
            ("http://hush:hu/sh@p.example", "port"),
            ("http://hush:1/sh@p.example", "ends with its host"),
            ("http://u:%ff@p.example", "UTF-8"),
            ("http://u:a%0d%0aHush:%20x@p.example", "control"),
            ("http://u%3ahush:x@p.example", "colon"),
            ("http://hush@", "host"),
            ("http://u:p@p.example:99999", "port"),
            ("", "scheme"),
            (&long, "longer than 1024"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
