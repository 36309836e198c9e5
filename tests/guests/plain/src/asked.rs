//! What a description and its parameters ask to be sent, whatever door it goes by.
//!
//! The parameter `body` is the body, `times` over; each parameter `header:NAME` a header, `trailer:NAME` a trailer.
//! In all of them and in the URL `{FIELD}` stands for the configuration's field, as a runner would put a secret there. For what an argument
//! cannot hold, `url%`, `method%` and `header%:NAME` are percent-encoded, NAME too. `basic` is `USER:PASSWORD` for an `Authorization: Basic`.
//! `headers` adds so many headers, `header-bytes` one of so many bytes. With the parameter `on-error` an error of the request is the runner's
//! own; with `no-body` the body of the answer is only counted.

use crate::bindings::exports::arborist::runner::generate::{Parameter, RunnerError};
use crate::bindings::wasi::config::store;
use crate::report::Report;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The parts of a request, as they are set.
pub(crate) struct Parts {
    pub(crate) method: String,
    pub(crate) scheme: Option<String>,
    pub(crate) authority: Option<String>,
    pub(crate) path: Option<String>,
}

pub(crate) fn parameter<'a>(parameters: &'a [Parameter], name: &str) -> Option<&'a str> {
    parameters
        .iter()
        .find(|it| it.name == name)
        .map(|it| it.value.as_str())
}

/// The error for a description that a test wrote wrongly.
pub(crate) fn unusable(why: &str) -> RunnerError {
    RunnerError::InvalidInput(format!("the test guest cannot do that: {why}"))
}

/// A number, or `default` where there is none.
pub(crate) fn number(argument: &str, default: u64) -> Result<u64, RunnerError> {
    match argument.trim() {
        "" => Ok(default),
        text => text
            .parse()
            .map_err(|_| unusable(&format!("{text:?} is no number"))),
    }
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

/// `METHOD URL`, cut at the first `://` and the first `/` after it, with no other look at it. The parameters `scheme%`,
/// `authority%` and `path%`, percent-encoded, are taken in place of what was cut; `absent` lists what is not set at all.
pub(crate) fn parts(method: String, url: &str, parameters: &[Parameter]) -> Parts {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let cut = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(cut);
    let absent = parameter(parameters, "absent").unwrap_or_default();
    let part = |name: &str, cut: &str| {
        let given = parameter(parameters, &format!("{name}%")).map(decoded);
        let text = given.map_or(cut.to_owned(), |it| {
            String::from_utf8_lossy(&it).into_owned()
        });
        (!absent.split(' ').any(|it| it == name)).then_some(text)
    };
    Parts {
        method,
        // The case of the variant, as HTTP libraries choose it: for any case of letters.
        scheme: part("scheme", &scheme.to_ascii_lowercase()),
        authority: part("authority", authority),
        path: part("path", path),
    }
}

/// A trailer for each parameter `trailer:NAME`.
pub(crate) fn trailers(parameters: &[Parameter]) -> impl Iterator<Item = (&str, &[u8])> {
    parameters.iter().filter_map(|it| {
        let name = it.name.strip_prefix("trailer:")?;
        Some((name, it.value.as_bytes()))
    })
}

/// The parameter `body`, and how often it is to be sent.
pub(crate) fn body(parameters: &[Parameter]) -> Option<(String, usize)> {
    let times = parameter(parameters, "times").and_then(|it| it.parse().ok());
    Some((filled(parameter(parameters, "body")?), times.unwrap_or(1)))
}
