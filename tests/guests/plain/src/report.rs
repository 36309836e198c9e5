//! Facts as a task spec, since that is what the host prints: a step for each, its command the value.

use serde_json::{Value, json};
use std::fmt::Display;

pub(crate) struct Report {
    description: String,
    steps: Vec<Value>,
}

impl Report {
    pub(crate) fn new(description: &str) -> Self {
        Self {
            description: description.to_owned(),
            steps: Vec::new(),
        }
    }

    /// Adds a fact. An empty value is shown as `-`, since a step needs a command.
    pub(crate) fn add(&mut self, name: &str, value: impl Display) {
        let value = value.to_string();
        let value = if value.trim().is_empty() { "-" } else { &value };
        self.steps.push(json!({"name": name, "command": value}));
    }

    pub(crate) fn to_spec(&self) -> String {
        json!({"name": "plain", "description": self.description, "steps": self.steps}).to_string()
    }
}
