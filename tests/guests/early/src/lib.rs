//! Acts before it is called: while it is initialised it reads its configuration, sends a request to each of the fields
//! `permitted` and `forbidden`, and emits. What came of it is the task spec.

mod bindings;

use bindings::arborist::runner::{
    http::{self, Request},
    progress,
};
use bindings::exports::arborist::runner::generate::{Guest, Parameter, RunnerError};
use bindings::wasi::config::store;
use std::sync::OnceLock;

static EARLY: OnceLock<String> = OnceLock::new();

/// Run by `_initialize`, before any export.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = {
    extern "C" fn act() {
        let outcomes = ["permitted", "forbidden"].map(|field| format!("{field}: {}", send(field)));
        progress::emit("emitted before the call");
        drop(EARLY.set(outcomes.join(", ")));
    }
    act
};

fn send(field: &str) -> String {
    let Ok(Some(url)) = store::get(field) else {
        return "not configured".to_owned();
    };
    let request = Request {
        method: "GET".to_owned(),
        url,
        headers: Vec::new(),
        body: None,
    };
    match http::send(&request) {
        Ok(response) => response.status.to_string(),
        Err(error) => format!("{error:?}").chars().take(60).collect(),
    }
}

struct Early;

impl Guest for Early {
    fn generate_task_spec(
        _description: String,
        _parameters: Vec<Parameter>,
    ) -> Result<String, RunnerError> {
        let outcome = EARLY.get().map_or("was not initialised", String::as_str);
        let outcome = outcome.replace(['"', '\\'], "'");
        Ok(format!(
            "{{name: early, steps: [{{name: a, command: \"{outcome}\"}}]}}"
        ))
    }

    fn generate_dagu_config(
        _spec: String,
        _parameters: Vec<Parameter>,
    ) -> Result<String, RunnerError> {
        Err(RunnerError::Unsupported)
    }
}

bindings::export!(Early with_types_in bindings);
