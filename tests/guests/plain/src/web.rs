//! Requests that the description names, and what came of them.
//!
//! The parameter `body` is the body, `times` over; each parameter `header:NAME` a header. In both and in the URL `{FIELD}` stands for the
//! configuration's field, as a runner would put a secret there. For what an argument cannot hold, `url%`, `method%` and
//! `header%:NAME` are percent-encoded, NAME too. `basic` is `USER:PASSWORD` for an `Authorization: Basic`. `headers` adds so many headers, `header-bytes` one of so many bytes. With the
//! parameter `on-error` an error of the request is the runner's own; with `no-body` the body of the answer is only counted.

use crate::bindings::arborist::runner::http::{self, Header, HttpError, Request};
use crate::bindings::arborist::runner::progress;
use crate::bindings::exports::arborist::runner::generate::{Parameter, RunnerError};
use crate::bindings::wasi::config::store;
use crate::report::Report;
use crate::{number, parameter, unusable};
use base64::{Engine as _, engine::general_purpose::STANDARD};
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
        body: parameter(parameters, "body")
            .map(|body| filled(body).repeat(times(parameters)).into_bytes()),
    })
}

/// The method and the URL, which is everything after it, so that a test can put anything there.
pub(crate) fn line(
    argument: &str,
    parameters: &[Parameter],
) -> Result<(String, String), RunnerError> {
    let (method, url) = argument
        .split_once(' ')
        .ok_or_else(|| unusable("no method and URL"))?;
    let text = |name: &str, given: &str| {
        let encoded = parameter(parameters, name).map(decoded);
        encoded.map_or_else(
            || given.to_owned(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    };
    Ok((text("method%", method), filled(&text("url%", url))))
}

/// How often the parameter `body` is written: as `times` says.
pub(crate) fn times(parameters: &[Parameter]) -> usize {
    let times = parameter(parameters, "times").and_then(|it| it.parse().ok());
    times.unwrap_or(1)
}

/// The headers that the parameters name.
pub(crate) fn headers(parameters: &[Parameter]) -> Result<Vec<(String, Vec<u8>)>, RunnerError> {
    let mut headers = Vec::new();
    for it in parameters {
        if let Some(name) = it.name.strip_prefix("header:") {
            headers.push((name.to_owned(), filled(&it.value).into_bytes()));
        } else if let Some(name) = it.name.strip_prefix("header%:") {
            let name = String::from_utf8_lossy(&decoded(name)).into_owned();
            headers.push((name, decoded(&it.value)));
        }
    }
    if let Some(basic) = parameter(parameters, "basic") {
        let value = format!("Basic {}", STANDARD.encode(filled(basic)));
        headers.push(("authorization".to_owned(), value.into_bytes()));
    }
    let many = number(parameter(parameters, "headers").unwrap_or_default(), 0)?;
    headers.extend((0..many).map(|n| (format!("x-{n}"), b"x".to_vec())));
    let large = parameter(parameters, "header-bytes").unwrap_or_default();
    if let Ok(size @ 1..) = number(large, 0) {
        headers.push(("x-large".to_owned(), vec![b'x'; size as usize]));
    }
    Ok(headers)
}

/// Percent-decoded; what is no encoding stays as it is.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = text_of(after.get(..2)).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

fn text_of(bytes: Option<&[u8]>) -> Option<&str> {
    std::str::from_utf8(bytes?).ok()
}

/// The body of an answer as a fact, unless the parameters do not want it.
pub(crate) fn add_body(report: &mut Report, body: &[u8], parameters: &[Parameter]) {
    if parameter(parameters, "no-body").is_none() {
        report.add("body", String::from_utf8_lossy(body));
    }
}

/// An error as a fact, or as the runner's own where the parameters want it.
pub(crate) fn failed(
    mut report: Report,
    error: String,
    parameters: &[Parameter],
) -> Result<String, RunnerError> {
    if parameter(parameters, "on-error").is_some() {
        return Err(RunnerError::Other(error));
    }
    report.add("error", error);
    Ok(report.to_spec())
}

pub(crate) fn filled(text: &str) -> String {
    let entries = store::get_all().unwrap_or_default();
    entries.iter().fold(text.to_owned(), |text, (key, value)| {
        text.replace(&format!("{{{key}}}"), value)
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
    let mut report = Report::new(&request.url);
    for (number, (outcome, count)) in (1..).zip(outcomes) {
        report.add(&format!("outcome-{number}"), format!("{count} x {outcome}"));
    }
    Ok(report.to_spec())
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
