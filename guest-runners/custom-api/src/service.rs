//! Which service the configuration names, and what it is asked.

use arborist_sdk::http;
use arborist_sdk::{Config, Error};
use serde::Serialize;

/// How a service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The prompt to the URL itself; a spec in JSON comes back.
    Endpoint,
    /// The prompt to `/generate` below the URL; a spec in YAML comes back as `output`.
    ServiceUrl,
}

impl Protocol {
    /// The configuration field that chooses it.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::ServiceUrl => "service_url",
        }
    }
}

/// A configured service.
#[derive(Clone, Debug)]
pub(crate) struct Service<'a> {
    pub(crate) protocol: Protocol,
    url: String,
    token: Option<&'a str>,
}

#[derive(Serialize)]
struct Question<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
}

impl<'a> Service<'a> {
    /// The service that the configuration names.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] where it names none, or two, or one whose URL cannot be used.
    pub(crate) fn from_config(config: &'a Config) -> Result<Self, Error> {
        let (protocol, base) = match (config.get("endpoint"), config.get("service_url")) {
            (Some(url), None) => (Protocol::Endpoint, url),
            (None, Some(url)) => (Protocol::ServiceUrl, url),
            (None, None) => {
                return Err(Error::InvalidConfig(
                    "neither `endpoint` nor `service_url` is set: set the one that your service \
                     speaks, for example `endpoint: https://api.example.com/v1/generate`"
                        .to_owned(),
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Error::InvalidConfig(
                    "both `endpoint` and `service_url` are set: remove the one that your service \
                     does not speak"
                        .to_owned(),
                ));
            }
        };
        if !["http://", "https://"]
            .iter()
            .any(|scheme| starts_with(base, scheme))
        {
            return Err(config.invalid(
                protocol.field(),
                "it must be a URL that begins with https:// or http://",
            ));
        }
        // Each protocol has its own field; the other's does where only that is set.
        let (key, token) = (config.get("api_key"), config.get("auth_token"));
        let (url, token) = match protocol {
            Protocol::Endpoint => (base.to_owned(), key.or(token)),
            Protocol::ServiceUrl if base.contains(['?', '#']) => {
                return Err(config.invalid(
                    protocol.field(),
                    "`/generate` is added to it, so it cannot have a query or a fragment",
                ));
            }
            Protocol::ServiceUrl => (
                format!("{}/generate", base.trim_end_matches('/')),
                token.or(key),
            ),
        };
        Ok(Self {
            protocol,
            url,
            token,
        })
    }

    /// The request that asks for a spec.
    pub(crate) fn request(&self, prompt: &str, model: Option<&str>) -> http::Request {
        let kind = match self.protocol {
            Protocol::Endpoint => None,
            Protocol::ServiceUrl => Some("task_spec"),
        };
        let request = http::Request::post(&self.url)
            .header("accept", "application/json")
            .json(&Question {
                kind,
                prompt,
                model,
            });
        match self.token {
            Some(token) => request.bearer(token),
            None => request,
        }
    }
}

fn starts_with(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}
