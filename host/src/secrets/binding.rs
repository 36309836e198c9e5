//! Where a secret may go.

use std::fmt;
use std::str::FromStr;

use crate::policy::{AddressClass, Origin, Scheme, address::classify};

/// In which parts of a request a secret may stand. Never in host, path, method or header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Header values.
    pub header: bool,
    /// The query.
    pub query: bool,
    /// The body.
    pub body: bool,
}

impl Default for Places {
    /// Header values alone.
    fn default() -> Self {
        Self {
            header: true,
            query: false,
            body: false,
        }
    }
}

impl Places {
    /// Nowhere.
    pub const NONE: Self = Self {
        header: false,
        query: false,
        body: false,
    };

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Adds the places of `other`.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            header: self.header || other.header,
            query: self.query || other.query,
            body: self.body || other.body,
        }
    }
}

impl FromStr for Places {
    type Err = PlaceError;

    /// One of `header`, `query` and `body`.
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        match text {
            "header" => Ok(Self {
                header: true,
                ..Self::NONE
            }),
            "query" => Ok(Self {
                query: true,
                ..Self::NONE
            }),
            "body" => Ok(Self {
                body: true,
                ..Self::NONE
            }),
            _ => Err(PlaceError),
        }
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = [
            (self.header, "header"),
            (self.query, "query"),
            (self.body, "body"),
        ];
        let names: Vec<&str> = places
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, name)| *name)
            .collect();
        f.write_str(&names.join(", "))
    }
}

/// The text names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret may stand in `header`, `query` or `body`")]
pub struct PlaceError;

/// Which secret may go where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretBinding {
    /// The field that holds the secret.
    pub field: String,
    /// The origins that it may be sent to. None at all means that it is never sent.
    pub to: Vec<Origin>,
    /// The parts of a request that it may stand in.
    pub places: Places,
    /// Whether the runner gets the value itself, so that the rest here is no protection.
    pub exposed: bool,
}

/// Whether what is sent to `origin` crosses a network without encryption: plain http to anywhere but this machine.
#[must_use]
pub fn carries_in_clear(origin: &Origin) -> bool {
    let local = origin.host.is_localhost()
        || origin
            .host
            .literal()
            .is_some_and(|address| classify(address) == AddressClass::Loopback);
    origin.scheme == Scheme::Http && !local
}

#[cfg(test)]
mod tests {
    use super::{Places, carries_in_clear};

    #[test]
    fn places_have_three_names() {
        let both = "header"
            .parse::<Places>()
            .unwrap()
            .and("body".parse().unwrap());
        assert_eq!(both.to_string(), "header, body");
        assert!("path".parse::<Places>().is_err());
        assert!("Header".parse::<Places>().is_err());
        assert!(Places::NONE.is_empty() && !Places::default().is_empty());
    }

    #[test]
    fn only_loopback_takes_plain_http() {
        for (origin, clear) in [
            ("https://api.example.com", false),
            ("http://localhost:8080", false),
            ("http://a.localhost", false),
            ("http://127.0.0.1:8080", false),
            ("http://[::1]", false),
            ("http://api.example.com", true),
            ("http://10.0.0.1", true),
        ] {
            assert_eq!(
                carries_in_clear(&origin.parse().unwrap()),
                clear,
                "{origin}"
            );
        }
    }
}
