//! What a runner says about itself.

use crate::bindings::arborist::runner::runner_types::{ConfigField, RunnerInfo};

/// A runner's name, version, purpose and configuration fields.
#[derive(Clone, Debug)]
pub struct Info(RunnerInfo);

impl Info {
    /// A runner without configuration. `version` is usually `env!("CARGO_PKG_VERSION")`; `description`
    /// is one line.
    pub fn new(name: &str, version: &str, description: &str) -> Self {
        Self(RunnerInfo {
            name: name.to_owned(),
            version: version.to_owned(),
            description: description.to_owned(),
            config: Vec::new(),
        })
    }

    /// Adds a field that the runner reads; the contract allows 256.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.0.config.push(field.0);
        self
    }

    /// Adds several of them.
    #[must_use]
    pub fn with(self, fields: impl IntoIterator<Item = Field>) -> Self {
        fields.into_iter().fold(self, Self::field)
    }

    /// The names of the fields, in the order in which they were added.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.config.iter().map(|field| field.name.as_str())
    }
}

impl From<Info> for RunnerInfo {
    fn from(info: Info) -> Self {
        info.0
    }
}

/// A configuration field: optional, not secret and without a default, until said otherwise.
#[derive(Clone, Debug)]
pub struct Field(ConfigField);

impl Field {
    /// A field of the runner's section; a nested one is named `outer.inner`. `description` is one line.
    pub fn new(name: &str, description: &str) -> Self {
        Self(ConfigField {
            name: name.to_owned(),
            description: description.to_owned(),
            required: false,
            secret: false,
            default: None,
        })
    }

    /// The same field in a map of that name: `model` below `high` is `high.model`.
    #[must_use]
    pub fn below(mut self, outer: &str) -> Self {
        self.0.name = format!("{outer}.{}", self.0.name);
        self
    }

    /// The host refuses to start a run without this field.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.0.required = true;
        self
    }

    /// The value is a secret: the runner reads a placeholder, and the host puts the value in.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.0.secret = true;
        self
    }

    /// What the runner itself uses where the field is absent; shown to the user.
    #[must_use]
    pub fn default(mut self, value: &str) -> Self {
        self.0.default = Some(value.to_owned());
        self
    }
}
