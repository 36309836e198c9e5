//! Messages.

use super::MAX_EVENT;
use super::draft::Draft;
use super::fault::json;
use super::settings::Settings;
use crate::ask::{Conversation, spec_schema};
use crate::http::{Incoming, Request};
use crate::{Error, Field};
use serde_json::{Value, json as value};
use std::fmt;
use std::str::FromStr;

/// The version of the protocol that is spoken here.
const VERSION: &str = "2023-06-01";
/// The most tokens of an answer, which the protocol wants to be told: all that the default model can give,
/// and enough for a plan of some hundred steps.
const MAX_TOKENS: u32 = 4096;
/// The tool that the model is made to use, so that its answer fits the schema.
const TOOL: &str = "task_spec";

/// How the model is held to the shape of a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// It must call a tool whose input is a spec.
    Tool,
    /// Not at all; the instructions say what is wanted.
    Text,
}

/// No [`Output`] has that name.
struct UnknownOutput;

impl fmt::Display for UnknownOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it must be tool or text")
    }
}

impl FromStr for Output {
    type Err = UnknownOutput;

    fn from_str(name: &str) -> Result<Self, UnknownOutput> {
        match name {
            "tool" => Ok(Self::Tool),
            "text" => Ok(Self::Text),
            _ => Err(UnknownOutput),
        }
    }
}

pub(super) fn fields() -> Vec<Field> {
    vec![
        Field::new("max_tokens", "Most tokens of an answer").default(&MAX_TOKENS.to_string()),
        Field::new(
            "output",
            "tool, by which the service gets the spec's schema, or text, for gateways without tools",
        )
        .default("tool"),
    ]
}

#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) settings: Settings,
    output: Output,
}

impl Client {
    pub(super) fn new(mut settings: Settings) -> Result<Self, Error> {
        // Libraries of this service differ in whether its version belongs to the base URL.
        if let Some(base) = settings.base_url.strip_suffix("/v1") {
            settings.base_url = base.to_owned();
        }
        let output = settings.config.parse("output")?.unwrap_or(Output::Tool);
        Ok(Self { settings, output })
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
        let messages: Vec<Value> = conversation
            .turns
            .iter()
            .map(|turn| value!({"role": turn.role.name(), "content": turn.text}))
            .collect();
        let mut body = value!({
            "model": settings.model,
            "max_tokens": settings.max_tokens.map_or(MAX_TOKENS, std::num::NonZeroU32::get),
            "system": conversation.system,
            "messages": messages,
            "stream": true,
        });
        if let Some(body) = body.as_object_mut() {
            if let Some(temperature) = settings.temperature {
                body.insert("temperature".to_owned(), temperature.into());
            }
            if self.output == Output::Tool {
                let tool = value!({
                    "name": TOOL,
                    "description": "Takes the plan: call it once, with the whole of it.",
                    "input_schema": spec_schema(),
                });
                body.insert("tools".to_owned(), value!([tool]));
                body.insert(
                    "tool_choice".to_owned(),
                    value!({"type": "tool", "name": TOOL}),
                );
            }
        }
        let request = Request::post(settings.url("/v1/messages"))
            .header("accept", "text/event-stream")
            .header("anthropic-version", VERSION)
            .json(&body);
        match &settings.key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        }
    }
}

/// What has come of an answer.
struct Reply<'a> {
    settings: &'a Settings,
    origin: &'a str,
    text: Draft,
    /// What the tool is called with.
    input: Draft,
    stop: Option<String>,
    done: bool,
    /// Whether anything was of the protocol.
    heard: bool,
}

impl<'a> Reply<'a> {
    fn new(settings: &'a Settings, origin: &'a str) -> Self {
        Self {
            settings,
            origin,
            text: Draft::default(),
            input: Draft::default(),
            stop: None,
            done: false,
            heard: false,
        }
    }

    fn read(&mut self, incoming: Incoming) -> Result<(), Error> {
        for event in incoming.events(MAX_EVENT) {
            self.take(&event?.data)?;
            if self.done {
                break;
            }
        }
        Ok(())
    }

    /// Takes an event; those of kinds that are not known are passed over, as the protocol asks for.
    fn take(&mut self, data: &str) -> Result<(), Error> {
        let event = json(self.origin, data)?;
        let text = |place: &str| event.pointer(place).and_then(Value::as_str);
        let kind = text("/type");
        self.heard |= kind.is_some();
        match kind {
            Some("content_block_delta") => {
                if let Some(piece) = text("/delta/text") {
                    self.text.add(piece)?;
                }
                if let Some(piece) = text("/delta/partial_json") {
                    self.input.add(piece)?;
                }
            }
            Some("message_delta") => {
                if let Some(reason) = text("/delta/stop_reason") {
                    self.stop = Some(reason.to_owned());
                }
            }
            Some("message_stop") => self.done = true,
            Some("error") => {
                let passes = !matches!(
                    text("/error/type"),
                    Some(
                        "invalid_request_error"
                            | "authentication_error"
                            | "billing_error"
                            | "permission_error"
                            | "not_found_error"
                            | "request_too_large"
                    )
                );
                return Err(self.settings.said(self.origin, &event, passes));
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(self, kind: Option<&str>) -> Result<String, Error> {
        let Self {
            settings, origin, ..
        } = self;
        match self.stop.as_deref() {
            _ if !self.done => Err(settings.unfinished(origin, kind, self.heard)),
            Some("max_tokens") => Err(settings.too_long(origin, "max_tokens")),
            Some("refusal") => Err(settings.refused(origin, &self.text.into_text())),
            _ if self.input.is_empty() => Ok(self.text.into_text()),
            _ => Ok(self.input.into_text()),
        }
    }
}

#[cfg(test)]
mod tests;
