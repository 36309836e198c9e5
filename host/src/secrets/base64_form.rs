//! A value inside a base64 text.
//!
//! Base64 writes 3 bytes as 4 characters, so the same value looks different depending on how many bytes are before it. What it
//! always determines is its interior; the character at either end of that may hold bits of its neighbours too.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Most characters after a value that are read to find the end of the text.
const MAX_AFTER: usize = 64;

/// The two alphabets of RFC 4648.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// With `+` and `/`.
    Standard,
    /// With `-` and `_`.
    UrlSafe,
}

const fn engine(alphabet: &base64::alphabet::Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

static STANDARD_ENGINE: GeneralPurpose = engine(&STANDARD);
static URL_SAFE_ENGINE: GeneralPurpose = engine(&URL_SAFE);

impl Alphabet {
    fn engine(self) -> &'static GeneralPurpose {
        match self {
            Self::Standard => &STANDARD_ENGINE,
            Self::UrlSafe => &URL_SAFE_ENGINE,
        }
    }

    /// Whether it is one of the 64 characters.
    pub(super) const fn has(self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric()
            || match self {
                Self::Standard => matches!(byte, b'+' | b'/'),
                Self::UrlSafe => matches!(byte, b'-' | b'_'),
            }
    }
}

/// The characters that `value` alone determines where `before` bytes precede it in its group of three.
pub(super) fn interior(value: &[u8], before: usize, alphabet: Alphabet) -> Vec<u8> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(value);
    let text = alphabet.engine().encode(&bytes);
    let shared = (before * 8).div_ceil(6);
    let whole = bytes.len() * 8 / 6;
    text.as_bytes()
        .get(shared..whole)
        .unwrap_or_default()
        .to_vec()
}

/// Where a value is in a text.
pub(super) struct Spot<'a> {
    /// Bytes before the value in its group of three.
    pub(super) before: usize,
    /// The value's length modulo 3.
    pub(super) length: usize,
    pub(super) alphabet: Alphabet,
    /// The character before the interior, if `before` is not 0 and there is one.
    pub(super) head: Option<u8>,
    /// What follows the interior.
    pub(super) after: &'a [u8],
}

/// What stands in a value's place.
pub(super) struct Replacement {
    /// What to write instead of the head, the interior and what follows.
    pub(super) text: Vec<u8>,
    /// How many bytes of what follows it replaces.
    pub(super) replaced: usize,
}

impl Spot<'_> {
    /// The placeholder as it is, and all that follows the value as it was: right for long texts, which would shift otherwise.
    pub(super) fn replace(&self, placeholder: &str) -> Replacement {
        Replacement {
            text: placeholder.as_bytes().to_vec(),
            replaced: self.tail_bytes(),
        }
    }

    /// How many characters of the group in which the value ends are its own and whole.
    const fn whole_in_last_group(&self) -> usize {
        (self.before + self.length) % 3
    }

    /// The length of the character that the value shares with what follows, which may be written `\/`.
    fn tail_bytes(&self) -> usize {
        match self.after {
            _ if self.whole_in_last_group() == 0 => 0,
            [b'\\', b'/', ..] => 2,
            [byte, ..] if self.alphabet.has(*byte) => 1,
            _ => 0,
        }
    }

    /// The same base64 text with `placeholder` in the value's place, if the text's end is near: so that what a runner encoded comes
    /// back as it encoded it. `scrub` is for what follows the value.
    pub(super) fn encode_anew(
        &self,
        placeholder: &str,
        scrub: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Option<Replacement> {
        let has = |byte: &&u8| self.alphabet.has(**byte);
        let run = self.after.iter().take_while(has).count();
        let rest = self.after.get(run..)?;
        if run > MAX_AFTER || matches!(rest, [b'-' | b'_' | b'+' | b'/' | b'\\', ..]) {
            return None;
        }
        let padding = Padding::read(rest);
        let engine = self.alphabet.engine();

        // The bytes after the value: its own share of the first character is put in as zeros and taken out again.
        let whole = self.whole_in_last_group();
        let mut characters = vec![b'A'; whole];
        characters.extend_from_slice(self.after.get(..run)?);
        let decoded = engine.decode(&characters).ok()?;
        let after = decoded.get(whole..)?;
        // What is no text was no base64, but something that only follows it.
        let after = std::str::from_utf8(after).ok()?;
        if after.contains(char::is_control) {
            return None;
        }

        // The bits that the head has of the byte before the value.
        let sextet = match (self.before, self.head) {
            (0, _) => 0,
            (_, head) => engine.decode([head?, b'A']).ok()?.first()? >> 2,
        };
        let head = if self.before == 1 {
            sextet >> 4
        } else {
            sextet >> 2
        };
        let mut bytes = vec![0; self.before];
        if let Some(last) = bytes.last_mut() {
            *last = head;
        }
        bytes.extend_from_slice(placeholder.as_bytes());
        bytes.extend(scrub(after.as_bytes()));
        let mut text = engine.encode(&bytes).into_bytes();
        // A text whose length needs no padding does not tell whether its writer pads.
        let silent = (whole + after.len()).is_multiple_of(3);
        if padding.bytes > 0 || (silent && self.alphabet == Alphabet::Standard) {
            let missing = text.len().next_multiple_of(4) - text.len();
            text.extend(padding.sign.repeat(missing));
        }
        text.drain(..self.before);
        Some(Replacement {
            text,
            replaced: run + padding.bytes,
        })
    }
}

/// The padding at the end of a base64 text.
struct Padding {
    /// How it is written.
    sign: &'static [u8],
    /// How many bytes of it there are; 0 is none.
    bytes: usize,
}

impl Padding {
    const SIGNS: [&[u8]; 3] = [b"=", b"%3D", b"%3d"];

    fn read(rest: &[u8]) -> Self {
        let [plain, ..] = Self::SIGNS;
        let sign = Self::SIGNS
            .into_iter()
            .find(|sign| rest.starts_with(sign))
            .unwrap_or(plain);
        let signs = rest
            .chunks(sign.len())
            .take(2)
            .take_while(|chunk| *chunk == sign)
            .count();
        Self {
            sign,
            bytes: signs * sign.len(),
        }
    }
}
