//! Requests, answers and errors as the gateway takes and gives them, free of any interface's own types.

use bytes::Bytes;
use futures_util::Stream;
use std::{io, pin::Pin};

/// What a guest reads when a request is denied. Always this text: why it was denied is told to the user
/// and not to the guest, which could learn from it what the network looks like.
pub const DENIED: &str = "the host's egress rules do not permit this request";

/// A request, as a guest made it: nothing in it has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body; `None` and an empty one differ.
    pub body: Option<Vec<u8>>,
}

/// A request whose URL comes in parts and whose body streams, as `wasi:http` gives it. Redirects of its answer
/// are the guest's to follow.
pub struct StreamedRequest {
    /// The method.
    pub method: String,
    /// `http` or `https`.
    pub scheme: Option<String>,
    /// Host and port.
    pub authority: Option<String>,
    /// Path and query.
    pub path_and_query: Option<String>,
    /// Names and values, in order.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: BodyStream,
}

/// A body that arrives piece by piece.
pub type BodyStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for StreamedRequest {
    /// Without the headers, which may hold what nobody should read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamedRequest")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// Why there is no answer. The texts are for the guest: they hold nothing that it may not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No rule permits the request.
    #[error("denied: {0}")]
    Denied(String),
    /// The time for the request, or for the run, is up.
    #[error("the time is up")]
    Timeout,
    /// The request or the answer is larger than this many bytes.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// The rate limit would keep the request waiting beyond the deadline.
    #[error("the rate limit leaves no room before the deadline")]
    RateLimited,
    /// No connection, or the answer broke off.
    #[error("connection failed: {0}")]
    Connection(String),
    /// The request cannot be sent as it is.
    #[error("invalid request: {0}")]
    InvalidRequest(String),
    /// The run has used up what its limits give it.
    #[error("used up: {0}")]
    BudgetExhausted(String),
}
