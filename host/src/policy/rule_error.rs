//! What can be wrong with the text of a rule.

use std::net::Ipv4Addr;

use super::host::HostError;
use super::method::{InvalidMethod, Method};
use super::origin::{AuthorityError, InvalidPort};
use super::rule::MAX_RULE_BYTES;
use super::target::InvalidTarget;

const FORM: &str = "a rule is `[METHOD[,METHOD] ]SCHEME://HOST[:PORT][/PATH-PREFIX]`, such as `POST https://api.example.com/v1`";

/// What is wrong with the text of a rule, and what to write. The text is not in the error: it may hold a misplaced secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Longer than [`MAX_RULE_BYTES`].
    #[error("the rule is longer than {MAX_RULE_BYTES} bytes")]
    TooLong,
    /// A control character or a backslash.
    #[error("the rule contains a control character or a backslash; {FORM}")]
    Character,
    /// More than the one space between methods and URL.
    #[error(
        "the rule has a space too many: one separates the methods, with commas between them, from the URL; {FORM}"
    )]
    Space,
    /// What precedes the space is no list of methods.
    #[error("{0}; {FORM}")]
    Method(#[from] InvalidMethod),
    /// A method is listed twice.
    #[error("the method {0} is listed twice")]
    MethodTwice(Method),
    /// No scheme, another one, or one without `//`.
    #[error("{0}; {FORM}")]
    Scheme(InvalidTarget),
    /// `user@host`.
    #[error("a rule has no user name or password, and no @ before the path; {FORM}")]
    Userinfo,
    /// The host is malformed.
    #[error("{0}; {FORM}")]
    Host(#[from] HostError),
    /// An IPv4 address in an unusual spelling.
    #[error("write the address as {0}")]
    Ipv4Spelling(Ipv4Addr),
    /// The port is malformed.
    #[error("{0}; {FORM}")]
    Port(#[from] InvalidPort),
    /// A bare `*`, alone or as the host.
    #[error("`*` would permit every host; name the hosts, or a domain as in https://*.example.com")]
    Everything,
    /// `*` in the middle of a name or label.
    #[error(
        "`*` stands only at the beginning of a host, before a dot, as in https://*.example.com"
    )]
    Wildcard,
    /// `*.` before an address.
    #[error(
        "`*.` stands before a name, not before an address; write each address as a rule of its own"
    )]
    WildcardAddress,
    /// `*.test`.
    #[error("`*.` needs a name of at least two labels after it, as in https://*.example.com")]
    WildcardTooWide,
    /// `*.co.uk`: names below it belong to everybody.
    #[error(
        "anybody can register a name below the public suffix {0}; name a domain, as in https://*.example.{0}"
    )]
    PublicSuffix(Box<str>),
    /// A query.
    #[error("a rule has no query: it permits a path with every query; {FORM}")]
    Query,
    /// A fragment.
    #[error("a rule has no fragment: fragments are never sent; {FORM}")]
    Fragment,
    /// `/v1/*`.
    #[error(
        "a path has no `*`: it permits all that is below it anyway, so write /v1 for /v1 and /v1/…"
    )]
    PathWildcard,
    /// A dot segment, plain or encoded, or an empty one.
    #[error(
        "the path has an empty segment, `.` or `..`, which no request has after normalisation; write the path that is meant"
    )]
    PathSegments,
    /// A `%` without two hexadecimal digits.
    #[error("the path contains a % that encodes nothing; write %25")]
    PathPercent,
}

impl From<AuthorityError> for RuleError {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::Userinfo => Self::Userinfo,
            AuthorityError::Host(error) => Self::Host(error),
            AuthorityError::Port(error) => Self::Port(error),
        }
    }
}
