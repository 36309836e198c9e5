//! The interfaces of ours that a runner imports. Each file lowers, delegates and lifts, and nothing more.

mod config;
mod http;
mod logging;
mod progress;
pub(super) mod request_parts;
mod wasi_http;

pub(super) use wasi_http::SecondDoor;
