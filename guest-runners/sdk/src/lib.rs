//! Makes an Arborist runner in Rust a page.
//!
//! A runner implements [`Runner`] and names itself to [`export!`]; the crate is a `cdylib`, built for
//! `wasm32-wasip2`:
//!
//! ```
//! use arborist_sdk::{Error, Info, Request, Runner, SpecText, Step, TaskSpec};
//!
//! struct Greeter;
//!
//! impl Runner for Greeter {
//!     fn describe() -> Info {
//!         let version = env!("CARGO_PKG_VERSION");
//!         Info::new("greeter", version, "Greets, whatever it is asked for")
//!     }
//!
//!     fn generate_task_spec(_: &Request) -> Result<SpecText, Error> {
//!         let spec = TaskSpec::new("greeting", "Says hello").step(Step::new("greet", "echo hello"));
//!         Ok(spec.into())
//!     }
//! }
//!
//! arborist_sdk::export!(Greeter);
//! ```
//!
//! Everything else is there when it is needed: [`Config`] for the runner's section of
//! `agent-arborist.yaml`, [`http`] for requests through the host's gateway, [`ask`] for services that
//! answer in prose, [`service`] for the best-known of them, [`log`] and [`progress`] for the user, and with the
//! feature `streaming` `StreamingRunner` for runners that export `generate-streaming`. What
//! the host does for every runner (retries, rate limits, secrets, caching) has no place here.
//!
//! Code that does not call the host runs natively, so a runner's own logic is tested by `cargo test`.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )
)]

pub mod ask;
mod config;
mod error;
mod export;
pub mod http;
mod info;
pub mod log;
pub mod progress;
mod request;
mod runner;
pub mod service;
mod spec;
#[cfg(feature = "streaming")]
mod streaming;

#[doc(hidden)]
pub mod bindings;

pub use config::Config;
pub use error::{Error, ServiceFailure};
pub use info::{Field, Info};
pub use request::Request;
pub use runner::{Runner, SpecText};
pub use spec::{Step, TaskSpec};
#[cfg(feature = "streaming")]
pub use streaming::{Pieces, StreamingRunner};
