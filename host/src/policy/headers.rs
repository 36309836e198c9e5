//! What a guest may put into the header section of a request.
//!
//! Three fates, and a header has the same one whatever its value, unless said otherwise:
//!
//! - **Kept**: everything not named below, `Authorization`, `Cookie`, `Forwarded` and `X-Forwarded-*` included: they speak to a
//!   service that a rule permits, and say no more than the body could.
//! - **Dropped**: what belongs to the connection or to the framing, which are the gateway's: `Host`, `Content-Length`,
//!   `Connection` and all headers that it lists, `Keep-Alive`, `Proxy-Connection`, `TE`, `Trailer`, `Upgrade`, `HTTP2-Settings`,
//!   `Transfer-Encoding: chunked` and `Expect: 100-continue`. Client libraries set them out of habit, the gateway sends what
//!   is right in their place, and a server that did not get them has by the standard to answer as usual.
//! - **Refused**, the whole request with them: malformed names and values and pseudo headers, which nobody sends by habit;
//!   `Transfer-Encoding` beside `Content-Length`; any other `Transfer-Encoding` or `Expect`, since without it the request would
//!   mean something else; `Proxy-*`, which speaks to a proxy of the user's; headers that let the service act on another
//!   method or path than the policy saw; and those that open cloud metadata services.

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Most headers that a guest may give, those dropped included.
pub const MAX_HEADERS: usize = 128;
/// Most bytes of all names and values together, those dropped included.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Longest name in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// Removed without a word: see the module's text. Beside these, what `Connection` lists.
const CONNECTION_HEADERS: [&str; 6] = [
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "http2-settings",
];

/// A service that honours one of these acts on something that no rule was asked about.
const OVERRIDES: [&str; 5] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

/// Sent by nobody but clients of metadata services, which demand them precisely so that a tricked client cannot reach them.
const METADATA: [&str; 4] = [
    "metadata",
    "metadata-flavor",
    "metadata-token",
    "metadata-token-expiry-seconds",
];
const METADATA_PREFIXES: [&str; 4] = [
    "x-aws-ec2-metadata-",
    "x-aliyun-ecs-metadata-",
    "x-google-metadata-",
    "x-metadata-",
];

/// The header section to send, Host and framing apart, which the gateway adds.
#[derive(Debug, Clone, Default)]
pub struct OutgoingHeaders {
    /// What is kept, in the guest's order for each name, without spaces around the values.
    pub headers: HeaderMap,
    /// The names of what was dropped, for the log.
    pub dropped: Vec<HeaderName>,
}

/// Why a request is refused for its headers. Values are not in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// More than [`MAX_HEADERS`].
    #[error("more than {MAX_HEADERS} headers")]
    TooMany,
    /// More than [`MAX_HEADER_BYTES`].
    #[error("the headers are larger than {MAX_HEADER_BYTES} bytes in all")]
    TooLarge,
    /// `:authority` and the like.
    #[error(
        "a header name begins with a colon; pseudo headers are made from the method and the URL"
    )]
    Pseudo,
    /// Not a token, or longer than [`MAX_NAME_BYTES`].
    #[error(
        "a header name is not valid: 1 to {MAX_NAME_BYTES} letters, digits and any of !#$%&'*+-.^_`|~"
    )]
    Name,
    /// CR, LF, NUL, DEL or another control character.
    #[error("the value of the header {0} contains a control character")]
    Value(HeaderName),
    /// Another transfer coding than `chunked`.
    #[error("transfer-encoding is the host's to choose; leave it out")]
    TransferEncoding,
    /// Transfer-Encoding and Content-Length together.
    #[error("a request has transfer-encoding or content-length, not both; leave both out")]
    Framing,
    /// Another expectation than `100-continue`.
    #[error("the header expect takes no other value than 100-continue; leave it out")]
    Expect,
    /// `Proxy-*`.
    #[error(
        "the header {0} speaks to a proxy, and proxies are the user's configuration; leave it out"
    )]
    Proxy(HeaderName),
    /// A header that changes the method or path after the policy has judged them.
    #[error(
        "the header {0} may change what the service does after the request was permitted; send that method and path themselves"
    )]
    Override(HeaderName),
    /// A header that opens a cloud's metadata service.
    #[error("the header {0} opens cloud metadata services and is never sent")]
    Metadata(HeaderName),
}

enum Fate {
    Keep,
    Drop,
}

/// Judges the headers that a guest gave, by the rules in the module's text. Stops at the first fault, and at the bounds before it looks at
/// what lies beyond them.
///
/// # Errors
/// Says what to leave out or change; the whole request is refused.
pub fn outgoing<'a>(
    headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<OutgoingHeaders, HeaderError> {
    let mut out = OutgoingHeaders::default();
    let mut listed = Vec::new();
    let mut bytes = 0_usize;
    for (at, (name, value)) in headers.into_iter().enumerate() {
        if at >= MAX_HEADERS {
            return Err(HeaderError::TooMany);
        }
        bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
        if bytes > MAX_HEADER_BYTES {
            return Err(HeaderError::TooLarge);
        }
        let name = parse_name(name)?;
        let value =
            HeaderValue::from_bytes(trim(value)).map_err(|_| HeaderError::Value(name.clone()))?;
        if name == CONNECTION {
            listed.extend(
                value
                    .as_bytes()
                    .split(|byte| *byte == b',')
                    .filter_map(|option| HeaderName::from_bytes(trim(option)).ok()),
            );
        }
        match fate(&name, &value)? {
            Fate::Keep => {
                out.headers
                    .try_append(name, value)
                    .map_err(|_| HeaderError::TooMany)?;
            }
            Fate::Drop => out.dropped.push(name),
        }
    }
    if out.dropped.contains(&TRANSFER_ENCODING) && out.dropped.contains(&CONTENT_LENGTH) {
        return Err(HeaderError::Framing);
    }
    for name in listed {
        if out.headers.remove(&name).is_some() {
            out.dropped.push(name);
        }
    }
    Ok(out)
}

fn parse_name(name: &str) -> Result<HeaderName, HeaderError> {
    if name.starts_with(':') {
        return Err(HeaderError::Pseudo);
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(HeaderError::Name);
    }
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderError::Name)
}

/// Without the spaces and tabs around it. Other white space is a fault, and stays for the check to find.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn fate(name: &HeaderName, value: &HeaderValue) -> Result<Fate, HeaderError> {
    let text = name.as_str();
    if *name == TRANSFER_ENCODING {
        return if value.as_bytes().eq_ignore_ascii_case(b"chunked") {
            Ok(Fate::Drop)
        } else {
            Err(HeaderError::TransferEncoding)
        };
    }
    if *name == EXPECT {
        return if value.as_bytes().eq_ignore_ascii_case(b"100-continue") {
            Ok(Fate::Drop)
        } else {
            Err(HeaderError::Expect)
        };
    }
    if [HOST, CONTENT_LENGTH, CONNECTION].contains(name) || CONNECTION_HEADERS.contains(&text) {
        return Ok(Fate::Drop);
    }
    if text.starts_with("proxy-") {
        return Err(HeaderError::Proxy(name.clone()));
    }
    if OVERRIDES.contains(&text) {
        return Err(HeaderError::Override(name.clone()));
    }
    if METADATA.contains(&text)
        || METADATA_PREFIXES
            .iter()
            .any(|prefix| text.starts_with(prefix))
    {
        return Err(HeaderError::Metadata(name.clone()));
    }
    Ok(Fate::Keep)
}
