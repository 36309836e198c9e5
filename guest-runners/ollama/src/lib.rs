//! The runner `ollama`: asks a model that an Ollama serves, on this machine unless `base_url` says otherwise.

use arborist_sdk::service::{Kind, Service};
use arborist_sdk::{Config, Error, Info, Request, Runner, SpecText, ask};

struct Ollama;

impl Runner for Ollama {
    fn describe() -> Info {
        let about =
            "Asks a model that Ollama serves on this machine, or at `base_url`; set `model`";
        Info::new("ollama", env!("CARGO_PKG_VERSION"), about).with(Kind::Ollama.fields())
    }

    fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
        let config = Config::load()?;
        let mut service = Service::new(Kind::Ollama, &config, request.model(&config))?;
        Ok(ask::for_spec(&mut service, request.description())?.into())
    }
}

arborist_sdk::export!(Ollama);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_its_service_are_declared() {
        let fields: Vec<String> = Ollama::describe().fields().map(str::to_owned).collect();
        for field in ["api_key", "base_url", "model"] {
            assert!(
                fields.iter().any(|name| name == field),
                "{field}: {fields:?}"
            );
        }
    }
}
