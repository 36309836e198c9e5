//! A runner's section with its reserved keys read; the rest is the runner's own.

use std::time::Duration;

use super::entries::{cache, limits, models, rate_limit, retry, secrets};
use super::expand::Expander;
use super::fault::shown;
use super::keys::{ReservedKey, Scope, near_miss, reserved};
use super::node::{At, Key, Node, Scalar, Value};
use super::report::Report;
use super::way_out;
use super::written::{text, texts};
use crate::pace::{RateLimit, Retry};
use crate::route::Proxy;
use crate::secrets::Places;

/// A text and where it comes from.
pub(super) type Text = (String, At);

/// A section, expanded and read, its paths and rules still as text.
#[derive(Default)]
pub(super) struct Section {
    pub(super) component: Option<Text>,
    pub(super) allow: Option<Vec<Text>>,
    pub(super) networks: Vec<Text>,
    pub(super) secrets: Vec<Listed>,
    pub(super) expose: Vec<Text>,
    pub(super) retry: Option<(Retry, At)>,
    pub(super) rate_limit: Option<(RateLimit, At)>,
    pub(super) cache: Option<Cache>,
    /// Name, value, place.
    pub(super) limits: Vec<(String, String, At)>,
    pub(super) models: Models,
    pub(super) ca: Option<Text>,
    pub(super) proxy: Option<(Proxy, At)>,
    pub(super) own: Vec<Own>,
}

/// A field that `secrets:` lists.
pub(super) struct Listed {
    pub(super) field: String,
    pub(super) at: At,
    pub(super) to: Option<Vec<Text>>,
    pub(super) places: Option<Places>,
}

/// A result cache as it was written.
pub(super) struct Cache {
    pub(super) dir: Option<Text>,
    pub(super) ttl: Duration,
    pub(super) at: At,
}

/// Which model which call is to use.
#[derive(Default)]
pub(super) struct Models {
    pub(super) task_spec: Option<Text>,
    pub(super) dagu: Option<Text>,
}

/// A field of the runner's own; nested keys are joined with a dot.
pub(super) struct Own {
    pub(super) name: String,
    pub(super) value: Scalar,
    /// Where its value stands.
    pub(super) at: At,
    /// Where its name stands, for an item of a list its list's.
    pub(super) key: At,
}

/// How long a cached result is used where `ttl` is left out.
pub(super) const DEFAULT_TTL: Duration = Duration::from_secs(24 * 60 * 60);

impl Section {
    /// Reads a section. `stranger` is whether the file was found, not named.
    pub(super) fn read(
        node: Node,
        expander: &mut Expander<'_>,
        stranger: bool,
        report: &mut Report,
    ) -> Self {
        let mut section = Self::default();
        let Value::Map(entries) = node.value else {
            return section;
        };
        for (key, mut node) in entries {
            let Some(known) = reserved(Scope::Section, &key.text) else {
                section.take_own(key, node, expander, report);
                continue;
            };
            if stranger && matches!(known.name, "ca" | "proxy") && matches!(node.at, At::File(_)) {
                report.warn(Some(&key.at), format!("`{}` is ignored in a file that was found; name the file with --config to use it", known.name));
                continue;
            }
            if known.name == "proxy" {
                section.proxy = way_out::proxy(node, known.accepted, expander, report);
                continue;
            }
            expander.expand(&mut node, known.name, true, report);
            section.take(known, &node, report);
        }
        section
    }

    fn take(&mut self, key: &'static ReservedKey, node: &Node, report: &mut Report) {
        let (name, accepted) = (key.name, key.accepted);
        let mut one = || {
            Some((
                text(node, name, accepted, report)?.to_owned(),
                node.at.clone(),
            ))
        };
        match name {
            "component" => self.component = one(),
            "ca" => self.ca = one(),
            "allow" => self.allow = texts(node, name, accepted, report),
            "networks" => self.networks = texts(node, name, accepted, report).unwrap_or_default(),
            "expose" => self.expose = texts(node, name, accepted, report).unwrap_or_default(),
            "secrets" => self.secrets = secrets(node, accepted, report),
            "retry" => {
                self.retry = retry(node, accepted, report).map(|retry| (retry, node.at.clone()))
            }
            "rate_limit" => self.rate_limit = rate_limit(node, accepted, report),
            "cache" => self.set_cache(cache(node, accepted, report), report),
            "cache_dir" => {
                let dir = one();
                let cache = dir.map(|dir| Cache {
                    dir: Some(dir),
                    ttl: DEFAULT_TTL,
                    at: node.at.clone(),
                });
                self.set_cache(cache, report);
            }
            "limits" => self.limits = limits(node, accepted, report),
            "models" => self.models = models(node, accepted, report),
            _ => {}
        }
    }

    fn set_cache(&mut self, cache: Option<Cache>, report: &mut Report) {
        match (cache, &self.cache) {
            (Some(cache), Some(_)) => report.fault(
                &cache.at,
                "both `cache` and `cache_dir` are given",
                "keep `cache`",
            ),
            (Some(cache), None) => self.cache = Some(cache),
            (None, _) => {}
        }
    }

    fn take_own(
        &mut self,
        key: Key,
        mut node: Node,
        expander: &mut Expander<'_>,
        report: &mut Report,
    ) {
        if let Some(near) = near_miss(Scope::Section, &key.text, &node) {
            let help = format!("did you mean `{}`? It takes {}", near.name, near.accepted);
            report.fault(
                &key.at,
                format!(
                    "`{}` is too near to the key `{}`",
                    shown(&key.text),
                    near.name
                ),
                help,
            );
            return;
        }
        if reserved(Scope::Top, &key.text)
            .is_some_and(|known| matches!(known.name, "timeouts" | "audit"))
        {
            report.fault(
                &key.at,
                format!("`{}` belongs to the top level", shown(&key.text)),
                "move it out of the section",
            );
            return;
        }
        expander.expand(&mut node, &key.text, false, report);
        self.flatten(key.text, key.at, node, report);
    }

    /// Nested keys become `a.b`, list items `a.0`. The depth is bounded by the reader.
    fn flatten(&mut self, name: String, key: At, node: Node, report: &mut Report) {
        match node.value {
            Value::Scalar(value) => {
                if self.own.iter().any(|own| own.name == name) {
                    report.fault(
                        &key,
                        format!("the field `{}` is given twice", shown(&name)),
                        "once nested and once with a dot in its key; keep one",
                    );
                    return;
                }
                self.own.push(Own {
                    name,
                    value,
                    at: node.at,
                    key,
                });
            }
            Value::List(list) => {
                for (index, item) in list.into_iter().enumerate() {
                    self.flatten(format!("{name}.{index}"), key.clone(), item, report);
                }
            }
            Value::Map(map) => {
                for (key, value) in map {
                    self.flatten(format!("{name}.{}", key.text), key.at, value, report);
                }
            }
        }
    }
}
