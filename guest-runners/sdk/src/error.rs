//! How a call fails.

pub use crate::bindings::arborist::runner::runner_types::{RunnerError as Error, ServiceFailure};

/// The largest message that is worth sending: the host shows 4 KiB.
const MAX_MESSAGE: usize = 4096;

/// `text` as one line of at most `max` bytes, cut at a character with `…`; white space and control
/// characters in a row become one space.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let max = max.min(MAX_MESSAGE);
    let mut line = String::new();
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = !line.is_empty();
            continue;
        }
        if line.len() + usize::from(gap) + c.len_utf8() > max {
            line.push('…');
            return line;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
        }
        line.push(c);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn text_becomes_one_bounded_line() {
        assert_eq!(one_line("  a\n\n\tb\u{1b}c ", 100), "a b c");
        assert_eq!(one_line("ääää", 5), "ää…");
        assert_eq!(one_line("", 5), "");
    }
}
