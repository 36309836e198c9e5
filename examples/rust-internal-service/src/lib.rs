//! Asks a service of one's own, which is sent `{"type", "prompt"}` and answers `{"output"}`, by an ordinary HTTP client:
//! `wstd` knows nothing of Arborist, and its requests pass the same gateway as any.

wit_bindgen::generate!({ path: "wit", world: "described-runner", generate_all });

use arborist::runner::runner_types::{
    ConfigField, Parameter, RunnerError, RunnerInfo, ServiceFailure,
};
use exports::arborist::runner::{about, generate};
use serde::{Deserialize, Serialize};
use wasi::config::store;
use wstd::http::{Body, Client, Request, Response, error::ErrorCode};

#[derive(Serialize)]
struct Question<'a> {
    r#type: &'a str,
    prompt: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    output: String,
}

struct Runner;

impl generate::Guest for Runner {
    fn generate_task_spec(prompt: String, _: Vec<Parameter>) -> Result<String, RunnerError> {
        let (endpoint, token) = (config("endpoint")?, config("token")?);
        let question = Question {
            r#type: "task_spec",
            prompt: &prompt,
        };
        let output = wstd::runtime::block_on(ask(&endpoint, &token, &question))?;
        if output.trim().is_empty() {
            let reason = "`output` of the answer is empty".to_owned();
            return Err(RunnerError::InvalidResponse(reason));
        }
        // YAML or JSON: the host parses and checks the spec.
        Ok(output)
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
            description: "Asks an internal service for a task spec".to_owned(),
            config: vec![
                field("endpoint", "URL that questions are sent to", false),
                field("token", "Bearer token for the service", true),
            ],
        }
    }
}

/// A field of this runner's section in agent-arborist.yaml; for a secret a placeholder, in whose stead the host sends the value.
fn config(field: &str) -> Result<String, RunnerError> {
    let value = store::get(field).map_err(|error| {
        let (store::Error::Upstream(why) | store::Error::Io(why)) = error;
        RunnerError::Other(format!("the configuration cannot be read: {why}"))
    })?;
    value.ok_or_else(|| RunnerError::InvalidConfig(format!("`{field}` is missing")))
}

async fn ask(endpoint: &str, token: &str, question: &Question<'_>) -> Result<String, RunnerError> {
    let invalid = |error: wstd::http::Error| {
        RunnerError::InvalidConfig(format!("the question cannot be asked: {error}"))
    };
    let body = Body::from_json(question).map_err(|error| invalid(error.into()))?;
    let request = Request::post(endpoint)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(body)
        .map_err(|error| invalid(error.into()))?;
    let mut answer = Client::new().send(request).await.map_err(unanswered)?;
    check(&answer)?;
    let answer: Result<Answer, _> = answer.body_mut().json().await;
    let reason =
        |error| RunnerError::InvalidResponse(format!("the answer has no `output`: {error}"));
    Ok(answer.map_err(reason)?.output)
}

/// Any status but success is the service's failure; the host has asked again by then, where the settings say so.
fn check(answer: &Response<Body>) -> Result<(), RunnerError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(RunnerError::Service(ServiceFailure {
        status: Some(status.as_u16()),
        message: format!("the service answered {status}"),
        retryable: status.is_server_error() || status.as_u16() == 429,
    }))
}

fn unanswered(error: wstd::http::Error) -> RunnerError {
    let retryable = matches!(
        error.downcast_ref::<ErrorCode>(),
        Some(
            ErrorCode::ConnectionRefused
                | ErrorCode::ConnectionTerminated
                | ErrorCode::ConnectionTimeout
                | ErrorCode::HttpResponseTimeout
                | ErrorCode::DnsTimeout
        )
    );
    RunnerError::Service(ServiceFailure {
        status: None,
        message: format!("the service cannot be asked: {error}"),
        retryable,
    })
}

export!(Runner);
