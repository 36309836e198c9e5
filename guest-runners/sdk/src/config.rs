//! The runner's section of `agent-arborist.yaml`.

use crate::Error;
use crate::bindings::wasi::config::store;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// The configuration, read once. Nested keys are joined with a dot, list items numbered from 0.
/// A blank value counts as absent; a secret reads as a placeholder.
#[derive(Clone, Debug, Default)]
pub struct Config {
    entries: BTreeMap<String, String>,
    /// What stands before each name in messages, with its dot: `high.` for a part.
    prefix: String,
}

impl Config {
    /// Reads the whole configuration from the host.
    ///
    /// # Errors
    /// [`Error::Other`] where the host cannot give it (Arborist always can).
    pub fn load() -> Result<Self, Error> {
        let entries = store::get_all().map_err(|fault| {
            Error::Other(format!("the configuration cannot be read: {fault:?}"))
        })?;
        Ok(Self {
            entries: entries.into_iter().collect(),
            prefix: String::new(),
        })
    }

    /// A configuration without a host, for a runner's unit tests.
    pub fn of<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let entries = entries
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            entries,
            prefix: String::new(),
        }
    }

    /// A field's value, without surrounding white space.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.entries
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// A field that the runner cannot do without.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] that names the field and says how to set it.
    pub fn require(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| {
            let full = self.full(name);
            Error::InvalidConfig(format!(
                "the field `{full}` is missing: set it in the runner's section of \
                 agent-arborist.yaml, or pass `--set {full}=VALUE` (a secret: `--set-env \
                 {full}=VARIABLE`)"
            ))
        })
    }

    /// A secret that the runner cannot do without; what it reads is a placeholder.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] that names the field and says how to set it, which for a secret is not
    /// on the command line.
    pub fn require_secret(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| {
            let full = self.full(name);
            Error::InvalidConfig(format!(
                "the secret `{full}` is missing: set it to `${{VARIABLE}}` in the runner's section of \
                 agent-arborist.yaml, or pass `--set-env {full}=VARIABLE`"
            ))
        })
    }

    /// A field read as a `T`; `None` where it is absent.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] that names the field, where its value is no `T`. The value itself is not
    /// quoted.
    pub fn parse<T>(&self, name: &str) -> Result<Option<T>, Error>
    where
        T: FromStr,
        T::Err: Display,
    {
        let parse = |value: &str| value.parse().map_err(|fault| self.invalid(name, fault));
        self.get(name).map(parse).transpose()
    }

    /// The items of a list, in order: `name.0`, `name.1`, … A single value is a list of one.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let items: Vec<&str> = (0..)
            .map_while(|index| self.get(&format!("{name}.{index}")))
            .collect();
        match self.get(name) {
            Some(single) if items.is_empty() => vec![single],
            _ => items,
        }
    }

    /// The part below `name`: what stands as `high.model` here is `model` there.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        let start = format!("{name}.");
        let below = |(key, value): (&String, &String)| {
            key.strip_prefix(&start)
                .map(|rest| (rest.to_owned(), value.clone()))
        };
        Self {
            entries: self.entries.iter().filter_map(below).collect(),
            prefix: self.full(&start),
        }
    }

    /// Every field with a value, by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .map(|(name, value)| (name.as_str(), value.trim()))
            .filter(|(_, value)| !value.is_empty())
    }

    /// The error for a field whose value cannot be used; `why` must not quote it.
    pub fn invalid(&self, name: &str, why: impl Display) -> Error {
        Error::InvalidConfig(format!(
            "the field `{}` is not usable: {why}",
            self.full(name)
        ))
    }

    /// A field's name as it stands in the section.
    pub fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::of([
            ("model", " gpt "),
            ("blank", "  "),
            ("stop.0", "a"),
            ("stop.1", "b"),
            ("stop.3", "never reached"),
            ("high.model", "large"),
            ("high.tokens", "many"),
        ])
    }

    #[test]
    fn blank_is_absent_and_white_space_goes() {
        assert_eq!(config().get("model"), Some("gpt"));
        assert_eq!(config().get("blank"), None);
        assert_eq!(config().list("stop"), ["a", "b"]);
        assert_eq!(config().list("model"), ["gpt"]);
        assert!(config().list("absent").is_empty());
        let high = config().part("high");
        assert_eq!(
            high.entries().collect::<Vec<_>>(),
            [("model", "large"), ("tokens", "many")]
        );
        assert!(config().entries().all(|(name, _)| name != "blank"));
    }

    #[test]
    fn a_missing_field_is_named_with_the_way_to_set_it() {
        let Err(Error::InvalidConfig(text)) = config().part("high").require("api_key") else {
            panic!("found")
        };
        assert!(text.contains("`high.api_key`") && text.contains("--set-env high.api_key="));
        let Err(Error::InvalidConfig(text)) = config().part("high").require_secret("api_key")
        else {
            panic!("found")
        };
        assert!(text.contains("--set-env high.api_key=VARIABLE") && !text.contains("--set high"));
    }

    #[test]
    fn a_part_has_its_own_names_and_full_ones_in_errors() {
        let high = config().part("high");
        assert_eq!(high.get("model"), Some("large"));
        assert_eq!(high.parse::<u32>("absent"), Ok(None));
        let Err(Error::InvalidConfig(text)) = high.parse::<u32>("tokens") else {
            panic!("parsed")
        };
        assert!(
            text.contains("`high.tokens`") && !text.contains("many"),
            "{text}"
        );
    }
}
