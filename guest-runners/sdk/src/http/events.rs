//! Server-sent events out of pieces that end anywhere: what AI services stream their answers as.

use super::{LineTooLong, Lines};
use std::fmt;

/// One event of an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its type: `message` where the stream gives it none.
    pub name: String,
    /// Its data, the lines of it joined with `\n`.
    pub data: String,
    /// The last id that the stream gave, for this event or an earlier one; empty where it gave none.
    pub id: String,
}

/// Collects pieces and gives events, as the HTML standard reads them. Pure, so that it is tested without
/// a host. A field `retry` is passed over: nothing here connects again.
#[derive(Debug)]
pub struct Events {
    lines: Lines,
    max: usize,
    begun: bool,
    name: String,
    /// With `\n` after each line, so that one empty line of data differs from none.
    data: String,
    id: String,
}

/// An event, or a line of one, that is longer than the bound, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTooLong(pub usize);

impl fmt::Display for EventTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event is longer than {} bytes", self.0)
    }
}

impl From<LineTooLong> for EventTooLong {
    fn from(LineTooLong(max): LineTooLong) -> Self {
        Self(max)
    }
}

impl Events {
    /// Takes events of at most `max` bytes, and lines of at most as many.
    pub fn new(max: usize) -> Self {
        Self {
            lines: Lines::new(max).with_returns(),
            max,
            begun: false,
            name: String::new(),
            data: String::new(),
            id: String::new(),
        }
    }

    /// Adds a piece. What it holds is to be taken by [`next`](Self::next) before the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.lines.push(piece);
    }

    /// The next complete event. One that the stream's end cuts off is none, as the standard says.
    ///
    /// # Errors
    /// [`EventTooLong`] as soon as an event is, complete or not.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would end between two pieces"
    )]
    pub fn next(&mut self) -> Result<Option<Event>, EventTooLong> {
        while let Some(line) = self.lines.next()? {
            let mut line = line.as_str();
            if !std::mem::replace(&mut self.begun, true) {
                line = line.strip_prefix('\u{feff}').unwrap_or(line);
            }
            if !line.is_empty() {
                self.field(line)?;
            } else if let Some(event) = self.event() {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// What the fields since the last empty line make; nothing where none of them was data.
    fn event(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        data.pop()?;
        Some(Event {
            name: if name.is_empty() {
                "message".to_owned()
            } else {
                name
            },
            data,
            id: self.id.clone(),
        })
    }

    fn field(&mut self, line: &str) -> Result<(), EventTooLong> {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if self.name.len() + self.data.len() + value.len() > self.max {
                    return Err(EventTooLong(self.max));
                }
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            // A comment, whose field is empty, or one that means nothing here.
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], size: usize) -> Vec<(String, String, String)> {
        let mut events = Events::new(100);
        let mut found = Vec::new();
        for piece in text.chunks(size) {
            events.push(piece);
            while let Some(event) = events.next().unwrap() {
                found.push((event.name, event.data, event.id));
            }
        }
        found
    }

    #[track_caller]
    fn check(text: &str, want: &[(&str, &str, &str)]) {
        for size in 1..=text.len() {
            let found = all(text.as_bytes(), size);
            let found: Vec<_> = found
                .iter()
                .map(|(name, data, id)| (name.as_str(), data.as_str(), id.as_str()))
                .collect();
            assert_eq!(found, want, "{text:?} in pieces of {size}");
        }
    }

    #[test]
    fn events_do_not_depend_on_the_pieces() {
        check(
            "\u{feff}: hello\nevent: one\ndata: é€😀\nid: 7\n\ndata:a\ndata: b\ndata:  c\n\n",
            &[("one", "é€😀", "7"), ("message", "a\nb\n c", "7")],
        );
        check(
            "data: a\r\rdata: b\r\n\r\ndata: c\n\r\ndata: d\r\n\n",
            &[
                ("message", "a", ""),
                ("message", "b", ""),
                ("message", "c", ""),
                ("message", "d", ""),
            ],
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_field() {
        check("\u{feff}data: a\n\n", &[("message", "a", "")]);
        check("\u{feff}\ndata: a\n\n", &[("message", "a", "")]);
    }

    #[test]
    fn odd_fields_are_read_as_the_standard_says() {
        // No data, no event, and its name does not stay for the next one.
        check("event: lost\n\ndata: x\n\n", &[("message", "x", "")]);
        // An empty line of data is data; a name alone is a field with nothing in it.
        check(
            "data\n\ndata:\ndata\n\n",
            &[("message", "", ""), ("message", "\n", "")],
        );
        // Unknown fields, another case, white space before the colon, ids with NUL.
        check(
            "retry: 5\nDATA: x\n data: y\ndata : z\nid: a\0b\nfoo\ndata: w:v\n\n",
            &[("message", "w:v", "")],
        );
        // The mark of a byte order counts at the very beginning only.
        check(
            "data: a\n\n\u{feff}data: b\n\ndata: c\n\n",
            &[("message", "a", ""), ("message", "c", "")],
        );
    }

    #[test]
    fn what_the_end_cuts_off_is_no_event() {
        check("data: a\n\ndata: b\n", &[("message", "a", "")]);
        check("data: a", &[]);
    }

    #[test]
    fn bytes_that_are_no_utf8_are_replaced() {
        let found = all(b"data: a\xff\xc3b\n\n", 1);
        assert_eq!(found[0].1, "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn endless_lines_and_events_are_stopped() {
        let mut events = Events::new(20);
        events.push(&[b':'; 21]);
        assert_eq!(events.next(), Err(EventTooLong(20)));
        let mut events = Events::new(20);
        for _ in 0..2 {
            events.push(b"data: 12345678\n");
            assert_eq!(events.next(), Ok(None));
        }
        events.push(b"data: 12345678\n");
        assert_eq!(events.next(), Err(EventTooLong(20)));
        // Comments are not kept, so they may go on.
        let mut events = Events::new(20);
        for _ in 0..1000 {
            events.push(b": still here\n\n");
            assert_eq!(events.next(), Ok(None));
        }
    }
}
