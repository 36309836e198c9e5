//! Where a text may be cut: at punctuation, at line ends, and at the words that join clauses.

use crate::clauses::Link;
use crate::{verbs, words};
use std::ops::Range;

/// A stretch of the text that may be a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) range: Range<usize>,
    /// How it stands to the piece before it.
    pub(crate) link: Link,
    /// Whether only a comma stands before it.
    pub(crate) soft: bool,
}

impl Piece {
    pub(crate) fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range.clone()).unwrap_or_default()
    }
}

/// The pieces of `text` that hold a letter or digit, in order. `known` says that its verbs are known, so
/// that "and" counts only before one.
pub(crate) fn of(text: &str, known: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for sentence in at_marks(text) {
        at_words(text, &sentence, known, &mut pieces);
    }
    pieces.retain(|piece| piece.text(text).chars().any(char::is_alphabetic));
    pieces
}

/// Cut at punctuation and line ends.
fn at_marks(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before = (Link::And, false);
    for (index, c) in text.char_indices() {
        let end = index + c.len_utf8();
        let rest = text.get(end..).unwrap_or_default();
        let Some(mark) = mark(c, rest) else { continue };
        let (link, soft) = std::mem::replace(&mut before, mark);
        pieces.push(Piece {
            range: start..end,
            link,
            soft,
        });
        start = end;
    }
    let (link, soft) = before;
    pieces.push(Piece {
        range: start..text.len(),
        link,
        soft,
    });
    pieces
}

/// What a character followed by `rest` begins: the link of the next piece, and whether it is a mere comma.
fn mark(c: char, rest: &str) -> Option<(Link, bool)> {
    let spaced = rest.is_empty() || rest.starts_with(char::is_whitespace);
    match c {
        '.' | '!' | '?' if spaced => Some((Link::Then, false)),
        '。' | '！' | '？' => Some((Link::Then, false)),
        ';' if spaced => Some((Link::And, false)),
        '；' => Some((Link::And, false)),
        ',' if spaced => Some((Link::And, true)),
        '，' | '、' => Some((Link::And, true)),
        '\n' => line_end(rest),
        _ => None,
    }
}

/// A line end cuts before an item of a list, a blank line and a capital letter; elsewhere it is a space.
fn line_end(rest: &str) -> Option<(Link, bool)> {
    let line = rest.trim_start_matches([' ', '\t', '\r']);
    let first = line.chars().next()?;
    match first {
        '-' | '*' | '•' | '–' => Some((Link::And, false)),
        _ if first.is_lowercase() => None,
        _ => Some((Link::Then, false)),
    }
}

/// Cut at words that join.
fn at_words(text: &str, sentence: &Piece, known: bool, pieces: &mut Vec<Piece>) {
    let mut piece = sentence.clone();
    let mut words = word_ranges(text, sentence.range.clone()).peekable();
    let mut has_words = false;
    while let Some(word) = words.next() {
        let next = words
            .peek()
            .map(|next| words::bare(text.get(next.clone()).unwrap_or_default()));
        let word_text = words::bare(text.get(word.clone()).unwrap_or_default());
        let Some(link) = joint(&word_text, next.as_deref().unwrap_or_default(), known) else {
            has_words = true;
            continue;
        };
        if has_words {
            let end = std::mem::replace(&mut piece.range.end, word.start);
            pieces.push(piece);
            piece = Piece {
                range: word.end..end,
                link,
                soft: false,
            };
            has_words = false;
        } else if link == Link::Then {
            // "…, then" and "and then": the stronger word decides.
            (piece.link, piece.soft) = (link, false);
        }
    }
    pieces.push(piece);
}

/// What a word does before `next`: joins two clauses, or nothing.
fn joint(word: &str, next: &str, known: bool) -> Option<Link> {
    let acts = |word: &str| verbs::verb(word).is_some() || word.ends_with("ing");
    if words::is_then(word) {
        return Some(Link::Then);
    }
    match word {
        "before" if acts(next) => Some(Link::Then),
        "after" if next == "that" => Some(Link::Then),
        "after" if acts(next) => Some(Link::Before),
        "while" | "meanwhile" if acts(next) => Some(Link::And),
        _ if !words::is_and(word) => None,
        _ if !known || verbs::verb(next).is_some() || words::is_then(next) => Some(Link::And),
        _ => None,
    }
}

/// The ranges of the words in a range.
fn word_ranges(text: &str, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let base = range.start;
    let mut rest = text.get(range).unwrap_or_default();
    let mut at = base;
    std::iter::from_fn(move || {
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        let length = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        let word = at..at + length;
        rest = trimmed.get(length..).unwrap_or_default();
        at = word.end;
        (length > 0).then_some(word)
    })
}
