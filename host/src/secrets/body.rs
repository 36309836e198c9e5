//! A request's body on its way out, whole or in pieces.

use std::collections::BTreeSet;
use std::fmt;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::denial::{Place, SecretDenial};
use super::finder::{Finder, Found};
use super::placeholder::{PLACEHOLDER_BYTES, PlaceholderForm};
use super::rules::Rules;

/// What is encoded where a value is put into a query or a form: all but the unreserved characters.
pub(super) const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How a value is written in what surrounds it, so that the service reads the value itself and nothing in it can end the string, the
/// field or the parameter that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// As it is.
    None,
    /// As in a JSON string.
    Json,
    /// Percent-encoded.
    Percent,
}

impl Escape {
    /// What a body with these headers needs.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next();
        let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
        if kind == "application/x-www-form-urlencoded" {
            Self::Percent
        } else if kind
            .split(['/', '+', '-', '.'])
            .any(|word| matches!(word, "json" | "ndjson" | "jsonl" | "jsonlines" | "json5"))
        {
            Self::Json
        } else {
            Self::None
        }
    }

    pub(super) fn write(self, value: &str, out: &mut Vec<u8>) {
        match self {
            Self::None => out.extend(value.as_bytes()),
            Self::Percent => {
                for part in utf8_percent_encode(value, IN_QUERY) {
                    out.extend(part.as_bytes());
                }
            }
            Self::Json => {
                let quoted = zeroize::Zeroizing::new(serde_json::Value::from(value).to_string());
                let inside = quoted.get(1..quoted.len().saturating_sub(1));
                out.extend(inside.unwrap_or_default().as_bytes());
            }
        }
    }
}

/// Puts secrets into a body that goes out in pieces. At most 42 bytes wait for the next piece. How long the body becomes is known only
/// at its end, so it has no `Content-Length`.
pub struct OutgoingBody {
    rules: Rules,
    escape: Escape,
    finder: Finder<PlaceholderForm>,
    found: Vec<Found<u128>>,
    /// What may still be part of a placeholder.
    buffer: Vec<u8>,
    /// Where the buffer begins in the body.
    base: usize,
}

impl OutgoingBody {
    pub(super) fn new(rules: Rules, escape: Escape) -> Self {
        Self {
            rules,
            escape,
            finder: Finder::new(PlaceholderForm),
            found: Vec::new(),
            buffer: Vec::new(),
            base: 0,
        }
    }

    /// Takes the next piece, and gives what may go out; that may be nothing.
    ///
    /// # Errors
    /// The body holds a placeholder that it may not hold. Break the request off: the service must not take what it has for the whole.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, Box<SecretDenial>> {
        self.buffer.extend_from_slice(piece);
        self.finder.feed(piece, &mut self.found);
        let mut out = Vec::with_capacity(piece.len());
        self.replace(&mut out)?;
        let safe = self.finder.read().saturating_sub(PLACEHOLDER_BYTES - 1);
        self.send_to(safe, &mut out);
        Ok(out)
    }

    /// The names of the secrets that are in what has been given so far, for the audit.
    #[must_use]
    pub const fn names(&self) -> &BTreeSet<String> {
        self.rules.names()
    }

    /// Gives the rest of a body that is complete.
    ///
    /// # Errors
    /// As [`OutgoingBody::push`].
    pub fn finish(mut self) -> Result<Vec<u8>, Box<SecretDenial>> {
        self.finder.finish(&mut self.found);
        let mut out = Vec::new();
        self.replace(&mut out)?;
        self.send_to(self.finder.read(), &mut out);
        Ok(out)
    }

    fn replace(&mut self, out: &mut Vec<u8>) -> Result<(), Box<SecretDenial>> {
        for found in std::mem::take(&mut self.found) {
            if found.end <= self.base {
                // The same, found in another coding too.
                continue;
            }
            let (start, end) = (found.start.checked_sub(self.base), found.end - self.base);
            let written = start.and_then(|start| self.buffer.get(start..end));
            let escape = self.escape;
            let mut value = Vec::new();
            match self.rules.value(found.hit, written, &Place::Body)? {
                Some(secret) => escape.write(secret, &mut value),
                None => continue,
            }
            self.send_to(found.start, out);
            out.append(&mut value);
            self.drop_to(found.end);
        }
        Ok(())
    }

    fn send_to(&mut self, end: usize, out: &mut Vec<u8>) {
        let count = end.saturating_sub(self.base);
        out.extend(self.buffer.get(..count).unwrap_or_default());
        self.drop_to(end);
    }

    fn drop_to(&mut self, end: usize) {
        let count = end.saturating_sub(self.base).min(self.buffer.len());
        self.buffer.drain(..count);
        self.base += count;
    }
}

impl fmt::Debug for OutgoingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingBody").finish_non_exhaustive()
    }
}
