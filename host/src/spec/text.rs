//! Canonical text: YAML that every reader reads the same, and JSON.
//!
//! Whether a string may stand without quotes is serde-saphyr's judgement, which knows what YAML 1.1, YAML 1.2 and Go's
//! readers take for a number, a boolean or a date. The layout is written here, so that it never changes with a library.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use crate::escape::is_hidden;

/// A document to be written: maps keep their order.
#[derive(Debug)]
pub(super) enum Tree<'a> {
    /// A string on one line.
    Line(Cow<'a, str>),
    /// A string whose lines may stand as a block.
    Text(Cow<'a, str>),
    Number(u64),
    Bool(bool),
    List(Vec<Tree<'a>>),
    Map(Vec<(&'static str, Tree<'a>)>),
}

impl<'a> Tree<'a> {
    pub(super) fn line(text: &'a str) -> Self {
        Self::Line(Cow::Borrowed(text))
    }

    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(super) fn lines<S: AsRef<str>>(texts: &'a [S]) -> Self {
        Self::List(texts.iter().map(|text| Self::line(text.as_ref())).collect())
    }
}

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Line(text) | Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(fields) => {
                serializer.collect_map(fields.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

/// Block YAML, two spaces a level. `tree` is a map, and its lists and maps are not empty.
pub(super) fn yaml(tree: &Tree<'_>) -> String {
    let mut out = String::new();
    value(&mut out, 0, tree);
    out
}

/// Writes what stands after `key:` or `-`, or the document; depth is that of our own documents, five at most.
fn value(out: &mut String, level: usize, tree: &Tree<'_>) {
    match tree {
        Tree::Line(text) => inline(out, &scalar(text)),
        Tree::Text(text) => match block_header(text) {
            Some(header) => {
                inline(out, header);
                block(out, level, text);
            }
            None => inline(out, &scalar(text)),
        },
        Tree::Number(number) => inline(out, &number.to_string()),
        Tree::Bool(value) => inline(out, if *value { "true" } else { "false" }),
        Tree::List(items) => {
            newline(out);
            for item in items {
                indent(out, level);
                out.push('-');
                value(out, level + 1, item);
            }
        }
        Tree::Map(fields) => map(out, level, fields),
    }
}

fn map(out: &mut String, level: usize, fields: &[(&'static str, Tree<'_>)]) {
    // The first key of a map in a list stands beside the dash.
    let mut beside = out.ends_with('-');
    if !beside {
        newline(out);
    }
    for (key, field) in fields {
        if std::mem::take(&mut beside) {
            out.push(' ')
        } else {
            indent(out, level)
        }
        out.push_str(key);
        out.push(':');
        value(out, level + 1, field);
    }
}

fn inline(out: &mut String, text: &str) {
    out.push(' ');
    out.push_str(text);
    out.push('\n');
}

fn newline(out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
}

fn indent(out: &mut String, level: usize) {
    out.extend(std::iter::repeat_n("  ", level));
}

fn block(out: &mut String, level: usize, text: &str) {
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            indent(out, level);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// The header of a literal block that holds exactly this text, if one does without an indentation indicator
/// or kept blank lines, in which readers differ.
fn block_header(text: &str) -> Option<&'static str> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let several =
        text.contains('\n') && !body.ends_with('\n') && !body.starts_with([' ', '\t', '\n']);
    let blank_line = |line: &str| !line.is_empty() && line.trim_matches([' ', '\t']).is_empty();
    let exact = several
        && !body.is_empty()
        && !text
            .chars()
            .any(|c| !matches!(c, '\n' | '\t') && is_hidden(c))
        && !body
            .split('\n')
            .any(|line| blank_line(line) || line.starts_with('\t'));
    exact.then_some(if text.ends_with('\n') { "|" } else { "|-" })
}

/// A string as it stands in YAML, on one line.
fn scalar(text: &str) -> Cow<'_, str> {
    if is_surely_plain(text) || (!has_hidden(text) && is_plain(text)) {
        Cow::Borrowed(text)
    } else {
        // One style of quoting only.
        Cow::Owned(double_quoted(text))
    }
}

/// Whether nobody takes this for anything but a string, at a glance. Most names and many commands are such: a letter, and then what has
/// no meaning in YAML. Short words are left to [`is_plain`]: some of them are booleans, null or numbers.
fn is_surely_plain(text: &str) -> bool {
    let Some((first, rest)) = text.as_bytes().split_first() else {
        return false;
    };
    let is_safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./ ".contains(byte);
    first.is_ascii_alphabetic()
        && rest.last().is_some_and(u8::is_ascii_alphanumeric)
        && rest.iter().all(is_safe)
        && (rest.len() > 8 || rest.iter().any(|byte| b" -/".contains(byte)))
}

/// Whether serde-saphyr would leave it without quotes.
fn is_plain(text: &str) -> bool {
    #[derive(serde::Serialize)]
    struct Probe<'a> {
        key: &'a str,
    }
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(&Probe { key: text }, options).is_ok_and(|probe| {
        let written = probe.strip_prefix("key: ");
        written.and_then(|rest| rest.strip_suffix('\n')) == Some(text)
    })
}

/// Whether a character must be escaped.
fn has_hidden(text: &str) -> bool {
    if text.is_ascii() {
        return text.bytes().any(|byte| byte.is_ascii_control());
    }
    text.chars().any(is_hidden)
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => {
                let code = u32::from(c);
                // Writing to a String cannot fail.
                let _ = match code {
                    0..0x100 => write!(out, "\\x{code:02X}"),
                    0x100..0x1_0000 => write!(out, "\\u{code:04X}"),
                    _ => write!(out, "\\U{code:08X}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Indented JSON with a newline at the end; hidden characters escaped.
pub(super) fn json(tree: &Tree<'_>) -> String {
    // Maps with string keys only, so this cannot fail; an empty answer would be noticed at once.
    let raw = serde_json::to_string_pretty(tree).unwrap_or_default();
    let mut out = crate::escape::json(&raw);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// The glance never says otherwise than the library.
        #[test]
        fn what_is_plain_at_a_glance_is_plain(text in "[a-zA-Z][-a-zA-Z0-9_./ ]{0,16}") {
            prop_assert!(!is_surely_plain(&text) || is_plain(&text), "{text:?}");
        }
    }

    #[test]
    fn words_that_yaml_takes_for_something_else_are_not_plain() {
        let words =
            "true True TRUE false no No on off y n null Null nan NaN inf infinity Infinity yes e1";
        for word in words.split(' ') {
            assert!(!is_surely_plain(word), "{word}");
        }
        for plain in [
            "back-up-orders",
            "pg_dump orders",
            "step-1",
            "echo hello there",
        ] {
            assert!(is_surely_plain(plain), "{plain}");
        }
    }
}
