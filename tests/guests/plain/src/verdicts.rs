//! Many URLs by both doors in one run, and each door's verdict.

use crate::bindings::arborist::runner::http::{self, HttpError, Request};
use crate::bindings::exports::arborist::runner::generate::RunnerError;
use crate::report::Report;
use crate::{second_door, unusable};

/// How many verdicts one step of the answer holds: a command has its bound.
const PER_STEP: usize = 500;

/// A JSON list of `[METHOD, URL]`: JSON, so that a URL can hold anything. The answer has `FIRST/SECOND` for each, in order.
pub(crate) fn run(argument: &str) -> Result<String, RunnerError> {
    let asked: Vec<(String, String)> =
        serde_json::from_str(argument).map_err(|error| unusable(&error.to_string()))?;
    let mut report = Report::new("verdicts");
    for (number, part) in asked.chunks(PER_STEP).enumerate() {
        let verdicts: Vec<String> = part
            .iter()
            .map(|(method, url)| format!("{}/{}", first(method, url), second(method, url)))
            .collect();
        report.add(&format!("part-{number}"), verdicts.join(" "));
    }
    Ok(report.to_spec())
}

fn first(method: &str, url: &str) -> String {
    let request = Request {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
    };
    match http::send(&request) {
        Ok(_) => "sent",
        Err(HttpError::Denied(_)) => "denied",
        Err(HttpError::InvalidRequest(_)) => "invalid",
        Err(error) => return word(&format!("{error:?}")),
    }
    .to_owned()
}

fn second(method: &str, url: &str) -> String {
    match second_door::ask(method, url, &[]) {
        Ok(_) => "sent".to_owned(),
        Err(error) => match error.as_str() {
            "denied" => "denied".to_owned(),
            // The types of wasi:http do not hold such a part, so that there is no request to decide on.
            refused if refused.starts_with("invalid-request: no such ") => {
                "inexpressible".to_owned()
            }
            refused if refused.starts_with("invalid-request") => "invalid".to_owned(),
            other => word(other),
        },
    }
}

/// One word, since words are what separates the verdicts.
fn word(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join("_")
}
