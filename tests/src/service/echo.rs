//! An answer that shows the request: what a service does that leaks a secret back.

use super::{
    answer::Answer,
    compress::{Coding, compress},
    request::Seen,
    script::Step,
};
use base64::{Engine as _, engine::general_purpose};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use std::time::Duration;

/// What a header of the answer holds at most, so that an echo of a long body stays a valid answer.
const LONGEST_HEADER: usize = 8192;

/// How what was seen is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it came.
    Plain,
    /// As a JSON object, with everything escaped as JSON wants it.
    Json,
    /// JSON with every character as `\uXXXX`.
    JsonUnicode,
    /// Base64.
    Base64,
    /// Base64 in the URL-safe alphabet, without padding.
    Base64Url,
    /// Every byte that is no letter or digit as `%XX`.
    Percent,
    /// Every byte as `%XX`.
    PercentAll,
    /// Hexadecimal digits.
    Hex,
    /// Back to front.
    Reverse,
    /// In upper case.
    Upper,
    /// As it came, with `Content-Encoding: gzip`.
    Gzip,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Plain,
        Self::Json,
        Self::JsonUnicode,
        Self::Base64,
        Self::Base64Url,
        Self::Percent,
        Self::PercentAll,
        Self::Hex,
        Self::Reverse,
        Self::Upper,
        Self::Gzip,
    ];

    /// Some bytes, so written.
    #[must_use]
    pub fn encode(self, bytes: &[u8]) -> Vec<u8> {
        let each = |write: &dyn Fn(u8) -> String| bytes.iter().map(|&byte| write(byte)).collect();
        let text: String = match self {
            Self::Plain | Self::Gzip => return bytes.to_vec(),
            Self::Reverse => return bytes.iter().rev().copied().collect(),
            Self::Upper => return bytes.to_ascii_uppercase(),
            Self::Json => serde_json::Value::from(String::from_utf8_lossy(bytes)).to_string(),
            Self::JsonUnicode => {
                let text = String::from_utf8_lossy(bytes);
                let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
                format!("\"{}\"", units.collect::<String>())
            }
            Self::Base64 => general_purpose::STANDARD.encode(bytes),
            Self::Base64Url => general_purpose::URL_SAFE_NO_PAD.encode(bytes),
            Self::Percent => percent_encode(bytes, NON_ALPHANUMERIC).to_string(),
            Self::PercentAll => each(&|byte| format!("%{byte:02X}")),
            Self::Hex => each(&|byte| format!("{byte:02x}")),
        };
        text.into_bytes()
    }
}

/// Shows the request in the body, the header `X-Echo`, the `Location` and the reason phrase.
///
/// The body: a line `NAME: VALUE` for each header with the value encoded; a line `NAME word: WORD` for each word of
/// the value, encoded by itself (so that a bearer token has an encoding of its own); `body: BODY`; `all: REQUEST`
/// with head and body encoded as one. In the plain encoding, and so in gzip, the `all` line is the request as it came.
#[derive(Clone, Debug)]
pub struct Echo {
    status: u16,
    encoding: Encoding,
    chunks: Option<(usize, Duration)>,
}

impl Echo {
    /// A plain one, with status 200.
    #[must_use]
    pub fn new() -> Self {
        Self {
            status: 200,
            encoding: Encoding::Plain,
            chunks: None,
        }
    }

    /// Sets the status: 401 for an echo in an error, 302 for one in a redirect that is followed.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets how it is written.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Splits the body over chunks of so many bytes, with a pause after each, so that they arrive apart.
    #[must_use]
    pub fn split(mut self, size: usize, every: Duration) -> Self {
        self.chunks = Some((size, every));
        self
    }

    pub(super) fn steps(&self, seen: &Seen) -> Vec<Step> {
        let values: Vec<&str> = seen.headers.iter().map(|(_, value)| &**value).collect();
        let line = self.visible(values.join(" ; ").as_bytes());
        let mut answer = Answer::new(self.status)
            .reason(String::from_utf8_lossy(&line).into_owned())
            .header("Content-Type", "text/plain")
            .header("X-Echo", line.clone())
            .header("Location", [b"/echo?seen=", line.as_slice()].concat());
        let body = self.body(seen);
        if self.encoding == Encoding::Gzip {
            answer = answer
                .header("Content-Encoding", "gzip")
                .body(compress(Coding::Gzip, &body));
        } else {
            answer = answer.body(body);
        }
        if let Some((size, every)) = self.chunks {
            answer = answer.chunked(size, every);
        }
        answer.steps(seen.method == "HEAD")
    }

    fn body(&self, seen: &Seen) -> Vec<u8> {
        let mut body = Vec::new();
        let mut line = |name: &str, bytes: &[u8]| {
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(b": ");
            body.extend_from_slice(&self.encoding.encode(bytes));
            body.push(b'\n');
        };
        for (name, value) in &seen.headers {
            line(name, value.as_bytes());
            for word in value.split(' ') {
                line(&format!("{name} word"), word.as_bytes());
            }
        }
        line("body", &seen.body);
        line("all", &[seen.raw_head.as_slice(), &seen.body].concat());
        body
    }

    /// Encoded, cut, and without what would break a header.
    fn visible(&self, bytes: &[u8]) -> Vec<u8> {
        let mut line = self.encoding.encode(bytes);
        line.retain(|byte| matches!(byte, b' '..=b'~'));
        line.truncate(LONGEST_HEADER);
        line
    }
}

impl Default for Echo {
    fn default() -> Self {
        Self::new()
    }
}
