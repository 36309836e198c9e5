//! The configuration as it was written: a tree whose every value knows where it comes from.

use std::ops::Range;
use std::sync::Arc;

/// Where in the file something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Line, from 1.
    pub(super) line: usize,
    /// Column in characters, from 1.
    pub(super) column: usize,
    /// The bytes of the text.
    pub(super) span: Range<usize>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The configuration file.
    File(Spot),
    /// The file of a test, which lays fields over a section.
    Laid(Spot),
    /// An environment variable of this name.
    Variable(Arc<str>),
    /// A command-line flag.
    Flag(&'static str),
    /// Nowhere: it is what a built-in runner has by default.
    Default,
}

/// A value and its origin. Not `Debug`: the text may be a secret.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: At,
}

/// What a [`Node`] is.
#[derive(Clone)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A single value as the text that was written, escapes resolved.
#[derive(Clone, Default)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Whether it stood in the file without quotes, so that YAML may take it for a number, a
    /// boolean or null.
    pub(super) plain: bool,
    /// Whether `${…}` in it is text: it came from a variable or a flag, or is expanded already.
    pub(super) literal: bool,
    /// The variables whose values are in it.
    pub(super) uses: Vec<String>,
    /// Whether a variable in it is unset. The text is then of no use.
    pub(super) unset: bool,
}

/// A key of a map.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) at: At,
}

impl Scalar {
    /// A text that is taken as it is.
    pub(super) fn literal(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            literal: true,
            ..Self::default()
        }
    }

    /// Whether YAML takes it for null: nothing at all, `~` or `null`, without quotes.
    pub(super) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether YAML takes it for a number, a boolean or null, so that it is never a secret.
    pub(super) fn is_no_string(&self) -> bool {
        self.plain && (self.is_null() || is_boolean(&self.text) || is_number(&self.text))
    }
}

impl Node {
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_null)
    }

    /// What this is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) if scalar.is_null() => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// An empty map that a variable or flag makes room with.
    pub(super) fn empty_map(at: At) -> Self {
        Self {
            value: Value::Map(Vec::new()),
            at,
        }
    }
}

pub(super) fn is_boolean(text: &str) -> bool {
    matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let radix = |prefix, radix| {
        digits
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && (digits.parse::<f64>().is_ok()
            || radix("0x", 16)
            || radix("0o", 8)
            || matches!(digits.to_ascii_lowercase().as_str(), ".inf" | ".nan"))
}
