//! Asks an AI service with a Chat Completions API for a task spec.

wit_bindgen::generate!({ path: "wit", world: "described-runner", generate_all });

use arborist::runner::{
    http::{self, Header, HttpError},
    runner_types::{ConfigField, Parameter, RunnerError, RunnerInfo, ServiceFailure},
};
use exports::arborist::runner::{about, generate};
use serde_json::{Value, json};
use wasi::config::store;

const PROMPT: &str = "Answer with one JSON object and nothing else: \"name\", \"description\", and \"steps\", a list of \
    objects with \"name\", \"command\" (for a POSIX shell) and optionally \"depends_on\", a list of names of earlier steps.";

struct Runner;

impl generate::Guest for Runner {
    fn generate_task_spec(
        description: String,
        parameters: Vec<Parameter>,
    ) -> Result<String, RunnerError> {
        let option = parameters
            .into_iter()
            .find(|parameter| parameter.name == "model");
        let model = match option {
            Some(option) => option.value,
            None => config("model")?,
        };
        let body = json!({
            "model": model,
            "response_format": {"type": "json_object"},
            "messages": [
                {"role": "system", "content": PROMPT},
                {"role": "user", "content": description},
            ],
        });
        let answer = post(&config("endpoint")?, &config("api_key")?, &body)?;
        let text = answer["choices"][0]["message"]["content"].as_str();
        // The host parses and checks the spec; JSON is YAML.
        text.map(str::to_owned)
            .ok_or_else(|| RunnerError::InvalidResponse("the answer has no message".to_owned()))
    }

    fn generate_dagu_config(_: String, _: Vec<Parameter>) -> Result<String, RunnerError> {
        // The host makes the DAG from the task spec.
        Err(RunnerError::Unsupported)
    }
}

impl about::Guest for Runner {
    fn describe() -> RunnerInfo {
        let field = |name: &str, description: &str, secret| ConfigField {
            name: name.to_owned(),
            description: description.to_owned(),
            required: true,
            secret,
            default: None,
        };
        RunnerInfo {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Asks an AI service for a task spec".to_owned(),
            config: vec![
                field("endpoint", "URL of the service's chat completions", false),
                field("api_key", "Key for the service", true),
                field("model", "Model to ask", false),
            ],
        }
    }
}

/// A field of this runner's section in agent-arborist.yaml. For a secret this is a placeholder, and the host puts the
/// value into the request.
fn config(field: &str) -> Result<String, RunnerError> {
    let value = store::get(field).map_err(|error| {
        let (store::Error::Upstream(why) | store::Error::Io(why)) = error;
        RunnerError::Other(format!("the configuration cannot be read: {why}"))
    })?;
    value.ok_or_else(|| RunnerError::InvalidConfig(format!("`{field}` is missing")))
}

fn post(url: &str, key: &str, body: &Value) -> Result<Value, RunnerError> {
    let header = |name: &str, value: &str| Header {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let request = http::Request {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: vec![
            header("content-type", "application/json"),
            header("authorization", &format!("Bearer {key}")),
        ],
        body: Some(body.to_string().into_bytes()),
    };
    let answer = http::send(&request).map_err(|error| {
        let retryable = matches!(
            error,
            HttpError::Timeout | HttpError::Connection(_) | HttpError::RateLimited
        );
        failure(
            None,
            format!("the service cannot be asked: {}", said(&error)),
            retryable,
        )
    })?;
    if answer.status != 200 {
        let message = format!("the service answered {}", answer.status);
        return Err(failure(
            Some(answer.status),
            message,
            answer.status == 429 || answer.status >= 500,
        ));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|error| RunnerError::InvalidResponse(format!("the answer is not JSON: {error}")))
}

/// What the host says of a request that has no answer.
fn said(error: &HttpError) -> String {
    match error {
        HttpError::Denied(why)
        | HttpError::Connection(why)
        | HttpError::InvalidRequest(why)
        | HttpError::BudgetExhausted(why) => why.clone(),
        HttpError::Timeout => "there was no answer in time".to_owned(),
        HttpError::TooLarge(limit) => {
            format!("the request or its answer is larger than {limit} bytes")
        }
        HttpError::RateLimited => "the rate limit leaves no time for it".to_owned(),
    }
}

fn failure(status: Option<u16>, message: String, retryable: bool) -> RunnerError {
    RunnerError::Service(ServiceFailure {
        status,
        message,
        retryable,
    })
}

export!(Runner);
