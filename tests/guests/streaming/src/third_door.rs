//! The same requests by the third door: `wasi:http/client` of WASI 0.3.

use crate::asked::{self, add_body, failed, line, parts};
use crate::bindings::exports::arborist::runner::generate_streaming::Parameter;
use crate::report::Report;
use crate::{Answer, Pieces, show, size};
use futures::stream::{FuturesUnordered, StreamExt as _};
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response, Scheme, Trailers};
use wasip3::{wit_future, wit_stream};
use wit_bindgen::rt::async_support::{StreamResult, spawn_local};

/// How much one write to a request's body holds.
const WRITE: usize = 64 << 10;

pub(crate) async fn run(
    behaviour: &str,
    argument: &str,
    parameters: &[Parameter],
    pieces: &mut Pieces,
) -> Answer {
    if let "many" | "requests" = behaviour {
        let (count, rest) = argument.split_once(' ').unwrap_or(("1", argument));
        let (method, url) = line(rest, parameters)?;
        return count_of(behaviour, size(count, 1), &method, &url, parameters, pieces).await;
    }
    let (method, url) = line(argument, parameters)?;
    let mut report = Report::new(&url);
    let response = match send(&method, &url, parameters).await {
        Ok(response) => response,
        Err(error) => return failed(report, error, parameters),
    };
    report.add("status", response.get_status_code());
    report.add("headers", lines(&response));
    let mut body = Vec::new();
    let end = read(response, async |piece: &[u8]| {
        body.extend_from_slice(piece);
        if behaviour == "stream" {
            show(pieces, String::from_utf8_lossy(piece)).await;
        }
    });
    if let Err(error) = end.await {
        return failed(report, format!("connection broken: {error}"), parameters);
    }
    report.add("length", body.len());
    add_body(&mut report, &body, parameters);
    Ok(report.to_spec())
}

/// So many requests, all at once or one after the other.
async fn count_of(
    behaviour: &str,
    count: usize,
    method: &str,
    url: &str,
    parameters: &[Parameter],
    pieces: &mut Pieces,
) -> Answer {
    let ask = async |nth: usize| {
        let answer = send(method, &format!("{url}?{nth}"), parameters).await;
        let answer = match answer {
            Ok(response) => response.get_status_code().to_string(),
            Err(error) => error,
        };
        (nth, answer)
    };
    let mut report = Report::new(url);
    if behaviour == "requests" {
        for nth in 0..count {
            report.add(&format!("answer-{nth}"), ask(nth).await.1);
        }
        return Ok(report.to_spec());
    }
    let mut under_way: FuturesUnordered<_> = (0..count).map(ask).collect();
    while let Some((nth, said)) = under_way.next().await {
        show(pieces, format!("{nth}: {said}\n")).await;
        report.add(&format!("answer-{nth}"), said);
    }
    Ok(report.to_spec())
}

fn lines(response: &Response) -> String {
    let entries = response.get_headers().copy_all();
    let line =
        |(name, value): &(String, Vec<u8>)| format!("{name}: {}", String::from_utf8_lossy(value));
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Reads a body to its end.
async fn read(response: Response, mut take: impl AsyncFnMut(&[u8])) -> Result<(), String> {
    let (told, telling) = wit_future::new(|| Ok(()));
    let (mut body, trailers) = Response::consume_body(response, telling);
    drop(told);
    let mut buffer = Vec::with_capacity(WRITE);
    loop {
        let (result, bytes) = body.read(buffer).await;
        take(&bytes).await;
        buffer = bytes;
        buffer.clear();
        if result == StreamResult::Dropped {
            break;
        }
    }
    trailers.await.map(drop).map_err(|error| said(&error))
}

/// Sends a request whose body goes out while it is under way.
async fn send(method: &str, url: &str, parameters: &[Parameter]) -> Result<Response, String> {
    let given = asked::headers(parameters).map_err(|error| format!("{error:?}"))?;
    let headers = fields(
        "header",
        given.iter().map(|(name, value)| (name.as_str(), &**value)),
    )?;
    let last = fields("trailer", asked::trailers(parameters))?;
    let parts = parts(method.to_owned(), url, parameters);
    let body = asked::body(parameters);
    let (end, trailers) = wit_future::new(|| Ok(None));
    let (mut out, contents) = wit_stream::new();
    let contents = body.is_some().then_some(contents);
    let (request, sent) = Request::new(headers, contents, trailers, None);
    drop(sent);
    let refused = |part: &str| format!("invalid-request: no such {part}");
    request
        .set_method(&named(&parts.method))
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
    spawn_local(async move {
        let (body, times) = body.unwrap_or_default();
        'all: for _ in 0..times {
            for piece in body.as_bytes().chunks(WRITE) {
                if !out.write_all(piece.to_vec()).await.is_empty() {
                    // The host has had enough: its answer says why.
                    break 'all;
                }
            }
        }
        drop(out);
        let any = !last.copy_all().is_empty();
        drop(end.write(Ok(any.then_some(last))).await);
    });
    client::send(request).await.map_err(|error| said(&error))
}

fn fields<'a>(
    what: &str,
    given: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<Trailers, String> {
    let fields = Fields::new();
    for (name, value) in given {
        fields
            .append(name, value)
            .map_err(|error| format!("invalid-request: {what}: {error:?}"))?;
    }
    Ok(fields)
}

fn named(method: &str) -> Method {
    match method {
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
        other => Scheme::Other(other.to_owned()),
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
