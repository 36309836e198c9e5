//! Fields that a test lays over a runner's section.

use std::sync::Arc;

use super::keys::{Scope, reserved};
use super::node::{At, Key, Node, Scalar, Value};
use super::source::SourceText;

/// A part of a section, from another file or made up. `Debug` shows none of it: secrets may be in it.
#[derive(Clone)]
pub struct Laid {
    map: Node,
    source: Option<Arc<SourceText>>,
}

impl Laid {
    /// Fields that nobody wrote: names, whose dots part nested keys, and values.
    pub fn of_fields<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let entries = fields.into_iter().map(|(name, value)| {
            let key = Key {
                text: name.to_owned(),
                at: At::Default,
            };
            let value = Node {
                value: Value::Scalar(Scalar::literal(value)),
                at: At::Default,
            };
            (key, value)
        });
        Self {
            map: Node {
                value: Value::Map(entries.collect()),
                at: At::Default,
            },
            source: None,
        }
    }

    /// A map of a file.
    pub(super) fn of_file(mut map: Node, source: Arc<SourceText>) -> Self {
        relocate(&mut map);
        Self {
            map,
            source: Some(source),
        }
    }

    /// This, with `other`, of the same file, laid over it.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut map = self.map.clone();
        lay(&mut map, &other.map, Scope::Section);
        Self {
            map,
            source: self.source.clone().or_else(|| other.source.clone()),
        }
    }

    /// Lays it over a section.
    pub(super) fn over(&self, section: &mut Node) {
        lay(section, &self.map, Scope::Section);
    }

    /// The text that it comes from.
    pub(super) fn source(&self) -> Option<Arc<SourceText>> {
        self.source.clone()
    }
}

impl std::fmt::Debug for Laid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Laid").finish_non_exhaustive()
    }
}

/// Keys of Arborist's are replaced as a whole; maps of the runner's own are joined.
fn lay(below: &mut Node, above: &Node, scope: Scope) {
    let (Value::Map(below), Value::Map(above)) = (&mut below.value, &above.value) else {
        return;
    };
    for (key, value) in above {
        let own = scope != Scope::Section || reserved(scope, &key.text).is_none();
        match below.iter_mut().find(|(other, _)| other.text == key.text) {
            Some((_, old)) if own && is_map(old) && is_map(value) => lay(old, value, Scope::Top),
            Some(_) => replace(below, key, value),
            None => below.push((key.clone(), value.clone())),
        }
    }
}

fn replace(map: &mut [(Key, Node)], key: &Key, value: &Node) {
    if let Some(entry) = map.iter_mut().find(|(other, _)| other.text == key.text) {
        *entry = (key.clone(), value.clone());
    }
}

fn is_map(node: &Node) -> bool {
    matches!(node.value, Value::Map(_))
}

/// What stands in another file than the configuration's has its place there.
fn relocate(node: &mut Node) {
    let moved = |at: &mut At| {
        if let At::File(spot) = at {
            *at = At::Laid(spot.clone());
        }
    };
    moved(&mut node.at);
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::List(list) => list.iter_mut().for_each(relocate),
        Value::Map(map) => {
            for (key, value) in map {
                moved(&mut key.at);
                relocate(value);
            }
        }
    }
}
