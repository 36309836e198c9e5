//! The runner `openai`: asks OpenAI, or whatever speaks its Chat Completions at `base_url`.

use arborist_sdk::service::{Kind, Service};
use arborist_sdk::{Config, Error, Info, Request, Runner, SpecText, ask};

struct OpenAi;

impl Runner for OpenAi {
    fn describe() -> Info {
        let about = "Asks OpenAI, or any service that speaks its Chat Completions at `base_url`";
        Info::new("openai", env!("CARGO_PKG_VERSION"), about).with(Kind::OpenAi.fields())
    }

    fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
        let config = Config::load()?;
        let mut service = Service::new(Kind::OpenAi, &config, request.model(&config))?;
        Ok(ask::for_spec(&mut service, request.description())?.into())
    }
}

arborist_sdk::export!(OpenAi);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_its_service_are_declared() {
        let fields: Vec<String> = OpenAi::describe().fields().map(str::to_owned).collect();
        for field in ["api_key", "base_url", "model"] {
            assert!(
                fields.iter().any(|name| name == field),
                "{field}: {fields:?}"
            );
        }
    }
}
