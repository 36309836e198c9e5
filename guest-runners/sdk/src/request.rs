//! What a runner is called with.

use crate::bindings::arborist::runner::runner_types::Parameter;
use crate::{Config, Error};
use std::fmt::Display;
use std::str::FromStr;

/// One call: the text to work on and the caller's options (`--param NAME=VALUE`).
#[derive(Clone, Debug)]
pub struct Request {
    description: String,
    parameters: Vec<Parameter>,
}

impl Request {
    /// A call with these parameters; names that come twice answer with the first value.
    pub fn new(description: impl Into<String>, parameters: Vec<Parameter>) -> Self {
        Self {
            description: description.into(),
            parameters,
        }
    }

    /// A call without a component around it, for a runner's unit tests.
    pub fn of<'a>(
        description: impl Into<String>,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let parameter = |(name, value): (&str, &str)| Parameter {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        Self::new(description, parameters.into_iter().map(parameter).collect())
    }

    /// The description, at most 1 MiB, as the user wrote it; for
    /// [`generate_dagu_config`](crate::Runner::generate_dagu_config) the task spec.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
            .map(|parameter| parameter.value.as_str())
    }

    /// The parameter of that name, read as a `T`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the parameter, where its value is no `T`.
    pub fn parse_parameter<T>(&self, name: &str) -> Result<Option<T>, Error>
    where
        T: FromStr,
        T::Err: Display,
    {
        let parse = |value: &str| {
            value.trim().parse().map_err(|fault| {
                Error::InvalidInput(format!("the parameter `{name}` is not usable: {fault}"))
            })
        };
        self.parameter(name).map(parse).transpose()
    }

    /// The model to use: the parameter `model` (which the host also fills from `models:`), else the
    /// section's field `model`; blank ones count as absent.
    pub fn model<'a>(&'a self, config: &'a Config) -> Option<&'a str> {
        self.parameter("model")
            .map(str::trim)
            .filter(|model| !model.is_empty())
            .or_else(|| config.get("model"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_and_typed() {
        let request = Request::of("x", [("steps", " 5 "), ("steps", "6"), ("top", "high")]);
        assert_eq!(request.parameter("steps"), Some(" 5 "));
        assert_eq!(request.parse_parameter::<u8>("steps"), Ok(Some(5)));
        assert_eq!(request.parse_parameter::<u8>("absent"), Ok(None));
        let Err(Error::InvalidInput(text)) = request.parse_parameter::<u8>("top") else {
            panic!("taken for a number")
        };
        assert!(text.contains("`top`"), "{text}");
    }

    #[test]
    fn a_parameter_beats_the_configured_model() {
        let config = Config::of([("model", "configured")]);
        assert_eq!(
            Request::of("x", [("model", "given")]).model(&config),
            Some("given")
        );
        assert_eq!(
            Request::of("x", [("model", " ")]).model(&config),
            Some("configured")
        );
        assert_eq!(Request::of("x", []).model(&Config::of([])), None);
    }
}
