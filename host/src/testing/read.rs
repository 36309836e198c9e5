//! Reads the values of a test's file, and collects what is wrong with them.

use crate::config::{Fault, Item, ItemKey};
use crate::escape::printable;

/// Faults, as they are found.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) faults: Vec<Fault>,
}

/// The values of a map by their keys.
pub(super) struct Keys(Vec<(ItemKey, Item)>);

impl Keys {
    pub(super) fn get(&self, key: &str) -> Option<&Item> {
        let entry = self.0.iter().find(|(other, _)| other.text == key);
        entry.map(|(_, item)| item)
    }
}

impl Reader {
    pub(super) fn fault(&mut self, item: &Item, message: impl Into<String>, help: Option<&str>) {
        self.faults.push(item.fault(message, help));
    }

    /// A map with these keys and no others.
    pub(super) fn keys(&mut self, item: &Item, of: &str, known: &[&str]) -> Option<Keys> {
        let Some(map) = item.map() else {
            self.wrong(item, of, "a map");
            return None;
        };
        let (known_keys, unknown): (Vec<_>, Vec<_>) = map
            .into_iter()
            .partition(|(key, _)| known.contains(&key.text.as_str()));
        for (key, _) in unknown {
            let near = known
                .iter()
                .find(|name| strsim::damerau_levenshtein(name, &key.text) <= 2);
            let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
            let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            self.faults.push(Fault {
                message: format!("`{}` is no key of {of}", printable(&key.text, 60)),
                place: Some(key.place),
                help: Some(format!("{near}It has {}", names.join(", "))),
                usage: false,
            });
        }
        Some(Keys(known_keys))
    }

    /// A text where one is due.
    pub(super) fn text(&mut self, item: &Item, key: &str) -> Option<String> {
        let text = item.text().map(str::to_owned);
        if text.is_none() {
            self.wrong(item, &format!("`{key}`"), "a text");
        }
        text
    }

    /// A text, or a list of them.
    pub(super) fn texts(&mut self, item: &Item, key: &str) -> Vec<String> {
        match item.list() {
            Some(list) => list
                .iter()
                .filter_map(|item| self.text(item, key))
                .collect(),
            None => self.text(item, key).into_iter().collect(),
        }
    }

    /// A list where one is due.
    pub(super) fn list(&mut self, item: &Item, key: &str) -> Vec<Item> {
        item.list().unwrap_or_else(|| {
            self.wrong(item, &format!("`{key}`"), "a list");
            Vec::new()
        })
    }

    /// A map of texts.
    pub(super) fn pairs(&mut self, item: &Item, key: &str) -> Vec<(String, String)> {
        let Some(map) = item.map() else {
            self.wrong(item, &format!("`{key}`"), "a map");
            return Vec::new();
        };
        let mut pairs = Vec::with_capacity(map.len());
        for (name, value) in map {
            if let Some(text) = self.text(&value, &name.text) {
                pairs.push((name.text, text));
            }
        }
        pairs
    }

    /// A whole number.
    pub(super) fn number<T: std::str::FromStr>(&mut self, item: &Item, key: &str) -> Option<T> {
        let number = item.text().and_then(|text| text.parse().ok());
        if number.is_none() {
            self.wrong(item, &format!("`{key}`"), "a whole number in its bounds");
        }
        number
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, item: &Item, key: &str) -> Option<bool> {
        let flag = item.json().as_bool();
        if flag.is_none() {
            self.wrong(item, &format!("`{key}`"), "`true` or `false`");
        }
        flag
    }

    /// Something else is due.
    pub(super) fn wrong(&mut self, item: &Item, what: &str, due: &str) {
        self.fault(
            item,
            format!("{what} must be {due}, not {}", item.kind()),
            None,
        );
    }
}
