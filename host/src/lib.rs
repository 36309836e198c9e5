//! Arborist runs AI runners that nobody has to trust.
//!
//! A *runner* is a WebAssembly component that turns a description into a task spec, and a task spec
//! into a workflow for the Dagu engine. This library is the host: it loads a component, gives it a fresh
//! sandbox for every call, takes its text, checks it, and prints what the engine accepts.
//!
//! | module | owns |
//! | --- | --- |
//! | [`limits`] | every bound on a run |
//! | [`escape`] | how text from outside is shown |
//! | [`spec`] | task specs and DAGs: model, checks, canonical text |
//! | [`picture`] | a plan drawn as text, Mermaid, DOT or SVG |
//! | [`audit`] | the log of what was asked for and what came of it |
//! | [`route`] | the proxy that requests go through, and the roots they trust |
//! | [`gateway`] | the way out: what HTTP a run gets |
//! | [`engine`] | the sandbox; the only module that names wasmtime |
//! | [`builtin`] | the components that come with the host |
//! | [`private`] | folders and files that are this user's alone |
//! | [`cache`] | what runners made of the same question before |
//! | [`runner`] | a runner with its settings, and its runs, from input to checked output |
//! | [`project`] | a runner's project: its template, and the toolchain that builds it |
//! | [`conformance`] | what every runner should do: checks, and the service that they answer with |
//! | [`testing`] | a runner's own tests: read, run without a network, judged |
//! | [`config`] | folders, variables and settings |
//!
//! Nothing here prints, exits or reads the environment, [`config`] aside for the last.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "a test that cannot go on should panic"
    )
)]

pub mod audit;
pub mod builtin;
pub mod cache;
pub mod cassette;
pub mod clock;
pub mod config;
pub mod conformance;
pub mod engine;
pub mod escape;
pub mod gateway;
pub mod limits;
pub mod pace;
pub mod picture;
pub mod policy;
pub mod private;
pub mod project;
pub mod route;
pub mod runner;
pub mod secrets;
pub mod spec;
pub mod testing;
mod turn;
