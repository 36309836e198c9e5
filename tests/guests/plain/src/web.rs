//! Requests that the description names, and what came of them.
//!
//! The parameter `body` is the body; each parameter `header:NAME` a header, in which `{FIELD}` stands for
//! the configuration's field, as a runner would put a secret there.

use crate::bindings::arborist::runner::http::{self, Header, HttpError, Request};
use crate::bindings::arborist::runner::progress;
use crate::bindings::exports::arborist::runner::generate::{Parameter, RunnerError};
use crate::bindings::wasi::config::store;
use crate::report::Report;
use crate::{parameter, unusable};
use std::collections::BTreeMap;

pub(crate) fn run(
    behaviour: &str,
    argument: &str,
    parameters: &[Parameter],
) -> Result<String, RunnerError> {
    match behaviour {
        "requests" => {
            let (count, rest) = argument
                .split_once(' ')
                .ok_or_else(|| unusable("no number"))?;
            many(crate::number(count, 1)?, &request(rest, parameters)?)
        }
        "open" => Ok(open(&request(argument, parameters)?)),
        "leave" => {
            let (how, rest) = argument
                .split_once(' ')
                .ok_or_else(|| unusable("no way to leave"))?;
            leave(how, &request(rest, parameters)?)
        }
        _ => Ok(send(&request(argument, parameters)?)),
    }
}

/// The URL is everything after the method, so that a test can put anything there.
fn request(argument: &str, parameters: &[Parameter]) -> Result<Request, RunnerError> {
    let (method, url) = argument
        .split_once(' ')
        .ok_or_else(|| unusable("no method and URL"))?;
    let header = |it: &Parameter| {
        let name = it.name.strip_prefix("header:")?;
        Some(Header {
            name: name.to_owned(),
            value: filled(&it.value),
        })
    };
    Ok(Request {
        method: method.to_owned(),
        url: filled(url),
        headers: parameters.iter().filter_map(header).collect(),
        body: parameter(parameters, "body").map(|body| filled(body).into_bytes()),
    })
}

pub(crate) fn filled(text: &str) -> String {
    let entries = store::get_all().unwrap_or_default();
    entries.iter().fold(text.to_owned(), |text, (key, value)| {
        text.replace(&format!("{{{key}}}"), value)
    })
}

fn send(request: &Request) -> String {
    let mut report = Report::new(&request.url);
    match http::send(request) {
        Ok(response) => {
            report.add("status", response.status);
            report.add("headers", headers(&response.headers));
            report.add("length", response.body.len());
            report.add("body", String::from_utf8_lossy(&response.body));
        }
        Err(error) => report.add("error", said(&error)),
    }
    report.to_spec()
}

fn open(request: &Request) -> String {
    let mut report = Report::new(&request.url);
    match http::open(request) {
        Ok(incoming) => {
            report.add("status", incoming.status());
            report.add("headers", headers(&incoming.headers()));
            let mut number = 0;
            loop {
                match incoming.read(64 << 10) {
                    Ok(Some(piece)) => {
                        number += 1;
                        let piece = String::from_utf8_lossy(&piece);
                        progress::emit(&piece);
                        report.add(&format!("piece-{number}"), piece);
                    }
                    Ok(None) => break report.add("end", "complete"),
                    Err(error) => break report.add("end", said(&error)),
                }
            }
        }
        Err(error) => report.add("error", said(&error)),
    }
    report.to_spec()
}

/// Reads the first piece of an answer, shows it, and ends in the middle.
fn leave(how: &str, request: &Request) -> Result<String, RunnerError> {
    let incoming = http::open(request).map_err(|error| unusable(&said(&error)))?;
    if let Ok(Some(piece)) = incoming.read(64 << 10) {
        progress::emit(&String::from_utf8_lossy(&piece));
    }
    crate::hostile::leave(how);
    drop(incoming);
    crate::hostile::leave(&format!("{how} later"));
    Ok(crate::spec_with("left", how))
}

fn many(count: u64, request: &Request) -> Result<String, RunnerError> {
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..count {
        let outcome = match http::send(request) {
            Ok(response) => response.status.to_string(),
            Err(error) => said(&error),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    let mut report = Report::new(&request.url);
    for (number, (outcome, count)) in (1..).zip(outcomes) {
        report.add(&format!("outcome-{number}"), format!("{count} x {outcome}"));
    }
    Ok(report.to_spec())
}

fn headers(headers: &[Header]) -> String {
    let line = |it: &Header| format!("{}: {}", it.name, it.value);
    headers.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The error's case as the contract names it, and its text.
fn said(error: &HttpError) -> String {
    match error {
        HttpError::Denied(text) => format!("denied: {text}"),
        HttpError::Timeout => "timeout".to_owned(),
        HttpError::TooLarge(limit) => format!("too-large: {limit}"),
        HttpError::RateLimited => "rate-limited".to_owned(),
        HttpError::Connection(text) => format!("connection: {text}"),
        HttpError::InvalidRequest(text) => format!("invalid-request: {text}"),
        HttpError::BudgetExhausted(text) => format!("budget-exhausted: {text}"),
    }
}
