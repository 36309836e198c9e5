//! A runner's progress, which comes in pieces of any size, as lines.

use std::collections::VecDeque;

/// The longest line, in characters: a longer one goes on in the next, so that a text without lines is shown while it comes too.
const WIDTH: usize = 100;

/// Joins pieces into lines of at most [`WIDTH`] characters, cut at a space where there is one. Lines of nothing but space are left out.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: String,
    latest: String,
}

impl Lines {
    /// The lines that are complete now that `piece` has come.
    pub(crate) fn push(&mut self, piece: &str) -> VecDeque<String> {
        let mut lines = VecDeque::new();
        self.rest.push_str(piece);
        let mut left = self.rest.as_str();
        while let Some((line, rest)) = first(left) {
            if !line.trim().is_empty() {
                lines.push_back(line.trim_end().to_owned());
            }
            left = rest;
        }
        self.rest = left.to_owned();
        if let Some(last) = lines.back() {
            self.latest.clone_from(last);
        }
        lines
    }

    /// The latest words: the line that has begun, or the last that ended.
    pub(crate) fn latest(&self) -> &str {
        if self.rest.trim().is_empty() {
            &self.latest
        } else {
            &self.rest
        }
    }

    /// The line that has begun, since no more comes.
    pub(crate) fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.rest);
        let line = rest.trim_end();
        (!line.is_empty()).then(|| line.to_owned())
    }
}

/// The first line and what is left, if the line is complete.
fn first(text: &str) -> Option<(&str, &str)> {
    let wide = text.char_indices().nth(WIDTH).map(|(at, _)| at);
    let within = text.get(..wide.unwrap_or(text.len())).unwrap_or(text);
    if let Some((line, _)) = within.split_once('\n') {
        return Some((line, text.get(line.len() + 1..).unwrap_or_default()));
    }
    wide?;
    let cut = within.rfind(' ').map_or(within.len(), |space| space + 1);
    Some(text.split_at(cut))
}

#[cfg(test)]
mod tests {
    use super::{Lines, WIDTH};

    fn lines(text: &str, size: usize) -> Vec<String> {
        let mut lines = Lines::default();
        let letters: Vec<char> = text.chars().collect();
        let pieces = letters
            .chunks(size)
            .map(|few| few.iter().collect::<String>());
        let mut out: Vec<String> = pieces.flat_map(|piece| lines.push(&piece)).collect();
        out.extend(lines.finish());
        out
    }

    #[test]
    fn lines_do_not_depend_on_the_pieces() {
        let text = format!("one\r\n\n  two ä\n{} end", "word ".repeat(50));
        let whole = lines(&text, usize::MAX);
        assert_eq!(whole[..2], ["one", "  two ä"]);
        assert!(whole.iter().all(|line| line.chars().count() <= WIDTH));
        assert_eq!(whole[2], "word ".repeat(20).trim_end());
        for size in [1, 2, 3, 7, 99] {
            assert_eq!(lines(&text, size), whole, "{size}");
        }
    }

    #[test]
    fn a_text_without_spaces_is_cut_all_the_same() {
        let long = lines(&"é".repeat(WIDTH * 2 + 1), 3);
        let lengths: Vec<usize> = long.iter().map(|line| line.chars().count()).collect();
        assert_eq!(lengths, [WIDTH, WIDTH, 1]);
    }
}
