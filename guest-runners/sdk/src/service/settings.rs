//! What every service is configured with.

use super::Kind;
use crate::{Config, Error};
use std::num::NonZeroU32;

/// Where a service is, who asks it and for what.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Without a slash at its end.
    pub(super) base_url: String,
    /// A placeholder: the host puts the key in.
    pub(super) key: Option<String>,
    pub(super) model: String,
    pub(super) temperature: Option<f64>,
    pub(super) max_tokens: Option<NonZeroU32>,
    /// For the names of fields in messages.
    pub(super) config: Config,
}

impl Settings {
    /// # Errors
    /// [`Error::InvalidConfig`] that names the field at fault.
    pub(super) fn new(kind: Kind, config: &Config, model: Option<&str>) -> Result<Self, Error> {
        let base_url = base_url(kind, config)?;
        let key = config.get("api_key").map(str::to_owned);
        if key.is_none() && kind != Kind::Ollama && base_url == kind.default_base_url() {
            config.require_secret("api_key")?;
        }
        let model = match model
            .or_else(|| config.get("model"))
            .or(kind.default_model())
        {
            Some(model) => model.to_owned(),
            None => config.require("model")?.to_owned(),
        };
        let temperature = config.parse::<f64>("temperature")?;
        if temperature.is_some_and(|value| !value.is_finite() || value < 0.0) {
            return Err(config.invalid("temperature", "it must be a number from 0"));
        }
        Ok(Self {
            base_url,
            key,
            model,
            temperature,
            max_tokens: config.parse("max_tokens")?,
            config: config.clone(),
        })
    }

    /// The URL of `path` below the base URL.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

fn base_url(kind: Kind, config: &Config) -> Result<String, Error> {
    let url = config.get("base_url").unwrap_or(kind.default_base_url());
    let has = |scheme: &str| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if !has("https://") && !has("http://") {
        let why = "it must be a URL that begins with https:// or http://";
        return Err(config.invalid("base_url", why));
    }
    if url.contains(['?', '#']) {
        let why = "a path is added to it, so it cannot have a query or a fragment";
        return Err(config.invalid("base_url", why));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(kind: Kind, entries: &[(&str, &str)]) -> Result<Settings, String> {
        match Settings::new(
            kind,
            &Config::of(entries.iter().copied()).part("high"),
            None,
        ) {
            Ok(settings) => Ok(settings),
            Err(Error::InvalidConfig(text)) => Err(text),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn defaults_are_those_of_the_kind() {
        let found = settings(Kind::OpenAi, &[("high.api_key", "k")]).unwrap();
        assert_eq!(found.url("/x"), "https://api.openai.com/v1/x");
        assert_eq!(
            (found.model.as_str(), found.key.as_deref()),
            ("gpt-4", Some("k"))
        );
        let found = settings(Kind::Ollama, &[("high.model", "m")]).unwrap();
        assert_eq!(
            (found.base_url.as_str(), found.key),
            ("http://localhost:11434", None)
        );
    }

    #[test]
    fn a_key_is_needed_at_the_services_own_address_alone() {
        for kind in [Kind::OpenAi, Kind::Claude] {
            for own in [None, Some(format!("{}/", kind.default_base_url()))] {
                let own = own.iter().map(|url| ("high.base_url", url.as_str()));
                let text = settings(kind, &own.collect::<Vec<_>>()).unwrap_err();
                assert!(text.contains("`high.api_key`"), "{text}");
            }
            let other = [("high.base_url", "http://localhost:8000/v1//")];
            let found = settings(kind, &other).unwrap();
            assert_eq!(
                (found.base_url.as_str(), found.key),
                ("http://localhost:8000/v1", None)
            );
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_and_not_quoted() {
        for (field, value, part) in [
            ("base_url", "api.test", "https://"),
            ("base_url", "file:///secret", "https://"),
            ("base_url", "https://a.test/?secret=1", "query"),
            ("temperature", "secret", "temperature"),
            ("temperature", "-1", "number from 0"),
            ("temperature", "inf", "number from 0"),
            ("max_tokens", "0", "max_tokens"),
            ("max_tokens", "secret", "max_tokens"),
        ] {
            let name = format!("high.{field}");
            let entries = [("high.model", "m"), (name.as_str(), value)];
            let text = settings(Kind::Ollama, &entries).unwrap_err();
            assert!(text.contains(&name) && text.contains(part), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
        let text = settings(Kind::Ollama, &[]).unwrap_err();
        assert!(text.contains("`high.model`"), "{text}");
    }
}
