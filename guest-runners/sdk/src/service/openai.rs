//! Chat Completions.

mod format;

use super::MAX_EVENT;
use super::draft::Draft;
use super::fault::json;
use super::settings::Settings;
use crate::ask::Conversation;
use crate::http::{Incoming, MAX_ANSWER, Request};
use crate::{Error, Field, log};
use format::{Format, is_of_format, usual};
use serde_json::{Value, json as value};
use std::num::NonZeroU32;

pub(super) fn fields() -> Vec<Field> {
    vec![
        Field::new(
            "max_tokens",
            "Most tokens of an answer; the model's own where absent",
        ),
        Field::new(
            "max_completion_tokens",
            "The same for models that want it under this name and count what they think",
        ),
        Field::new(
            "response_format",
            "json_schema, json_object or text; where absent json_schema, and text for models without it",
        ),
    ]
}

#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) settings: Settings,
    max_completion_tokens: Option<NonZeroU32>,
    format: Format,
    /// Whether the user chose the format, so that no other is tried.
    chosen: bool,
}

impl Client {
    pub(super) fn new(settings: Settings) -> Result<Self, Error> {
        let chosen = settings.config.parse("response_format")?;
        Ok(Self {
            max_completion_tokens: settings.config.parse("max_completion_tokens")?,
            format: chosen.unwrap_or_else(|| usual(&settings.model)),
            chosen: chosen.is_some(),
            settings,
        })
    }

    pub(super) fn ask(&mut self, conversation: &Conversation) -> Result<String, Error> {
        let incoming = match self.settings.open(self.request(conversation)) {
            Err(error) if !self.chosen && self.format != Format::Text && is_of_format(&error) => {
                log::info("the service takes no schema for this model: asking without one");
                self.format = Format::Text;
                self.settings.open(self.request(conversation))?
            }
            other => other?,
        };
        let origin = incoming.origin().to_owned();
        let kind = incoming.header("content-type").map(str::to_owned);
        let mut reply = Reply::new(&self.settings, &origin);
        if kind.as_deref().is_some_and(is_json) {
            // A service that does not stream, whatever it was asked for.
            let whole = incoming.read_all(MAX_ANSWER)?;
            reply.take(&String::from_utf8_lossy(&whole))?;
        } else {
            reply.read(incoming)?;
        }
        reply.finish(kind.as_deref())
    }

    fn request(&self, conversation: &Conversation) -> Request {
        let settings = &self.settings;
        let mut messages = vec![value!({"role": "system", "content": conversation.system})];
        messages.extend(
            conversation
                .turns
                .iter()
                .map(|turn| value!({"role": turn.role.name(), "content": turn.text})),
        );
        let mut body = value!({"model": settings.model, "messages": messages, "stream": true});
        let mut set = |name: &str, value: Option<Value>| {
            if let (Some(body), Some(value)) = (body.as_object_mut(), value) {
                body.insert(name.to_owned(), value);
            }
        };
        set("temperature", settings.temperature.map(Value::from));
        set(
            "max_tokens",
            settings.max_tokens.map(|most| most.get().into()),
        );
        set(
            "max_completion_tokens",
            self.max_completion_tokens.map(|most| most.get().into()),
        );
        set("response_format", self.format.to_json());
        let request = Request::post(settings.url("/chat/completions"))
            .header("accept", "text/event-stream")
            .json(&body);
        match &settings.key {
            Some(key) => request.bearer(key),
            None => request,
        }
    }
}

fn is_json(kind: &str) -> bool {
    let media = kind.split(';').next().unwrap_or_default();
    media.trim().eq_ignore_ascii_case("application/json")
}

/// What has come of an answer.
struct Reply<'a> {
    settings: &'a Settings,
    origin: &'a str,
    draft: Draft,
    refusal: Draft,
    finish: Option<String>,
    /// Whether the service said that nothing more comes.
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
            refusal: Draft::default(),
            finish: None,
            done: false,
            heard: false,
        }
    }

    fn read(&mut self, incoming: Incoming) -> Result<(), Error> {
        for event in incoming.events(MAX_EVENT) {
            let event = event?;
            if event.data == "[DONE]" {
                self.done = true;
                break;
            }
            self.take(&event.data)?;
        }
        Ok(())
    }

    /// Takes a chunk, or a whole answer that was not streamed.
    fn take(&mut self, data: &str) -> Result<(), Error> {
        let chunk = json(self.origin, data)?;
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            let kind = error.get("type").and_then(Value::as_str);
            let passes = !kind.is_some_and(|kind| kind.starts_with("invalid_request"));
            return Err(self.settings.said(self.origin, &chunk, passes));
        }
        // A chunk that only counts tokens has no choice.
        let Some(choice) = chunk.pointer("/choices/0") else {
            self.heard |= chunk.get("choices").is_some();
            return Ok(());
        };
        self.heard = true;
        let said = choice.get("delta").or_else(|| choice.get("message"));
        let text = |name| said.and_then(|said| said.get(name)?.as_str());
        if let Some(text) = text("content") {
            self.draft.add(text)?;
        }
        if let Some(text) = text("refusal") {
            self.refusal.add(text)?;
        }
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finish = Some(reason.to_owned());
        }
        Ok(())
    }

    fn finish(self, kind: Option<&str>) -> Result<String, Error> {
        let Self {
            settings, origin, ..
        } = self;
        match self.finish.as_deref() {
            // Some that are compatible do not say why they stop.
            None if self.done && !self.draft.is_empty() => Ok(self.draft.into_text()),
            None => Err(settings.unfinished(origin, kind, self.heard)),
            Some("length") => Err(settings.too_long(origin, "max_tokens")),
            Some("content_filter") => Err(settings.refused(origin, "its content filter struck")),
            Some(_) if !self.refusal.is_empty() => {
                Err(settings.refused(origin, &self.refusal.into_text()))
            }
            Some(_) => Ok(self.draft.into_text()),
        }
    }
}

#[cfg(test)]
mod tests;
