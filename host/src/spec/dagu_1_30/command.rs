//! How a shell text is written so that Dagu 1.30 hands it to the shell as it is.
//!
//! Before a command reaches its shell, Dagu (seen on 1.30.2)
//! - trims white space of all scripts at both ends;
//! - replaces `$NAME` and `${NAME}` by their values wherever they stand, for the names of [`KNOWN_NAMES`];
//! - runs what stands between backticks and puts the output in their place, also between single quotes, and does that
//!   again to each word of the line, unquoted as Go unquotes strings: `"\x60id\x60"` runs `id`;
//! - writes a text of several lines to a file in the working directory.
//!
//! So what would be altered is rewritten to mean the same without being altered: see `rewrite.rs`.

mod rewrite;

use super::Text;

/// What Dagu replaces in commands and scripts; everything else it leaves to the shell.
pub(super) const KNOWN_NAMES: [&str; 4] = [
    "PWD",
    "DAG_RUN_STEP_NAME",
    "DAG_RUN_STEP_STDOUT_FILE",
    "DAG_RUN_STEP_STDERR_FILE",
];

/// The longest text that goes to `sh -e -c`; Linux takes 128 KiB as one argument.
const MAX_ARGUMENT_BYTES: usize = 120_000;

/// The longest first line in which Dagu looks for an interpreter.
const MAX_SHEBANG_BYTES: usize = 4_000;

/// A text as Dagu is to have it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lowered<'a> {
    /// One line for `command`.
    Line(Text<'a>),
    /// Several lines for a `command` list of one.
    Lines(Text<'a>),
    /// A script that names its interpreter.
    Interpreted(Text<'a>),
    /// Too long for an argument.
    File(Text<'a>),
}

/// Writes a text for `sh -e -c` so that it arrives as it is.
pub(super) fn lower(text: &str) -> Lowered<'_> {
    if is_interpreted(text) {
        return Lowered::Interpreted(text.into());
    }
    let trimmed = rewrite::trim(text);
    let lowered: Text<'_> = match trimmed {
        Some(trimmed) if !is_altered(trimmed) => trimmed.into(),
        Some(trimmed) => match rewrite::rewrite(trimmed) {
            Some(rewritten) if !is_altered(&rewritten) => rewritten.into(),
            _ => rewrite::wrap(trimmed).into(),
        },
        None => rewrite::wrap(text).into(),
    };
    if lowered.len() > MAX_ARGUMENT_BYTES {
        Lowered::File(lowered)
    } else if lowered.contains('\n') {
        Lowered::Lines(lowered)
    } else {
        Lowered::Line(lowered)
    }
}

/// A command that its author wrote for Dagu: only backticks on a single line are kept from it.
pub(super) fn native(text: &str) -> Text<'_> {
    if text.trim().contains('\n') || !(has_live_backtick(text) || hides_backticks(text)) {
        return text.into();
    }
    match lower(text) {
        Lowered::Line(line) => line,
        Lowered::Lines(text) | Lowered::Interpreted(text) | Lowered::File(text) => text,
    }
}

/// Whether the text is a script that names its interpreter in the first line.
pub(super) fn is_interpreted(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("#!")
        && text
            .lines()
            .next()
            .is_some_and(|line| line.len() <= MAX_SHEBANG_BYTES)
}

/// Whether Dagu would replace a `$NAME` or `${NAME}`.
pub(super) fn has_reference(text: &str) -> bool {
    text.match_indices('$')
        .any(|(at, _)| text.get(at + 1..).and_then(reference).is_some())
}

/// Whether Dagu would hand the shell another text than this, run a part of it itself, or refuse it.
fn is_altered(text: &str) -> bool {
    has_live_backtick(text)
        || has_reference(text)
        || hides_backticks(text)
        || text.trim_matches(['|', ' ', '\t', '\n']).is_empty()
}

/// Whether Dagu would take a backtick for one: no backslash stands right before it, whatever stands before that.
pub(super) fn has_live_backtick(text: &str) -> bool {
    let mut before = '\0';
    text.chars()
        .any(|c| std::mem::replace(&mut before, c) != '\\' && c == '`')
}

/// Whether a word could hold two backticks once Go has unquoted it.
fn hides_backticks(text: &str) -> bool {
    let escapes = ["\\x60", "\\140", "\\u0060", "\\U00000060"];
    escapes
        .iter()
        .map(|escape| text.matches(escape).count())
        .sum::<usize>()
        > 1
}

/// A reference that Dagu would replace, if one follows the dollar before `rest`: how long it is, and the name.
fn reference(rest: &str) -> Option<(usize, &str)> {
    let (name, braces) = match rest.strip_prefix('{') {
        Some(inner) => (inner.get(..inner.find('}')?)?, 2),
        None => (word(rest), 0),
    };
    KNOWN_NAMES
        .contains(&name)
        .then_some((name.len() + braces, name))
}

fn word(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
pub(super) fn survives(text: &str) -> bool {
    match lower(text) {
        Lowered::Interpreted(_) => true,
        Lowered::Line(text) | Lowered::Lines(text) | Lowered::File(text) => {
            !is_altered(&text) || text.trim().is_empty()
        }
    }
}
