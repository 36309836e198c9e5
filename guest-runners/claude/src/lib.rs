//! The runner `claude`: asks Anthropic's Claude, by its Messages.

use arborist_sdk::service::{Kind, Service};
use arborist_sdk::{Config, Error, Info, Request, Runner, SpecText, ask};

struct Claude;

impl Runner for Claude {
    fn describe() -> Info {
        let about = "Asks Anthropic's Claude";
        Info::new("claude", env!("CARGO_PKG_VERSION"), about).with(Kind::Claude.fields())
    }

    fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
        let config = Config::load()?;
        let mut service = Service::new(Kind::Claude, &config, request.model(&config))?;
        Ok(ask::for_spec(&mut service, request.description())?.into())
    }
}

arborist_sdk::export!(Claude);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_its_service_are_declared() {
        let fields: Vec<String> = Claude::describe().fields().map(str::to_owned).collect();
        for field in ["api_key", "base_url", "model"] {
            assert!(
                fields.iter().any(|name| name == field),
                "{field}: {fields:?}"
            );
        }
    }
}
