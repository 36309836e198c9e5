//! How complex a task seems, and who is asked for it.

use arborist_sdk::service::{Kind, Service};
use arborist_sdk::{Config, Error};

/// A description of more characters is of high complexity.
const HIGH_ABOVE: usize = 500;
/// One of more characters is of medium complexity, and any other of low.
const MEDIUM_ABOVE: usize = 200;

/// How complex a task seems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    High,
    Medium,
    Low,
}

impl Level {
    pub(crate) const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// The level of a task with that description.
    pub(crate) fn of(description: &str) -> Self {
        match description.chars().count() {
            count if count > HIGH_ABOVE => Self::High,
            count if count > MEDIUM_ABOVE => Self::Medium,
            _ => Self::Low,
        }
    }

    /// Its name, which is also the key of its part of the section.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    pub(crate) fn default_kind(self) -> Kind {
        match self {
            Self::High | Self::Low => Kind::OpenAi,
            Self::Medium => Kind::Claude,
        }
    }

    pub(crate) fn default_model(self) -> &'static str {
        match self {
            Self::High => "gpt-4",
            Self::Medium => "claude-3-sonnet",
            Self::Low => "gpt-3.5-turbo",
        }
    }

    /// The service that the level's part of the configuration names, asked for `model`, else for the level's.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`], also for a service of another level that is none, so that it is not found
    /// only on the day when a description is long.
    pub(crate) fn service(self, config: &Config, model: Option<&str>) -> Result<Service, Error> {
        for level in Self::ALL {
            level.kind(config)?;
        }
        let kind = self.kind(config)?;
        let part = config.part(self.name());
        let model = model.map(str::trim).filter(|model| !model.is_empty());
        // The model of a level is one of its own service's.
        let usual = (kind == self.default_kind()).then(|| self.default_model());
        Service::new(kind, &part, model.or_else(|| part.get("model")).or(usual))
    }

    fn kind(self, config: &Config) -> Result<Kind, Error> {
        let kind = config.part(self.name()).parse("service")?;
        Ok(kind.unwrap_or_else(|| self.default_kind()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_not_bytes() {
        for (count, want) in [
            (0, Level::Low),
            (200, Level::Low),
            (201, Level::Medium),
            (500, Level::Medium),
            (501, Level::High),
        ] {
            for letter in ["x", "é", "😀"] {
                assert_eq!(
                    Level::of(&letter.repeat(count)),
                    want,
                    "{count} times {letter}"
                );
            }
        }
    }

    fn asked(level: Level, entries: &[(&str, &str)], model: Option<&str>) -> (String, String) {
        let config = Config::of(entries.iter().copied());
        let service = level.service(&config, model).unwrap();
        (service.model().to_owned(), service.base_url().to_owned())
    }

    #[test]
    fn each_level_has_its_default_and_its_own_part() {
        let keys = [
            ("high.api_key", "a"),
            ("medium.api_key", "b"),
            ("low.api_key", "c"),
        ];
        for (level, model, url) in [
            (Level::High, "gpt-4", "https://api.openai.com/v1"),
            (
                Level::Medium,
                "claude-3-sonnet",
                "https://api.anthropic.com",
            ),
            (Level::Low, "gpt-3.5-turbo", "https://api.openai.com/v1"),
        ] {
            assert_eq!(asked(level, &keys, None), (model.into(), url.into()));
            assert_eq!(asked(level, &keys, Some("given")).0, "given");
            assert_eq!(asked(level, &keys, Some(" ")).0, model);
        }
        let mixed = [
            ("low.service", "ollama"),
            ("low.model", "llama3"),
            ("high.service", "claude"),
            ("high.api_key", "k"),
            ("high.base_url", "https://gateway.test/"),
        ];
        assert_eq!(
            asked(Level::Low, &mixed, None),
            ("llama3".into(), "http://localhost:11434".into())
        );
        assert_eq!(
            asked(Level::High, &mixed, None),
            ("claude-3-sonnet".into(), "https://gateway.test".into())
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_with_its_level() {
        for (level, entries, part) in [
            (Level::High, vec![], "`high.api_key`"),
            (Level::Low, vec![("low.service", "ollama")], "`low.model`"),
            (
                Level::Low,
                vec![("low.api_key", "k"), ("high.service", "gpt")],
                "`high.service` is not usable: it must be openai, claude or ollama",
            ),
        ] {
            match level.service(&Config::of(entries), None) {
                Err(Error::InvalidConfig(text)) => assert!(text.contains(part), "{text}"),
                other => panic!("{part}: {other:?}"),
            }
        }
    }
}
