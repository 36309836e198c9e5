//! Limits, timeouts and models: what the file, variables and flags say of them.

use std::time::Duration;

use super::entries::{self, parsed};
use super::keys::{Scope, reserved};
use super::node::{At, Node};
use super::overlay;
use super::resolve::Resolver;
use super::section::{self, Section, Text};
use super::settings::{Models, Timeouts};
use super::values::time;
use super::written::{map, unknown_key};
use crate::limits::{Limit, Limits};

/// Longest time that a call may be given.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

impl Resolver<'_> {
    pub(super) fn limits(&mut self, section: &Section) -> Limits {
        let mut limits = Limits::default();
        for (name, value, at) in &section.limits {
            match limits.set(name, value) {
                Ok(()) => {
                    self.note(&format!("limits.{name}"), Some(at));
                    self.raised(name, &limits, at);
                }
                Err(error) => self.report.fault(at, error, None),
            }
        }
        for argument in &self.invocation.limits {
            let at = At::Flag("--limit");
            match argument
                .split_once('=')
                .map(|(name, value)| (name.trim(), limits.set(name, value)))
            {
                Some((name, Ok(()))) => self.note(&format!("limits.{name}"), Some(&at)),
                Some((_, Err(error))) => self.report.fault(&at, error, None),
                None => self
                    .report
                    .fault(&at, "it takes NAME=VALUE, such as memory=512MiB", None),
            }
        }
        limits
    }

    /// A file that was found may be a stranger's: it does not raise what compiling may take, before which nothing of the
    /// component is known, and what else it raises deserves a word.
    fn raised(&mut self, name: &str, limits: &Limits, at: &At) {
        let Ok(limit) = name.parse::<Limit>() else {
            return;
        };
        let (default, value) = (limit.row().default, limits.get(limit));
        if !self.base.stranger || !matches!(at, At::File(_)) || value <= default {
            return;
        }
        let (default, value) = (limit.show(default), limit.show(value));
        if limit.is_of_compiling() {
            let message = format!("a file that was found may not raise `{limit}` above {default}");
            let help =
                format!("say it by `--limit {limit}={value}`, or name the file with `--config`");
            self.report.fault(at, message, Some(help));
        } else {
            let message = format!(
                "this file, which was found, raises the limit `{limit}` from {default} to {value}"
            );
            self.report.warn(Some(at), message);
        }
    }

    pub(super) fn timeouts(&mut self, node: Option<Node>) -> Timeouts {
        let mut timeouts = Timeouts::default();
        let node = self.top_level(node, "timeouts");
        let accepted = reserved(Scope::Top, "timeouts").map_or("a map", |key| key.accepted);
        for (key, node) in map(&node, "timeouts", accepted, &mut self.report).unwrap_or_default() {
            let slot = match key.text.as_str() {
                "generate_task_spec" => &mut timeouts.task_spec,
                "generate_dagu" => &mut timeouts.dagu,
                _ => {
                    unknown_key(
                        key,
                        "timeouts",
                        &["generate_task_spec", "generate_dagu"],
                        &mut self.report,
                    );
                    continue;
                }
            };
            let label = format!("timeouts.{}", key.text);
            let form = "seconds such as 300, or a time such as 5m, up to 24h";
            let parse =
                |text: &str| time(text).filter(|time| !time.is_zero() && *time <= MAX_TIMEOUT);
            if let Some(time) = parsed(node, &label, form, parse, &mut self.report) {
                *slot = time;
                self.note(&label, Some(&node.at));
            }
        }
        if let Some(whole) = self.invocation.timeout {
            let at = At::Flag("--timeout");
            if whole.is_zero() || whole > MAX_TIMEOUT {
                self.report.fault(
                    &at,
                    "it takes a time up to a day, such as 30, 90s or 1m30s",
                    None,
                );
            } else {
                timeouts = Timeouts {
                    task_spec: whole,
                    dagu: whole,
                    whole: Some(whole),
                };
                self.note("timeouts.generate_task_spec", Some(&at));
                self.note("timeouts.generate_dagu", Some(&at));
            }
        }
        timeouts
    }

    pub(super) fn models(&mut self, top: Option<Node>, section: &section::Models) -> Models {
        let node = self.top_level(top, "models");
        let accepted = reserved(Scope::Top, "models").map_or("a map", |key| key.accepted);
        let top = entries::models(&node, accepted, &mut self.report);
        let mut pick = |key: &str, inner: &Option<Text>, outer: &Option<Text>| {
            let (model, at) = inner.as_ref().or(outer.as_ref())?;
            self.note(key, Some(at));
            Some(model.clone())
        };
        Models {
            task_spec: pick("models.task_spec", &section.task_spec, &top.task_spec),
            dagu: pick("models.dagu", &section.dagu, &top.dagu),
        }
    }

    /// A map of the top level with variables laid over it.
    pub(super) fn top_level(&mut self, node: Option<Node>, key: &str) -> Node {
        let mut node = node.unwrap_or_else(|| Node::empty_map(At::Variable(key.into())));
        overlay::variables(
            &mut node,
            key,
            Scope::Top,
            self.environment,
            &mut self.report,
        );
        node
    }
}
