//! Makes text from outside safe to show: on a terminal, in a log line, in an error.
//!
//! A runner, a service or a file may hold escape sequences that move the cursor, retitle the window
//! or write the clipboard, and bidirectional or invisible characters that make one text look like
//! another. [`printable`] and [`printable_lines`] spell such characters out and change nothing else,
//! so ordinary text in any language stays as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Which characters besides the printable ones may stay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    SingleLine,
    MultiLine,
}

/// `text` on one line, at most `max_chars` characters long, with nothing in it that a terminal obeys.
///
/// Newline, carriage return and tab become `\n`, `\r`, `\t`; other control characters `\x1b`; bidi
/// controls, line separators and invisible characters `\u{202e}`. A longer text is cut and ends in `…`;
/// an escape counts with every character it is written with and is never cut in two. Borrows where nothing had to change.
#[must_use]
pub fn printable(text: &str, max_chars: usize) -> Cow<'_, str> {
    escape(text, max_chars, Layout::SingleLine)
}

/// Like [`printable`], but newlines and tabs stay: for a block of text that is meant to have lines.
///
/// A carriage return is still escaped, since it lets a line overwrite itself.
#[must_use]
pub fn printable_lines(text: &str, max_chars: usize) -> Cow<'_, str> {
    escape(text, max_chars, Layout::MultiLine)
}

/// Whether a terminal or a reader could be misled by this character: C0 and C1 controls, DEL, bidi
/// controls, line and paragraph separators, zero-width and other invisible format characters.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control() || is_bidi_control(c) || is_invisible(c)
}

/// Whether this character changes the direction in which the text around it is shown.
#[must_use]
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// JSON text with every hidden character written as an escape: what a JSON string says stays the same, and a
/// terminal obeys nothing of it. The newlines between the lines of indented JSON stay.
#[must_use]
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Outside strings the only hidden character of JSON text is the newline.
        if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

fn escape(text: &str, max_chars: usize, layout: Layout) -> Cow<'_, str> {
    // Most text is this.
    if text.len() <= max_chars && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let stays =
        |c: char| !is_hidden(c) || (layout == Layout::MultiLine && matches!(c, '\n' | '\t'));
    // The second look is bounded by `max_chars`, so a huge text costs no more than a short one.
    if text.chars().take(max_chars).all(stays) && text.chars().nth(max_chars).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    let mut spelled = String::new();
    // Where the output ends if the text turns out to be too long: one place is kept for the ellipsis.
    let mut cut_at = 0;
    for c in text.chars() {
        spelled.clear();
        if stays(c) {
            spelled.push(c)
        } else {
            spell(c, &mut spelled)
        }
        let width = spelled.chars().count();
        if used + width > max_chars {
            out.truncate(cut_at);
            if max_chars > 0 {
                out.push('…');
            }
            return Cow::Owned(out);
        }
        used += width;
        out.push_str(&spelled);
        if used < max_chars {
            cut_at = out.len();
        }
    }
    Cow::Owned(out)
}

fn spell(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            let code = u32::from(c);
            // Writing to a String cannot fail.
            let _ = if code < 0x100 {
                write!(out, "\\x{code:02x}")
            } else {
                write!(out, "\\u{{{code:x}}}")
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_hidden, printable, printable_lines};
    use std::borrow::Cow;

    #[test]
    fn ordinary_text_is_borrowed() {
        for text in ["", "hello", "Größe 备份 🙂 שלום", "a\\b"] {
            assert!(
                matches!(printable(text, 40), Cow::Borrowed(same) if same == text),
                "{text}"
            );
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_spelled_out() {
        let cases = [
            ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
            ("\x1b[2J", r"\x1b[2J"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\0\x08\x7f\u{9b}", r"\x00\x08\x7f\x9b"),
            ("\u{202e}gpj.exe", r"\u{202e}gpj.exe"),
            (
                "a\u{2028}b\u{2029}c\u{feff}",
                r"a\u{2028}b\u{2029}c\u{feff}",
            ),
            ("x\u{200b}y\u{2066}z\u{61c}", r"x\u{200b}y\u{2066}z\u{61c}"),
        ];
        for (text, shown) in cases {
            assert_eq!(printable(text, 80), shown);
        }
        assert_eq!(printable_lines("a\n\tb\r\x1b", 80), "a\n\tb\\r\\x1b");
    }

    #[test]
    fn the_result_is_never_longer_than_asked() {
        assert_eq!(printable("abcdef", 6), "abcdef");
        assert_eq!(printable("abcdefg", 6), "abcde…");
        assert_eq!(printable("ab\x1bcd", 6), r"ab…");
        assert_eq!(printable("ab\x1b", 6), r"ab\x1b");
        assert_eq!(printable("\u{202e}", 3), "…");
        assert_eq!(printable("abc", 0), "");
        let huge = "\u{202e}".repeat(1 << 20);
        for max in 0..40 {
            let shown = printable(&huge, max);
            assert!(shown.chars().count() <= max);
            assert!(!shown.chars().any(is_hidden));
        }
    }
}
