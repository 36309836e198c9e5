//! Which field is a secret, and where it may go.

use super::fault::shown;
use super::keys::nearest;
use super::node::{At, Scalar};
use super::report::Report;
use super::section::{Listed, Own, Text};
use super::settings::{Field, FieldValue, Source};
use crate::policy::{Origin, Policy, RuleSource};
use crate::secrets::{
    MIN_SECRET_BYTES, Places, Secret, SecretBinding, carries_in_clear, is_secret_name,
};

/// What decides on secrets and their bindings.
#[derive(Clone, Debug, Default)]
pub(super) struct Binder {
    /// The origins of the URL fields.
    urls: Vec<Bound>,
    /// The non-wildcard origins of `allow`.
    allowed: Vec<Origin>,
    listed: Vec<Entry>,
    exposed: Vec<String>,
    /// Whether no secret will be sent, so that what a variable holds need not be fit for it.
    unsent: bool,
}

/// A URL field.
#[derive(Clone, Debug)]
struct Bound {
    field: String,
    origin: Origin,
}

/// A field that `secrets:` lists, its origins read.
#[derive(Clone, Debug)]
struct Entry {
    field: String,
    to: Option<Vec<Origin>>,
    places: Option<Places>,
}

impl Binder {
    /// Reads what the section says of secrets. `fields` are the names that it has.
    pub(super) fn new(
        listed: &[Listed],
        expose: &[Text],
        fields: &[Own],
        report: &mut Report,
    ) -> Self {
        let mut binder = Self::default();
        for entry in listed {
            check_name("secrets", &entry.field, &entry.at, fields, report);
            if binder
                .listed
                .iter()
                .any(|earlier| earlier.field == entry.field)
            {
                report.fault(
                    &entry.at,
                    format!("`secrets` lists `{}` twice", shown(&entry.field)),
                    None,
                );
            }
            let to = entry.to.as_ref().map(|to| origins(to, report));
            binder.listed.push(Entry {
                field: entry.field.clone(),
                to,
                places: entry.places,
            });
        }
        for (field, at) in expose {
            check_name("expose", field, at, fields, report);
            binder.exposed.push(field.clone());
        }
        binder
    }

    /// The same for a command that sends no secret, if it `is` one.
    pub(super) fn unsent(self, is: bool) -> Self {
        Self { unsent: is, ..self }
    }

    /// The secret that has this value; none if it is too short and that matters. The environment is not the file's fault, so a
    /// variable's value matters only where it would be sent.
    pub(super) fn secret(&self, value: String, from_variable: bool) -> Option<Secret> {
        match Secret::new(value) {
            Err(_) if self.unsent && from_variable => Some(Secret::too_short()),
            secret => secret.ok(),
        }
    }

    /// Adds what defaults follow from.
    pub(super) fn set_origins(&mut self, urls: &[(String, Origin)], policy: &Policy) {
        let bound = |(field, origin): &(String, Origin)| Bound {
            field: field.clone(),
            origin: origin.clone(),
        };
        self.urls = urls.iter().map(bound).collect();
        // What `--allow` adds is for requests; it never extends where a secret goes.
        let written = policy
            .rules()
            .iter()
            .filter(|rule| *rule.source() == RuleSource::Explicit);
        self.allowed = written.filter_map(|rule| rule.rule().origin()).collect();
    }

    pub(super) fn is_exposed(&self, field: &str) -> bool {
        self.exposed.iter().any(|name| name == field)
    }

    pub(super) fn is_listed(&self, field: &str) -> bool {
        self.listed.iter().any(|entry| entry.field == field)
    }

    /// Whether `secrets:` says itself where the field goes.
    pub(super) fn origins_are_written(&self, field: &str) -> bool {
        self.listed
            .iter()
            .any(|entry| entry.field == field && entry.to.is_some())
    }

    /// The URL fields whose origin is this one.
    pub(super) fn fields_at<'a>(&'a self, origin: &'a Origin) -> impl Iterator<Item = &'a str> {
        self.urls
            .iter()
            .filter(move |url| url.origin == *origin)
            .map(|url| url.field.as_str())
    }

    /// Whether a field with this value is a secret by its name, its variables or `secrets:`.
    pub(super) fn is_secret(&self, name: &str, value: &Scalar) -> bool {
        let named = is_secret_name(name) || value.uses.iter().any(|name| is_secret_name(name));
        let announced = named || self.is_listed(name);
        announced && !value.is_no_string() && (!value.text.is_empty() || value.unset)
    }

    /// A field from what was written; none if it cannot be used, and that is told.
    pub(super) fn field(&self, own: Own, report: &mut Report) -> Option<Field> {
        let source = Source::of(&own.at, report);
        let no_string = own.value.is_no_string();
        if no_string && !own.value.is_null() && self.is_listed(&own.name) {
            let message = format!(
                "`{}` is a number or a boolean, which is never a secret",
                shown(&own.name)
            );
            report.fault(&own.at, message, "quote it, or take it out of `secrets`");
            return None;
        }
        let value = if self.is_secret(&own.name, &own.value) {
            FieldValue::Secret(self.secret_of(&own, report)?)
        } else if own.value.unset {
            return None;
        } else {
            FieldValue::Plain(own.value.text)
        };
        Some(Field {
            name: own.name,
            value,
            source,
            variables: own.value.uses,
            at: own.at,
            key: own.key,
            no_string,
        })
    }

    fn secret_of(&self, own: &Own, report: &mut Report) -> Option<Secret> {
        if own.value.unset {
            return Some(Secret::unset());
        }
        let variable = own.value.uses.first();
        let secret = self.secret(own.value.text.clone(), variable.is_some());
        if secret.is_none() {
            let help = match variable {
                Some(variable) => format!("check the variable `{}`", shown(variable)),
                None => "a field whose last word is key, token, secret, password and the like is a secret; if this is none, the runner needs another name for it".to_owned(),
            };
            let message = format!(
                "`{}` is a secret, and a secret has at least {MIN_SECRET_BYTES} bytes",
                shown(&own.name)
            );
            report.fault(&own.at, message, help);
        }
        secret
    }

    /// Where the secret `field` may go. Says so if plain http keeps it from an origin.
    pub(super) fn bind(&self, field: &Field, report: &mut Report) -> SecretBinding {
        let entry = self.listed.iter().find(|entry| entry.field == field.name);
        let places = entry.and_then(|entry| entry.places).unwrap_or_default();
        let to = match entry.and_then(|entry| entry.to.clone()) {
            Some(to) => to,
            None => {
                let (clear, to) = self
                    .default_origins(&field.name)
                    .into_iter()
                    .partition(carries_in_clear);
                let clear: Vec<Origin> = clear;
                for origin in clear {
                    report.warn(Some(&field.at), format!(
                        "`{name}` will not be sent to {origin}, which is not encrypted; `secrets: {{{name}: {{to: [\"{origin}\"]}}}}` permits it",
                        name = shown(&field.name),
                    ));
                }
                to
            }
        };
        SecretBinding {
            field: field.name.clone(),
            to,
            places,
            exposed: self.is_exposed(&field.name),
        }
    }

    /// The origins of the URL fields, else those of `allow`. A nested secret goes to the URLs beside
    /// it, or beside the map that holds it: not to those of another map, which is another service.
    fn default_origins(&self, field: &str) -> Vec<Origin> {
        let mut scope = field;
        let mut own = true;
        let mut found: Vec<Origin> = Vec::new();
        while found.is_empty() {
            let (parent, last) = match scope.rsplit_once('.') {
                Some((parent, _)) => (parent, false),
                None => ("", true),
            };
            let inside = |url: &&Bound| {
                let rest = if parent.is_empty() {
                    Some(url.field.as_str())
                } else {
                    url.field
                        .strip_prefix(parent)
                        .and_then(|rest| rest.strip_prefix('.'))
                };
                rest.is_some_and(|rest| own || !rest.contains('.'))
            };
            found = self
                .urls
                .iter()
                .filter(inside)
                .map(|url| url.origin.clone())
                .collect();
            if last {
                break;
            }
            (scope, own) = (parent, false);
        }
        let mut found = if found.is_empty() {
            self.allowed.clone()
        } else {
            found
        };
        found.sort();
        found.dedup();
        found
    }
}

fn check_name(key: &str, field: &str, at: &At, fields: &[Own], report: &mut Report) {
    if fields.iter().any(|own| own.name == field) {
        return;
    }
    let name = shown(field);
    match nearest(field, fields.iter().map(|own| own.name.as_str())) {
        Some(near) => {
            let help = format!("did you mean `{}`?", shown(near));
            report.fault(
                at,
                format!("`{key}` lists `{name}`, which is no field of the section"),
                help,
            );
        }
        // It may be set on another machine only.
        None => report.warn(
            Some(at),
            format!("`{key}` lists `{name}`, which is no field of the section"),
        ),
    }
}

fn origins(texts: &[Text], report: &mut Report) -> Vec<Origin> {
    let mut origins = Vec::with_capacity(texts.len());
    for (text, at) in texts {
        match text.parse::<Origin>() {
            Ok(origin) => origins.push(origin),
            Err(error) => {
                let help = "an origin is SCHEME://HOST[:PORT], such as https://api.example.com, without wildcards";
                report.fault(
                    at,
                    format!("a secret cannot be bound to this: {error}"),
                    help,
                );
            }
        }
    }
    origins
}
