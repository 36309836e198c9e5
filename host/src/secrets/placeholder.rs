//! What a runner reads in a secret's place.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::finder::Machine;

/// What every placeholder begins with.
pub const PLACEHOLDER_PREFIX: &str = "arb_secret_";
/// Length of every placeholder in bytes: the prefix and 128 random bits in lower-case hexadecimal.
pub const PLACEHOLDER_BYTES: usize = PLACEHOLDER_PREFIX.len() + HEX_DIGITS;

const HEX_DIGITS: usize = 32;
const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";

/// One secret's placeholder in one run. Its characters are letters, digits and underscores, so that it is the same text in JSON, in a
/// URL, in a header and in a shell. All have one length, so none is the beginning of another. Overwritten when it is dropped.
pub(super) struct Placeholder {
    id: u128,
    text: Zeroizing<[u8; PLACEHOLDER_BYTES]>,
}

impl Placeholder {
    /// The placeholder of these random bits.
    pub(super) fn new(id: u128) -> Self {
        let mut text = Zeroizing::new([0; PLACEHOLDER_BYTES]);
        let digits = (0..HEX_DIGITS).rev().map(|at| {
            let nibble = usize::try_from((id >> (4 * at)) & 15).unwrap_or_default();
            LOWER_HEX.get(nibble).copied().unwrap_or(b'0')
        });
        let bytes = PLACEHOLDER_PREFIX.bytes().chain(digits);
        for (slot, byte) in text.iter_mut().zip(bytes) {
            *slot = byte;
        }
        Self { id, text }
    }

    /// The random bits.
    pub(super) const fn id(&self) -> u128 {
        self.id
    }

    /// The text that the runner reads.
    pub(super) fn as_str(&self) -> &str {
        // The bytes are ASCII by construction.
        std::str::from_utf8(self.text.as_slice()).unwrap_or_default()
    }
}

impl Drop for Placeholder {
    fn drop(&mut self) {
        self.id.zeroize();
    }
}

impl fmt::Debug for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[placeholder]")
    }
}

/// Finds texts of a placeholder's form in any case, and gives the random bits in them. It knows no placeholder, so it is the same
/// for every run and costs nothing to set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaceholderForm;

/// How much of a placeholder has been read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    read: usize,
    id: u128,
}

impl Progress {
    const fn prefix(read: usize) -> Self {
        Self { read, id: 0 }
    }
}

impl Machine for PlaceholderForm {
    type State = Progress;
    type Hit = u128;

    fn start(&self) -> Progress {
        Progress::prefix(0)
    }

    fn next(&self, state: Progress, byte: u8) -> Progress {
        let byte = byte.to_ascii_lowercase();
        let in_digits = (PLACEHOLDER_PREFIX.len()..PLACEHOLDER_BYTES).contains(&state.read);
        if in_digits && let Some(digit) = char::from(byte).to_digit(16) {
            return Progress {
                read: state.read + 1,
                id: (state.id << 4) | u128::from(digit),
            };
        }
        if PLACEHOLDER_PREFIX.as_bytes().get(state.read) == Some(&byte) {
            return Progress::prefix(state.read + 1);
        }
        // `a` is both the prefix's first letter, which is nowhere else in it, and a digit: it may have begun a placeholder.
        let after_a = state.read > PLACEHOLDER_PREFIX.len() && state.id & 15 == 0xa;
        match byte {
            b'a' => Progress::prefix(1),
            b'r' if after_a => Progress::prefix(2),
            _ => self.start(),
        }
    }

    fn is_match(&self, state: Progress) -> bool {
        state.read == PLACEHOLDER_BYTES
    }

    fn hits(&self, state: Progress) -> impl Iterator<Item = (usize, u128)> {
        self.is_match(state)
            .then_some((PLACEHOLDER_BYTES, state.id))
            .into_iter()
    }

    fn opens(&self, byte: u8) -> bool {
        byte.eq_ignore_ascii_case(&b'a')
    }

    fn longest(&self) -> usize {
        PLACEHOLDER_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::{PLACEHOLDER_BYTES, Placeholder, PlaceholderForm};
    use crate::secrets::finder::{Finder, Machine};

    const ID: u128 = 0x0123_4567_89ab_cdef_a0a0_aaaa_ffff_000a;

    fn ids(text: &str) -> Vec<u128> {
        let mut finder = Finder::new(PlaceholderForm);
        let mut found = Vec::new();
        finder.feed(text.as_bytes(), &mut found);
        finder.finish(&mut found);
        found.iter().map(|found| found.hit).collect()
    }

    #[test]
    fn has_one_form() {
        let placeholder = Placeholder::new(ID);
        assert_eq!(
            placeholder.as_str(),
            "arb_secret_0123456789abcdefa0a0aaaaffff000a"
        );
        assert_eq!(placeholder.as_str().len(), PLACEHOLDER_BYTES);
        assert_eq!(Placeholder::new(0).as_str().len(), PLACEHOLDER_BYTES);
        assert_eq!(
            Placeholder::new(u128::MAX).as_str(),
            format!("arb_secret_{}", "f".repeat(32))
        );
        assert_eq!(format!("{placeholder:?}"), "[placeholder]");
    }

    #[test]
    fn begins_with_one_letter_in_either_case() {
        let opens = (0..=u8::MAX).filter(|byte| PlaceholderForm.opens(*byte));
        assert_eq!(Vec::from_iter(opens), b"Aa");
    }

    #[test]
    fn is_found_wherever_it_begins() {
        let placeholder = Placeholder::new(ID);
        let text = placeholder.as_str();
        for before in [
            "",
            "a",
            "arb_secret_",
            "arb_secret_1a",
            "arb_secret_a",
            "arb_arb_secret",
            text,
            "user:",
        ] {
            for after in ["", "a", "0", ":x"] {
                let found = ids(&format!("{before}{text}{after}"));
                assert_eq!(found.last(), Some(&ID), "{before} {after}");
            }
        }
        assert_eq!(ids(&text.to_uppercase()), [ID]);
    }

    #[test]
    fn nothing_less_is_found() {
        let text = Placeholder::new(ID).as_str().to_owned();
        for wrong in [
            &text[1..],
            &text[..42],
            &text.replace('b', "-"),
            &text.replace("000a", "000g"),
            "arb_secret_",
            // Only an `a` may be the prefix's first letter too.
            &format!("arb_secret_1{}", &text[1..]),
        ] {
            assert!(ids(wrong).is_empty(), "{wrong}");
        }
    }
}
