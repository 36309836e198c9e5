//! The lines in which two texts differ.

use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// Unchanged lines that are shown around a change.
const AROUND: usize = 3;
/// Most lines of a difference that are kept.
const MOST: usize = 400;
/// How long the search for the shortest difference may take; a longer one is right too.
const PATIENCE: Duration = Duration::from_secs(2);

/// What differs between what was expected and what came out, as lines. Escape them before they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff(pub Vec<DiffLine>);

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffLine {
    /// It is in both.
    Same(String),
    /// It was expected and did not come.
    Expected(String),
    /// It came and was not expected.
    Came(String),
    /// Lines are left out here.
    Gap,
}

impl Diff {
    /// The difference of two texts.
    #[must_use]
    pub fn of(expected: &str, came: &str) -> Self {
        let diff = TextDiff::configure()
            .timeout(PATIENCE)
            .diff_lines(expected, came);
        let mut lines = Vec::new();
        for (index, group) in diff.grouped_ops(AROUND).iter().enumerate() {
            if index > 0 {
                lines.push(DiffLine::Gap);
            }
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let line = change.value().trim_end_matches('\n').to_owned();
                lines.push(match change.tag() {
                    ChangeTag::Equal => DiffLine::Same(line),
                    ChangeTag::Delete => DiffLine::Expected(line),
                    ChangeTag::Insert => DiffLine::Came(line),
                });
            }
        }
        if lines.len() > MOST {
            lines.truncate(MOST);
            lines.push(DiffLine::Gap);
        }
        Self(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_what_is_around_it() {
        let (expected, came) = ("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nE\nf\n");
        let Diff(lines) = Diff::of(expected, came);
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[0], DiffLine::Same("b".to_owned()));
        assert_eq!(lines[3], DiffLine::Expected("e".to_owned()));
        assert_eq!(lines[4], DiffLine::Came("E".to_owned()));
        assert_eq!(Diff::of("x\n", "x\n"), Diff::default());
        let many = |letter: &str| format!("{letter}\n").repeat(MOST);
        let Diff(lines) = Diff::of(&many("a"), &many("b"));
        assert_eq!(
            (lines.len(), lines.last()),
            (MOST + 1, Some(&DiffLine::Gap))
        );
    }
}
