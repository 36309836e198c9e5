//! One entry: what it holds, and its form in a file.

use super::{
    key::CacheKey,
    question::{EntryName, hex},
};
use hmac::Mac as _;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What an entry's file begins with; the tag follows, and a newline.
pub(super) const MAGIC: &str = "arborist result 1 ";
/// Bytes of a tag in hexadecimal.
const TAG: usize = 64;

/// A result that is kept. It holds no secret and no placeholder: that is for the one who keeps it to see to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What was asked for, such as `task spec`.
    pub operation: String,
    /// The runner's name.
    pub runner: String,
    /// The digest of its component.
    pub digest: String,
    /// When it was made, in milliseconds since 1970.
    pub made: u64,
    /// How long it may be used, in milliseconds.
    pub ttl: u64,
    /// What there was to say of the result, safe to show.
    pub warnings: Vec<String>,
    /// The result: canonical text.
    #[serde(skip)]
    pub text: String,
}

impl Entry {
    /// The entry as a file has it. It is bound to `name`: under another it is no entry.
    pub(super) fn seal(&self, key: &CacheKey, name: &EntryName) -> serde_json::Result<Vec<u8>> {
        let head = serde_json::to_string(self)?;
        let rest = format!("{head}\n{}", self.text);
        let tag = hex(&mac(key, name, rest.as_bytes()).finalize().into_bytes());
        Ok(format!("{MAGIC}{tag}\n{rest}").into_bytes())
    }

    /// The entry in a file's bytes, if it is one that this key has sealed under this name.
    pub(super) fn open(bytes: &[u8], key: &CacheKey, name: &EntryName) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC.as_bytes())?;
        let (tag, rest) = rest.split_at_checked(TAG)?;
        let rest = rest.strip_prefix(b"\n")?;
        mac(key, name, rest).verify_slice(&unhex(tag)?).ok()?;
        Self::read(rest)
    }

    /// What a file says of itself, sealed by whomever: good enough to throw it away, and for nothing else.
    pub(super) fn claimed(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC.as_bytes())?;
        let (_tag, rest) = rest.split_at_checked(TAG)?;
        Self::read(rest.strip_prefix(b"\n")?)
    }

    fn read(rest: &[u8]) -> Option<Self> {
        let (head, text) = std::str::from_utf8(rest).ok()?.split_once('\n')?;
        let entry: Self = serde_json::from_str(head).ok()?;
        Some(Self {
            text: text.to_owned(),
            ..entry
        })
    }

    /// How old it is; none if it was made later than now, by a clock that has been set back.
    #[must_use]
    pub fn age(&self, now: Duration) -> Option<Duration> {
        now.checked_sub(Duration::from_millis(self.made))
    }

    /// Whether it may be used no more.
    #[must_use]
    pub fn is_expired(&self, now: Duration) -> bool {
        let ttl = Duration::from_millis(self.ttl);
        self.age(now).is_none_or(|age| age >= ttl)
    }
}

fn mac(key: &CacheKey, name: &EntryName, rest: &[u8]) -> hmac::Hmac<sha2::Sha256> {
    let mut mac = key.hmac();
    // Names are made of other bytes, and begin with their length.
    mac.update(b"content of an entry, 1\n");
    mac.update(name.as_str().as_bytes());
    mac.update(rest);
    mac
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_chunks::<2>() else {
        return None;
    };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}
