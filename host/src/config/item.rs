//! YAML files of other kinds than the configuration, read with the same bounds: each value knows its place.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use super::document;
use super::fault::{Fault, Faults, Place, shown_path};
use super::laid::Laid;
use super::node::{At, Node, Spot, Value, is_boolean};
use super::report::Report;
use super::source::SourceText;
use super::trust::read_named;

/// A value of a YAML file and its place. `Debug` does not show it: it may be a secret.
#[derive(Clone)]
pub struct Item {
    node: Node,
    source: Arc<SourceText>,
}

/// A key of a map, and where it stands.
#[derive(Clone, Debug)]
pub struct ItemKey {
    /// The key.
    pub text: String,
    /// Its place.
    pub place: Place,
}

impl Item {
    /// Reads a file that the user named: at most 256 KiB of YAML, 20,000 values, 32 levels. `what` it should be is for the message
    /// where nothing is in it.
    ///
    /// # Errors
    /// It cannot be read, or is no YAML.
    pub fn read(path: &Path, what: &str) -> Result<Self, Faults> {
        let refused = |reason: &dyn std::fmt::Display| {
            Faults::one(
                format!("{} cannot be used: {reason}", shown_path(path)),
                None,
            )
        };
        let text = read_named(path).map_err(|error| refused(&error))?;
        let document = document::read(&text);
        let source = Arc::new(SourceText::new(path.to_path_buf(), text, &document));
        let mut report = Report::new(Some(Arc::clone(&source)));
        for problem in document.problems {
            let help = problem.help.map(str::to_owned);
            report.fault(&problem.at, problem.message, help);
        }
        if report.has_faults() {
            return Err(report.into_faults());
        }
        match document.root {
            Some(node) => Ok(Self { node, source }),
            None => Err(refused(&format_args!("it is empty, and {what} is due"))),
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place_of(&self.node.at)
    }

    /// A fault of it.
    #[must_use]
    pub fn fault(&self, message: impl Into<String>, help: Option<&str>) -> Fault {
        Fault {
            message: message.into(),
            place: Some(self.place()),
            help: help.map(str::to_owned),
            usage: false,
        }
    }

    /// What it is, for a message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.node.kind()
    }

    /// The text of a single value, as it is written; none for nothing, a list or a map.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let scalar = self.node.scalar()?;
        (!scalar.is_null()).then_some(scalar.text.as_str())
    }

    /// The items of a list.
    #[must_use]
    pub fn list(&self) -> Option<Vec<Self>> {
        match &self.node.value {
            Value::List(list) => Some(list.iter().map(|node| self.other(node)).collect()),
            Value::Scalar(_) | Value::Map(_) => None,
        }
    }

    /// The keys and values of a map, in its order.
    #[must_use]
    pub fn map(&self) -> Option<Vec<(ItemKey, Self)>> {
        let Value::Map(map) = &self.node.value else {
            return None;
        };
        let entries = map.iter().map(|(key, node)| {
            let key = ItemKey {
                text: key.text.clone(),
                place: self.place_of(&key.at),
            };
            (key, self.other(node))
        });
        Some(entries.collect())
    }

    /// The value as YAML takes it: numbers, booleans and null where they stand without quotes.
    #[must_use]
    pub fn json(&self) -> Json {
        json(&self.node, true)
    }

    /// The value with every single value in it as the text that is written, null aside.
    #[must_use]
    pub fn texts(&self) -> Json {
        json(&self.node, false)
    }

    /// The map as fields that are laid over a section.
    #[must_use]
    pub fn laid(&self) -> Laid {
        Laid::of_file(self.node.clone(), Arc::clone(&self.source))
    }

    fn other(&self, node: &Node) -> Self {
        Self {
            node: node.clone(),
            source: Arc::clone(&self.source),
        }
    }

    fn place_of(&self, at: &At) -> Place {
        // Whatever was read from a file has its place there.
        let nowhere = Spot {
            line: 1,
            column: 1,
            span: 0..0,
        };
        let spot = match at {
            At::File(spot) | At::Laid(spot) => spot.clone(),
            At::Variable(_) | At::Flag(_) | At::Default => nowhere,
        };
        Place::new(Arc::clone(&self.source), spot)
    }
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Item")
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

fn json(node: &Node, typed: bool) -> Json {
    match &node.value {
        Value::List(list) => Json::Array(list.iter().map(|node| json(node, typed)).collect()),
        Value::Map(map) => {
            let entries = map
                .iter()
                .map(|(key, node)| (key.text.clone(), json(node, typed)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        Value::Scalar(scalar) if scalar.is_null() => Json::Null,
        Value::Scalar(scalar) if typed && scalar.plain => {
            let text = scalar.text.as_str();
            if is_boolean(text) {
                return Json::Bool(text.eq_ignore_ascii_case("true"));
            }
            // What JSON writes as a number is one; the other spellings of YAML are rare, and texts here.
            let number = text.parse::<Number>().ok();
            number.map_or_else(|| Json::String(text.to_owned()), Json::Number)
        }
        Value::Scalar(scalar) => Json::String(scalar.text.clone()),
    }
}
