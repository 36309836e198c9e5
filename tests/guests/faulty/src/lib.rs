//! A runner that does one thing wrong: the one that its field `fault` names, or for `describe`, which reads no configuration, the one
//! that a test writes over the marker in the component's bytes. Without a fault it is a good runner.

mod bindings {
    #![allow(clippy::allow_attributes_without_reason, reason = "generated")]
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "described-runner",
        generate_all,
    });
}
mod answer;

use answer::{failed, fallback, fault_of, spec_of};
use bindings::arborist::runner::http::{self, Header};
use bindings::arborist::runner::runner_types::ConfigField;
use bindings::exports::arborist::runner::about::{self, RunnerInfo};
use bindings::exports::arborist::runner::generate::{self, Parameter, RunnerError};
use bindings::wasi::config::store;
use bindings::wasi::logging::logging::{self, Level};
use serde_json::json;
use std::hash::{BuildHasher as _, RandomState};

struct Faulty;

/// What a test writes over, keeping the length.
static MARKER: [u8; 40] = *b"ARBORIST-FAULT:none.....................";

fn marked() -> String {
    let text = String::from_utf8_lossy(std::hint::black_box(&MARKER)).into_owned();
    let fault = text.rsplit(':').next().unwrap_or_default();
    fault.trim_end_matches('.').to_owned()
}

fn read(name: &str) -> Option<String> {
    store::get(name)
        .ok()
        .flatten()
        .filter(|value| !value.is_empty())
}

fn random() -> u64 {
    RandomState::new().hash_one(0)
}

impl about::Guest for Faulty {
    fn describe() -> RunnerInfo {
        let fault = marked();
        assert!(fault != "describe-traps", "as told");
        let field = |name: &str, required, secret| ConfigField {
            name: name.to_owned(),
            description: format!("The {name} of the service"),
            required,
            secret,
            default: None,
        };
        let mut config = vec![
            field("endpoint", true, false),
            field("api_key", false, true),
            field("fault", false, false),
        ];
        match fault.as_str() {
            "describe-twice" => config.push(field("endpoint", false, false)),
            "describe-reserved" => config.push(field("allow", false, false)),
            "describe-unread" => config.push(field("colour", false, false)),
            _ => {}
        }
        let version = match fault.as_str() {
            "describe-random" => random().to_string(),
            "describe-empty" => String::new(),
            _ => "1.0.0".to_owned(),
        };
        RunnerInfo {
            name: "faulty".to_owned(),
            version,
            description: "Does one thing wrong".to_owned(),
            config,
        }
    }
}

impl generate::Guest for Faulty {
    fn generate_task_spec(
        description: String,
        parameters: Vec<Parameter>,
    ) -> Result<String, RunnerError> {
        let fault = read("fault").unwrap_or_default();
        before(&fault, &description, &parameters)?;
        let endpoint = match read("endpoint") {
            Some(endpoint) => endpoint,
            None if fault == "missing-traps" => panic!("as told"),
            None => {
                return Err(RunnerError::InvalidConfig(
                    "`endpoint` is missing".to_owned(),
                ));
            }
        };
        let key = read("api_key").unwrap_or_default();
        if fault == "logs-key" {
            logging::log(
                Level::Debug,
                "faulty",
                &format!("authorization: Bearer {key}"),
            );
        }
        let request = http::Request {
            method: "POST".to_owned(),
            url: endpoint,
            headers: vec![
                Header {
                    name: "content-type".to_owned(),
                    value: "application/json".to_owned(),
                },
                Header {
                    name: "authorization".to_owned(),
                    value: format!("Bearer {key}"),
                },
            ],
            body: Some(body(&fault, &description).into_bytes()),
        };
        let answer = match http::send(&request) {
            Ok(answer) => answer,
            Err(error) => return fault_of(&fault, &error),
        };
        if answer.status != 200 {
            return failed(&fault, answer.status);
        }
        let spec = match serde_json::from_slice(&answer.body) {
            Ok(value) => spec_of(&value),
            Err(_) if fault == "bad-answer-traps" => panic!("as told"),
            Err(_) if fault == "bad-answer-invents" => return Ok(fallback()),
            Err(error) => Err(RunnerError::InvalidResponse(error.to_string())),
        }?;
        after(&fault, spec, &key)
    }

    fn generate_dagu_config(spec: String, _: Vec<Parameter>) -> Result<String, RunnerError> {
        match read("fault").unwrap_or_default().as_str() {
            "dag-invalid" => Ok("steps: []\n".to_owned()),
            "dag-few" => Ok("name: few\nsteps:\n- name: only\n  command: 'true'\n".to_owned()),
            "dag-traps" if !spec.is_ascii() => panic!("as told"),
            _ => Err(RunnerError::Unsupported),
        }
    }
}

fn before(fault: &str, description: &str, parameters: &[Parameter]) -> Result<(), RunnerError> {
    match fault {
        "unicode-traps" => assert!(description.is_ascii(), "as told"),
        "parameters" if !parameters.is_empty() => {
            return Err(RunnerError::InvalidInput("an unknown parameter".to_owned()));
        }
        "undeclared" => drop(read("hidden")),
        "memory" if description.len() > 100_000 => {
            let hoard = vec![1_u8; 1 << 30];
            logging::log(Level::Info, "", &format!("{}", hoard.len()));
        }
        "logs-flood" => {
            for _ in 0..40 {
                logging::log(Level::Info, "", &"x".repeat(64 * 1024));
            }
        }
        _ => {}
    }
    Ok(())
}

fn body(fault: &str, description: &str) -> String {
    match fault {
        "no-escape" => format!("{{\"prompt\": \"{description}\"}}"),
        "cut" => {
            let end = description.floor_char_boundary(90);
            json!({"prompt": &description[..end]}).to_string()
        }
        "random-request" => json!({"prompt": description, "id": random()}).to_string(),
        _ => json!({"prompt": description}).to_string(),
    }
}

fn after(fault: &str, spec: String, key: &str) -> Result<String, RunnerError> {
    match fault {
        "no-steps" => Ok("name: nothing\n".to_owned()),
        "ignores-answer" => Ok(fallback()),
        "echoes-key" => {
            Ok(json!({"name": "x", "description": key, "steps": [{"name": "a", "command": "echo arborist-check-7b1f; echo arborist-check-29ce"}]}).to_string())
        }
        "random" => Ok(spec.replace("checked-plan", &format!("plan-{}", random()))),
        "prints" => {
            println!("{spec}");
            Ok(spec)
        }
        _ => Ok(spec),
    }
}

bindings::export!(Faulty with_types_in bindings);
