//! The settings as `arborist config show` and `config explain` tell them.

use super::engine::Profile;
use super::fault::shown_path;
use super::settings::{FieldValue, RunnerOrigin, Settings, Source};
use crate::escape::printable;
use crate::limits::ROWS;
use crate::policy::{PolicyRule, RuleSource};
use crate::secrets::SecretBinding;

/// Longest value that is shown, in characters.
const MAX_SHOWN: usize = 200;

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its key, as `SECTION.KEY` or as a key of the top level.
    pub key: String,
    /// Its value, secrets as `****`, safe to show.
    pub value: String,
    /// Where it comes from, in words.
    pub source: String,
}

impl Settings {
    /// Every setting with its value and source: the runner, its component and fields, then the rest.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = vec![row("runner", &self.runner.name, &self.runner.why)];
        let section = printable(&self.runner.name, 60).into_owned();
        match &self.runner.origin {
            RunnerOrigin::Builtin => rows.push(row(
                &format!("{section}.component"),
                "built in",
                &Source::Default,
            )),
            RunnerOrigin::File(path) => {
                rows.push(row(
                    &format!("{section}.component"),
                    &path.to_string_lossy(),
                    &self.source("component"),
                ));
            }
        }
        for field in &self.fields {
            let value = match &field.value {
                FieldValue::Plain(text) => text.as_str(),
                FieldValue::Secret(secret) if secret.is_too_short() => "**** (too short)",
                FieldValue::Secret(secret) if secret.is_unset() => "**** (unset)",
                FieldValue::Secret(_) => "****",
            };
            let mut row = row(&format!("{section}.{}", field.name), value, &field.source);
            // A variable that is the source itself needs no second mention.
            if !matches!(field.source, Source::Variable(_)) && !field.variables.is_empty() {
                let names: Vec<String> = field
                    .variables
                    .iter()
                    .map(|name| format!("${}", printable(name, 60)))
                    .collect();
                row.source = format!("{}, from {}", row.source, names.join(", "));
            }
            rows.push(row);
        }
        self.rest(&section, &mut rows);
        rows
    }

    fn rest(&self, section: &str, rows: &mut Vec<Row>) {
        let mut add =
            |key: &str, value: String, name: &str| rows.push(row(key, &value, &self.source(name)));
        for limit in &ROWS {
            let name = format!("limits.{}", limit.name);
            add(
                &format!("{section}.{name}"),
                limit.limit.show(self.limits.get(limit.limit)),
                &name,
            );
        }
        for (name, time) in [
            ("timeouts.generate_task_spec", self.timeouts.task_spec),
            ("timeouts.generate_dagu", self.timeouts.dagu),
        ] {
            add(name, humantime::format_duration(time).to_string(), name);
        }
        for (name, model) in [
            ("models.task_spec", &self.models.task_spec),
            ("models.dagu", &self.models.dagu),
        ] {
            if let Some(model) = model {
                add(name, model.clone(), name);
            }
        }
        if let Some(retry) = self.retry {
            let delay = humantime::format_duration(retry.delay);
            add(
                &format!("{section}.retry"),
                format!("{} attempts, {delay} before the second", retry.attempts),
                "retry",
            );
        }
        if let Some(rate) = self.rate_limit {
            let per = humantime::format_duration(rate.per);
            add(
                &format!("{section}.rate_limit"),
                format!("{} requests in {per}", rate.requests),
                "rate_limit",
            );
        }
        if let Some(cache) = &self.cache {
            add(
                &format!("{section}.cache.dir"),
                cache.dir.to_string_lossy().into_owned(),
                "cache.dir",
            );
            add(
                &format!("{section}.cache.ttl"),
                humantime::format_duration(cache.ttl).to_string(),
                "cache.ttl",
            );
        }
        let size = self.engine.cache_size.to_string();
        add("engine.cache_size", size, "engine.cache_size");
        let profile = self.engine.profile;
        add(
            "engine.profile",
            profile.name().to_owned(),
            "engine.profile",
        );
        if let Profile::Pooling {
            instances: Some(instances),
        } = profile
        {
            add(
                "engine.instances",
                instances.to_string(),
                "engine.instances",
            );
        }
        if let Some(audit) = &self.audit {
            add("audit", audit.path.to_string_lossy().into_owned(), "audit");
        }
        if let Some(path) = &self.ca {
            add(
                &format!("{section}.ca"),
                path.to_string_lossy().into_owned(),
                "ca",
            );
        }
        if let Some(proxy) = &self.route.proxy {
            add(&format!("{section}.proxy"), proxy.to_string(), "proxy");
        }
    }

    /// Where requests may go and secrets with them, a sentence each.
    #[must_use]
    pub fn explain(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .policy
            .rules()
            .iter()
            .map(|rule| {
                let source = source_of_rule(rule);
                format!(
                    "{}: {} (from {source})",
                    rule.rule(),
                    rule.rule().describe()
                )
            })
            .collect();
        if lines.is_empty() {
            lines.push(
                "no request may be sent: there is no rule, and no field that implies one"
                    .to_owned(),
            );
        }
        for network in self.policy.networks() {
            lines.push(format!("names may resolve to addresses in {network}"));
        }
        lines.extend(self.secrets.iter().map(explain_secret));
        if let Some(proxy) = &self.route.proxy {
            lines.push(format!(
                "requests go through the proxy {proxy}, but for those to this machine itself"
            ));
        }
        if let (Some(path), Some(authorities)) = (&self.ca, &self.route.authorities) {
            lines.push(format!(
                "https trusts, besides the system's authorities, {} from {}",
                match authorities.count() {
                    1 => "one".to_owned(),
                    count => count.to_string(),
                },
                shown_path(path)
            ));
        }
        lines
    }

    fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or(Source::Default)
    }
}

/// Where a rule comes from, in words.
pub(super) fn source_of_rule(rule: &PolicyRule) -> String {
    match rule.source() {
        RuleSource::Explicit => "`allow`".to_owned(),
        RuleSource::Implied { field } => format!("the field `{}`", printable(field, 60)),
        RuleSource::CommandLine => "--allow".to_owned(),
    }
}

fn explain_secret(binding: &SecretBinding) -> String {
    let name = printable(&binding.field, 60);
    if binding.exposed {
        return format!(
            "the secret `{name}` is given to the runner itself, which may send it wherever a request may go"
        );
    }
    if binding.to.is_empty() {
        return format!(
            "the secret `{name}` may be sent nowhere: no URL field, rule or `to` names an origin for it"
        );
    }
    let to: Vec<String> = binding.to.iter().map(ToString::to_string).collect();
    format!(
        "the secret `{name}` may be sent to {}, in: {}",
        to.join(" and "),
        binding.places
    )
}

fn row(key: &str, value: &str, source: &Source) -> Row {
    let key = printable(key, MAX_SHOWN).into_owned();
    Row {
        key,
        value: printable(value, MAX_SHOWN).into_owned(),
        source: source.to_string(),
    }
}
