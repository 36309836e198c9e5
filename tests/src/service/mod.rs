//! A fake AI service: a real HTTP/1.1 server over loopback that answers as a test says, down to the byte.
//!
//! It is written on plain sockets and threads, because a correct HTTP library cannot be made to misbehave.
//!
//! | part | gives |
//! | --- | --- |
//! | [`Service`] | the server: where it is, what it saw, in what order things happened |
//! | [`Behaviour`] | how it answers: JSON, text, a sequence, by path, by request, slowly |
//! | [`Answer`], [`Stream`], [`Echo`], [`Redirect`] | well-formed answers; pieces that wait for a [`Gate`] |
//! | [`Ai`], [`Said`] | a service that speaks OpenAI's, Anthropic's or Ollama's protocol, and holds requests to it |
//! | [`Hostile`] | the answers of section R of the security catalogue; [`Hostile::all`] lists them |
//! | [`Step`] | the bytes and pauses that all of them are made of |
//! | [`Authority`], [`Identity`] | TLS: a certificate that is right, or wrong in one way |
//! | [`Forward`] | an HTTP proxy |
//! | [`Listener`], [`Refusing`] | a port that only notes whether anyone ever connected; one that refuses |
//!
//! ```
//! use arborist_tests::service::{Behaviour, Service};
//!
//! let service = Service::start(Behaviour::json(200, &serde_json::json!({"output": "ok"})));
//! let endpoint = service.url("/v1/generate");
//! // … let the host ask `endpoint` …
//! assert_eq!(service.requests().len(), 0);
//! # let _ = endpoint;
//! ```

mod ai;
mod answer;
mod behaviour;
mod compress;
mod connection;
mod echo;
mod forward;
mod hostile;
mod journal;
mod listener;
mod request;
mod script;
mod server;
#[cfg(test)]
mod tests;
mod tls;

pub use ai::{Ai, Said};
pub use answer::{Answer, End, Piece, Redirect, Stream};
pub use behaviour::{Behaviour, Choose};
pub use compress::{Coding, compress, zeros};
pub use echo::{Echo, Encoding};
pub use forward::Forward;
pub use hostile::Hostile;
pub use journal::{Event, What};
pub use listener::{Listener, Refusing};
pub use request::Seen;
pub use script::{Gate, Step};
pub use server::{PATIENCE, Service};
pub use tls::{Authority, Identity};
