//! The egress policy of a section.

use super::fault::shown;
use super::node::{At, Scalar};
use super::report::Report;
use super::section::{Own, Section};
use crate::builtin::DefaultUrl;
use crate::policy::{Origin, Place, Policy, Target};

/// Gives a built-in runner the URL fields that it has by default, as if they stood in its section: where
/// nothing is set, or only a blank. A default that a field such as `service` chose comes from where that
/// field does, since whoever wrote it decided where requests go.
pub(super) fn lay_default_urls(urls: &[DefaultUrl], fields: &mut Vec<Own>) {
    let blank =
        |own: &Own| !own.value.unset && (own.value.is_null() || own.value.text.trim().is_empty());
    for default in urls {
        let choice = default.chosen_by.and_then(|name| {
            let mut named = fields.iter().filter(|own| own.name == name);
            named.find(|own| !blank(own))
        });
        let Some(url) = default.url(choice.map(|own| own.value.text.trim())) else {
            continue;
        };
        let at = choice.map_or(At::Default, |own| own.at.clone());
        fields.retain(|own| own.name != default.field || !blank(own));
        if !fields.iter().any(|own| own.name == default.field) {
            fields.push(Own {
                name: default.field.to_owned(),
                value: Scalar::literal(url),
                key: at.clone(),
                at,
            });
        }
    }
}

/// A field that names where requests go.
pub(super) struct UrlField {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) origin: Origin,
}

/// Whether a field's name says that it holds a URL: its last part is `endpoint`, `url`, `*_endpoint`
/// or `*_url`.
pub(super) fn is_url_name(field: &str) -> bool {
    let last = field
        .rsplit('.')
        .next()
        .unwrap_or(field)
        .to_ascii_lowercase()
        .replace('-', "_");
    ["endpoint", "url"].iter().any(|word| {
        last.strip_suffix(word)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    })
}

pub(super) fn is_url(text: &str) -> bool {
    let scheme = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    scheme("http://") || scheme("https://")
}

/// The URL fields among `fields`. `hidden` says which fields the runner sees as placeholders.
pub(super) fn url_fields(
    fields: &[Own],
    implied: bool,
    hidden: impl Fn(&Own) -> bool,
    report: &mut Report,
) -> Vec<UrlField> {
    let mut found = Vec::new();
    for own in fields
        .iter()
        .filter(|own| is_url_name(&own.name) && !own.value.unset)
    {
        let name = shown(&own.name);
        if hidden(own) {
            let help = "put the secret into a field of its own, such as `api_key: ${API_KEY}`";
            report.fault(
                &own.at,
                format!("`{name}` holds a secret, so it cannot say where requests go"),
                help,
            );
        } else if !is_url(&own.value.text) {
            if implied && !own.value.text.is_empty() && !own.value.is_no_string() {
                report.warn(
                    Some(&own.at),
                    format!(
                        "`{name}` is no URL, so it permits no request: write https://HOST/PATH"
                    ),
                );
            }
        } else {
            match Target::parse("GET", &own.value.text) {
                Ok(target) => found.push(UrlField {
                    name: own.name.clone(),
                    url: own.value.text.clone(),
                    origin: target.origin().clone(),
                }),
                Err(error) => report.fault(
                    &own.at,
                    format!("`{name}` is no URL that a request can have: {error}"),
                    "such as https://api.example.com/v1",
                ),
            }
        }
    }
    found
}

/// Builds the policy: what `allow` says, else what the URL fields imply; and what `--allow` adds.
pub(super) fn policy(
    name: &str,
    section: &Section,
    urls: &[UrlField],
    on_command_line: &[String],
    report: &mut Report,
) -> Policy {
    let mut builder = Policy::builder().section(name);
    match &section.allow {
        Some(rules) => {
            builder = builder.with_allow();
            for (rule, _) in rules {
                builder = builder.allow(rule);
            }
        }
        None => {
            for url in urls {
                builder = builder.implied(&url.name, &url.url);
            }
        }
    }
    for rule in on_command_line {
        builder = builder.allow_on_command_line(rule);
    }
    for (network, _) in &section.networks {
        builder = builder.network(network);
    }
    match builder.build() {
        Ok(policy) => policy,
        Err(errors) => {
            for error in errors.as_slice() {
                let entry = match &error.place {
                    Place::Allow(index) => {
                        section.allow.as_ref().and_then(|rules| rules.get(*index))
                    }
                    Place::Network(index) => section.networks.get(*index),
                    Place::CommandLine(_) | Place::Field(_) => None,
                };
                match entry {
                    Some((_, at)) => report.fault(at, &error.fault, None),
                    None => report.fault(&At::Flag("--allow"), &error.fault, None),
                }
            }
            Policy::deny_all()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_url_name;

    #[test]
    fn names_of_urls() {
        for name in [
            "endpoint",
            "url",
            "service_url",
            "base-url",
            "high.base_url",
            "api_endpoint",
            "URL",
        ] {
            assert!(is_url_name(name), "{name}");
        }
        for name in [
            "curl",
            "endpoints",
            "url_prefix",
            "endpoint.path",
            "model",
            "allow",
        ] {
            assert!(!is_url_name(name), "{name}");
        }
    }
}
