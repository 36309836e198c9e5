//! Requests by `wasi:http/client` of WASI 0.3. The parameters are those of the guest `plain`, as far as they are needed: `header:NAME`,
//! `body`, `times`, `no-body` and `on-error`.

use crate::bindings::exports::arborist::runner::generate_streaming::{Parameter, RunnerError};
use crate::{Answer, Pieces, filled, number, show, spec};
use futures::stream::{FuturesUnordered, StreamExt as _};
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response, Scheme};
use wasip3::{wit_future, wit_stream};
use wit_bindgen::rt::async_support::spawn_local;

/// How much one write to a request's body holds.
const WRITE: usize = 64 << 10;

pub(crate) async fn run(
    behaviour: &str,
    argument: &str,
    parameters: &[Parameter],
    pieces: &mut Pieces,
) -> Answer {
    let counted = matches!(behaviour, "many" | "requests");
    let (count, argument) = match argument.split_once(' ') {
        Some((count, rest)) if counted => (number(count, 1), rest),
        _ => (1, argument),
    };
    let (method, url) = argument.split_once(' ').unwrap_or(("GET", argument));
    let mut facts = Vec::new();
    match behaviour {
        "many" => {
            let mut under_way: FuturesUnordered<_> = (0..count)
                .map(|nth| async move {
                    let answer = whole(method, &format!("{url}?{nth}"), parameters).await;
                    (nth, answer)
                })
                .collect();
            while let Some((nth, answer)) = under_way.next().await {
                let said = answer.map_or_else(|error| error, |(status, _, _)| status.to_string());
                show(pieces, format!("{nth}: {said}\n")).await;
                facts.push((format!("answer-{nth}"), said));
            }
        }
        "requests" => {
            for nth in 0..count {
                let answer = whole(method, url, parameters).await;
                let said = answer.map_or_else(|error| error, |(status, _, _)| status.to_string());
                facts.push((format!("answer-{nth}"), said));
            }
        }
        "stream" => {
            let response = match send(method, url, parameters).await {
                Ok(response) => response,
                Err(error) => return failed(error, parameters),
            };
            let (read, end) = read(response, async |piece: &[u8]| {
                show(pieces, String::from_utf8_lossy(piece)).await;
            })
            .await;
            if let Err(error) = end {
                return failed(error, parameters);
            }
            facts.push(("length".to_owned(), read.to_string()));
        }
        _ => match whole(method, url, parameters).await {
            Ok((status, headers, body)) => {
                facts.push(("status".to_owned(), status.to_string()));
                facts.push(("headers".to_owned(), headers));
                facts.push(("length".to_owned(), body.len().to_string()));
                if parameter(parameters, "no-body").is_none() {
                    let body = String::from_utf8_lossy(&body).into_owned();
                    facts.push(("body".to_owned(), body));
                }
            }
            Err(error) => return failed(error, parameters),
        },
    }
    Ok(spec("streaming", facts))
}

/// Status, headers and body.
async fn whole(
    method: &str,
    url: &str,
    parameters: &[Parameter],
) -> Result<(u16, String, Vec<u8>), String> {
    let response = send(method, url, parameters).await?;
    let status = response.get_status_code();
    let headers = response.get_headers().copy_all();
    let line =
        |(name, value): &(String, Vec<u8>)| format!("{name}: {}", String::from_utf8_lossy(value));
    let headers = headers.iter().map(line).collect::<Vec<_>>().join("\n");
    let mut body = Vec::new();
    let (_, end) = read(response, async |piece: &[u8]| body.extend_from_slice(piece)).await;
    end?;
    Ok((status, headers, body))
}

/// Reads a body to its end: how much it was, and how it ended.
async fn read(response: Response, mut take: impl AsyncFnMut(&[u8])) -> (usize, Result<(), String>) {
    let (told, telling) = wit_future::new(|| Ok(()));
    let (mut body, trailers) = Response::consume_body(response, telling);
    drop(told);
    let (mut length, mut buffer) = (0, Vec::with_capacity(WRITE));
    loop {
        let (result, bytes) = body.read(buffer).await;
        length += bytes.len();
        take(&bytes).await;
        buffer = bytes;
        buffer.clear();
        if result == wit_bindgen::rt::async_support::StreamResult::Dropped {
            break;
        }
    }
    let end = trailers.await.map(drop).map_err(|error| said(&error));
    (length, end)
}

/// Sends a request whose body goes out piece by piece while it is under way.
async fn send(method: &str, url: &str, parameters: &[Parameter]) -> Result<Response, String> {
    let headers = Fields::new();
    for it in parameters {
        if let Some(name) = it.name.strip_prefix("header:") {
            headers
                .append(name, filled(&it.value).as_bytes())
                .map_err(|error| format!("invalid-request: header: {error:?}"))?;
        }
    }
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let cut = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(cut);
    let body = parameter(parameters, "body").map(filled);
    let (contents, trailers) = wit_future::new(|| Ok(None));
    let (mut out, stream) = wit_stream::new();
    let (request, sent) = Request::new(headers, body.is_some().then_some(stream), trailers, None);
    drop(sent);
    let refused = |part: &str| format!("invalid-request: no such {part}");
    request
        .set_method(&named(method))
        .map_err(|()| refused("method"))?;
    request
        .set_scheme(Some(&match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => Scheme::Other(other.to_owned()),
        }))
        .map_err(|()| refused("scheme"))?;
    request
        .set_authority(Some(authority))
        .map_err(|()| refused("authority"))?;
    request
        .set_path_with_query(Some(path))
        .map_err(|()| refused("path"))?;
    let times = number(parameter(parameters, "times").unwrap_or_default(), 1);
    spawn_local(async move {
        let body = body.unwrap_or_default().repeat(times);
        for piece in body.as_bytes().chunks(WRITE) {
            if !out.write_all(piece.to_vec()).await.is_empty() {
                break;
            }
        }
        drop(out);
        drop(contents);
    });
    client::send(request).await.map_err(|error| said(&error))
}

fn named(method: &str) -> Method {
    match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        other => Method::Other(other.to_owned()),
    }
}

/// An error as a fact, or as the runner's own where the parameters want it.
fn failed(error: String, parameters: &[Parameter]) -> Answer {
    if parameter(parameters, "on-error") == Some("fail") {
        return Err(RunnerError::Other(error));
    }
    Ok(spec("streaming", [("error".to_owned(), error)]))
}

/// The error in the words of the first door, where it has a case for it.
fn said(error: &ErrorCode) -> String {
    match error {
        ErrorCode::HttpRequestDenied => "denied".to_owned(),
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

fn parameter<'a>(parameters: &'a [Parameter], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|it| it.name == name);
    found.map(|it| it.value.as_str())
}
