//! What a runner is.

use crate::{Error, Info, Request, TaskSpec};

/// A runner: turns a description into a task spec.
///
/// There is no `self`: every call runs in an instance of its own, and nothing survives it.
pub trait Runner {
    /// What the runner says about itself and the configuration it reads. Called with an empty
    /// configuration and HTTP denied; the answer must always be the same.
    fn describe() -> Info;

    /// Turns [`Request::description`] into a task spec. The host checks it and prints its own
    /// canonical text.
    ///
    /// # Errors
    /// Whatever kept the runner from it; [`Error`] has a case for each kind of cause.
    fn generate_task_spec(request: &Request) -> Result<SpecText, Error>;

    /// Turns a task spec, which [`Request::description`] holds as the host's canonical YAML, into a
    /// Dagu DAG in YAML.
    ///
    /// # Errors
    /// [`Error::Unsupported`] unless a runner says otherwise: the host then builds the DAG itself.
    fn generate_dagu_config(_request: &Request) -> Result<String, Error> {
        Err(Error::Unsupported)
    }
}

/// A task spec as text: made of a [`TaskSpec`], or of YAML or JSON that a service wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecText(String);

impl From<TaskSpec> for SpecText {
    fn from(spec: TaskSpec) -> Self {
        Self(spec.to_json())
    }
}

impl From<String> for SpecText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<SpecText> for String {
    fn from(text: SpecText) -> Self {
        text.0
    }
}

impl AsRef<str> for SpecText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
