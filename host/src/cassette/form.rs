//! A cassette as a file: YAML with a version, and an entry for each exchange.

use super::{Answer, Exchange, Reply, Request, body::Keys, headers::Headers};
use crate::escape::printable;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The largest cassette, in bytes: 64 MiB.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Most faults of exchanges that a message tells.
const MAX_TOLD: usize = 10;
/// The version that this host writes and reads.
const VERSION: u32 = 1;
/// What stands above a cassette that was recorded.
const NOTE: &str = "# Recorded by Arborist. Secrets stand as [secret NAME]; what is left out of a request is not compared.\n";

/// Why a text is no cassette. Safe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CassetteError {
    /// It is too long.
    #[error(
        "it is larger than {} MiB, which a cassette may have\n  help: record a run that asks for less, or bound its answers with `--limit response=…`",
        MAX_BYTES / 1024 / 1024
    )]
    TooLarge,
    /// It is not written as a cassette is.
    #[error(
        "{0}\n  help: a cassette is YAML with `cassette: 1` and a list `exchanges`; `arborist run --record FILE` makes one"
    )]
    Form(String),
    /// It was made by another version.
    #[error(
        "it is a cassette of version {0}, and this host reads version {VERSION}\n  help: record it again with `arborist run --record FILE`"
    )]
    Version(u32),
    /// Exchanges are not complete, say two things, or hold keys that there are not: each with its number, from 1. Not empty.
    #[error(
        "{}\n  help: an exchange has a `request` with `method` and `url`, and a `response` with a `status`; docs/cassettes.md has the rest",
        told(.0)
    )]
    Exchanges(Vec<(usize, String)>),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    cassette: u32,
    exchanges: Vec<Entry>,
}

/// A cassette whose exchanges nobody has looked at yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Loose {
    cassette: u32,
    exchanges: Vec<serde_json::Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    request: RequestEntry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<ResponseEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_connected: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    broken: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RequestEntry {
    method: String,
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers: Option<Headers>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "readable"
    )]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ResponseEntry {
    status: u16,
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    headers: Headers,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "readable"
    )]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cut_off: Option<String>,
}

/// Writes a text that would be full of escapes as a block, where nothing is lost by that.
fn readable<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = text.as_deref().unwrap_or_default();
    let plain = |letter: char| {
        (' '..='~').contains(&letter) || letter > '\u{a0}' && letter.is_alphanumeric()
    };
    let escaped = text.contains(['"', '\\']);
    if escaped && !text.starts_with(' ') && text.chars().all(plain) {
        return serde_saphyr::LitStr(text).serialize(serializer);
    }
    text.serialize(serializer)
}

/// Reads a cassette.
///
/// # Errors
/// See [`CassetteError`].
pub fn read(text: &str) -> Result<Vec<Exchange>, CassetteError> {
    if text.len() > MAX_BYTES {
        return Err(CassetteError::TooLarge);
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_aliases: 0,
            max_anchors: 0,
            max_depth: 100,
            max_nodes: 1_000_000,
            max_total_scalar_bytes: MAX_BYTES,
        },
        with_snippet: false,
    };
    let file: Result<File, _> = serde_saphyr::from_str_with_options(text, options.clone());
    let exchanges: Vec<Result<Exchange, String>> = match file {
        Ok(file) if file.cassette != VERSION => return Err(CassetteError::Version(file.cassette)),
        Ok(file) => file.exchanges.into_iter().map(Entry::read).collect(),
        // The reader stops at the first fault; one exchange at a time, all of them are found.
        Err(error) => {
            let form = CassetteError::Form(printable(&error.to_string(), 500).into_owned());
            let Ok(loose) = serde_saphyr::from_str_with_options::<Loose>(text, options) else {
                return Err(form);
            };
            if loose.cassette != VERSION {
                return Err(CassetteError::Version(loose.cassette));
            }
            let read: Vec<_> = loose.exchanges.into_iter().map(exchange).collect();
            if read.iter().all(Result::is_ok) {
                return Err(form);
            }
            read
        }
    };
    let mut faults = Vec::new();
    let mut good = Vec::with_capacity(exchanges.len());
    for (number, exchange) in (1..).zip(exchanges) {
        match exchange {
            Ok(exchange) => good.push(exchange),
            Err(reason) => faults.push((number, reason)),
        }
    }
    match faults.is_empty() {
        true => Ok(good),
        false => Err(CassetteError::Exchanges(faults)),
    }
}

/// The faults of exchanges, a line each; of many the first.
fn told(faults: &[(usize, String)]) -> String {
    let mut lines: Vec<String> = faults
        .iter()
        .take(MAX_TOLD)
        .map(|(number, reason)| format!("exchange {number}: {reason}"))
        .collect();
    let more = faults.len().saturating_sub(MAX_TOLD);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n  ")
}

/// Reads one exchange, as it stands in a cassette's list; for files that hold exchanges among other things.
///
/// # Errors
/// It is not written as one is; why, in words that can be shown.
pub fn exchange(value: serde_json::Value) -> Result<Exchange, String> {
    let entry: Entry = serde_json::from_value(value)
        .map_err(|error| printable(&error.to_string(), 500).into_owned())?;
    entry.read()
}

/// Writes one. What [`read`] makes of it is equal to what was given.
///
/// # Errors
/// It would be too large.
pub(super) fn write(exchanges: &[Exchange]) -> Result<String, CassetteError> {
    let file = File {
        cassette: VERSION,
        exchanges: exchanges.iter().map(Entry::of).collect(),
    };
    let mut text = Bounded(NOTE.to_owned());
    match serde_saphyr::to_fmt_writer(&mut text, &file) {
        Ok(()) => Ok(text.0),
        Err(_) if text.0.len() == MAX_BYTES => Err(CassetteError::TooLarge),
        Err(error) => {
            let message = printable(&error.to_string(), 500).into_owned();
            Err(CassetteError::Form(message))
        }
    }
}

/// Takes no more than a cassette may have: escapes make a text several times as long.
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_BYTES - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&" ".repeat(room));
        Err(fmt::Error)
    }
}

impl Entry {
    fn of(exchange: &Exchange) -> Self {
        let request = &exchange.request;
        let keys = request.body.as_ref().map(super::Body::keys);
        let Keys { body, json, base64 } = keys.unwrap_or_default();
        let mut entry = Self {
            request: RequestEntry {
                method: request.method.clone(),
                url: request.url.clone(),
                headers: request.headers.as_deref().map(Headers::of),
                body,
                json,
                base64,
            },
            response: None,
            not_connected: None,
            broken: None,
        };
        match &exchange.reply {
            Reply::NotConnected(reason) => entry.not_connected = Some(reason.clone()),
            Reply::Broken(reason) => entry.broken = Some(reason.clone()),
            Reply::Answer(answer) => {
                let Keys { body, json, base64 } = answer.body.keys();
                entry.response = Some(ResponseEntry {
                    status: answer.status,
                    headers: Headers::of(&answer.headers),
                    body: body.filter(|text| !text.is_empty()),
                    json,
                    base64,
                    cut_off: answer.cut_off.clone(),
                });
            }
        }
        entry
    }

    fn read(self) -> Result<Exchange, String> {
        let RequestEntry {
            method,
            url,
            headers,
            body,
            json,
            base64,
        } = self.request;
        let in_request = |reason| format!("request: {reason}");
        let body = Keys { body, json, base64 }.read().map_err(in_request)?;
        let request = Request {
            method: method.to_ascii_uppercase(),
            url,
            headers: headers.map(|headers| {
                let mut headers = headers.pairs();
                headers.sort();
                headers
            }),
            body,
        };
        let reply = match (self.response, self.not_connected, self.broken) {
            (Some(response), None, None) => Reply::Answer(response.read()?),
            (None, Some(reason), None) => Reply::NotConnected(reason),
            (None, None, Some(reason)) => Reply::Broken(reason),
            _ => {
                let reason = "it has one of `response`, `not_connected` and `broken`";
                return Err(reason.to_owned());
            }
        };
        Ok(Exchange { request, reply })
    }
}

impl ResponseEntry {
    fn read(self) -> Result<Answer, String> {
        let in_response = |reason: &str| format!("response: {reason}");
        if !(200..600).contains(&self.status) {
            return Err(in_response("its status is from 200 to 599"));
        }
        let (body, json, base64) = (self.body, self.json, self.base64);
        let body = Keys { body, json, base64 }.read().map_err(in_response)?;
        let mut headers = self.headers.pairs();
        if matches!(body, Some(super::Body::Json(_)))
            && !headers.iter().any(|(name, _)| name == "content-type")
        {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        for (name, value) in &headers {
            let fits = name.parse::<http::HeaderName>().is_ok()
                && value.parse::<http::HeaderValue>().is_ok();
            if !fits {
                let name = printable(name, 100);
                return Err(in_response(&format!(
                    "`{name}` is no header, or its value is none"
                )));
            }
        }
        Ok(Answer {
            status: self.status,
            headers,
            body: body.unwrap_or(super::Body::None),
            cut_off: self.cut_off,
        })
    }
}
