//! What the service answers with, whatever the protocol.

use crate::spec::{Dag, TaskSpec};
use serde_json::{Value, json};

/// A task spec, or a DAG where the runner is asked for one.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// As JSON.
    pub json: Value,
    /// As YAML.
    pub yaml: String,
}

/// The commands of the usual plan: nobody makes these up.
pub(crate) const COMMANDS: [&str; 2] = ["echo arborist-check-7b1f", "echo arborist-check-29ce"];

impl Plan {
    /// The spec that the service answers with.
    #[must_use]
    pub fn usual() -> Self {
        let [first, second] = COMMANDS;
        let json = json!({"name": "checked-plan", "description": "What the service of the check answers", "steps": [
            {"name": "first", "description": "", "command": first, "depends_on": []},
            {"name": "second", "description": "", "command": second, "depends_on": ["first"]},
        ]});
        let yaml = TaskSpec::parse(&json.to_string()).map(|spec| spec.value.to_yaml());
        Self {
            yaml: yaml.unwrap_or_default(),
            json,
        }
    }

    /// The DAG of a spec.
    #[must_use]
    pub fn dag(spec: &TaskSpec) -> Self {
        let dag = Dag::from_spec(spec).value;
        Self {
            json: serde_json::from_str(&dag.to_json()).unwrap_or_default(),
            yaml: dag.to_yaml(),
        }
    }
}

/// Whether some text in a value holds this one.
pub(super) fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found.contains(text),
        Value::Array(list) => list.iter().any(|value| holds(value, text)),
        Value::Object(map) => map.values().any(|value| holds(value, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
