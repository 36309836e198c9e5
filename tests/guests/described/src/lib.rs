//! A runner that describes its configuration: a required field, a secret, a default and a nested one.
//! Its spec has a step for each field with what it read; it fails where a rule between fields is broken.

mod bindings {
    #![allow(clippy::allow_attributes_without_reason, reason = "generated")]
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "described-runner",
        generate_all,
    });
}

use bindings::arborist::runner::http;
use bindings::arborist::runner::runner_types::ConfigField;
use bindings::exports::arborist::runner::about::{self, RunnerInfo};
use bindings::exports::arborist::runner::generate::{self, Parameter, RunnerError};
use bindings::wasi::config::store;
use serde_json::json;

struct Described;

fn field(name: &str, required: bool, secret: bool, default: Option<&str>) -> ConfigField {
    ConfigField {
        name: name.to_owned(),
        description: format!("The {name} of the service"),
        required,
        secret,
        default: default.map(str::to_owned),
    }
}

fn fields() -> Vec<ConfigField> {
    vec![
        field("endpoint", true, false, None),
        field("passphrase", false, true, None),
        field("model", false, false, Some("small")),
        field("high.model", false, false, None),
    ]
}

impl about::Guest for Described {
    /// What is configured, and whether HTTP answers, would show in the version: both must be inert here.
    fn describe() -> RunnerInfo {
        let configured = store::get_all().map_or(0, |entries| entries.len());
        let request = http::Request {
            method: "GET".to_owned(),
            url: "https://example.com/".to_owned(),
            headers: Vec::new(),
            body: None,
        };
        let denied = matches!(http::send(&request), Err(http::HttpError::Denied(_)));
        RunnerInfo {
            name: "described".to_owned(),
            version: if configured == 0 && denied {
                "1.2.3"
            } else {
                "not inert"
            }
            .to_owned(),
            description: "Shows what it read of its configuration".to_owned(),
            config: fields(),
        }
    }
}

impl generate::Guest for Described {
    fn generate_task_spec(
        description: String,
        _parameters: Vec<Parameter>,
    ) -> Result<String, RunnerError> {
        let read = |name: &str| store::get(name).ok().flatten();
        if read("model").is_some() && read("high.model").is_some() {
            return Err(RunnerError::InvalidConfig(
                "both `model` and `high.model` are set: remove one".to_owned(),
            ));
        }
        let step = |field: ConfigField| {
            let value = read(&field.name)
                .or(field.default)
                .unwrap_or_else(|| "-".to_owned());
            json!({"name": field.name, "command": value})
        };
        let steps: Vec<_> = fields().into_iter().map(step).collect();
        Ok(json!({"name": "described", "description": description, "steps": steps}).to_string())
    }

    fn generate_dagu_config(_: String, _: Vec<Parameter>) -> Result<String, RunnerError> {
        Err(RunnerError::Unsupported)
    }
}

bindings::export!(Described with_types_in bindings);
