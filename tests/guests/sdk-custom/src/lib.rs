//! A runner that asks a service of our own.

use arborist_sdk::{Config, Error, Field, Info, Request, Runner, SpecText, http};
use serde_json::{Value, json};

struct Custom;

impl Runner for Custom {
    fn describe() -> Info {
        Info::new(
            "custom",
            env!("CARGO_PKG_VERSION"),
            "Asks a service of our own",
        )
        .field(Field::new("endpoint", "URL of the service").required())
        .field(
            Field::new("api_key", "Bearer token for it")
                .required()
                .secret(),
        )
    }

    fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
        let config = Config::load()?;
        let answer = http::Request::post(config.require("endpoint")?)
            .bearer(config.require_secret("api_key")?)
            .json(&json!({"prompt": request.description()}))
            .send()?
            .success()?;
        let plan: Value = answer.json()?;
        Ok(plan.to_string().into())
    }
}

arborist_sdk::export!(Custom);
