//! The closed list of request methods.

use std::fmt;
use std::str::FromStr;

/// A request method. The list is closed: CONNECT and TRACE reach further than one request, and an unknown method is one that
/// nobody has judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the method of its name")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    /// Every method there is, in the order in which rules and messages list them.
    pub const ALL: [Self; 7] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Options,
    ];

    /// The method as it goes on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
            Method::Options => Self::OPTIONS,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is none of the methods of [`Method::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMethod {
    /// It would be one in upper case. Methods are case-sensitive, and a server may treat `get` as anything.
    #[error("methods are written in upper case: {0}")]
    Case(Method),
    /// It is no method of the list in any case.
    #[error("the method must be one of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS")]
    Unknown,
}

impl FromStr for Method {
    type Err = InvalidMethod;

    fn from_str(text: &str) -> Result<Self, InvalidMethod> {
        for method in Self::ALL {
            if method.as_str() == text {
                return Ok(method);
            }
            if method.as_str().eq_ignore_ascii_case(text) {
                return Err(InvalidMethod::Case(method));
            }
        }
        Err(InvalidMethod::Unknown)
    }
}

/// A set of methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MethodSet(u8);

impl MethodSet {
    /// Nothing at all.
    pub const EMPTY: Self = Self(0);
    /// All methods of [`Method::ALL`].
    pub const ALL: Self = Self((1 << Method::ALL.len()) - 1);

    const fn bit(method: Method) -> u8 {
        1 << method as u8
    }

    /// Whether `method` is in the set.
    #[must_use]
    pub const fn contains(self, method: Method) -> bool {
        self.0 & Self::bit(method) != 0
    }

    /// Adds `method`; false if it was there already.
    pub const fn insert(&mut self, method: Method) -> bool {
        let new = !self.contains(method);
        self.0 |= Self::bit(method);
        new
    }

    /// The methods in the order of [`Method::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL
            .into_iter()
            .filter(move |method| self.contains(*method))
    }
}
