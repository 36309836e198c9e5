//! The name of a project.

use crate::{builtin, escape::printable};
use std::{fmt, str::FromStr};

/// Characters of a name.
const MAX: usize = 64;

/// Names that mean something else in a language, to its tools, or in `agent-arborist.yaml`.
const TAKEN: &[&str] = &[
    // Keywords of Rust, which cargo refuses as names.
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    // What cargo and npm keep for themselves.
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "favicon",
    "incremental",
    "proc-macro",
    "std",
    "test",
    // Keys of `agent-arborist.yaml` that are no runner's section.
    "audit",
    "engine",
    "models",
    "runner",
    "timeouts",
];

/// A name that is a folder, a package of every language and a section of `agent-arborist.yaml`: 1 to 64 of `a-z`, `0-9` and
/// `-`, a letter first, with no hyphen at the end or beside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// A text that is no [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` cannot be a runner's name: {reason}\n  help: {help}")]
pub struct NameError {
    given: String,
    reason: String,
    help: String,
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = |reason: String, help: String| NameError {
            given: printable(text, 100).into_owned(),
            reason,
            help,
        };
        if !is_name(text) {
            let reason = format!(
                "it takes 1 to {MAX} of a-z, 0-9 and -, a letter first, and single hyphens inside only"
            );
            let near = near(text);
            let help = match is_name(&near) && !is_taken(&near) {
                true => format!("`{near}` would do"),
                false => "a name such as `my-runner` would do".to_owned(),
            };
            return Err(error(reason, help));
        }
        if is_taken(text) {
            let reason = match builtin::find(text) {
                Some(_) => "a built-in runner has it",
                None => "it means something else to a tool or in agent-arborist.yaml",
            };
            return Err(error(reason.to_owned(), format!("`my-{text}` would do")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Name {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As variables of the environment are written: `MY_RUNNER`.
    #[must_use]
    pub fn in_capitals(&self) -> String {
        self.0.to_ascii_uppercase().replace('-', "_")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=MAX).contains(&text.len())
        && text.chars().all(fits)
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
}

fn is_taken(text: &str) -> bool {
    TAKEN.contains(&text) || builtin::find(text).is_some()
}

/// The name that somebody may have meant.
fn near(text: &str) -> String {
    let mut near = String::new();
    for c in text.chars().take(MAX) {
        if c.is_ascii_alphanumeric() {
            near.push(c.to_ascii_lowercase());
        } else if !near.ends_with('-') && !near.is_empty() {
            near.push('-');
        }
    }
    near.trim_start_matches(|c: char| !c.is_ascii_lowercase())
        .trim_end_matches('-')
        .to_owned()
}
