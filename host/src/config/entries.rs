//! The values of a section's reserved keys, and of `models` at the top level.

use super::fault::shown;
use super::node::{At, Node, Value};
use super::report::Report;
use super::section::{Cache, DEFAULT_TTL, Listed, Models};
use super::values::{count, rate, time};
use super::written::{map, text, texts, unknown_key};
use crate::limits::Limit;
use crate::pace::{RateLimit, Retry};
use crate::secrets::Places;

pub(super) fn secrets(node: &Node, accepted: &str, report: &mut Report) -> Vec<Listed> {
    let Value::Map(entries) = &node.value else {
        let names = texts(node, "secrets", accepted, report).unwrap_or_default();
        return names
            .into_iter()
            .map(|(field, at)| Listed {
                field,
                at,
                to: None,
                places: None,
            })
            .collect();
    };
    let mut listed = Vec::with_capacity(entries.len());
    for (key, node) in entries {
        let mut entry = Listed {
            field: key.text.clone(),
            at: key.at.clone(),
            to: None,
            places: None,
        };
        let label = format!("secrets.{}", shown(&key.text));
        let form = "a map such as {to: [https://api.example.com], in: [header]}";
        let keys = if node.is_null() {
            Some(&[][..])
        } else {
            map(node, &label, form, report)
        };
        for (key, node) in keys.unwrap_or_default() {
            match key.text.as_str() {
                "to" => {
                    entry.to = texts(
                        node,
                        &format!("{label}.to"),
                        "a list of origins such as [https://api.example.com]",
                        report,
                    )
                }
                "in" => entry.places = places(node, &format!("{label}.in"), report),
                _ => unknown_key(key, &label, &["to", "in"], report),
            }
        }
        listed.push(entry);
    }
    listed
}

fn places(node: &Node, label: &str, report: &mut Report) -> Option<Places> {
    const FORM: &str = "a list of `header`, `query` and `body`";
    let list = texts(node, label, FORM, report)?;
    let mut places = Places::NONE;
    for (text, at) in &list {
        match text.parse::<Places>() {
            Ok(place) => places = places.and(place),
            Err(error) => report.fault(at, error, None),
        }
    }
    if list.is_empty() {
        report.fault(
            &node.at,
            format!("`{label}` names no place, so the secret could never be sent"),
            FORM,
        );
    }
    Some(places)
}

pub(super) fn retry(node: &Node, accepted: &str, report: &mut Report) -> Option<Retry> {
    let mut retry = Retry::DEFAULT;
    for (key, node) in map(node, "retry", accepted, report)? {
        match key.text.as_str() {
            "attempts" => {
                let form = "a whole number from 1 to 10";
                let parse = |text: &str| count(text, 1, Retry::MAX_ATTEMPTS);
                if let Some(attempts) = parsed(node, "retry.attempts", form, parse, report) {
                    retry.attempts = attempts;
                }
            }
            "delay" => {
                let form = "a time up to 5 minutes such as 2s or 500ms";
                let parse = |text: &str| time(text).filter(|time| *time <= Retry::MAX_DELAY);
                if let Some(delay) = parsed(node, "retry.delay", form, parse, report) {
                    retry.delay = delay;
                }
            }
            _ => unknown_key(key, "retry", &["attempts", "delay"], report),
        }
    }
    Some(retry)
}

pub(super) fn rate_limit(
    node: &Node,
    accepted: &str,
    report: &mut Report,
) -> Option<(RateLimit, At)> {
    Some((
        parsed(node, "rate_limit", accepted, rate, report)?,
        node.at.clone(),
    ))
}

pub(super) fn cache(node: &Node, accepted: &str, report: &mut Report) -> Option<Cache> {
    let mut cache = Cache {
        dir: None,
        ttl: DEFAULT_TTL,
        at: node.at.clone(),
    };
    for (key, node) in map(node, "cache", accepted, report)? {
        match key.text.as_str() {
            "dir" => {
                let dir = text(node, "cache.dir", "the path of a folder", report);
                cache.dir = dir.map(|dir| (dir.to_owned(), node.at.clone()));
            }
            "ttl" => {
                let parse = |text: &str| time(text).filter(|time| !time.is_zero());
                if let Some(ttl) = parsed(
                    node,
                    "cache.ttl",
                    "a time up to a year such as 1d or 12h",
                    parse,
                    report,
                ) {
                    cache.ttl = ttl;
                }
            }
            _ => unknown_key(key, "cache", &["dir", "ttl"], report),
        }
    }
    Some(cache)
}

pub(super) fn limits(
    node: &Node,
    accepted: &str,
    report: &mut Report,
) -> Vec<(String, String, At)> {
    let mut limits = Vec::new();
    for (key, node) in map(node, "limits", accepted, report).unwrap_or_default() {
        let label = format!("limits.{}", shown(&key.text));
        if let Some(value) = text(
            node,
            &label,
            "a single value such as 256MiB, 10s or 64",
            report,
        ) {
            // A variable's name cannot hold the `-` of a limit's.
            let variable = matches!(node.at, At::Variable(_));
            let name = if variable {
                key.text.replace('_', "-")
            } else {
                key.text.clone()
            };
            // A slip in the name is pointed at, else the value.
            let at = if name.parse::<Limit>().is_ok() {
                &node.at
            } else {
                &key.at
            };
            limits.push((name, value.to_owned(), at.clone()));
        }
    }
    limits
}

pub(super) fn models(node: &Node, accepted: &str, report: &mut Report) -> Models {
    let mut models = Models::default();
    for (key, node) in map(node, "models", accepted, report).unwrap_or_default() {
        let label = format!("models.{}", shown(&key.text));
        let mut name = || {
            Some((
                text(node, &label, "the name of a model", report)?.to_owned(),
                node.at.clone(),
            ))
        };
        match key.text.as_str() {
            "task_spec" => models.task_spec = name(),
            "dagu" => models.dagu = name(),
            _ => unknown_key(key, "models", &["task_spec", "dagu"], report),
        }
    }
    models
}

/// A single value that `parse` takes.
pub(super) fn parsed<T>(
    node: &Node,
    label: &str,
    form: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    report: &mut Report,
) -> Option<T> {
    let value = parse(text(node, label, form, report)?);
    if value.is_none() {
        report.fault(&node.at, format!("`{label}` must be {form}"), None);
    }
    value
}
