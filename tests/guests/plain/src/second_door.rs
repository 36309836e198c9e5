//! The same requests by the second door: `wasi:http/outgoing-handler`.

use crate::bindings::exports::arborist::runner::generate::{Parameter, RunnerError};
use crate::report::Report;
use crate::{parameter, unusable};
use wasip2::http::outgoing_handler::{OutgoingRequest, handle};
use wasip2::http::types::{ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, Scheme};
use wasip2::io::streams::StreamError;

/// What one call may write to a body's stream.
const WRITE: usize = 4096;

/// `METHOD URL`, cut at the first `://` and the first `/` after it, with no other look at it.
pub(crate) fn run(argument: &str, parameters: &[Parameter]) -> Result<String, RunnerError> {
    let (method, url) = argument
        .split_once(' ')
        .ok_or_else(|| unusable("no method and URL"))?;
    let mut report = Report::new(url);
    match send(method, url, parameters) {
        Ok(answer) => {
            report.add("status", answer.status());
            match body(&answer) {
                Ok(bytes) => {
                    report.add("length", bytes.len());
                    report.add("body", String::from_utf8_lossy(&bytes));
                }
                Err(error) => report.add("end", error),
            }
        }
        Err(error) => report.add("error", error),
    }
    Ok(report.to_spec())
}

/// Reads the first piece of an answer and ends in the middle.
pub(crate) fn leave(argument: &str, parameters: &[Parameter]) -> Result<String, RunnerError> {
    let mut words = argument.splitn(3, ' ');
    let (Some(how), Some(method), Some(url)) = (words.next(), words.next(), words.next()) else {
        return Err(unusable("no way to leave, method and URL"));
    };
    let answer = send(method, url, parameters).map_err(|error| unusable(&error))?;
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

pub(crate) fn send(
    method: &str,
    url: &str,
    parameters: &[Parameter],
) -> Result<IncomingResponse, String> {
    let headers = Fields::new();
    for header in parameters {
        if let Some(name) = header.name.strip_prefix("header:") {
            let value = crate::web::filled(&header.value);
            headers
                .append(name, &value.into_bytes())
                .map_err(|error| format!("header: {error:?}"))?;
        }
    }
    let request = OutgoingRequest::new(headers);
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let cut = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(cut);
    let refused = |part: &str| format!("refused: {part}");
    request
        .set_method(&self::method(method))
        .map_err(|()| refused("method"))?;
    request
        .set_scheme(Some(&self::scheme(scheme)))
        .map_err(|()| refused("scheme"))?;
    request
        .set_authority(Some(authority))
        .map_err(|()| refused("authority"))?;
    request
        .set_path_with_query(Some(path))
        .map_err(|()| refused("path"))?;
    let outgoing = request.body().map_err(|()| refused("body"))?;
    let answer = handle(request, None).map_err(|error| said(&error))?;
    write(&outgoing, parameters)?;
    OutgoingBody::finish(outgoing, None).map_err(|error| said(&error))?;
    answer.subscribe().block();
    let answer = answer.get().ok_or("no answer")?.map_err(|()| "taken")?;
    answer.map_err(|error| said(&error))
}

/// The parameter `body`, as often as the parameter `times` says.
fn write(outgoing: &OutgoingBody, parameters: &[Parameter]) -> Result<(), String> {
    let Some(body) = parameter(parameters, "body") else {
        return Ok(());
    };
    let times: usize = parameter(parameters, "times")
        .and_then(|it| it.parse().ok())
        .unwrap_or(1);
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
                return Err(format!("broken: {}", error.to_debug_string()));
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

/// The cases of the variant, as HTTP libraries choose them: in any case of letters.
fn scheme(name: &str) -> Scheme {
    match name.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => Scheme::Other(name.to_owned()),
    }
}

/// The error in the words of the first door, where it has a case for it.
fn said(error: &ErrorCode) -> String {
    match error {
        ErrorCode::HttpRequestDenied => "denied".to_owned(),
        ErrorCode::HttpRequestUriInvalid => "invalid-request".to_owned(),
        ErrorCode::HttpResponseBodySize(_) | ErrorCode::HttpRequestBodySize(_) => {
            "too-large".to_owned()
        }
        ErrorCode::ConnectionTerminated => "connection".to_owned(),
        other => format!("{other:?}"),
    }
}
