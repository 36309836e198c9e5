//! How placeholders are shown in a text that comes in pieces, wherever it is cut.

use super::{
    finder::{Finder, Found},
    placeholder::PlaceholderForm,
    run::RunSecrets,
};
use std::fmt;

/// The most that is held back, in bytes: more than the longest spelling of a placeholder takes.
const MOST: usize = 4 * 1024;

/// [`RunSecrets::show`] for pieces. It holds back what may be the beginning of a placeholder until that is decided, and nothing else:
/// unlike a secret's, a placeholder's beginning may show by the delay.
pub struct ShownPieces {
    secrets: RunSecrets,
    finder: Finder<PlaceholderForm>,
    held: String,
    /// What was found in it and is not shown yet, by its place in the whole text.
    found: Vec<Found<u128>>,
}

impl RunSecrets {
    /// Shows a text that comes in pieces.
    #[must_use]
    pub fn show_pieces(&self) -> ShownPieces {
        ShownPieces {
            secrets: self.clone(),
            finder: Finder::new(PlaceholderForm),
            held: String::new(),
            found: Vec::new(),
        }
    }
}

impl ShownPieces {
    /// What can be shown now that `piece` has come; empty where all of it is held back.
    pub fn push(&mut self, piece: &str) -> String {
        if self.secrets.is_empty() {
            return piece.to_owned();
        }
        let mut decided = 0;
        for (at, c) in piece.char_indices() {
            let end = at + c.len_utf8();
            let known = self.found.len();
            let bytes = piece.as_bytes().get(at..end).unwrap_or_default();
            self.finder.feed(bytes, &mut self.found);
            let whole = self.found.len() > known && !self.finder.is_in_lanes();
            if whole || self.finder.is_at_rest() {
                decided = self.held.len() + end;
            }
        }
        self.held.push_str(piece);
        if self.held.len() - decided > MOST {
            decided = self.overlong();
        }
        self.release(decided)
    }

    /// Where what is held back can be cut although nothing was decided: no placeholder is spelled so long, and none that was found is cut.
    fn overlong(&self) -> usize {
        let cut = self.held.len().saturating_sub(MOST);
        let base = self.finder.read() - self.held.len();
        let across = self
            .found
            .iter()
            .filter(|found| (found.start..found.end).contains(&(base + cut)) && found.start > base);
        let cut = across.map(|found| found.start - base).min().unwrap_or(cut);
        self.held.floor_char_boundary(cut)
    }

    fn release(&mut self, decided: usize) -> String {
        let rest = self.held.split_off(decided);
        let decided = std::mem::replace(&mut self.held, rest);
        let base = self.finder.read() - self.held.len();
        self.found.retain(|found| found.start >= base);
        self.secrets.show(&decided).into_owned()
    }

    /// What was held back, since no more comes.
    pub fn finish(&mut self) -> String {
        let shown = self.release(self.held.len());
        *self = self.secrets.show_pieces();
        shown
    }
}

impl fmt::Debug for ShownPieces {
    /// Without what is held back, which may be a part of a placeholder.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShownPieces").finish_non_exhaustive()
    }
}
