//! Hosts: names and address literals, each in one canonical form.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name in bytes after IDNA, without a trailing dot: what DNS can carry.
pub const MAX_HOST_BYTES: usize = 253;
/// Longest label of a name in bytes: what DNS can carry.
pub const MAX_LABEL_BYTES: usize = 63;
/// Longest host as written, in bytes. A name of 253 bytes is shorter in any script; the bound comes before IDNA, whose Punycode
/// costs more than linear time.
const MAX_WRITTEN_BYTES: usize = 1024;

/// A host in canonical form: two hosts that mean the same are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A DNS name: lower case, Punycode, without a trailing dot, never an address in any spelling.
    Name(Box<str>),
    /// An IPv4 literal, however it was spelled.
    V4(Ipv4Addr),
    /// An IPv6 literal. An IPv4 address inside it is left there; [`super::address::classify`] looks inside.
    V6(Ipv6Addr),
}

impl Host {
    /// Parses the host of a URL: a name, an IPv4 address, or an IPv6 address in brackets.
    ///
    /// # Errors
    /// Says what is wrong with the text. The text itself is not in the error: it may be a misplaced secret.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if text.is_empty() {
            return Err(HostError::Empty);
        }
        if text.len() > MAX_WRITTEN_BYTES {
            return Err(HostError::TooLong);
        }
        if text.contains('%') {
            // In a name it hides what is asked for; in an IPv6 literal it starts a zone, which names an interface of the host's.
            return Err(if text.starts_with('[') {
                HostError::Zone
            } else {
                HostError::Encoded
            });
        }
        match url::Host::parse(text) {
            Ok(url::Host::Ipv4(address)) => Ok(Self::V4(address)),
            Ok(url::Host::Ipv6(address)) => Ok(Self::V6(address)),
            Ok(url::Host::Domain(name)) => Self::name(&name),
            Err(url::ParseError::InvalidIpv4Address) => Err(HostError::Ipv4),
            Err(url::ParseError::InvalidIpv6Address) => Err(HostError::Ipv6),
            Err(url::ParseError::EmptyHost) => Err(HostError::Empty),
            Err(_) => Err(HostError::Name),
        }
    }

    /// The last checks on a name that IDNA has already mapped.
    fn name(name: &str) -> Result<Self, HostError> {
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.len() > MAX_HOST_BYTES {
            return Err(HostError::TooLong);
        }
        for label in name.split('.') {
            if label.is_empty() {
                return Err(HostError::EmptyLabel);
            }
            if label.len() > MAX_LABEL_BYTES {
                return Err(HostError::LabelTooLong);
            }
            if !label.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
            }) {
                return Err(HostError::Name);
            }
        }
        Ok(Self::Name(name.into()))
    }

    /// The address, if the host is a literal.
    #[must_use]
    pub fn literal(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6(address) => Some(IpAddr::V6(*address)),
        }
    }

    /// The name, if the host is one.
    #[must_use]
    pub fn as_name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::V4(_) | Self::V6(_) => None,
        }
    }

    /// Whether the host is `localhost` or a name below it, which mean this machine whatever a resolver says.
    #[must_use]
    pub fn is_localhost(&self) -> bool {
        self.as_name().is_some_and(|name| {
            name.strip_suffix("localhost")
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

impl fmt::Display for Host {
    /// As in a URL: IPv6 in brackets, and, unlike the standard library's text, in hexadecimal throughout.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => url::Host::<&str>::Ipv6(*address).fmt(f),
        }
    }
}

/// Why a text is no host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// There is none.
    #[error("the host is missing")]
    Empty,
    /// Longer than [`MAX_HOST_BYTES`].
    #[error("the host is longer than {MAX_HOST_BYTES} bytes")]
    TooLong,
    /// A label longer than [`MAX_LABEL_BYTES`].
    #[error("a label of the host is longer than {MAX_LABEL_BYTES} bytes")]
    LabelTooLong,
    /// Two dots in a row, or one at the beginning.
    #[error("the host has an empty label")]
    EmptyLabel,
    /// Percent-encoding in a name.
    #[error("a host is not percent-encoded")]
    Encoded,
    /// A character that names do not have, or a label that IDNA forbids.
    #[error(
        "the host is not a valid name: letters, digits, `-`, `_` and dots (other scripts are turned into Punycode)"
    )]
    Name,
    /// It ends in a number, so it is an IPv4 address, but not a valid one.
    #[error("the host ends in a number but is no IPv4 address")]
    Ipv4,
    /// Brackets around something else.
    #[error("the host is no IPv6 address in brackets")]
    Ipv6,
    /// An IPv6 zone such as `%eth0`.
    #[error("an IPv6 zone is not allowed")]
    Zone,
}
