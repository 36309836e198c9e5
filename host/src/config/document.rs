//! Bounded YAML: the text of a configuration file becomes a tree.
//!
//! Like [`crate::spec::yaml`], this stands on the events of serde-saphyr's parser. It is a reader of
//! its own because a configuration needs more of its text: the extent of every value, to point at
//! and to mask, and every fault at once instead of the first.

use std::collections::{HashMap, HashSet};

use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, Span};

use super::node::{At, Key, Node, Scalar, Spot, Value, is_boolean, is_number};
use crate::escape::printable;

/// Largest configuration file in bytes. The largest honest one is a few KiB.
pub(super) const MAX_FILE_BYTES: usize = 256 * 1024;
/// Deepest nesting of lists and maps.
const MAX_DEPTH: usize = 32;
/// Most values, those that aliases stand for counted each time.
const MAX_NODES: usize = 20_000;
/// Most bytes of text in them.
const MAX_EXPANDED_BYTES: usize = 4 * MAX_FILE_BYTES;
/// Longest key in bytes.
const MAX_KEY_BYTES: usize = 200;

/// What most texts lack that are no YAML.
const QUOTES: &str = "a value with `: `, ` #` or a special first character needs quotes, and so does `${…}` within { } or [ ]";

/// Something that is wrong with the text as YAML.
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
    pub(super) at: At,
}

/// What a text was read as.
pub(super) struct Document {
    /// The tree, as far as it could be read; none where the text has no value.
    pub(super) root: Option<Node>,
    /// What the tree lacks because its key was refused: the key if it is a string, and the value.
    /// Without a key also what was most likely meant as a text, perhaps a secret, and lacks quotes.
    pub(super) dropped: Vec<(Option<Key>, Node)>,
    /// All problems that were found.
    pub(super) problems: Vec<Problem>,
    /// Whether the text was read to its end, so that the tree holds all of it.
    pub(super) complete: bool,
}

/// Reads one document in time proportional to the text. Takes texts up to [`MAX_FILE_BYTES`]; the
/// caller has checked.
pub(super) fn read(text: &str) -> Document {
    let mut options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        disallow_directives: true,
        emit_unresolved_aliases: true,
    };
    options.set_emit_comments(false);
    let mut reader = Reader::default();
    for next in Parser::new_from_str_with_options(text, options) {
        let stop = match next {
            Ok((event, span)) => reader.take(event, span, text.len()).is_err(),
            Err(error) => {
                let mark = error.marker();
                let start = mark.byte_offset().unwrap_or(text.len()).min(text.len());
                let spot = Spot {
                    line: mark.line(),
                    column: mark.col() + 1,
                    span: start..start,
                };
                let tab = text.get(..start).unwrap_or_default();
                let tab = tab.rsplit('\n').next().unwrap_or_default().contains('\t');
                let help = match tab {
                    true => "YAML is indented with spaces: put them in the place of the tab",
                    false => QUOTES,
                };
                reader.problem(
                    format!("not valid YAML: {}", printable(&error.info(), 160)),
                    Some(help),
                    At::File(spot),
                );
                true
            }
        };
        if stop {
            return reader.finish(false);
        }
    }
    reader.finish(true)
}

/// Reading ends here; the problem is reported.
struct Stop;

/// A list or map that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    /// What the next value belongs to; none if a key comes next.
    key: Option<Slot>,
    keys: HashSet<String>,
}

enum Slot {
    Keep(Key),
    Drop(Option<Key>),
}

/// An anchored value and what an alias to it costs.
struct Anchored {
    node: Node,
    nodes: usize,
    bytes: usize,
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    root: Option<Node>,
    dropped: Vec<(Option<Key>, Node)>,
    problems: Vec<Problem>,
    documents: usize,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    bytes: usize,
}

impl Reader {
    fn finish(self, complete: bool) -> Document {
        let Self {
            root,
            dropped,
            problems,
            ..
        } = self;
        Document {
            root,
            dropped,
            problems,
            complete,
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span, length: usize) -> Result<(), Stop> {
        let at = At::File(spot(span, length));
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return self.stop("a second document starts here; one is expected", at);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &at);
                self.spend(1, text.len(), &at)?;
                let plain = style == ScalarStyle::Plain;
                // The parser calls what is not there `~`.
                let absent = plain && span.byte_range().is_some_and(|range| range.is_empty());
                let text = if absent {
                    String::new()
                } else {
                    text.into_owned()
                };
                let scalar = Scalar {
                    text,
                    plain,
                    ..Scalar::default()
                };
                let node = Node {
                    value: Value::Scalar(scalar),
                    at,
                };
                if tag.is_some() {
                    self.dropped.push((None, node.clone()));
                }
                self.close(node, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &at);
                self.start(Value::List(Vec::new()), anchor, at)?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &at);
                self.start(Value::Map(Vec::new()), anchor, at)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.close(open.node, open.anchor)?;
                }
            }
            Event::Alias(id) => self.alias(id, at)?,
            Event::UnresolvedAlias(_) => {
                // What stands after `*` may be a password that begins with one: it is not named.
                let help = Some("a text that begins with `*` needs quotes");
                self.problem(
                    "an alias to an anchor that does not exist".to_owned(),
                    help,
                    at.clone(),
                );
                let node = Node {
                    value: Value::Scalar(Scalar::default()),
                    at,
                };
                self.dropped.push((None, node.clone()));
                self.close(node, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, value: Value, anchor: usize, at: At) -> Result<(), Stop> {
        self.spend(1, 0, &at)?;
        if self.open.len() >= MAX_DEPTH {
            return self.stop(format!("nested more than {MAX_DEPTH} levels deep"), at);
        }
        let node = Node { value, at };
        self.open.push(Open {
            node,
            anchor,
            key: None,
            keys: HashSet::new(),
        });
        Ok(())
    }

    fn alias(&mut self, id: usize, at: At) -> Result<(), Stop> {
        let Some(anchored) = self.anchors.get(&id) else {
            return self.stop("an alias stands inside its own anchor", at);
        };
        let (node, nodes, bytes) = (&anchored.node, anchored.nodes, anchored.bytes);
        if depth(node) + self.open.len() > MAX_DEPTH {
            return self.stop(format!("nested more than {MAX_DEPTH} levels deep"), at);
        }
        // Counted before it is copied.
        if self.nodes + nodes > MAX_NODES || self.bytes + bytes > MAX_EXPANDED_BYTES {
            return self.stop("the aliases stand for too much", at);
        }
        let node = node.clone();
        self.spend(nodes, bytes, &at)?;
        self.close(node, 0)
    }

    /// A value is complete: it becomes a key, an element, a map's value or the root.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        if anchor != 0 {
            let (nodes, bytes) = cost(&node);
            self.spend(nodes, bytes, &node.at)?;
            self.anchors.insert(
                anchor,
                Anchored {
                    node: node.clone(),
                    nodes,
                    bytes,
                },
            );
        }
        let Some(mut open) = self.open.pop() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::List(list), _) => list.push(node),
            (Value::Map(map), Some(Slot::Keep(key))) => map.push((key, node)),
            (Value::Map(_), Some(Slot::Drop(key))) => self.dropped.push((key, node)),
            (Value::Map(_), None) => {
                open.key = Some(match self.key_of(node) {
                    Some(key) if self.is_new(&mut open.keys, &key) => Slot::Keep(key),
                    key => Slot::Drop(key),
                });
            }
            (Value::Scalar(_), _) => {}
        }
        self.open.push(open);
        Ok(())
    }

    fn is_new(&mut self, keys: &mut HashSet<String>, key: &Key) -> bool {
        let new = keys.insert(key.text.clone());
        if !new {
            let message = format!("the key `{}` stands twice", printable(&key.text, 60));
            self.problem(message, Some("keep one of the two"), key.at.clone());
        }
        new
    }

    /// A plain scalar that YAML takes for null, a boolean or a number is no string, and so no key.
    fn key_of(&mut self, node: Node) -> Option<Key> {
        let Value::Scalar(scalar) = node.value else {
            self.problem("a key must be a string".to_owned(), None, node.at);
            return None;
        };
        let text = scalar.text;
        let null = matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
        let problem = if scalar.plain && text == "<<" {
            "merge keys (`<<`) are not accepted; write the keys out"
        } else if scalar.plain && (null || is_boolean(&text) || is_number(&text)) {
            "a key must be a string; quote it if it is one"
        } else if text.is_empty() || text.len() > MAX_KEY_BYTES {
            "a key has 1 to 200 bytes"
        } else if text.chars().any(crate::escape::is_hidden) {
            "a key may not hold control or invisible characters"
        } else {
            return Some(Key { text, at: node.at });
        };
        self.problem(problem.to_owned(), None, node.at);
        None
    }

    fn refuse_tag(&mut self, tagged: bool, at: &At) {
        if tagged {
            let help = Some("write the value alone; one that begins with `!` needs quotes");
            self.problem("tags are not accepted".to_owned(), help, at.clone());
        }
    }

    fn spend(&mut self, nodes: usize, bytes: usize, at: &At) -> Result<(), Stop> {
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes > MAX_NODES || self.bytes > MAX_EXPANDED_BYTES {
            return self.stop(format!("more than {MAX_NODES} values"), at.clone());
        }
        Ok(())
    }

    fn stop(&mut self, message: impl Into<String>, at: At) -> Result<(), Stop> {
        self.problem(message.into(), None, at);
        Err(Stop)
    }

    fn problem(&mut self, message: String, help: Option<&'static str>, at: At) {
        self.problems.push(Problem { message, help, at });
    }
}

fn spot(span: Span, length: usize) -> Spot {
    let range = span.byte_range().unwrap_or(length..length);
    let start = range.start.min(length);
    let span_bytes = start..range.end.clamp(start, length);
    Spot {
        line: span.start.line(),
        column: span.start.col() + 1,
        span: span_bytes,
    }
}

/// Recursion is bounded by [`MAX_DEPTH`].
fn cost(node: &Node) -> (usize, usize) {
    let add = |(nodes, bytes): (usize, usize), (n, b): (usize, usize)| (nodes + n, bytes + b);
    match &node.value {
        Value::Scalar(scalar) => (1, scalar.text.len()),
        Value::List(list) => list.iter().map(cost).fold((1, 0), add),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| add((1, key.text.len()), cost(value)))
            .fold((1, 0), add),
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 0,
        Value::List(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Map(map) => 1 + map.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
    }
}
