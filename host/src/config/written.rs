//! The file as it was written, taken apart: top-level keys and runners' sections.

use super::fault::shown;
use super::keys::{RESERVED, Scope, near_miss, nearest, reserved};
use super::node::{At, Key, Node, Value};
use super::report::Report;

/// A configuration file, each part still as it was written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) runner: Option<Node>,
    pub(super) timeouts: Option<Node>,
    pub(super) models: Option<Node>,
    pub(super) audit: Option<Node>,
    pub(super) engine: Option<Node>,
    pub(super) sections: Vec<(Key, Node)>,
}

impl Written {
    /// Takes the tree of a file apart. `runners` are the names that a section may have without
    /// being called a slip.
    pub(super) fn take_apart(root: Option<Node>, runners: &[&str], report: &mut Report) -> Self {
        let mut written = Self::default();
        let Some(root) = root.filter(|root| !root.is_null()) else {
            return written;
        };
        let Value::Map(map) = root.value else {
            let message = format!("the file must be a map, not {}", root.kind());
            report.fault(&root.at, message, "such as `runner: mock`");
            return written;
        };
        let chosen = map.iter().find(|(key, _)| key.text == "runner");
        let chosen = chosen.and_then(|(_, node)| Some(node.scalar()?.text.clone()));
        for (key, node) in map {
            if let Some(known) = reserved(Scope::Top, &key.text) {
                refuse_references(&node, known.name, report);
                match known.name {
                    "runner" => written.runner = Some(node),
                    "timeouts" => written.timeouts = Some(node),
                    "models" => written.models = Some(node),
                    "audit" => written.audit = Some(node),
                    "engine" => written.engine = Some(node),
                    _ => {}
                }
            } else {
                let meant = chosen.as_deref() == Some(key.text.as_str())
                    || runners.contains(&key.text.as_str());
                written.section(key, node, meant, report);
            }
        }
        written
    }

    /// The names of the sections that are so, in their order.
    pub(super) fn names(&self, so: impl Fn(&Node) -> bool) -> Vec<String> {
        let sections = self.sections.iter().filter(|(_, node)| so(node));
        sections.map(|(key, _)| key.text.clone()).collect()
    }

    fn section(&mut self, key: Key, mut node: Node, meant: bool, report: &mut Report) {
        let is_map = matches!(node.value, Value::Map(_));
        let near = near_miss(Scope::Top, &key.text, &node);
        let near = near.filter(|_| !meant && !has_component(&node));
        let name = shown(&key.text);
        if let Some(near) = near {
            let help = format!("did you mean `{}`? It takes {}", near.name, near.accepted);
            report.fault(
                &key.at,
                format!("`{name}` is no key of the top level"),
                help,
            );
        } else if is_map {
            self.sections.push((key, node));
        } else if node.is_null() && meant {
            node.value = Value::Map(Vec::new());
            self.sections.push((key, node));
        } else if meant {
            let message = format!("the section `{name}` must be a map, not {}", node.kind());
            report.fault(
                &node.at,
                message,
                format!("such as `{name}: {{endpoint: https://api.example.com}}`"),
            );
        } else if reserved(Scope::Section, &key.text).is_some() {
            let help = format!("move it below the runner's name, as in `custom: {{{name}: …}}`");
            report.fault(
                &key.at,
                format!("`{name}` belongs into a runner's section"),
                help,
            );
        } else {
            let names = RESERVED
                .iter()
                .filter(|key| key.scope == Scope::Top)
                .map(|key| key.name);
            let help = match nearest(&key.text, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the top level has {} and a map for each runner",
                    names
                        .map(|name| format!("`{name}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            };
            report.fault(
                &key.at,
                format!("`{name}` is no key of the top level"),
                help,
            );
        }
    }
}

/// Whether a section has a component.
pub(super) fn has_component(node: &Node) -> bool {
    matches!(&node.value, Value::Map(map) if map.iter().any(|(key, _)| key.text == "component"))
}

/// Variables are expanded in the selected section alone; elsewhere a reference is a mistake.
fn refuse_references(node: &Node, key: &str, report: &mut Report) {
    match &node.value {
        Value::Scalar(scalar) if scalar.text.contains("${") => report.fault(
            &node.at,
            format!("`{key}` holds a `${{`, and variables are put in only in a runner's section"),
            "write the value itself",
        ),
        Value::Scalar(_) => {}
        Value::List(list) => list
            .iter()
            .for_each(|item| refuse_references(item, key, report)),
        Value::Map(map) => map
            .iter()
            .for_each(|(_, value)| refuse_references(value, key, report)),
    }
}

/// A text where one is due.
pub(super) fn text<'n>(
    node: &'n Node,
    key: &str,
    accepted: &str,
    report: &mut Report,
) -> Option<&'n str> {
    match &node.value {
        Value::Scalar(scalar) if scalar.unset => None,
        Value::Scalar(scalar) if !scalar.is_null() && !scalar.text.is_empty() => Some(&scalar.text),
        _ => {
            wrong(node, key, accepted, report);
            None
        }
    }
}

/// A list of texts where one is due; items that are none are told and left out.
pub(super) fn texts(
    node: &Node,
    key: &str,
    accepted: &str,
    report: &mut Report,
) -> Option<Vec<(String, At)>> {
    let Value::List(list) = &node.value else {
        wrong(node, key, accepted, report);
        return None;
    };
    let mut out = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        if let Some(text) = text(item, &format!("{key}[{index}]"), "a single value", report) {
            out.push((text.to_owned(), item.at.clone()));
        }
    }
    Some(out)
}

/// A map where one is due.
pub(super) fn map<'n>(
    node: &'n Node,
    key: &str,
    accepted: &str,
    report: &mut Report,
) -> Option<&'n [(Key, Node)]> {
    if let Value::Map(map) = &node.value {
        return Some(map);
    }
    wrong(node, key, accepted, report);
    None
}

/// A key that a map of Arborist's own does not have.
pub(super) fn unknown_key(key: &Key, of: &str, known: &[&str], report: &mut Report) {
    let list = known
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let help = match nearest(&key.text, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? `{of}` has {list}"),
        None => format!("`{of}` has {list}"),
    };
    report.fault(
        &key.at,
        format!("`{}` is no key of `{of}`", shown(&key.text)),
        help,
    );
}

fn wrong(node: &Node, key: &str, accepted: &str, report: &mut Report) {
    let found = if node.scalar().is_some_and(|scalar| scalar.text.is_empty()) {
        "nothing"
    } else {
        node.kind()
    };
    report.fault(
        &node.at,
        format!("`{key}` must be {accepted}, not {found}"),
        None,
    );
}
