//! Why a request was denied, and what would permit it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::address::AddressClass;
use super::method::Method;
use super::origin::Origin;
use super::target::Target;

/// Most refused addresses that a denial lists; the others are counted.
const MAX_LISTED: usize = 4;
/// Longest path in a message, in bytes; the rest is cut.
const MAX_SHOWN_PATH: usize = 200;
/// Most rules or networks that are told together with the one that is missing.
pub(super) const MAX_MERGED: usize = 16;

/// What in a rule is not so in a request. The later in this order, the nearer the rule came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mismatch {
    /// Another host.
    Host,
    /// http for https, or the reverse.
    Scheme,
    /// Another port.
    Port,
    /// Another method.
    Method,
    /// A path that is not below the prefix.
    Path,
    /// A path below the prefix that a lax server may decode into one that is not.
    HiddenDotSegment,
}

impl Mismatch {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "is for another host",
            Self::Scheme => "is for another scheme",
            Self::Port => "is for another port",
            Self::Method => "is for other methods",
            Self::Path => "is for other paths",
            Self::HiddenDotSegment => {
                "has a path prefix, and the path asked for hides a `..` that may lead out of it"
            }
        }
    }
}

/// Why a request was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No rule is for it.
    NoRule {
        /// The rule for this host that came nearest, as text, and what differs.
        nearest: Option<(Box<str>, Mismatch)>,
    },
    /// No rule is for it, and it is an address that is no service's on the Internet.
    Literal {
        /// What the address is for.
        class: AddressClass,
    },
    /// The only rule for it is implied by a URL field, which is not enough for such an address.
    Implied {
        /// What the address is for.
        class: AddressClass,
        /// The field.
        field: Box<str>,
    },
    /// The name has addresses, but none that names may resolve to.
    Resolved {
        /// The first few of them.
        refused: Vec<(IpAddr, AddressClass)>,
        /// How many more there were.
        more: usize,
    },
    /// A name that means this machine has addresses, but none of this machine's.
    NotLoopback,
    /// There is no address to dial.
    NoAddress,
}

impl Reason {
    pub(super) fn resolved(answers: impl Iterator<Item = (IpAddr, AddressClass)>) -> Self {
        let mut refused: Vec<_> = answers.collect();
        let more = refused.len().saturating_sub(MAX_LISTED);
        refused.truncate(MAX_LISTED);
        Self::Resolved { refused, more }
    }

    /// A short, stable word for audit lines and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRule { .. } => "no-rule",
            Self::Literal { .. } => "address",
            Self::Implied { .. } => "implied-address",
            Self::Resolved { .. } => "resolved-address",
            Self::NotLoopback => "not-loopback",
            Self::NoAddress => "no-address",
        }
    }
}

/// A denied request: what was asked for, why it was denied, and what would permit it. For the user and the audit, not for the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    method: Method,
    origin: Origin,
    path: Box<str>,
    section: Option<Arc<str>>,
    reason: Reason,
    fix: Option<Fix>,
}

/// A change of the runner's section that would permit a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fix {
    /// The line of YAML.
    pub(super) line: String,
    /// How it gets into the section.
    pub(super) change: Change,
    /// The rule that is missing, which the command line can give too; none where no rule permits it.
    pub(super) rule: Option<String>,
}

/// How a line gets into a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The section has no such key yet.
    Add,
    /// It takes the place of this key.
    Replace(&'static str),
    /// It is one more item of this key's list, which is too long to be told whole.
    Append(&'static str),
}

impl Denial {
    pub(super) fn new(
        target: &Target,
        section: Option<Arc<str>>,
        reason: Reason,
        fix: Option<Fix>,
    ) -> Box<Self> {
        Box::new(Self {
            method: target.method(),
            origin: target.origin().clone(),
            path: target.path().into(),
            section,
            reason,
            fix,
        })
    }

    /// The method asked for.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The origin asked for.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The canonical path asked for, without the query.
    #[must_use]
    pub const fn path(&self) -> &str {
        &self.path
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Why, in words that go on after "the request, which ": for audit lines, which say in fields of their own what was asked for.
    #[must_use]
    pub fn why(&self) -> impl fmt::Display + '_ {
        Why(self)
    }

    /// The line of YAML in the runner's section that would permit the request, such as `allow: ["POST https://api.example.com/v1/chat"]`:
    /// the method and path asked for and no more, as far as a rule can say them. It is complete: what the key has so far is in it, and where the section has no `allow` yet, the origins that were implied so far,
    /// since they would be lost. Where that is more than [`MAX_MERGED`] rules, it is one more item for the list.
    ///
    /// None where nothing does, or where nobody should be led to it: link-local and metadata addresses.
    #[must_use]
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_ref().map(|fix| fix.line.as_str())
    }

    /// [`Denial::fix`], and where it is written, in words that go on after "to allow it, ".
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let Fix { line, change, .. } = self.fix.as_ref()?;
        const SECTION: &str = "the runner's section of agent-arborist.yaml";
        Some(match change {
            Change::Add => format!("add to {SECTION}:   {line}"),
            Change::Replace(key) => {
                format!("write in {SECTION}, in the place of its `{key}`:   {line}")
            }
            Change::Append(key) => format!("add to the list `{key}` of {SECTION}:   {line}"),
        })
    }

    /// What would permit the request on the command line; none where a rule does not.
    #[must_use]
    pub fn flag(&self) -> Option<String> {
        let rule = self.fix.as_ref()?.rule.as_ref()?;
        Some(format!("--allow \"{rule}\""))
    }
}

impl fmt::Display for Denial {
    /// One line that says what was asked for and why not. What comes from the guest is printable ASCII by then.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the runner asked for {}", self.request())
    }
}

impl Denial {
    /// The line of `Display` for a request that nobody made: it begins with what would be asked for.
    #[must_use]
    pub fn request(&self) -> impl fmt::Display + '_ {
        Asked(self)
    }
}

struct Asked<'d>(&'d Denial);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let denial = self.0;
        let path = denial
            .path
            .get(..MAX_SHOWN_PATH)
            .map_or_else(|| denial.path.to_string(), |start| format!("{start}…"));
        write!(
            f,
            "{} {}{path}, which {}",
            denial.method,
            denial.origin,
            denial.why()
        )
    }
}

/// [`Denial::why`].
struct Why<'a>(&'a Denial);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Denial { reason, origin, .. } = self.0;
        match reason {
            Reason::NoRule { nearest } => {
                self.0.no_rule(f)?;
                nearest.as_ref().map_or(Ok(()), |(rule, mismatch)| {
                    write!(f, "; the rule `{rule}` {}", mismatch.as_str())
                })
            }
            Reason::Literal { class } => {
                self.0.no_rule(f)?;
                write!(
                    f,
                    "; {} is a {class} address, and only a rule with this very address permits it",
                    origin.host
                )
            }
            Reason::Implied { class, field } => write!(
                f,
                "is a {class} address: the field `{field}` alone does not permit it, only a rule in `allow` with this very address"
            ),
            Reason::Resolved { refused, more } => {
                f.write_str("resolves only to ")?;
                for (at, (address, class)) in refused.iter().enumerate() {
                    write!(f, "{}{address} ({class})", if at == 0 { "" } else { ", " })?;
                }
                if *more > 0 {
                    write!(f, " and {more} more")?;
                }
                f.write_str("; names must resolve to public addresses or into `networks`")
            }
            Reason::NotLoopback => {
                f.write_str("means this machine but resolves to other addresses only")
            }
            Reason::NoAddress => f.write_str("has no address"),
        }
    }
}

impl Denial {
    fn no_rule(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.section {
            Some(section) => write!(f, "no rule of `{section}.allow` permits"),
            None => f.write_str("no egress rule permits"),
        }
    }
}

impl std::error::Error for Denial {}
