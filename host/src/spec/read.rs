//! From YAML values to checked fields; what a spec and a DAG have in common.

use super::limits::{MAX_COMMAND_BYTES, MAX_DESCRIPTION_BYTES, MAX_NAME_CHARS, MAX_STEPS};
use super::report::{Position, Problem, Report, Shown};
use super::yaml::{Key, Node, Value};
use crate::escape::{is_bidi_control, is_hidden, printable};

/// A dependency as written.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) at: Position,
}

/// Where a value belongs, for its messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) key: &'static str,
    pub(super) step: Option<&'a str>,
}

/// The value of a key.
pub(super) fn get<'a>(map: &'a [(Key, Node)], key: &str) -> Option<&'a Node> {
    map.iter()
        .find(|(k, _)| k.text == key)
        .map(|(_, value)| value)
}

/// Where a key stands.
pub(super) fn key_at(map: &[(Key, Node)], key: &str) -> Option<Position> {
    map.iter().find(|(k, _)| k.text == key).map(|(k, _)| k.at)
}

/// The value under a key or under its older name, and which of the two it was; both at once is a fault.
pub(super) fn either<'a>(
    report: &mut Report,
    map: &'a [(Key, Node)],
    (key, older): (&'static str, &'static str),
    step: Option<&str>,
) -> Option<(&'a Node, &'static str)> {
    match (get(map, key), get(map, older)) {
        (Some(_), Some(_)) => {
            report.fault(Problem::BothGiven(key, older), step, key_at(map, older));
            None
        }
        (Some(node), None) => Some((node, key)),
        (None, node) => node.map(|node| (node, older)),
    }
}

/// The map that a document is.
pub(super) fn document<'a>(
    report: &mut Report,
    root: &'a Node,
    expected: &'static str,
) -> Option<&'a [(Key, Node)]> {
    if let Value::Map(map) = &root.value {
        return Some(map);
    }
    let problem = Problem::WrongType {
        key: "document",
        expected,
        found: root.kind(),
    };
    report.fault(problem, None, Some(root.at));
    None
}

/// A step as it stands in the list.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// How messages call it: by its name, else by its number.
    pub(super) label: String,
    pub(super) map: &'a [(Key, Node)],
    pub(super) at: Position,
}

/// The steps under `node`; what is no map is a fault.
pub(super) fn steps<'a>(report: &mut Report, node: &'a Node, key: &'static str) -> Vec<Item<'a>> {
    let list = match &node.value {
        Value::List(list) if !list.is_empty() => list,
        _ if node.is_null() || matches!(node.value, Value::List(_)) => {
            report.fault(
                Problem::Missing {
                    key,
                    help: "a plan needs at least one step",
                },
                None,
                Some(node.at),
            );
            return Vec::new();
        }
        _ => {
            let expected = "a list of steps, each starting with `- name:`";
            report.fault(
                Problem::WrongType {
                    key,
                    expected,
                    found: node.kind(),
                },
                None,
                Some(node.at),
            );
            return Vec::new();
        }
    };
    if list.len() > MAX_STEPS {
        let problem = Problem::TooLarge {
            what: "the list of steps",
            limit: MAX_STEPS,
            unit: "steps",
        };
        report.fault(problem, None, Some(node.at));
        return Vec::new();
    }
    let mut found = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let number = format!("number {}", index + 1);
        if let Value::Map(map) = &item.value {
            let label = get(map, "name").and_then(label);
            found.push(Item {
                label: label.unwrap_or(number),
                map,
                at: item.at,
            });
        } else {
            let expected = "a map with `name` and `command`";
            let problem = Problem::WrongType {
                key: "step",
                expected,
                found: item.kind(),
            };
            report.fault(problem, Some(&number), Some(item.at));
        }
    }
    found
}

fn label(name: &Node) -> Option<String> {
    match &name.value {
        Value::Scalar { text, .. } if !text.trim().is_empty() => Some(Shown::new(text).to_string()),
        _ => None,
    }
}

/// How a field's text is read and checked.
pub(super) type Read = fn(&mut Report, &Node, Field<'_>) -> Option<String>;

/// Reads a text that must be there and not be blank; `at` is where its absence is told.
pub(super) fn required(
    report: &mut Report,
    node: Option<&Node>,
    field: Field<'_>,
    (help, at): (&'static str, Position),
    read: Read,
) -> Option<String> {
    let blank =
        |node: &Node| matches!(&node.value, Value::Scalar { text, .. } if text.trim().is_empty());
    match node {
        Some(node) if !node.is_null() && !blank(node) => read(report, node, field),
        _ => {
            let problem = Problem::Missing {
                key: field.key,
                help,
            };
            report.fault(problem, field.step, Some(node.map_or(at, |node| node.at)));
            None
        }
    }
}

/// A scalar as the text that was written; null is absence. Anything else is a fault.
pub(super) fn scalar(report: &mut Report, node: &Node, field: Field<'_>) -> Option<String> {
    match &node.value {
        Value::Scalar { .. } if node.is_null() => None,
        Value::Scalar { text, .. } => Some(text.clone()),
        Value::List(_) | Value::Map(_) => {
            let problem = Problem::WrongType {
                key: field.key,
                expected: "a string",
                found: node.kind(),
            };
            report.fault(problem, field.step, Some(node.at));
            None
        }
    }
}

/// A name: some text without control, bidi or invisible characters.
pub(super) fn name(report: &mut Report, node: &Node, field: Field<'_>) -> Option<String> {
    let text = scalar(report, node, field)?;
    if text.chars().nth(MAX_NAME_CHARS).is_some() {
        let problem = Problem::TooLarge {
            what: "the name",
            limit: MAX_NAME_CHARS,
            unit: "characters",
        };
        report.fault(problem, field.step, Some(node.at));
        return None;
    }
    if let Some(c) = text.chars().find(|&c| is_hidden(c)) {
        character(
            report,
            "the name",
            c,
            "could mislead who reads it; take it out",
            field,
            node.at,
        );
        return None;
    }
    Some(text)
}

/// A description: any text that can be shown once it is escaped.
pub(super) fn description(report: &mut Report, node: &Node, field: Field<'_>) -> Option<String> {
    let most = MAX_DESCRIPTION_BYTES;
    bounded(
        report,
        node,
        field,
        "the description",
        most,
        "is no text; take it out",
    )
}

/// A text of at most `most` bytes without NUL; `what` it is and `why` NUL is none of it are for the message.
fn bounded(
    report: &mut Report,
    node: &Node,
    field: Field<'_>,
    what: &'static str,
    most: usize,
    why: &'static str,
) -> Option<String> {
    let text = scalar(report, node, field)?;
    if text.len() > most {
        let problem = Problem::TooLarge {
            what,
            limit: most,
            unit: "bytes",
        };
        report.fault(problem, field.step, Some(node.at));
        return None;
    }
    if text.contains('\0') {
        character(report, what, '\0', why, field, node.at);
        return None;
    }
    Some(text)
}

/// A command: some text that a shell can take and that shows what it is.
pub(super) fn command(report: &mut Report, node: &Node, field: Field<'_>) -> Option<String> {
    let text = bounded(
        report,
        node,
        field,
        "the command",
        MAX_COMMAND_BYTES,
        "no shell can take",
    )?;
    if let Some(c) = text.chars().find(|&c| is_bidi_control(c)) {
        let reason = "makes it read otherwise than it runs; take it out, or let printf make it";
        character(report, "the command", c, reason, field, node.at);
        return None;
    }
    Some(text)
}

fn character(
    report: &mut Report,
    what: &'static str,
    c: char,
    reason: &'static str,
    field: Field<'_>,
    at: Position,
) {
    let character = printable(c.encode_utf8(&mut [0; 4]), 12).into_owned();
    report.fault(
        Problem::Character {
            what,
            character,
            reason,
        },
        field.step,
        Some(at),
    );
}

/// Dependencies: a list of names, one name, or nothing.
pub(super) fn dependencies(report: &mut Report, node: &Node, field: Field<'_>) -> Vec<Dependency> {
    let items = match &node.value {
        Value::List(list) => list.as_slice(),
        Value::Scalar { .. } if node.is_null() => &[],
        Value::Scalar { .. } => std::slice::from_ref(node),
        Value::Map(_) => {
            let expected = "a list of step names";
            let problem = Problem::WrongType {
                key: field.key,
                expected,
                found: node.kind(),
            };
            report.fault(problem, field.step, Some(node.at));
            &[]
        }
    };
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        match scalar(report, item, field) {
            Some(name) => found.push(Dependency { name, at: item.at }),
            None if item.is_null() => {
                let problem = Problem::Missing {
                    key: "dependency",
                    help: "write the name of a step",
                };
                report.fault(problem, field.step, Some(item.at));
            }
            None => {}
        }
    }
    found
}
