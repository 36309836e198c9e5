//! The runner `custom`: hands the description to an AI service of the user's own and takes the spec from
//! its answer. The service speaks one of two protocols, told apart by the field that is set:
//!
//! - `endpoint`: POST `{"prompt": …}`, answered by `{"name", "description", "steps"}`;
//! - `service_url`: POST `{"type": "task_spec", "prompt": …}` to `service_url/generate`, answered by
//!   `{"output": "the spec in YAML"}`.
//!
//! `"model"` is sent along where one is set; other parameters are for other runners, and stay here.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )
)]

mod answer;
mod service;

use arborist_sdk::http::{Failure, HttpError};
use arborist_sdk::{Config, Error, Field, Info, Request, Runner, SpecText, log};
use service::{Protocol, Service};

struct Custom;

impl Runner for Custom {
    fn describe() -> Info {
        Info::new(
            "custom",
            env!("CARGO_PKG_VERSION"),
            "Asks an AI service of your own; set `endpoint` or `service_url`, not both",
        )
        .field(Field::new(
            "endpoint",
            "URL that takes {\"prompt\"} and answers {\"name\", \"description\", \"steps\"}",
        ))
        .field(Field::new(
            "service_url",
            "Base URL of a service whose /generate takes {\"type\", \"prompt\"} and answers {\"output\"}",
        ))
        .field(Field::new("api_key", "Bearer token for `endpoint`").secret())
        .field(Field::new("auth_token", "Bearer token for `service_url`").secret())
        .field(Field::new("model", "Model to ask the service for; not sent where it is absent"))
    }

    fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
        if request.description().trim().is_empty() {
            return Err(Error::InvalidInput(
                "the description is empty: say in a sentence what the task should do".to_owned(),
            ));
        }
        let config = Config::load()?;
        let service = Service::from_config(&config)?;
        let model = request.model(&config);
        let answer = service
            .request(request.description(), model)
            .send()
            .map_err(|failure| blame(&config, &service, failure))?
            .success()?;
        log::debug(format_args!("{} bytes of answer", answer.body().len()));
        match service.protocol {
            Protocol::Endpoint => answer::spec(&answer),
            Protocol::ServiceUrl => answer::output(&answer),
        }
    }
}

/// A request that cannot be sent is the fault of the only thing in it that the user wrote: the URL.
fn blame(config: &Config, service: &Service<'_>, failure: Failure) -> Error {
    match &failure.error {
        HttpError::InvalidRequest(why) => config.invalid(service.protocol.field(), why),
        _ => failure.into(),
    }
}

arborist_sdk::export!(Custom);

#[cfg(test)]
mod tests;
