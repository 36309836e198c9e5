//! Lays what variables and flags say over what the file says.

use std::sync::Arc;

use super::document;
use super::environment::Environment;
use super::fault::shown;
use super::keys::{Scope, Shape, reserved};
use super::node::{At, Key, Node, Scalar, Value};
use super::report::Report;

const PREFIX: &str = "AGENT_ARBORIST_";

/// The name of the variable that sets `key` in `section`: `AGENT_ARBORIST_CUSTOM__API_KEY`.
#[must_use]
pub fn variable_for(section: &str, key: &str) -> String {
    format!(
        "{PREFIX}{}__{}",
        upper(section).replace('.', "_"),
        upper(key).replace('.', "__")
    )
}

/// As a part of a variable's name: capitals, digits, `_`, and `.` where keys are joined.
fn upper(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '.';
    name.chars()
        .map(|c| if fits(c) { c.to_ascii_uppercase() } else { '_' })
        .collect()
}

/// Sets in `map` what variables of the form `AGENT_ARBORIST_<SECTION>__<KEY>` say.
pub(super) fn variables(
    map: &mut Node,
    section: &str,
    scope: Scope,
    environment: &Environment,
    report: &mut Report,
) {
    let prefix = format!("{PREFIX}{}__", upper(section).replace('.', "_"));
    for name in environment.names(&prefix) {
        let at = At::Variable(Arc::from(name));
        let Some(value) = environment.get(name) else {
            report.fault(&at, "it is not UTF-8", None);
            continue;
        };
        let path: Vec<&str> = name
            .get(prefix.len()..)
            .unwrap_or_default()
            .split("__")
            .collect();
        if path.iter().any(|part| part.is_empty()) {
            report.fault(
                &at,
                "two `__` separate keys, and one is empty",
                "such as AGENT_ARBORIST_CUSTOM__API_KEY",
            );
            continue;
        }
        let node = node_of(&path, scope, value, name, &at, report);
        let Some(node) = node else { continue };
        if let Err(Blocked) = put(map, &path, &same_as_variable, node) {
            report.fault(&at, "a key on the way is a single value in the file", None);
        }
    }
}

/// Whether a variable sets a key of this section.
pub(super) fn sets_any(section: &str, environment: &Environment) -> bool {
    let prefix = format!("{PREFIX}{}__", upper(section).replace('.', "_"));
    environment.names(&prefix).next().is_some()
}

/// A variable's value: text, but YAML where a whole list or map is due.
fn node_of(
    path: &[&str],
    scope: Scope,
    value: &str,
    name: &str,
    at: &At,
    report: &mut Report,
) -> Option<Node> {
    let text = Node {
        value: Value::Scalar(Scalar {
            uses: vec![name.to_owned()],
            ..Scalar::literal(value)
        }),
        at: at.clone(),
    };
    let [key] = path else { return Some(text) };
    let key = reserved(scope, &key.to_ascii_lowercase()).filter(|_| scope == Scope::Section);
    let Some(key) = key.filter(|key| key.shape != Shape::Text) else {
        return Some(text);
    };
    let document = if value.len() > document::MAX_FILE_BYTES {
        None
    } else {
        Some(document::read(value))
    };
    match document.and_then(|document| {
        document
            .root
            .filter(|_| document.complete && document.problems.is_empty())
    }) {
        Some(mut root) => {
            relocate(&mut root, at);
            Some(root)
        }
        None => {
            report.fault(
                at,
                format!("`{}` must be {}, in YAML", key.name, key.accepted),
                None,
            );
            None
        }
    }
}

/// What was read from a variable comes from it, and is as it is.
fn relocate(node: &mut Node, at: &At) {
    node.at = at.clone();
    match &mut node.value {
        Value::Scalar(scalar) => scalar.literal = true,
        Value::List(list) => list.iter_mut().for_each(|item| relocate(item, at)),
        Value::Map(map) => {
            for (key, value) in map {
                key.at = at.clone();
                relocate(value, at);
            }
        }
    }
}

/// `--set KEY=VALUE` and `--set-env KEY=VARIABLE`, whose parts were told apart already.
pub(super) fn flag(map: &mut Node, key: &str, node: Node, report: &mut Report) {
    let at = node.at.clone();
    // A key of the file may hold dots itself.
    let whole =
        matches!(&map.value, Value::Map(entries) if entries.iter().any(|(k, _)| k.text == key));
    let path: Vec<&str> = if whole {
        vec![key]
    } else {
        key.split('.').collect()
    };
    if path.iter().any(|part| part.is_empty()) {
        report.fault(
            &at,
            format!("`{}` is no name of a field", shown(key)),
            "such as `model`, or `high.model` for a nested one",
        );
    } else if put(map, &path, &|key, part| key == part, node).is_err() {
        report.fault(
            &at,
            format!(
                "`{}` cannot be set: a key on the way is a single value",
                shown(key)
            ),
            None,
        );
    }
}

fn same_as_variable(key: &str, part: &str) -> bool {
    upper(key).replace('.', "_") == part.to_ascii_uppercase()
}

/// A key on the way has a single value, or a list has no such item.
struct Blocked;

fn put(
    node: &mut Node,
    path: &[&str],
    same: &dyn Fn(&str, &str) -> bool,
    leaf: Node,
) -> Result<(), Blocked> {
    let Some((part, rest)) = path.split_first() else {
        *node = leaf;
        return Ok(());
    };
    match &mut node.value {
        Value::Map(map) => {
            let index = map.iter().position(|(key, _)| same(&key.text, part));
            match index.and_then(|index| map.get_mut(index)) {
                Some((_, value)) if value.is_null() && !rest.is_empty() => {
                    *value = Node::empty_map(leaf.at.clone());
                    put(value, rest, same, leaf)
                }
                Some((_, value)) => put(value, rest, same, leaf),
                None => {
                    let mut value = Node::empty_map(leaf.at.clone());
                    // Variables are written in capitals; a key that exists only there is lower case.
                    let text = if matches!(leaf.at, At::Variable(_)) {
                        part.to_ascii_lowercase()
                    } else {
                        (*part).to_owned()
                    };
                    let key = Key {
                        text,
                        at: leaf.at.clone(),
                    };
                    put(&mut value, rest, same, leaf)?;
                    map.push((key, value));
                    Ok(())
                }
            }
        }
        Value::List(list) => {
            let index: usize = part.parse().map_err(|_| Blocked)?;
            if index == list.len() {
                list.push(Node::empty_map(leaf.at.clone()));
            }
            put(list.get_mut(index).ok_or(Blocked)?, rest, same, leaf)
        }
        Value::Scalar(_) => Err(Blocked),
    }
}
