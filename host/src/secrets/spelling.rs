//! The ways in which a byte can be spelled: backslash escapes, as JSON and most languages have them, and percent-encoding.

/// A byte, and where in the raw text its spelling stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) byte: u8,
    /// Where the spelling begins.
    pub(super) start: usize,
    /// Where it ends; the first byte after it.
    pub(super) end: usize,
}

/// One way of spelling bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// `\/`, `\"`, `\n`, `\u002f`, `\ud83d\ude42`, `\x2f`.
    Backslash,
    /// `%2f`, `%2F`.
    Percent,
}

/// The bytes that begin an escape of any coding.
pub(super) const fn is_mark(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%')
}

impl Coding {
    const fn mark(self) -> u8 {
        match self {
            Self::Backslash => b'\\',
            Self::Percent => b'%',
        }
    }
}

/// What the units that are waiting amount to.
enum Reading {
    /// They begin an escape.
    Begun,
    /// They are one: it stands for this character.
    Character(char),
    /// They are one: it stands for this byte.
    Byte(u8),
    /// They are none.
    None,
}

/// Decodes a stream, unit by unit. An escape that is none stays as it is written; nothing is ever lost.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    coding: Coding,
    /// The beginning of an escape; at most 12 units.
    waiting: Vec<Unit>,
}

impl Decoder {
    pub(super) const fn new(coding: Coding) -> Self {
        Self {
            coding,
            waiting: Vec::new(),
        }
    }

    /// Whether an escape begins with this byte.
    pub(super) fn begins_at(&self, byte: u8) -> bool {
        byte == self.coding.mark()
    }

    /// Whether both undo the same coding.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.coding == other.coding
    }

    /// Whether no escape is begun.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the next unit and appends what is decoded by now.
    pub(super) fn feed(&mut self, unit: Unit, out: &mut Vec<Unit>) {
        if self.waiting.is_empty() && unit.byte != self.coding.mark() {
            out.push(unit);
            return;
        }
        self.waiting.push(unit);
        match self.read() {
            Reading::Begun => {}
            Reading::Byte(byte) => self.decoded(&[byte], out),
            Reading::Character(c) => {
                self.decoded(c.encode_utf8(&mut [0; 4]).as_bytes(), out);
            }
            Reading::None => self.give_up(out),
        }
    }

    /// Appends what was still waiting at the end of the text.
    pub(super) fn finish(&mut self, out: &mut Vec<Unit>) {
        while !self.waiting.is_empty() {
            self.give_up(out);
        }
    }

    /// The first waiting unit stands for itself, and the others are read anew. Each time there is one less.
    fn give_up(&mut self, out: &mut Vec<Unit>) {
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        out.extend(waiting.next());
        for unit in waiting {
            self.feed(unit, out);
        }
    }

    fn decoded(&mut self, bytes: &[u8], out: &mut Vec<Unit>) {
        if let (Some(first), Some(last)) = (self.waiting.first(), self.waiting.last()) {
            let (start, end) = (first.start, last.end);
            out.extend(bytes.iter().map(|&byte| Unit { byte, start, end }));
        }
        self.waiting.clear();
    }

    fn read(&self) -> Reading {
        let mut bytes = self.waiting.iter().map(|unit| unit.byte).skip(1);
        match self.coding {
            Coding::Percent => hex(&mut bytes, 2).map_or_else(unfinished, as_byte),
            Coding::Backslash => match bytes.next() {
                None => Reading::Begun,
                Some(byte @ (b'"' | b'\\' | b'/' | b'\'')) => Reading::Byte(byte),
                Some(b'b') => Reading::Byte(8),
                Some(b'f') => Reading::Byte(12),
                Some(b'n') => Reading::Byte(b'\n'),
                Some(b'r') => Reading::Byte(b'\r'),
                Some(b't') => Reading::Byte(b'\t'),
                Some(b'x') => hex(&mut bytes, 2).map_or_else(unfinished, as_byte),
                Some(b'u') => utf16(&mut bytes).unwrap_or_else(unfinished),
                Some(_) => Reading::None,
            },
        }
    }
}

/// Why there is no number yet.
#[derive(Clone, Copy)]
enum Lack {
    /// The text ends.
    More,
    /// It is something else.
    Other,
}

const fn unfinished(lack: Lack) -> Reading {
    match lack {
        Lack::More => Reading::Begun,
        Lack::Other => Reading::None,
    }
}

fn as_byte(number: u32) -> Reading {
    u8::try_from(number).map_or(Reading::None, Reading::Byte)
}

/// The number that the next `digits` hexadecimal digits give.
fn hex(bytes: &mut impl Iterator<Item = u8>, digits: usize) -> Result<u32, Lack> {
    let mut number = 0;
    for _ in 0..digits {
        let byte = bytes.next().ok_or(Lack::More)?;
        let digit = char::from(byte).to_digit(16).ok_or(Lack::Other)?;
        number = number * 16 + digit;
    }
    Ok(number)
}

/// What follows `\u`: one unit of UTF-16, or two with another `\u` between them.
fn utf16(bytes: &mut impl Iterator<Item = u8>) -> Result<Reading, Lack> {
    let first = hex(bytes, 4)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first)
            .map(Reading::Character)
            .ok_or(Lack::Other);
    }
    for expected in [b'\\', b'u'] {
        if bytes.next().ok_or(Lack::More)? != expected {
            return Err(Lack::Other);
        }
    }
    let second = hex(bytes, 4)?;
    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
    low.and_then(|low| char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low))
        .map(Reading::Character)
        .ok_or(Lack::Other)
}

#[cfg(test)]
mod tests {
    use super::{Coding, Decoder, Unit, is_mark};

    fn decode(coding: Coding, text: &str) -> String {
        let mut decoder = Decoder::new(coding);
        let mut out = Vec::new();
        for (at, byte) in text.bytes().enumerate() {
            decoder.feed(
                Unit {
                    byte,
                    start: at,
                    end: at + 1,
                },
                &mut out,
            );
        }
        decoder.finish(&mut out);
        assert!(decoder.is_idle());
        let mut last = 0;
        for unit in &out {
            assert!(unit.start < unit.end && unit.start >= last || unit.end == last);
            last = unit.start;
        }
        String::from_utf8(out.iter().map(|unit| unit.byte).collect()).unwrap()
    }

    #[test]
    fn each_coding_has_one_mark() {
        let that = |is: &dyn Fn(u8) -> bool| Vec::from_iter((0..=u8::MAX).filter(|byte| is(*byte)));
        let begins = |coding| that(&|byte| Decoder::new(coding).begins_at(byte));
        assert_eq!(begins(Coding::Backslash), b"\\");
        assert_eq!(begins(Coding::Percent), b"%");
        assert_eq!(that(&is_mark), b"%\\");
        let like = |one, other| Decoder::new(one).is_like(&Decoder::new(other));
        assert!(like(Coding::Percent, Coding::Percent));
        assert!(!like(Coding::Backslash, Coding::Percent));
    }

    #[test]
    fn escapes_are_decoded_and_all_else_stays() {
        for (text, decoded) in [
            ("", ""),
            ("plain", "plain"),
            (r"a\/b\\c\n", "a/b\\c\n"),
            (r"\u0041\u00e9\u20ac\ud83d\ude42\x2F", "Aé€🙂/"),
            (r"\\u0041", r"\u0041"),
            (r"\q\u12\", r"\q\u12\"),
            (r"\u\u0041", r"\uA"),
            (r"\u004\u0041", r"\u004A"),
            (r"\ud83d\n", "\\ud83d\n"),
            (r"\ud83d\u0041", r"\ud83dA"),
            (r"\ud83d\ud83d\ude42", r"\ud83d🙂"),
            (r"\ude42", r"\ude42"),
            (r"\ud83d\ud", r"\ud83d\ud"),
            (r"\ud83d\udfff", "\u{1f7ff}"),
            (r"\ud83d\ue000", "\\ud83d\u{e000}"),
        ] {
            assert_eq!(decode(Coding::Backslash, text), decoded, "{text}");
        }
        for (text, decoded) in [
            ("%41%2f%2F", "A//"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%%41", "%A"),
            ("%4%41", "%4A"),
            ("%zz%C3%A9", "%zzé"),
            ("%2541", "%41"),
        ] {
            assert_eq!(decode(Coding::Percent, text), decoded, "{text}");
        }
    }
}
