//! Services that speak the protocols of real AI services: what they send is what those send, and a request that
//! those would refuse is refused, in their words where it matters.

mod claude;
mod ollama;
mod openai;
mod request;

use super::{
    answer::{Answer, End, Piece, Stream},
    behaviour::Behaviour,
    request::Seen,
    script::Gate,
};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A service that speaks a protocol, for one key and one model.
#[derive(Clone, Debug)]
pub struct Ai {
    protocol: Protocol,
    key: Option<String>,
    model: String,
    schemas: bool,
    said: Vec<Said>,
    wire: usize,
    gate: Option<Gate>,
}

/// One answer of a model.
#[derive(Clone, Debug)]
pub struct Said {
    text: String,
    why: Why,
    end: End,
    /// How many events are sent before the end.
    events: usize,
}

/// Why a model stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It has said what it has to say.
    Finished,
    /// It met the most tokens.
    Length,
    /// It does not want to.
    Refused,
    /// The service breaks down after the text.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    OpenAi,
    Claude,
    Ollama,
}

/// A request that the service refuses.
struct Refusal {
    status: u16,
    /// The service's word for the kind of fault.
    kind: &'static str,
    message: String,
}

impl Said {
    /// A whole answer.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            why: Why::Finished,
            end: End::Complete,
            events: usize::MAX,
        }
    }

    /// A text that ends at the most tokens.
    #[must_use]
    pub fn too_long(text: &str) -> Self {
        Self {
            why: Why::Length,
            ..Self::text(text)
        }
    }

    /// A refusal in these words.
    #[must_use]
    pub fn refused(text: &str) -> Self {
        Self {
            why: Why::Refused,
            ..Self::text(text)
        }
    }

    /// A text after which the service breaks down and says so.
    #[must_use]
    pub fn broken(text: &str) -> Self {
        Self {
            why: Why::Broken,
            ..Self::text(text)
        }
    }

    /// Only so many events, and then this end.
    #[must_use]
    pub fn ends(mut self, events: usize, end: End) -> Self {
        (self.events, self.end) = (events, end);
        self
    }
}

impl Ai {
    fn new(protocol: Protocol, key: Option<&str>, model: &str) -> Self {
        Self {
            protocol,
            key: key.map(str::to_owned),
            model: model.to_owned(),
            schemas: true,
            said: Vec::new(),
            wire: 1500,
            gate: None,
        }
    }

    /// Chat Completions at `/v1/chat/completions`; without a key for whoever asks.
    #[must_use]
    pub fn openai(key: Option<&str>, model: &str) -> Self {
        Self::new(Protocol::OpenAi, key, model)
    }

    /// Messages at `/v1/messages`.
    #[must_use]
    pub fn claude(key: &str, model: &str) -> Self {
        Self::new(Protocol::Claude, Some(key), model)
    }

    /// `/api/generate`.
    #[must_use]
    pub fn ollama(model: &str) -> Self {
        Self::new(Protocol::Ollama, None, model)
    }

    /// The model takes no schema, and the service says so.
    #[must_use]
    pub fn without_schemas(mut self) -> Self {
        self.schemas = false;
        self
    }

    /// The next answer; the last one is given to all requests that follow.
    #[must_use]
    pub fn says(mut self, said: impl Into<Said>) -> Self {
        self.said.push(said.into());
        self
    }

    /// Cuts what it sends every so many bytes, whatever is there.
    #[must_use]
    pub fn cut_every(mut self, bytes: usize) -> Self {
        self.wire = bytes;
        self
    }

    /// Holds the last piece of every answer back until the gate is open.
    #[must_use]
    pub fn last_behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// An error in the service's own shape. `kind` is its word for what is wrong.
    #[must_use]
    pub fn error(&self, status: u16, kind: &str, message: &str) -> Answer {
        let body = match self.protocol {
            Protocol::OpenAi => openai::error(kind, message),
            Protocol::Claude => claude::error(kind, message),
            Protocol::Ollama => ollama::error(message),
        };
        Answer::json(status, &body)
    }

    /// Begins to answer.
    #[must_use]
    pub fn behaviour(self) -> Behaviour {
        let answered = Arc::new(AtomicUsize::new(0));
        Behaviour::by_request(move |seen| match self.check(seen) {
            Err(Refusal {
                status,
                kind,
                message,
            }) => self.error(status, kind, &message).into(),
            Ok(body) => {
                let next = answered.fetch_add(1, Ordering::SeqCst);
                let said = &self.said[next.min(self.said.len() - 1)];
                self.answer(&body, said).into()
            }
        })
    }

    fn check(&self, seen: &Seen) -> Result<Value, Refusal> {
        match self.protocol {
            Protocol::OpenAi => openai::check(self, seen),
            Protocol::Claude => claude::check(self, seen),
            Protocol::Ollama => ollama::check(self, seen),
        }
    }

    fn answer(&self, body: &Value, said: &Said) -> Stream {
        let (kind, mut events) = match self.protocol {
            Protocol::OpenAi => ("text/event-stream", openai::events(&self.model, said)),
            Protocol::Claude => (
                "text/event-stream; charset=utf-8",
                claude::events(&self.model, said, body.get("tools").is_some()),
            ),
            Protocol::Ollama => ("application/x-ndjson", ollama::events(&self.model, said)),
        };
        events.truncate(said.events);
        let bytes = events.concat().into_bytes();
        let last = bytes.chunks(self.wire).len().saturating_sub(1);
        let pieces = bytes
            .chunks(self.wire)
            .enumerate()
            .map(|(at, bytes)| Piece {
                bytes: bytes.to_vec(),
                gate: self.gate.clone().filter(|_| at == last),
            });
        let stream = Stream::new(kind, pieces).end(said.end);
        match self.protocol {
            Protocol::OpenAi => stream
                .header("x-ratelimit-remaining-requests", "9999")
                .header("x-ratelimit-reset-requests", "8.64s"),
            Protocol::Claude => stream.header("anthropic-ratelimit-requests-remaining", "49"),
            Protocol::Ollama => stream,
        }
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<&Value> for Said {
    fn from(value: &Value) -> Self {
        Self::text(value.to_string())
    }
}

impl From<Ai> for Behaviour {
    fn from(ai: Ai) -> Self {
        ai.behaviour()
    }
}

/// The text as a model says it: a few characters at a time.
fn tokens(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(3).map(|few| few.iter().collect()).collect()
}
