//! Which hosts a rule is for.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::host::Host;
use super::rule_error::RuleError;

/// Which hosts a rule is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// `localhost`: the name itself, 127.0.0.1 and ::1. Names below localhost need rules of their own.
    Localhost,
    /// This very name.
    Name(Box<str>),
    /// `*.name`: one or more labels below it, never the name itself.
    Below(Box<str>),
    /// This very address.
    V4(Ipv4Addr),
    /// This very address.
    V6(Ipv6Addr),
}

impl HostPattern {
    pub(super) fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Localhost, Host::Name(name)) => &**name == "localhost",
            (Self::Localhost, Host::V4(address)) => *address == Ipv4Addr::LOCALHOST,
            (Self::Localhost, Host::V6(address)) => *address == Ipv6Addr::LOCALHOST,
            (Self::Name(wanted), Host::Name(name)) => wanted == name,
            (Self::Below(parent), Host::Name(name)) => name
                .strip_suffix(&**parent)
                .is_some_and(|rest| rest.ends_with('.')),
            (Self::V4(wanted), Host::V4(address)) => wanted == address,
            (Self::V6(wanted), Host::V6(address)) => wanted == address,
            (Self::Name(_) | Self::Below(_), Host::V4(_) | Host::V6(_))
            | (Self::V4(_) | Self::V6(_), _) => false,
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, RuleError> {
        if let Some(parent) = text.strip_prefix("*.") {
            return Self::wildcard(parent);
        }
        if text.contains('*') {
            return Err(RuleError::Wildcard);
        }
        let pattern = Self::from(Host::parse(text)?);
        match pattern {
            // `0177.0.0.1` in a rule is a mistake or a trick; in a request it is merely canonicalised.
            Self::V4(address) if text != address.to_string() => {
                Err(RuleError::Ipv4Spelling(address))
            }
            Self::V4(_) | Self::V6(_) | Self::Name(_) | Self::Below(_) | Self::Localhost => {
                Ok(pattern)
            }
        }
    }

    fn wildcard(parent: &str) -> Result<Self, RuleError> {
        if parent.contains('*') {
            return Err(RuleError::Wildcard);
        }
        let Host::Name(name) = Host::parse(parent)? else {
            return Err(RuleError::WildcardAddress);
        };
        if !name.contains('.') {
            return Err(RuleError::WildcardTooWide);
        }
        if psl::suffix_str(&name) == Some(&*name) {
            return Err(RuleError::PublicSuffix(name));
        }
        Ok(Self::Below(name))
    }
}

impl From<Host> for HostPattern {
    fn from(host: Host) -> Self {
        match host {
            Host::Name(name) if &*name == "localhost" => Self::Localhost,
            Host::Name(name) => Self::Name(name),
            Host::V4(address) => Self::V4(address),
            Host::V6(address) => Self::V6(address),
        }
    }
}

impl fmt::Display for HostPattern {
    /// As in a rule; names in Punycode.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost => f.write_str("localhost"),
            Self::Name(name) => f.write_str(name),
            Self::Below(name) => write!(f, "*.{name}"),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => Host::V6(*address).fmt(f),
        }
    }
}
