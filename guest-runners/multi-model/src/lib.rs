//! The runner `multi-model`: asks one of three models, by how complex the task seems. Complexity is the length of
//! the description, as agent-arborist's guide estimates it; each level has a service, a model and a key of its
//! own, so that a small model on this machine and a large one elsewhere can share the work.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )
)]

mod level;

use arborist_sdk::{Config, Error, Field, Info, Request, Runner, SpecText, ask, log};
use level::Level;

struct MultiModel;

impl Runner for MultiModel {
    fn describe() -> Info {
        let about = "Asks a large, a middling or a small model, by how long the description is";
        let info = Info::new("multi-model", env!("CARGO_PKG_VERSION"), about);
        Level::ALL
            .into_iter()
            .fold(info, |info, level| info.with(fields(level)))
    }

    fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
        let config = Config::load()?;
        let level = Level::of(request.description());
        let mut service = level.service(&config, request.parameter("model"))?;
        log::info(format_args!(
            "complexity {}: {}",
            level.name(),
            service.model()
        ));
        Ok(ask::for_spec(&mut service, request.description())?.into())
    }
}

/// The fields of one level: those that all services have, then those that some have.
fn fields(level: Level) -> Vec<Field> {
    let kind = level.default_kind();
    [
        Field::new("service", "openai, claude or ollama").default(kind.name()),
        Field::new(
            "model",
            "Model to ask; the parameter `model` comes before it",
        )
        .default(level.default_model()),
        Field::new("api_key", "API key of the service").secret(),
        Field::new(
            "base_url",
            "Base URL of the service, as its own runner takes it",
        ),
        Field::new(
            "temperature",
            "How freely the model chooses its words; its own where absent",
        ),
        Field::new("max_tokens", "Most tokens of an answer"),
        Field::new("max_completion_tokens", "As for the runner openai"),
        Field::new("response_format", "As for the runner openai"),
        Field::new("output", "As for the runner claude"),
        Field::new("format", "As for the runner ollama"),
        Field::new("options", "As for the runner ollama"),
    ]
    .into_iter()
    .map(|field| field.below(level.name()))
    .collect()
}

arborist_sdk::export!(MultiModel);

#[cfg(test)]
mod tests {
    use super::*;
    use arborist_sdk::service::Kind;

    #[test]
    fn every_field_of_every_service_is_declared_for_each_level() {
        let declared: Vec<String> = MultiModel::describe().fields().map(str::to_owned).collect();
        for level in Level::ALL {
            for kind in Kind::ALL {
                let fields = kind
                    .fields()
                    .into_iter()
                    .map(|field| field.below(level.name()));
                let info = Info::new("", "", "").with(fields);
                for name in info.fields() {
                    assert!(declared.iter().any(|other| other == name), "{name}");
                }
            }
            assert!(declared.contains(&format!("{}.service", level.name())));
        }
    }
}
