//! The interfaces that a runner imports. Each file of ours lowers, delegates and lifts, and nothing more.

mod config;
mod http;
mod logging;
mod progress;
pub(super) mod request_parts;
pub(super) mod wasi;
mod wasi_http;

pub(super) use wasi_http::SecondDoor;
