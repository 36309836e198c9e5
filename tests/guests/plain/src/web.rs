//! Requests by the first door, `arborist:runner/http`, and what came of them.

use crate::asked::{self, add_body, failed, headers, line, number, parameter, unusable};
use crate::bindings::arborist::runner::http::{self, Header, HttpError, Request};
use crate::bindings::arborist::runner::progress;
use crate::bindings::exports::arborist::runner::generate::{Parameter, RunnerError};
use crate::report::Report;
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
            many(number(count, 1)?, &request(rest, parameters)?)
        }
        "open" => {
            let max = number(parameter(parameters, "max").unwrap_or_default(), 64 << 10)?;
            Ok(open(&request(argument, parameters)?, max as u32))
        }
        "leave" => {
            let (how, rest) = argument
                .split_once(' ')
                .ok_or_else(|| unusable("no way to leave"))?;
            leave(how, &request(rest, parameters)?)
        }
        _ => send(&request(argument, parameters)?, parameters),
    }
}

fn request(argument: &str, parameters: &[Parameter]) -> Result<Request, RunnerError> {
    let (method, url) = line(argument, parameters)?;
    let header = |(name, value): (String, Vec<u8>)| Header {
        name,
        value: String::from_utf8_lossy(&value).into_owned(),
    };
    Ok(Request {
        method,
        url,
        headers: headers(parameters)?.into_iter().map(header).collect(),
        body: asked::body(parameters).map(|(body, times)| body.repeat(times).into_bytes()),
    })
}

fn send(request: &Request, parameters: &[Parameter]) -> Result<String, RunnerError> {
    let mut report = Report::new(&request.url);
    match http::send(request) {
        Ok(response) => {
            report.add("status", response.status);
            report.add("headers", lines(&response.headers));
            report.add("length", response.body.len());
            add_body(&mut report, &response.body, parameters);
            Ok(report.to_spec())
        }
        Err(error) => failed(report, said(&error), parameters),
    }
}

/// Reads an answer in pieces of at most `max` bytes, the parameter of that name.
fn open(request: &Request, max: u32) -> String {
    let mut report = Report::new(&request.url);
    match http::open(request) {
        Ok(incoming) => {
            report.add("status", incoming.status());
            report.add("headers", lines(&incoming.headers()));
            let mut number = 0;
            loop {
                match incoming.read(max) {
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
    Ok(self::outcomes(&request.url, outcomes))
}

fn lines(headers: &[Header]) -> String {
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

/// A spec that tells how often each outcome came.
pub(crate) fn outcomes(url: &str, outcomes: BTreeMap<String, u64>) -> String {
    let mut report = Report::new(url);
    for (number, (outcome, count)) in (1..).zip(outcomes) {
        report.add(&format!("outcome-{number}"), format!("{count} x {outcome}"));
    }
    report.to_spec()
}
