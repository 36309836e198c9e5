//! What becomes of an answer, and of none.

use crate::bindings::arborist::runner::http::HttpError;
use crate::bindings::arborist::runner::runner_types::ServiceFailure;
use crate::bindings::exports::arborist::runner::generate::RunnerError;
use serde_json::{Value, json};

pub(crate) fn fallback() -> String {
    json!({"name": "made-up", "steps": [{"name": "a", "command": "echo nothing"}]}).to_string()
}

pub(crate) fn spec_of(value: &Value) -> Result<String, RunnerError> {
    let steps = value.get("steps").filter(|steps| steps.is_array());
    let Some(steps) = steps else {
        return Err(RunnerError::InvalidResponse(
            "there are no `steps`".to_owned(),
        ));
    };
    Ok(json!({"name": value.get("name"), "steps": steps}).to_string())
}

fn service(status: Option<u16>, message: String, retryable: bool) -> RunnerError {
    RunnerError::Service(ServiceFailure {
        status,
        message,
        retryable,
    })
}

/// The service answered with a status that is no success.
pub(crate) fn failed(fault: &str, status: u16) -> Result<String, RunnerError> {
    let passes = status == 429 || status >= 500;
    let message = format!("the service answered {status}");
    match fault {
        "status-traps" => panic!("as told"),
        "status-is-response" => Err(RunnerError::InvalidResponse(message)),
        "status-lost" => Err(service(None, message, passes)),
        "never-retryable" => Err(service(Some(status), message, false)),
        "status-invents" => Ok(fallback()),
        _ => Err(service(Some(status), message, passes)),
    }
}

/// There is no answer.
pub(crate) fn fault_of(fault: &str, error: &HttpError) -> Result<String, RunnerError> {
    let text = format!("{error:?}");
    match (fault, error) {
        ("denied-traps", HttpError::Denied(_)) => panic!("as told"),
        ("too-large-traps", HttpError::TooLarge(_)) => panic!("as told"),
        ("no-answer-invents", HttpError::Connection(_)) => Ok(fallback()),
        ("timeout-hangs", HttpError::Timeout) => loop {
            std::thread::sleep(std::time::Duration::from_secs(60));
        },
        ("no-answer-is-input", HttpError::Connection(_)) => Err(RunnerError::InvalidInput(text)),
        _ => Err(service(None, text, false)),
    }
}
