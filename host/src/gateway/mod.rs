//! The way out: every HTTP request of every run passes here, whichever interface it came by.
//!
//! A [`Gateway`] belongs to a runner's settings and is shared by its runs: the policy, and the client with its
//! connections. A [`Session`] is one run's part of it: what it may still use, what it was refused, what it sent.
//!
//! The stages of a request, in their order, are the lines of `Session::permit` and `Session::attempt` in `exchange.rs`; `Session::tries`
//! there decides whether it is sent again.

mod asked;
mod audited;
mod body;
mod exchange;
mod incoming;
mod message;
mod rate;
mod ready;
mod redirect;
mod retry;
mod session;
mod tape;
mod transport;

pub use crate::audit::{AuditFailure, CallEnd, Ended, UnderWay, Wait};
pub use crate::secrets::ShownPieces;
pub use incoming::Incoming;
pub use message::{BodyStream, DENIED, HttpError, Request, Response, StreamedRequest};
pub use rate::RateLimiter;
pub use session::{Gateway, GatewayOptions, Refusal, Session, SessionOptions, Summary};
pub use tape::{Responder, Served, Tape};
pub use transport::{Answers, Lookup, SystemLookup};
