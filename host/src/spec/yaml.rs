//! Bounded YAML: a text becomes a tree of values that know where they stand.
//!
//! Built on the events of serde-saphyr's parser rather than on serde, because a scalar must stay the text
//! that was written (`no`, `1e3`, `0x10`), every value needs its place, and all faults are to be told at once.
//! JSON is YAML, so it is read here too.
//!
//! Refused with their place: tags, directives, merge keys, keys that are not strings, a key twice in one map, a second
//! document, an alias inside its own anchor. Other aliases are expanded, and what they expand to counts against the bounds.

mod build;
mod json;

use serde_saphyr::granit_parser::{self, Parser};

use self::build::Builder;
use super::limits::{EXPANSION, MAX_DEPTH};
use super::report::{Fault, Position, Problem};
use crate::escape::printable;

/// A value and the place where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it starts.
    pub at: Position,
}

/// The value of a [`Node`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A scalar, as the text that was written; `plain` if it stood there without quotes and not as a block.
    Scalar {
        /// The text, escapes resolved.
        text: String,
        /// Whether it was written without quotes, so that YAML could take it for a number, a boolean or null.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the text; keys are strings and differ from each other.
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The text, escapes resolved.
    pub text: String,
    /// Where it starts.
    pub at: Position,
}

impl Node {
    /// Whether this is YAML's null: nothing at all, `~` or `null` without quotes.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if is_null(text))
    }

    /// What this is, for a message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Reads one document of at most `max_bytes`. Takes time in proportion to the text.
///
/// # Errors
/// The first fault: the text exceeds a bound of [`super::limits`], is not YAML, or uses what is refused here.
/// Messages hold places and escaped keys, never values.
pub fn parse(text: &str, max_bytes: usize) -> Result<Node, Fault> {
    if text.len() > max_bytes {
        return Err(Fault {
            problem: too_large("the text", max_bytes, "bytes"),
            step: None,
            at: None,
        });
    }
    let mut options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        disallow_directives: true,
    };
    options.set_emit_comments(false);
    let mut builder = Builder::new(max_bytes.saturating_mul(EXPANSION));
    let text = json::readable(text);
    for next in Parser::new_from_str_with_options(&text, options) {
        let (event, span) = next.map_err(|error| {
            let mark = error.marker();
            let at = Position {
                line: mark.line(),
                column: mark.col() + 1,
            };
            Fault {
                problem: Problem::Syntax(syntax(&text, &at, &error.info())),
                step: None,
                at: Some(at),
            }
        })?;
        builder.take(event, span)?;
    }
    builder.root.ok_or(Fault {
        problem: Problem::Refused("the text is empty"),
        step: None,
        at: None,
    })
}

/// What the parser says, and where a tab stands before the place what it should be.
fn syntax(text: &str, at: &Position, says: &str) -> String {
    let line = text.lines().nth(at.line.saturating_sub(1));
    let tab = line.is_some_and(|line| line.chars().take(at.column).any(|c| c == '\t'));
    let help = match tab {
        true => "; YAML is indented with spaces: put them in the place of the tab",
        false => "",
    };
    format!("{}{help}", printable(says, 160))
}

fn too_large(what: &'static str, limit: usize, unit: &'static str) -> Problem {
    Problem::TooLarge { what, limit, unit }
}
