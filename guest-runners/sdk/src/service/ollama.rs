//! Ollama's `/api/generate`.

use super::MAX_EVENT;
use super::draft::Draft;
use super::fault::json;
use super::settings::Settings;
use crate::ask::{Conversation, spec_schema};
use crate::http::{Incoming, Request};
use crate::{Error, Field};
use serde_json::{Map, Value, json as value};
use std::fmt;
use std::str::FromStr;

/// How the model is held to the shape of a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// By its schema, which Ollama takes since 0.5.
    Schema,
    /// To any JSON.
    Json,
    /// Not at all; the instructions say what is wanted.
    Text,
}

/// No [`Format`] has that name.
struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it must be schema, json or text")
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "schema" => Ok(Self::Schema),
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(UnknownFormat),
        }
    }
}

pub(super) fn fields() -> Vec<Field> {
    vec![
        Field::new(
            "max_tokens",
            "Most tokens of an answer (num_predict); no bound where absent",
        ),
        Field::new("format", "schema, json for an Ollama before 0.5, or text").default("schema"),
        Field::new(
            "options",
            "Map of further options of the model, such as num_ctx or seed",
        ),
    ]
}

#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) settings: Settings,
    format: Format,
    options: Map<String, Value>,
}

impl Client {
    pub(super) fn new(settings: Settings) -> Result<Self, Error> {
        let config = settings.config.part("options");
        let mut options = Map::new();
        for (name, text) in config.entries() {
            if name.contains('.') {
                return Err(config.invalid(name, "an option has a single value"));
            }
            options.insert(name.to_owned(), scalar(text));
        }
        if let Some(temperature) = settings.temperature {
            options.insert("temperature".to_owned(), temperature.into());
        }
        if let Some(most) = settings.max_tokens {
            options.insert("num_predict".to_owned(), most.get().into());
        }
        Ok(Self {
            format: settings.config.parse("format")?.unwrap_or(Format::Schema),
            options,
            settings,
        })
    }

    pub(super) fn ask(&mut self, conversation: &Conversation) -> Result<String, Error> {
        let incoming = self.settings.open(self.request(conversation))?;
        let origin = incoming.origin().to_owned();
        let kind = incoming.header("content-type").map(str::to_owned);
        let mut reply = Reply::new(&self.settings, &origin);
        reply.read(incoming)?;
        reply.finish(kind.as_deref())
    }

    fn request(&self, conversation: &Conversation) -> Request {
        let settings = &self.settings;
        let mut body = value!({
            "model": settings.model,
            "system": conversation.system,
            "prompt": conversation.turns_to_prompt(),
            "stream": true,
        });
        let format = match self.format {
            Format::Schema => Some(spec_schema()),
            Format::Json => Some("json".into()),
            Format::Text => None,
        };
        if let Some(body) = body.as_object_mut() {
            body.extend(format.map(|format| ("format".to_owned(), format)));
            if !self.options.is_empty() {
                body.insert("options".to_owned(), self.options.clone().into());
            }
        }
        let request = Request::post(settings.url("/api/generate"))
            .header("accept", "application/x-ndjson")
            .json(&body);
        match &settings.key {
            Some(key) => request.bearer(key),
            None => request,
        }
    }
}

/// A number or truth value as such; anything else as text.
fn scalar(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(found @ (Value::Number(_) | Value::Bool(_))) => found,
        _ => text.into(),
    }
}

/// What has come of an answer.
struct Reply<'a> {
    settings: &'a Settings,
    origin: &'a str,
    draft: Draft,
    reason: Option<String>,
    done: bool,
    /// Whether anything was of the protocol.
    heard: bool,
}

impl<'a> Reply<'a> {
    fn new(settings: &'a Settings, origin: &'a str) -> Self {
        Self {
            settings,
            origin,
            draft: Draft::default(),
            reason: None,
            done: false,
            heard: false,
        }
    }

    fn read(&mut self, incoming: Incoming) -> Result<(), Error> {
        for line in incoming.lines(MAX_EVENT) {
            let line = line?;
            if !line.trim().is_empty() {
                self.take(&line)?;
            }
            if self.done {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &str) -> Result<(), Error> {
        let piece = match json(self.origin, line) {
            // A page of something else is no damaged answer.
            Err(_) if !self.heard => {
                return Err(self.settings.unfinished(self.origin, None, false));
            }
            other => other?,
        };
        if piece.get("error").is_some() {
            return Err(self.settings.said(self.origin, &piece, true));
        }
        if let Some(text) = piece.get("response").and_then(Value::as_str) {
            self.heard = true;
            self.draft.add(text)?;
        }
        if piece.get("done").and_then(Value::as_bool) == Some(true) {
            self.done = true;
            let reason = piece.get("done_reason").and_then(Value::as_str);
            self.reason = reason.map(str::to_owned);
        }
        Ok(())
    }

    fn finish(self, kind: Option<&str>) -> Result<String, Error> {
        match self.reason.as_deref() {
            _ if !self.done => Err(self.settings.unfinished(self.origin, kind, self.heard)),
            Some("length") => Err(self.settings.too_long(self.origin, "max_tokens")),
            _ => Ok(self.draft.into_text()),
        }
    }
}

#[cfg(test)]
mod tests;
