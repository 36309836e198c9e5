//! Values for fields that nobody set.

use crate::{
    config::{Scope, Settings, reserved},
    engine::ConfigField,
};

/// The URL of a service that does not exist: the domain is reserved for examples.
pub const URL: &str = "https://service.example/v1";

/// Most candidates.
const MOST: usize = 40;

/// The candidates of made-up fields, in the order in which they should be tried: what a runner requires and its secrets; then with
/// one optional field besides, URLs first, since a runner may need one of several; then with all. Fields that `settings` have
/// are left alone. At least one and at most 40.
#[must_use]
pub fn made_up(declared: &[ConfigField], settings: &Settings) -> Vec<Vec<(String, String)>> {
    let unset = declared
        .iter()
        .filter(|field| !settings.fields.iter().any(|set| set.name == field.name))
        .filter(|field| !is_reserved(&field.name));
    let (base, optional): (Vec<&ConfigField>, Vec<&ConfigField>) =
        unset.partition(|field| field.secret || field.required && field.default.is_none());
    let pair = |field: &&ConfigField| (field.name.clone(), value(field));
    let base: Vec<_> = base.iter().map(pair).collect();
    // A default is what a runner can do without.
    let (urls, others): (Vec<&ConfigField>, Vec<&ConfigField>) = optional
        .into_iter()
        .filter(|field| field.default.is_none() || is_url(&field.name))
        .partition(|field| is_url(&field.name));
    let with = |fields: &[&ConfigField]| {
        let more = fields.iter().map(pair);
        base.iter().cloned().chain(more).collect::<Vec<_>>()
    };
    let mut candidates = vec![base.clone()];
    candidates.extend(urls.iter().chain(&others).map(|field| with(&[field])));
    candidates.truncate(MOST - 1);
    if others.len() > 1 {
        candidates.push(with(&others));
    }
    candidates
}

/// Whether the host takes a field's value for a URL that permits its origin.
pub(super) fn is_url(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    ["endpoint", "url"]
        .iter()
        .any(|word| last == *word || last.ends_with(&format!("_{word}")))
}

/// Whether nobody can set it, since it is a key of Arborist's own.
pub(super) fn is_reserved(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    reserved(Scope::Section, first).is_some()
}

fn value(field: &ConfigField) -> String {
    let last = field.name.rsplit('.').next().unwrap_or(&field.name);
    let numbers = [
        "tokens",
        "temperature",
        "port",
        "count",
        "seconds",
        "timeout",
        "size",
        "limit",
    ];
    if field.secret {
        format!("made-up-secret-{}", last.replace('_', "-"))
    } else if is_url(&field.name) {
        URL.to_owned()
    } else if numbers.iter().any(|word| last.contains(word)) {
        "1".to_owned()
    } else {
        format!("made-up-{}", last.replace('_', "-"))
    }
}
