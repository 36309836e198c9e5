//! Lines out of pieces that end anywhere: what NDJSON and event streams are made of.

use std::fmt;

/// Collects pieces and gives lines. Pure, so that it is tested without a host.
#[derive(Debug)]
pub struct Lines {
    max: usize,
    buffer: Vec<u8>,
    /// Where the next line starts.
    start: usize,
    /// How far line ends have been looked for, so that each byte is looked at once.
    seen: usize,
    /// Whether a lone `\r` ends a line too.
    returns: bool,
    /// Whether the last line ended with `\r`, so that a `\n` that follows belongs to it.
    after_return: bool,
}

/// A line that is longer than the bound, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong(pub usize);

impl fmt::Display for LineTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a line is longer than {} bytes", self.0)
    }
}

impl Lines {
    /// Takes lines of at most `max` bytes.
    pub fn new(max: usize) -> Self {
        Self {
            max,
            buffer: Vec::new(),
            start: 0,
            seen: 0,
            returns: false,
            after_return: false,
        }
    }

    /// Lets a lone `\r` end a line too, as event streams have it.
    #[must_use]
    pub fn with_returns(self) -> Self {
        Self {
            returns: true,
            ..self
        }
    }

    /// Adds a piece. What it holds is to be taken by [`next`](Self::next) before the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.start);
        self.seen -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(piece);
    }

    /// The next complete line without its end; bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// [`LineTooLong`] as soon as a line is, complete or not.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would end between two pieces"
    )]
    pub fn next(&mut self) -> Result<Option<String>, LineTooLong> {
        let rest = self.buffer.get(self.seen..).unwrap_or_default();
        if self.after_return && !rest.is_empty() {
            self.after_return = false;
            if rest.first() == Some(&b'\n') {
                self.start += 1;
                self.seen = self.start;
            }
        }
        let rest = self.buffer.get(self.seen..).unwrap_or_default();
        let ends = |byte: &u8| *byte == b'\n' || self.returns && *byte == b'\r';
        let Some(length) = rest.iter().position(ends) else {
            self.seen = self.buffer.len();
            return self.bounded(self.seen).map(|()| None);
        };
        let end = self.seen + length;
        self.bounded(end)?;
        self.after_return = self.buffer.get(end) == Some(&b'\r');
        let line = text(self.buffer.get(self.start..end).unwrap_or_default());
        self.start = end + 1;
        self.seen = self.start;
        Ok(Some(line))
    }

    /// What is left after the last line end, if anything.
    pub fn finish(self) -> Option<String> {
        self.buffer
            .get(self.start..)
            .filter(|rest| !rest.is_empty())
            .map(text)
    }

    fn bounded(&self, end: usize) -> Result<(), LineTooLong> {
        if end - self.start > self.max {
            Err(LineTooLong(self.max))
        } else {
            Ok(())
        }
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], size: usize) -> Vec<String> {
        let mut lines = Lines::new(100);
        let mut found = Vec::new();
        for piece in text.chunks(size) {
            lines.push(piece);
            while let Some(line) = lines.next().unwrap() {
                found.push(line);
            }
        }
        found.extend(lines.finish());
        found
    }

    #[test]
    fn lines_do_not_depend_on_the_pieces() {
        let text = "a\r\n\nbé€\ndata: {}\nlast".as_bytes();
        for size in 1..=text.len() {
            assert_eq!(
                all(text, size),
                ["a", "", "bé€", "data: {}", "last"],
                "size {size}"
            );
        }
        assert_eq!(all(b"x\n", 1), ["x"]);
    }

    #[test]
    fn a_lone_return_ends_a_line_where_that_is_said() {
        let text = b"a\rb\r\nc\n\r\r\nd\r";
        for size in 1..=text.len() {
            let mut lines = Lines::new(100).with_returns();
            let mut found = Vec::new();
            for piece in text.chunks(size) {
                lines.push(piece);
                while let Some(line) = lines.next().unwrap() {
                    found.push(line);
                }
            }
            assert_eq!(found, ["a", "b", "c", "", "", "d"], "size {size}");
            assert_eq!(lines.finish(), None);
        }
    }

    #[test]
    fn an_endless_line_is_stopped() {
        let mut lines = Lines::new(10);
        lines.push(&[b'x'; 10]);
        assert_eq!(lines.next(), Ok(None));
        lines.push(b"x");
        assert_eq!(lines.next(), Err(LineTooLong(10)));
        let mut lines = Lines::new(2);
        lines.push(b"abc\n");
        assert_eq!(lines.next(), Err(LineTooLong(2)));
    }
}
