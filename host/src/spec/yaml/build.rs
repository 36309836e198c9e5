//! Events become a tree; what is refused is refused here.

use std::collections::{HashMap, HashSet};

use serde_saphyr::granit_parser::{Event, ScalarStyle, Span};

use super::{Key, Node, Value, is_null, too_large};
use crate::spec::limits::{MAX_DEPTH, MAX_NODES};
use crate::spec::report::{Fault, Position, Problem, Shown};

/// A list or map that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<Key>,
    /// The keys of a map that has more than a few.
    keys: HashSet<String>,
}

/// A map with no more keys is searched rather than hashed.
const FEW: usize = 8;

impl Open {
    /// Whether the map has that key already; from now on it has.
    fn is_twice(&mut self, key: &str) -> bool {
        let Value::Map(map) = &self.node.value else {
            return false;
        };
        if map.len() < FEW {
            return map.iter().any(|(known, _)| known.text == key);
        }
        if self.keys.is_empty() {
            let known = map.iter().map(|(known, _)| known.text.clone());
            self.keys.extend(known);
        }
        !self.keys.insert(key.to_owned())
    }
}

/// An anchored value and what an alias to it costs.
struct Anchored {
    node: Node,
    nodes: usize,
    bytes: usize,
}

#[derive(Default)]
pub(super) struct Builder {
    open: Vec<Open>,
    pub(super) root: Option<Node>,
    documents: usize,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    bytes: usize,
    max_bytes: usize,
}

impl Builder {
    /// A builder whose scalars and keys may take so many bytes together.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let at = position(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(fault(
                        Problem::Refused("a second document starts here; one is expected"),
                        at,
                    ));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                refuse_tag(tag.is_some(), at)?;
                self.spend(1, text.len(), at)?;
                let plain = style == ScalarStyle::Plain;
                self.close(
                    Node {
                        value: Value::Scalar {
                            text: text.into_owned(),
                            plain,
                        },
                        at,
                    },
                    anchor,
                )?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(Value::List(Vec::new()), anchor, tag.is_some(), at)?
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(Value::Map(Vec::new()), anchor, tag.is_some(), at)?
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.close(open.node, open.anchor)?;
                }
            }
            Event::Alias(id) => self.alias(id, at)?,
            _ => {}
        }
        Ok(())
    }

    fn start(
        &mut self,
        value: Value,
        anchor: usize,
        tagged: bool,
        at: Position,
    ) -> Result<(), Fault> {
        refuse_tag(tagged, at)?;
        self.spend(1, 0, at)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(fault(too_large("the nesting", MAX_DEPTH, "levels"), at));
        }
        if self.expects_key() {
            return Err(fault(
                Problem::Refused("a key must be a string, not a list or a map"),
                at,
            ));
        }
        self.open.push(Open {
            node: Node { value, at },
            anchor,
            key: None,
            keys: HashSet::new(),
        });
        Ok(())
    }

    fn alias(&mut self, id: usize, at: Position) -> Result<(), Fault> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(fault(
                Problem::Refused("an alias stands inside its own anchor"),
                at,
            ));
        };
        let (nodes, bytes) = (anchored.nodes, anchored.bytes);
        self.spend(nodes, bytes, at)?;
        let node = self.anchors.get(&id).map(|anchored| anchored.node.clone());
        match node {
            Some(node) if depth(&node) + self.open.len() > MAX_DEPTH => {
                Err(fault(too_large("the nesting", MAX_DEPTH, "levels"), at))
            }
            Some(mut node) => {
                node.at = at;
                self.close(node, 0)
            }
            None => Ok(()),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                node: Node {
                    value: Value::Map(_),
                    ..
                },
                key: None,
                ..
            })
        )
    }

    /// A value is complete: it becomes a key, an element, a map's value or the root.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor != 0 {
            let (nodes, bytes) = cost(&node);
            self.spend(nodes, bytes, node.at)?;
            self.anchors.insert(
                anchor,
                Anchored {
                    node: node.clone(),
                    nodes,
                    bytes,
                },
            );
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::List(list), _) => list.push(node),
            (Value::Map(map), Some(key)) => map.push((key, node)),
            (Value::Map(_), None) => {
                let key = key_of(node)?;
                if open.is_twice(&key.text) {
                    return Err(fault(Problem::DuplicateKey(Shown::new(&key.text)), key.at));
                }
                open.key = Some(key);
            }
            (Value::Scalar { .. }, _) => {}
        }
        Ok(())
    }

    fn spend(&mut self, nodes: usize, bytes: usize, at: Position) -> Result<(), Fault> {
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes > MAX_NODES {
            return Err(fault(too_large("the document", MAX_NODES, "values"), at));
        }
        if self.bytes > self.max_bytes {
            let what = "the document with its aliases expanded";
            return Err(fault(too_large(what, self.max_bytes, "bytes"), at));
        }
        Ok(())
    }
}

fn refuse_tag(tagged: bool, at: Position) -> Result<(), Fault> {
    if tagged {
        Err(fault(
            Problem::Refused("tags such as `!!str` are not accepted; write the value alone"),
            at,
        ))
    } else {
        Ok(())
    }
}

/// A plain scalar that YAML takes for null, a boolean or a number is no string, and so no key.
fn key_of(node: Node) -> Result<Key, Fault> {
    let at = node.at;
    match node.value {
        Value::Scalar { text, plain: true } if text == "<<" => Err(fault(
            Problem::Refused("merge keys (`<<`) are not accepted; write the keys out"),
            at,
        )),
        Value::Scalar { text, plain } => {
            let boolean = matches!(
                text.as_str(),
                "true" | "True" | "TRUE" | "false" | "False" | "FALSE"
            );
            if plain && (is_null(&text) || boolean || is_number(&text)) {
                return Err(fault(
                    Problem::Refused("a key must be a string; quote it if it is one"),
                    at,
                ));
            }
            Ok(Key { text, at })
        }
        Value::List(_) | Value::Map(_) => Err(fault(
            Problem::Refused("a key must be a string, not a list or a map"),
            at,
        )),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && (digits.parse::<f64>().is_ok()
            || digits.starts_with("0x")
            || digits.starts_with("0o")
            || matches!(digits.to_ascii_lowercase().as_str(), ".inf" | ".nan"))
}

/// Recursion is bounded by [`MAX_DEPTH`].
fn cost(node: &Node) -> (usize, usize) {
    let add = |(nodes, bytes): (usize, usize), (n, b): (usize, usize)| (nodes + n, bytes + b);
    match &node.value {
        Value::Scalar { text, .. } => (1, text.len()),
        Value::List(list) => list.iter().map(cost).fold((1, 0), add),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| add((1, key.text.len()), cost(value)))
            .fold((1, 0), add),
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { .. } => 0,
        Value::List(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Map(map) => 1 + map.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
    }
}

fn position(span: Span) -> Position {
    Position {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

fn fault(problem: Problem, at: Position) -> Fault {
    Fault {
        problem,
        step: None,
        at: Some(at),
    }
}
