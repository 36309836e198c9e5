//! Egress rules: `[METHOD[,METHOD] ]SCHEME://HOST[:PORT][/PATH-PREFIX]`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::address::classify;
use super::denial::Mismatch;
use super::host::Host;
use super::host_pattern::HostPattern;
use super::method::{Method, MethodSet};
use super::origin::{Authority, Origin, Scheme};
use super::path::{has_dot_segment, push_canonical_path};
use super::rule_error::RuleError;
use super::target::{Target, split_scheme};

/// Longest rule, in bytes.
pub const MAX_RULE_BYTES: usize = 2048;

/// One egress rule. Rules that mean the same are equal and print the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    methods: MethodSet,
    scheme: Scheme,
    host: HostPattern,
    port: u16,
    /// Canonical; absent where every path is meant.
    prefix: Option<Box<str>>,
}

impl Rule {
    /// The rule that permits every method and path at one origin.
    #[must_use]
    pub fn for_origin(origin: Origin) -> Self {
        let Origin { scheme, host, port } = origin;
        Self {
            methods: MethodSet::ALL,
            scheme,
            host: host.into(),
            port,
            prefix: None,
        }
    }

    /// The methods that the rule permits.
    #[must_use]
    pub const fn methods(&self) -> MethodSet {
        self.methods
    }

    /// Which hosts the rule is for.
    #[must_use]
    pub const fn host(&self) -> &HostPattern {
        &self.host
    }

    /// The path prefix, unless the rule is for every path.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }

    /// The one origin that the rule is for; none for a wildcard.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        let host = match &self.host {
            HostPattern::Localhost => Host::Name("localhost".into()),
            HostPattern::Name(name) => Host::Name(name.clone()),
            HostPattern::V4(address) => Host::V4(*address),
            HostPattern::V6(address) => Host::V6(*address),
            HostPattern::Below(_) => return None,
        };
        Some(Origin {
            scheme: self.scheme,
            host,
            port: self.port,
        })
    }

    /// Whether the rule is for `target`, judged by its text alone: what its host resolves to is another question.
    ///
    /// # Errors
    /// The first thing that differs, in the order of [`Mismatch`].
    pub fn check(&self, target: &Target) -> Result<(), Mismatch> {
        if !self.host.matches(target.host()) {
            return Err(Mismatch::Host);
        }
        if self.scheme != target.scheme() {
            return Err(Mismatch::Scheme);
        }
        if self.port != target.port() {
            return Err(Mismatch::Port);
        }
        if !self.methods.contains(target.method()) {
            return Err(Mismatch::Method);
        }
        match &self.prefix {
            None => Ok(()),
            Some(prefix) if !is_below(target.path(), prefix) => Err(Mismatch::Path),
            Some(_) if target.may_climb() => Err(Mismatch::HiddenDotSegment),
            Some(_) => Ok(()),
        }
    }

    /// Whether the rule is for some request at `target`'s path or below it, by whatever method.
    #[must_use]
    pub fn reaches(&self, target: &Target) -> bool {
        let there = self.host.matches(target.host())
            && self.scheme == target.scheme()
            && self.port == target.port();
        let related =
            |prefix: &str| is_below(target.path(), prefix) || is_below(prefix, target.path());
        there && self.prefix.as_deref().is_none_or(related)
    }

    /// The rule in words, for `config explain`.
    #[must_use]
    pub fn describe(&self) -> String {
        let methods = if self.methods == MethodSet::ALL {
            "any method".to_owned()
        } else {
            join(self.methods.iter(), " or ")
        };
        let host = match &self.host {
            HostPattern::Localhost => "this machine (localhost, 127.0.0.1 or [::1])".to_owned(),
            HostPattern::Name(name) => name.to_string(),
            HostPattern::Below(name) => format!("any name below {name}, but not {name} itself"),
            HostPattern::V4(address) => {
                format!("the {} address {address}", classify(IpAddr::V4(*address)))
            }
            HostPattern::V6(address) => {
                format!("the {} address {address}", classify(IpAddr::V6(*address)))
            }
        };
        let scheme = match self.scheme {
            Scheme::Http => "http (not encrypted)",
            Scheme::Https => "https",
        };
        let path = match &self.prefix {
            None => "any path".to_owned(),
            Some(prefix) if prefix.ends_with('/') => format!("paths that begin with {prefix}"),
            Some(prefix) => format!("the path {prefix} and all below it"),
        };
        format!(
            "{methods} to {host}, over {scheme}, port {}, {path}",
            self.port
        )
    }
}

/// Whether `path` is `prefix` or goes on after it with a new segment.
fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
}

fn join(methods: impl Iterator<Item = Method>, separator: &str) -> String {
    methods
        .map(Method::as_str)
        .collect::<Vec<_>>()
        .join(separator)
}

impl fmt::Display for Rule {
    /// The canonical text: it parses to the same rule.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.methods != MethodSet::ALL {
            write!(f, "{} ", join(self.methods.iter(), ","))?;
        }
        write!(f, "{}://{}", self.scheme, self.host)?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(self.prefix.as_deref().unwrap_or_default())
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        if text.len() > MAX_RULE_BYTES {
            return Err(RuleError::TooLong);
        }
        if text.contains(|c: char| c.is_control() || c == '\\') {
            return Err(RuleError::Character);
        }
        let (methods, url) = match text.split_once(' ') {
            Some((methods, url)) => (parse_methods(methods)?, url),
            None => (MethodSet::ALL, text),
        };
        if url.contains(' ') {
            return Err(RuleError::Space);
        }
        if url == "*" {
            return Err(RuleError::Everything);
        }
        if url.contains('?') {
            return Err(RuleError::Query);
        }
        if url.contains('#') {
            return Err(RuleError::Fragment);
        }
        let (scheme, rest) = split_scheme(url).map_err(RuleError::Scheme)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = Authority::split(authority)?;
        if authority.host == "*" {
            return Err(RuleError::Everything);
        }
        let host = HostPattern::parse(authority.host)?;
        Ok(Self {
            methods,
            scheme,
            host,
            port: authority.port.unwrap_or(scheme.default_port()),
            prefix: parse_prefix(path)?,
        })
    }
}

impl TryFrom<&str> for Rule {
    type Error = RuleError;

    fn try_from(text: &str) -> Result<Self, RuleError> {
        text.parse()
    }
}

fn parse_methods(text: &str) -> Result<MethodSet, RuleError> {
    let mut methods = MethodSet::EMPTY;
    for name in text.split(',') {
        let method = name.parse()?;
        if !methods.insert(method) {
            return Err(RuleError::MethodTwice(method));
        }
    }
    Ok(methods)
}

fn parse_prefix(path: &str) -> Result<Option<Box<str>>, RuleError> {
    if path.contains('*') {
        return Err(RuleError::PathWildcard);
    }
    if has_dot_segment(path) || path.contains("//") {
        return Err(RuleError::PathSegments);
    }
    let mut prefix = String::with_capacity(path.len());
    push_canonical_path(path, &mut prefix).map_err(|_| RuleError::PathPercent)?;
    Ok(if prefix == "/" {
        None
    } else {
        Some(prefix.into())
    })
}
