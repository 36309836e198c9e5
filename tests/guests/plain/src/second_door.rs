//! The same requests by the second door: `wasi:http/outgoing-handler`.

use crate::asked::{self, Parts, add_body, failed, line, number, parts, unusable};
use crate::bindings::exports::arborist::runner::generate::{Parameter, RunnerError};
use crate::report::Report;
use std::collections::BTreeMap;
use wasip2::http::outgoing_handler::{OutgoingRequest, handle};
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, Scheme,
};
use wasip2::io::poll::poll;
use wasip2::io::streams::StreamError;

/// What one call may write to a body's stream.
const WRITE: usize = 4096;

/// Sends a request, and tells its answer.
pub(crate) fn run(argument: &str, parameters: &[Parameter]) -> Result<String, RunnerError> {
    let (method, url) = line(argument, parameters)?;
    let mut report = Report::new(&url);
    let answer = match ask(&method, &url, parameters) {
        Ok(answer) => answer,
        Err(error) => return failed(report, error, parameters),
    };
    report.add("status", answer.status());
    report.add("headers", lines(&answer));
    match body(&answer) {
        Ok(bytes) => {
            report.add("length", bytes.len());
            add_body(&mut report, &bytes, parameters);
        }
        Err(error) => return failed(report, error, parameters),
    }
    Ok(report.to_spec())
}

/// Reads the first piece of an answer and ends in the middle.
pub(crate) fn leave(argument: &str, parameters: &[Parameter]) -> Result<String, RunnerError> {
    let mut words = argument.splitn(3, ' ');
    let (Some(how), Some(method), Some(url)) = (words.next(), words.next(), words.next()) else {
        return Err(unusable("no way to leave, method and URL"));
    };
    let answer = ask(method, url, parameters).map_err(|error| unusable(&error))?;
    let body = answer.consume().map_err(|()| unusable("consumed"))?;
    let stream = body.stream().map_err(|()| unusable("no stream"))?;
    drop(stream.blocking_read(64 << 10));
    crate::hostile::leave(how);
    drop(stream);
    drop(body);
    drop(answer);
    crate::hostile::leave(&format!("{how} later"));
    Ok(crate::spec_with("left", how))
}

/// `N HEADERS`: builds N requests that are never sent, with so many headers of a kilobyte, and keeps them; tells what was
/// taken of the parts that have no natural bound.
pub(crate) fn hoard(argument: &str) -> Result<String, RunnerError> {
    let (count, headers) = argument.split_once(' ').unwrap_or((argument, ""));
    let (count, many) = (number(count, 1)?, number(headers, 0)?);
    let long = "x".repeat(1 << 20);
    let mut kept = Vec::new();
    let mut report = Report::new("");
    for nth in 1..=count {
        let headers = Fields::new();
        for _ in 0..many {
            headers
                .append("x", &[b'x'; 1000])
                .map_err(|_| unusable("a header"))?;
        }
        let request = OutgoingRequest::new(headers);
        let outcome = |set: Result<(), ()>| if set.is_ok() { "taken" } else { "refused" };
        let method = outcome(request.set_method(&Method::Other(long.clone())));
        let authority = outcome(request.set_authority(Some(&long)));
        let path = outcome(request.set_path_with_query(Some(&format!("/{long}"))));
        let body = request.body().map_err(|()| unusable("no body"))?;
        let stream = body.write().map_err(|()| unusable("no stream"))?;
        let mut written = 0;
        while let Ok(room @ 1..) = stream.check_write() {
            let piece = &long.as_bytes()[..long.len().min(room as usize)];
            if written >= 64 << 20 || stream.write(piece).is_err() {
                break;
            }
            written += piece.len();
        }
        if nth == 1 {
            report.add("method", method);
            report.add("authority", authority);
            report.add("path", path);
            report.add("body", written);
        }
        kept.push((stream, body, request));
    }
    report.add("kept", kept.len());
    Ok(report.to_spec())
}

type Headers = [(String, Vec<u8>)];

fn headers(parameters: &[Parameter]) -> Result<Vec<(String, Vec<u8>)>, String> {
    asked::headers(parameters).map_err(|error| format!("{error:?}"))
}

/// Sends a request for `url`, cut as [`run`] cuts it.
pub(crate) fn ask(
    method: &str,
    url: &str,
    parameters: &[Parameter],
) -> Result<IncomingResponse, String> {
    send(
        &parts(method.to_owned(), url, parameters),
        &headers(parameters)?,
        parameters,
    )
}

fn lines(answer: &IncomingResponse) -> String {
    let entries = answer.headers().entries();
    let line =
        |(name, value): &(String, Vec<u8>)| format!("{name}: {}", String::from_utf8_lossy(value));
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn send(
    parts: &Parts,
    headers: &Headers,
    parameters: &[Parameter],
) -> Result<IncomingResponse, String> {
    let answer = begin(parts, headers, parameters)?;
    answer.subscribe().block();
    let answer = answer.get().ok_or("no answer")?.map_err(|()| "taken")?;
    answer.map_err(|error| said(&error))
}

/// `N METHOD URL`: N requests, one after the other, each answer read to its end.
pub(crate) fn requests(argument: &str, parameters: &[Parameter]) -> Result<String, RunnerError> {
    let mut words = argument.splitn(3, ' ');
    let (Some(count), Some(method), Some(url)) = (words.next(), words.next(), words.next()) else {
        return Err(unusable("no number, method and URL"));
    };
    let parts = parts(method.to_owned(), url, parameters);
    // Once for all of them: what is measured with this is the requests.
    let headers = headers(parameters).map_err(|error| unusable(&error))?;
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..number(count, 1)? {
        let answer = send(&parts, &headers, parameters).and_then(|answer| {
            let status = answer.status().to_string();
            body(&answer).map(|_| status)
        });
        *outcomes
            .entry(answer.unwrap_or_else(|error| error))
            .or_default() += 1;
    }
    Ok(crate::web::outcomes(url, outcomes))
}

/// `N METHOD URL`: N requests at once, each with its number as the query, shown as their answers come.
pub(crate) fn at_once(argument: &str, parameters: &[Parameter]) -> Result<String, RunnerError> {
    let mut words = argument.splitn(3, ' ');
    let (Some(count), Some(method), Some(url)) = (words.next(), words.next(), words.next()) else {
        return Err(unusable("no number, method and URL"));
    };
    let headers = headers(parameters).map_err(|error| unusable(&error))?;
    let mut under_way = Vec::new();
    for nth in 0..number(count, 1)? {
        let parts = parts(method.to_owned(), &format!("{url}?{nth}"), parameters);
        let answer = begin(&parts, &headers, parameters).map_err(|error| unusable(&error))?;
        under_way.push((nth, answer.subscribe(), answer));
    }
    let mut report = Report::new(url);
    while !under_way.is_empty() {
        let pollables: Vec<_> = under_way.iter().map(|(_, ready, _)| ready).collect();
        let mut ready = poll(&pollables);
        ready.sort_unstable();
        for at in ready.into_iter().rev() {
            let (nth, pollable, answer) = under_way.swap_remove(at as usize);
            drop(pollable);
            let said = match answer.get() {
                Some(Ok(Ok(answer))) => answer.status().to_string(),
                Some(Ok(Err(error))) => said(&error),
                _ => "no answer".to_owned(),
            };
            report.add(&format!("answer-{nth}"), said);
        }
    }
    Ok(report.to_spec())
}

/// Sends a request and waits for nothing.
fn begin(
    parts: &Parts,
    given: &Headers,
    parameters: &[Parameter],
) -> Result<FutureIncomingResponse, String> {
    let headers = Fields::new();
    for (name, value) in given {
        headers
            .append(name, value)
            .map_err(|error| format!("invalid-request: header: {error:?}"))?;
    }
    let request = OutgoingRequest::new(headers);
    let refused = |part: &str| format!("invalid-request: no such {part}");
    request
        .set_method(&method(&parts.method))
        .map_err(|()| refused("method"))?;
    request
        .set_scheme(parts.scheme.as_deref().map(scheme).as_ref())
        .map_err(|()| refused("scheme"))?;
    request
        .set_authority(parts.authority.as_deref())
        .map_err(|()| refused("authority"))?;
    request
        .set_path_with_query(parts.path.as_deref())
        .map_err(|()| refused("path"))?;
    let outgoing = request.body().map_err(|()| refused("body"))?;
    let answer = handle(request, None).map_err(|error| said(&error))?;
    write(&outgoing, parameters)?;
    let trailers = trailers(parameters)?;
    OutgoingBody::finish(outgoing, trailers).map_err(|error| said(&error))?;
    Ok(answer)
}

fn trailers(parameters: &[Parameter]) -> Result<Option<Fields>, String> {
    let mut trailers = None;
    for (name, value) in asked::trailers(parameters) {
        trailers
            .get_or_insert_with(Fields::new)
            .append(name, value)
            .map_err(|error| format!("invalid-request: trailer: {error:?}"))?;
    }
    Ok(trailers)
}

/// The body, as often as it is to be sent.
fn write(outgoing: &OutgoingBody, parameters: &[Parameter]) -> Result<(), String> {
    let Some((body, times)) = asked::body(parameters) else {
        return Ok(());
    };
    let stream = outgoing.write().map_err(|()| "no stream")?;
    for _ in 0..times {
        for piece in body.as_bytes().chunks(WRITE) {
            if stream.blocking_write_and_flush(piece).is_err() {
                // The host has had enough: its answer says why.
                return Ok(());
            }
        }
    }
    Ok(())
}

fn body(answer: &IncomingResponse) -> Result<Vec<u8>, String> {
    let body = answer.consume().map_err(|()| "consumed")?;
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(format!("connection broken: {}", error.to_debug_string()));
            }
        }
    }
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        "CONNECT" => Method::Connect,
        "TRACE" => Method::Trace,
        other => Method::Other(other.to_owned()),
    }
}

fn scheme(name: &str) -> Scheme {
    match name {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => Scheme::Other(name.to_owned()),
    }
}

/// The error in the words of the first door, where it has a case for it.
fn said(error: &ErrorCode) -> String {
    match error {
        ErrorCode::HttpRequestDenied => "denied".to_owned(),
        // The second is what wasmtime says of a request that it cannot put together.
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpProtocolError => {
            format!("invalid-request: {error:?}")
        }
        ErrorCode::HttpResponseBodySize(_) | ErrorCode::HttpRequestBodySize(_) => {
            "too-large".to_owned()
        }
        ErrorCode::InternalError(Some(text)) => format!("connection: {text}"),
        other => format!("{other:?}"),
    }
}
