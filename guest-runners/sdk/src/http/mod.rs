//! Requests through the host's gateway.
//!
//! ```no_run
//! # fn f() -> Result<(), arborist_sdk::Error> {
//! use arborist_sdk::http::Request;
//!
//! let answer = Request::post("https://api.example.com/v1/generate")
//!     .bearer("the placeholder that the configuration gave")
//!     .json(&serde_json::json!({"prompt": "…"}))
//!     .send()?
//!     .success()?;
//! # Ok(()) }
//! ```
//!
//! The gateway decides on every request, retries where the configuration says so, puts secrets in and
//! bounds the answer; nothing of that is done here again.

mod events;
mod failure;
mod incoming;
mod lines;
mod request;
mod response;

pub use crate::bindings::arborist::runner::http::HttpError;
pub use events::{Event, EventTooLong, Events};
pub use failure::Failure;
pub use incoming::Incoming;
pub use lines::{LineTooLong, Lines};
pub use request::Request;
pub(crate) use response::message;
pub use response::{MAX_ANSWER, Response};
