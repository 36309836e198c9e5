//! Cassettes: what a run asked for over HTTP and what it was answered, in a file that people read, keep and edit.
//!
//! Pure: a cassette is made of text and given as text. By the time that anything comes here the secrets are gone from it:
//! the gateway writes `[secret NAME]` in their place.

mod body;
mod compare;
mod form;
mod headers;
mod player;
mod recorder;

pub use body::Body;
pub use form::{CassetteError, MAX_BYTES, exchange, read};
pub use player::Player;
pub use recorder::{Place, Recorder};

/// A request. What is `None` in one of a cassette was left out there, and is not compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The URL with its query.
    pub url: String,
    /// Names in lower case and values, sorted.
    pub headers: Option<Vec<(String, String)>>,
    /// The body.
    pub body: Option<Body>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// An answer.
    Answer(Answer),
    /// There was never a connection; why.
    NotConnected(String),
    /// The connection broke after the request went out; why.
    Broken(String),
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status: 200 to 599 in a cassette that was read.
    pub status: u16,
    /// Names in lower case and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body: as much of it as the runner read.
    pub body: Body,
    /// Why it broke off behind the body, if it did.
    pub cut_off: Option<String>,
}

/// A request and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// What came of it.
    pub reply: Reply,
}

#[cfg(test)]
mod tests;
