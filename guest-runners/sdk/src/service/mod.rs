//! Clients for the protocols that most AI services speak, for [`ask`](crate::ask): Chat Completions,
//! Messages and Ollama's own. Each streams its answer, hands the pieces to [`progress`](crate::progress) as
//! they come, gives the service the schema of a spec where it takes one, and tells a service's failures apart.
//!
//! ```no_run
//! use arborist_sdk::service::{Kind, Service};
//! use arborist_sdk::{Config, Error, Request, SpecText, ask};
//!
//! fn generate(request: &Request) -> Result<SpecText, Error> {
//!     let config = Config::load()?;
//!     let mut service = Service::new(Kind::OpenAi, &config, request.model(&config))?;
//!     Ok(ask::for_spec(&mut service, request.description())?.into())
//! }
//! ```

mod claude;
mod draft;
mod fault;
mod ollama;
mod openai;
mod settings;

use crate::ask::{Ask, Conversation};
use crate::{Config, Error, Field, log};
use settings::Settings;
use std::fmt;
use std::str::FromStr;

/// The longest line or event that is taken from a service, in bytes. Its pieces are words; only an error or
/// an answer that was not streamed comes near.
const MAX_EVENT: usize = 1 << 20;

/// A protocol, named after who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Chat Completions, as OpenAI and the many that are compatible with it speak it.
    OpenAi,
    /// Messages, as Anthropic speaks it.
    Claude,
    /// `/api/generate`, as Ollama speaks it.
    Ollama,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OpenAi, Self::Claude, Self::Ollama];

    /// Its name, which is also that of the built-in runner for it: `openai`, `claude` or `ollama`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Claude => "claude",
            Self::Ollama => "ollama",
        }
    }

    /// Where the service is, unless `base_url` says otherwise. For the built-in runners the host permits
    /// requests there; for any other, `base_url` or `allow` has to.
    pub fn default_base_url(self) -> &'static str {
        match self {
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Claude => "https://api.anthropic.com",
            Self::Ollama => "http://localhost:11434",
        }
    }

    /// The model that is asked for, unless somebody names one; which ones an Ollama has, only its owner knows.
    pub fn default_model(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("gpt-4"),
            Self::Claude => Some("claude-3-sonnet"),
            Self::Ollama => None,
        }
    }

    /// The configuration fields that [`Service::new`] reads.
    pub fn fields(self) -> Vec<Field> {
        let with_default = |field: Field, default: Option<&str>| match default {
            Some(default) => field.default(default),
            None => field,
        };
        let mut fields = vec![
            Field::new("api_key", self.about_key()).secret(),
            Field::new("base_url", self.about_base_url()).default(self.default_base_url()),
            with_default(
                Field::new(
                    "model",
                    "Model to ask; the parameter `model` comes before it",
                ),
                self.default_model(),
            ),
            Field::new(
                "temperature",
                "How freely the model chooses its words; its own where absent",
            ),
        ];
        fields.extend(match self {
            Self::OpenAi => openai::fields(),
            Self::Claude => claude::fields(),
            Self::Ollama => ollama::fields(),
        });
        fields
    }

    fn about_key(self) -> &'static str {
        match self {
            Self::OpenAi => {
                "API key; may be absent where `base_url` names a service that needs none"
            }
            Self::Claude => {
                "API key; may be absent where `base_url` names a gateway that needs none"
            }
            Self::Ollama => "Bearer token, for an Ollama behind a gateway that wants one",
        }
    }

    fn about_base_url(self) -> &'static str {
        match self {
            Self::OpenAi => "Base URL of a compatible service; /chat/completions is added to it",
            Self::Claude => "Base URL of the service; /v1/messages is added to it",
            Self::Ollama => "Base URL of the service; /api/generate is added to it",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or(UnknownKind)
    }
}

/// No [`Kind`] has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it must be openai, claude or ollama")
    }
}

/// A configured service, ready to be asked.
#[derive(Clone, Debug)]
pub struct Service(Client);

#[derive(Clone, Debug)]
enum Client {
    OpenAi(openai::Client),
    Claude(claude::Client),
    Ollama(ollama::Client),
}

impl Service {
    /// The service that `config` describes, asked for `model` or else for the model that it has by default. Sends
    /// nothing yet.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] that names the field at fault.
    pub fn new(kind: Kind, config: &Config, model: Option<&str>) -> Result<Self, Error> {
        let settings = Settings::new(kind, config, model)?;
        Ok(Self(match kind {
            Kind::OpenAi => Client::OpenAi(openai::Client::new(settings)?),
            Kind::Claude => Client::Claude(claude::Client::new(settings)?),
            Kind::Ollama => Client::Ollama(ollama::Client::new(settings)?),
        }))
    }

    /// The model that is asked for.
    pub fn model(&self) -> &str {
        &self.settings().model
    }

    /// Where requests go, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.settings().base_url
    }

    fn settings(&self) -> &Settings {
        match &self.0 {
            Client::OpenAi(client) => &client.settings,
            Client::Claude(client) => &client.settings,
            Client::Ollama(client) => &client.settings,
        }
    }
}

impl Ask for Service {
    fn ask(&mut self, conversation: &Conversation) -> Result<String, Error> {
        log::info(format_args!(
            "asking {} at {}",
            self.model(),
            self.base_url()
        ));
        match &mut self.0 {
            Client::OpenAi(client) => client.ask(conversation),
            Client::Claude(client) => client.ask(conversation),
            Client::Ollama(client) => client.ask(conversation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_name_and_can_be_had_by_it() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("gpt".parse::<Kind>(), Err(UnknownKind));
        for kind in Kind::ALL {
            assert!(UnknownKind.to_string().contains(kind.name()));
        }
    }
}
