//! The service that answers runners under check: in this process, in the protocol that they speak, and with the faults that services have.
//!
//! It speaks OpenAI's Chat Completions, Anthropic's Messages and Ollama's generate and chat, streamed or whole, and for any other request
//! in JSON the answer of a generic service, which has the spec in each of the places where runners look for one.

mod faults;
mod plan;
mod protocols;

pub use faults::Fault;
pub(super) use plan::COMMANDS;
pub use plan::Plan;

use crate::{
    cassette::{self, Answer, Body, Exchange, Reply},
    gateway::{Responder, Served},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a service does.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// It answers with this.
    Good(Plan),
    /// It answers with the replies of these exchanges, in their order, the last one again and again; what is asked is not compared.
    Given(Vec<Exchange>),
    /// It fails where it would have answered.
    Faulty(Fault),
}

/// A service for one call. It remembers what it was asked; how much that is, the run's limits bound.
#[derive(Debug)]
pub struct Service {
    behaviour: Behaviour,
    seen: Mutex<Seen>,
}

/// What a service was asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The requests, in order.
    pub requests: Vec<cassette::Request>,
    /// Why a request was none that a service could read.
    pub malformed: Option<String>,
}

impl Service {
    /// A service that does this.
    #[must_use]
    pub fn new(behaviour: Behaviour) -> Self {
        Self {
            behaviour,
            seen: Mutex::default(),
        }
    }

    /// What it was asked.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn good(&self, plan: &Plan, request: &cassette::Request) -> Answer {
        match protocols::answer(plan, request) {
            Ok(answer) => answer,
            Err(reason) => {
                self.lock().malformed.get_or_insert(reason.clone());
                let body = serde_json::json!({"error": {"message": reason, "type": "invalid_request_error"}});
                json_answer(400, body)
            }
        }
    }
}

impl Responder for Service {
    fn respond(&self, request: &cassette::Request) -> Result<Served, String> {
        let number = {
            let mut seen = self.lock();
            seen.requests.push(request.clone());
            seen.requests.len() - 1
        };
        match &self.behaviour {
            Behaviour::Good(plan) => Ok(Served::Reply(Reply::Answer(self.good(plan, request)))),
            Behaviour::Given(exchanges) => {
                let given = exchanges.get(number).or(exchanges.last());
                let given = given.ok_or("the cassette of answers is empty")?;
                Ok(Served::Reply(given.reply.clone()))
            }
            Behaviour::Faulty(fault) => {
                let good = self.good(&Plan::usual(), request);
                Ok(fault.served(good))
            }
        }
    }
}

impl Seen {
    /// Whether some text in the JSON of some request holds this one.
    #[must_use]
    pub fn got(&self, text: &str) -> bool {
        self.requests.iter().any(|request| {
            let body = request.body.as_ref().map(|body| body.bytes().into_owned());
            let body = body.unwrap_or_default();
            let value = serde_json::from_slice(&body);
            value.is_ok_and(|value| plan::holds(&value, text))
                || String::from_utf8_lossy(&body).contains(text)
        })
    }
}

fn json_answer(status: u16, body: serde_json::Value) -> Answer {
    Answer {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Body::Json(body),
        cut_off: None,
    }
}
