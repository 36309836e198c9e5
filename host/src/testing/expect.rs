//! What a test expects.

use super::{
    file,
    read::Reader,
    requests::{RequestPattern, Requests},
};
use crate::{
    config::Item,
    spec::{Dag, TaskSpec},
};

const KEYS: [&str; 8] = [
    "spec", "dag", "name", "steps", "contains", "error", "exit", "requests",
];

/// How a run can fail, as tests call it.
const KINDS: [&str; 10] = [
    "invalid-config",
    "invalid-input",
    "service",
    "invalid-response",
    "other",
    "unsupported",
    "refused",
    "stopped",
    "invalid-spec",
    "invalid-dag",
];

/// What must come out; what is left out may be anything.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// The whole spec.
    pub spec: Option<TaskSpec>,
    /// The whole DAG.
    pub dag: Option<Dag>,
    /// The spec's name.
    pub name: Option<String>,
    /// The spec's steps.
    pub steps: Option<Steps>,
    /// Texts in the result.
    pub contains: Vec<String>,
    /// How the run fails.
    pub error: Option<ExpectedError>,
    /// What the command would end with.
    pub code: Option<u8>,
    /// What was asked for.
    pub requests: Option<Requests>,
}

/// How many steps, or which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Steps {
    /// So many.
    Count(usize),
    /// Of these names, in this order.
    Names(Vec<String>),
}

/// How a run must fail; what is left out may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedError {
    /// The kind.
    pub kind: Option<String>,
    /// The status that the service answered with.
    pub status: Option<u16>,
    /// Whether the same call may succeed later.
    pub retryable: Option<bool>,
    /// Texts in the message.
    pub contains: Vec<String>,
}

impl Expect {
    /// Reads the value of `expect`. `about_spec` is whether the test gives a spec, so that only a DAG comes out.
    pub(super) fn read(item: &Item, about_spec: bool, reader: &mut Reader) -> Option<Self> {
        let keys = reader.keys(item, "`expect`", &KEYS)?;
        if about_spec {
            for key in ["spec", "name", "steps"] {
                if let Some(item) = keys.get(key) {
                    let message =
                        format!("`{key}` is about a task spec, and a test of a `spec` makes a DAG");
                    reader.fault(item, message, Some("expect a `dag`, or what it `contains`"));
                }
            }
        }
        let mut expect = Self::default();
        if let Some(item) = keys.get("spec") {
            expect.spec = file::spec(item, "spec", reader);
        }
        if let Some(item) = keys.get("dag") {
            expect.dag = dag(item, reader);
        }
        if let Some(item) = keys.get("name") {
            expect.name = reader.text(item, "name");
        }
        if let Some(item) = keys.get("steps") {
            expect.steps = match item.list() {
                Some(_) => Some(Steps::Names(reader.texts(item, "steps"))),
                None => reader.number(item, "steps").map(Steps::Count),
            };
        }
        if let Some(item) = keys.get("contains") {
            expect.contains = reader.texts(item, "contains");
        }
        if let Some(item) = keys.get("error") {
            expect.error = error(item, reader);
        }
        if let Some(item) = keys.get("exit") {
            expect.code = reader.number(item, "exit");
        }
        if let Some(item) = keys.get("requests") {
            expect.requests = requests(item, reader);
        }
        Some(expect)
    }

    /// Whether the test is about a run that fails.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.error.is_some() || self.code.is_some_and(|code| code != 0)
    }
}

fn dag(item: &Item, reader: &mut Reader) -> Option<Dag> {
    match Dag::parse(&item.json().to_string()) {
        Ok(dag) => Some(dag.value),
        Err(error) => {
            reader.fault(item, format!("`dag` is no valid DAG: {error}"), None);
            None
        }
    }
}

fn error(item: &Item, reader: &mut Reader) -> Option<ExpectedError> {
    let keys = reader.keys(
        item,
        "`error`",
        &["kind", "status", "retryable", "contains"],
    )?;
    let mut error = ExpectedError::default();
    if let Some(item) = keys.get("kind") {
        error.kind = reader.text(item, "kind");
        if error
            .kind
            .as_deref()
            .is_some_and(|kind| !KINDS.contains(&kind))
        {
            let help = format!("`kind` is one of {}", KINDS.join(", "));
            reader.fault(item, "there is no such kind of error", Some(&help));
        }
    }
    if let Some(item) = keys.get("status") {
        error.status = reader.number(item, "status");
    }
    if let Some(item) = keys.get("retryable") {
        error.retryable = reader.flag(item, "retryable");
    }
    if let Some(item) = keys.get("contains") {
        error.contains = reader.texts(item, "contains");
    }
    Some(error)
}

fn requests(item: &Item, reader: &mut Reader) -> Option<Requests> {
    let Some(list) = item.list() else {
        return reader.number(item, "requests").map(Requests::Count);
    };
    let patterns = list
        .iter()
        .filter_map(|item| RequestPattern::read(item, reader));
    Some(Requests::These(patterns.collect()))
}
