//! What a result is the answer to.

use super::key::CacheKey;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;

/// Everything that a result depends on, part by part. Two questions have the same name only if they have the same parts in the
/// same order under the same key: each part is preceded by its length.
pub struct Question(Hmac<Sha256>);

/// The name of an entry: 64 hexadecimal digits, which say nothing to those who lack the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntryName(String);

impl Question {
    pub(super) fn new(key: &CacheKey) -> Self {
        let mut question = Self(key.hmac());
        question.bytes(b"name of an entry, 1");
        question
    }

    /// Adds a part. `label` says what it is.
    pub fn part(&mut self, label: &str, value: impl AsRef<[u8]>) {
        self.list(label, [value]);
    }

    /// Adds any number of values as one part.
    pub fn list<V: AsRef<[u8]>>(&mut self, label: &str, values: impl IntoIterator<Item = V>) {
        self.bytes(label.as_bytes());
        for value in values {
            // Tells a value from the end of the list.
            self.0.update(&[1]);
            self.bytes(value.as_ref());
        }
        self.0.update(&[0]);
    }

    /// The name of the entry that answers it.
    #[must_use]
    pub fn name(self) -> EntryName {
        EntryName(hex(&self.0.finalize().into_bytes()))
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }
}

impl EntryName {
    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that a file's stem is, if it is one.
    pub(super) fn of_stem(stem: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (stem.len() == 64 && stem.bytes().all(digit)).then(|| Self(stem.to_owned()))
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question")
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
