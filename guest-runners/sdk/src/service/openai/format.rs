//! How Chat Completions are told what shape an answer is to have.

use crate::ask::spec_schema;
use crate::{Error, ServiceFailure};
use serde_json::{Value, json as value};
use std::fmt;
use std::str::FromStr;

/// How the service is held to the shape of a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// By its schema.
    JsonSchema,
    /// To any object.
    JsonObject,
    /// Not at all; the instructions say what is wanted.
    Text,
}

/// No [`Format`] has that name.
pub(super) struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it must be json_schema, json_object or text")
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "json_schema" => Ok(Self::JsonSchema),
            "json_object" => Ok(Self::JsonObject),
            "text" => Ok(Self::Text),
            _ => Err(UnknownFormat),
        }
    }
}

impl Format {
    /// As the request has it.
    pub(super) fn to_json(self) -> Option<Value> {
        match self {
            Self::Text => None,
            Self::JsonObject => Some(value!({"type": "json_object"})),
            Self::JsonSchema => Some(value!({
                "type": "json_schema",
                "json_schema": {"name": "task_spec", "strict": true, "schema": spec_schema()},
            })),
        }
    }
}

/// The models that came before schemas would only answer 400 to one.
pub(super) fn usual(model: &str) -> Format {
    if model == "gpt-4" || model.starts_with("gpt-4-") || model.starts_with("gpt-3.5") {
        Format::Text
    } else {
        Format::JsonSchema
    }
}

/// Whether a service says that it does not take the format.
pub(super) fn is_of_format(error: &Error) -> bool {
    matches!(error, Error::Service(ServiceFailure { status: Some(400 | 422), message, .. })
        if ["response_format", "json_schema"].iter().any(|word| message.contains(word)))
}
