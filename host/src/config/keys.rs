//! The reserved keys: what they are called, what they take, and which of them this version obeys.

use super::node::{Node, Value};

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At the top level of the file.
    Top,
    /// In a runner's section.
    Section,
}

/// What kind of value a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    Text,
    /// A list.
    List,
    /// A map.
    Map,
    /// A list or a map.
    ListOrMap,
}

/// A key that means something to Arborist. Any other key of a section is the runner's own.
#[derive(Debug)]
pub struct ReservedKey {
    /// Where it stands.
    pub scope: Scope,
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// The accepted form, for messages.
    pub accepted: &'static str,
    /// Other words for it that people write.
    also: &'static [&'static str],
}

const fn top(
    name: &'static str,
    shape: Shape,
    accepted: &'static str,
    also: &'static [&'static str],
) -> ReservedKey {
    ReservedKey {
        scope: Scope::Top,
        name,
        shape,
        accepted,
        also,
    }
}

const fn section(
    name: &'static str,
    shape: Shape,
    accepted: &'static str,
    also: &'static [&'static str],
) -> ReservedKey {
    ReservedKey {
        scope: Scope::Section,
        name,
        shape,
        accepted,
        also,
    }
}

/// Every reserved key. `docs/configuration.md` explains each; a test compares the two.
pub const RESERVED: [ReservedKey; 18] = [
    top(
        "runner",
        Shape::Text,
        "the name of a runner, such as `runner: custom`",
        &["runners"],
    ),
    top(
        "timeouts",
        Shape::Map,
        "a map such as {generate_task_spec: 300, generate_dagu: 5m}",
        &["timeout"],
    ),
    top("models", Shape::Map, MODELS, &["model"]),
    top("audit", Shape::Text, "the path of a file", &["audits"]),
    top(
        "engine",
        Shape::Map,
        "a map such as {cache_size: 2GiB, profile: on-demand}",
        &["engines"],
    ),
    section(
        "component",
        Shape::Text,
        "the path of a WebAssembly component",
        &["components"],
    ),
    section(
        "allow",
        Shape::List,
        "a list of egress rules such as [\"POST https://api.example.com/v1\"]",
        &["allows", "allowed", "allowlist"],
    ),
    section(
        "networks",
        Shape::List,
        "a list of networks such as [10.0.0.0/8]",
        &["network"],
    ),
    section(
        "secrets",
        Shape::ListOrMap,
        "a list of fields such as [api_key], or a map such as {api_key: {to: [https://api.example.com], in: [header]}}",
        &["secret"],
    ),
    section(
        "expose",
        Shape::List,
        "a list of secret fields such as [api_key]",
        &["exposes", "exposed"],
    ),
    section(
        "retry",
        Shape::Map,
        "a map such as {attempts: 3, delay: 2s}",
        &["retries"],
    ),
    section(
        "rate_limit",
        Shape::Text,
        "requests a minute such as 10, or 10/s, 10/m, 10/h",
        &["rate_limits", "ratelimit"],
    ),
    section(
        "cache",
        Shape::Map,
        "a map such as {dir: .cache/runner, ttl: 1d}",
        &["caches"],
    ),
    section("cache_dir", Shape::Text, "the path of a folder", &[]),
    section(
        "limits",
        Shape::Map,
        "a map such as {memory: 256MiB, cpu: 10s}",
        &["limit"],
    ),
    section("models", Shape::Map, MODELS, &["model"]),
    section(
        "ca",
        Shape::Text,
        "the path of a PEM file of certificates",
        &[],
    ),
    section(
        "proxy",
        Shape::Text,
        "the URL of an HTTP proxy such as http://proxy.example.com:3128 or http://USER:${PASSWORD}@proxy.example.com:3128",
        &["proxies"],
    ),
];

const MODELS: &str = "a map such as {task_spec: MODEL, dagu: MODEL}";

/// Words near a reserved key that a runner may well have for a field of its own.
const PLAUSIBLE: [&str; 4] = ["model", "secret", "limit", "network"];

/// The reserved key of this name.
#[must_use]
pub fn reserved(scope: Scope, name: &str) -> Option<&'static ReservedKey> {
    RESERVED
        .iter()
        .find(|key| key.scope == scope && key.name == name)
}

impl ReservedKey {
    /// Whether a value of this kind could be meant for the key.
    fn fits(&self, node: &Node) -> bool {
        match (&node.value, self.shape) {
            (Value::Scalar(_), shape) => shape == Shape::Text,
            (Value::List(_), shape) => matches!(shape, Shape::List | Shape::ListOrMap),
            (Value::Map(_), shape) => matches!(shape, Shape::Map | Shape::ListOrMap),
        }
    }
}

/// The reserved key that `name`, which is none, is most likely a slip of.
///
/// The words of [`PLAUSIBLE`] count only with a value that the reserved key takes.
pub(super) fn near_miss(scope: Scope, name: &str, node: &Node) -> Option<&'static ReservedKey> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let keys = || RESERVED.iter().filter(|key| key.scope == scope);
    if let Some(key) = keys().find(|key| key.also.contains(&name.as_str())) {
        return Some(key).filter(|key| !PLAUSIBLE.contains(&name.as_str()) || key.fits(node));
    }
    keys().find(|key| {
        let long = key.also.iter().copied().filter(|word| word.len() >= 7);
        std::iter::once(key.name)
            .chain(long)
            .any(|word| is_slip(&name, word))
    })
}

/// Whether `name` differs from `word` by one slip, or by two where the word is long.
fn is_slip(name: &str, word: &str) -> bool {
    let allowed = match word.len() {
        0..4 => return name == word,
        4..8 => 1,
        _ => 2,
    };
    name.len().abs_diff(word.len()) <= allowed && strsim::damerau_levenshtein(name, word) <= allowed
}

/// The one of `names` that `name` is most likely a slip of.
pub(super) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '.'], "_");
    let name: String = plain(name).chars().take(64).collect();
    names
        .into_iter()
        .filter(|candidate| candidate.len() < 80)
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&name, &plain(candidate)),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= if candidate.len() < 5 { 1 } else { 2 })
        .min()
        .map(|(_, candidate)| candidate)
}

/// The one of a key's words that `text` is most likely meant for: a slip of it, or its beginning.
pub(super) fn nearest_value<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    let begins = |word: &&&str| text.len() > 1 && word.starts_with(&text.to_ascii_lowercase());
    nearest(text, words.iter().copied()).or_else(|| words.iter().find(begins).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document::read;

    fn near(line: &str) -> Option<&'static str> {
        let root = read(line).root.unwrap();
        let Value::Map(map) = root.value else {
            panic!("no map")
        };
        near_miss(Scope::Section, &map[0].0.text, &map[0].1).map(|key| key.name)
    }

    #[test]
    fn slips_of_reserved_keys_are_seen() {
        for (line, meant) in [
            ("alow: []", "allow"),
            ("allows: []", "allow"),
            ("Allow: []", "allow"),
            ("rate_limt: 3", "rate_limit"),
            ("rate-limit: 3", "rate_limit"),
            ("retires: {}", "retry"),
            ("retries: {}", "retry"),
            ("secret: [api_key]", "secrets"),
            ("limit: {memory: 1}", "limits"),
            ("model: {task_spec: a}", "models"),
            ("netwroks: []", "networks"),
            ("componnent: x", "component"),
            ("exposed: []", "expose"),
        ] {
            assert_eq!(near(line), Some(meant), "{line}");
        }
    }

    #[test]
    fn a_runners_own_fields_are_left_alone() {
        for line in [
            "model: gpt",
            "mode: chat",
            "secret: x",
            "limit: 20",
            "network: main",
            "api_key: x",
            "endpoint: x",
            "c: 1",
            "cat: 1",
            "entry: x",
            "max_tokens: 5",
            "temperature: 0.2",
            "level: low",
            "host: x",
        ] {
            assert_eq!(near(line), None, "{line}");
        }
    }
}
