//! What a run takes, bounded before any instance exists. The bounds are the contract's.

use crate::engine::Parameter;

/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 1024 * 1024;
/// The most parameters.
pub const MAX_PARAMETERS: usize = 256;
/// The longest name of a parameter, in bytes.
pub const MAX_NAME: usize = 256;
/// The longest value of a parameter, in bytes.
pub const MAX_VALUE: usize = 64 * 1024;

/// A description that a runner can be given: neither empty nor too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

/// The keyword options of a call: few, short and unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<Parameter>);

/// Why an input is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// There is nothing in it.
    #[error(
        "the description is empty\n  help: say what the task should do: arborist run \"Back up the orders database every night\""
    )]
    EmptyDescription,
    /// It is too long.
    #[error("the description has {0} bytes, and a runner takes at most {MAX_DESCRIPTION}")]
    LongDescription(usize),
    /// A parameter is not written as `NAME=VALUE`.
    #[error("parameter {0} has no `=`\n  help: write it as NAME=VALUE")]
    NotAPair(usize),
    /// A parameter has no name, or one that is too long.
    #[error("parameter {0} has a name of {1} bytes, and a name has 1 to {MAX_NAME}")]
    Name(usize, usize),
    /// A parameter's value is too long.
    #[error("parameter {0} has a value of {1} bytes, and a value has at most {MAX_VALUE}")]
    Value(usize, usize),
    /// Two parameters have the same name.
    #[error("parameter {0} has the name of an earlier one\n  help: give each name once")]
    Twice(usize),
    /// There are too many parameters.
    #[error("there are {0} parameters, and a run takes at most {MAX_PARAMETERS}")]
    TooMany(usize),
}

impl Description {
    /// Takes a description as it was typed or read; a line's end at its end is not part of it.
    ///
    /// # Errors
    /// It is empty or longer than [`MAX_DESCRIPTION`].
    pub fn new(text: &str) -> Result<Self, InputError> {
        let text = text.trim();
        match text.len() {
            0 => Err(InputError::EmptyDescription),
            size if size > MAX_DESCRIPTION => Err(InputError::LongDescription(size)),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parameters {
    /// Takes parameters written as `NAME=VALUE`. They are numbered from 1 in errors, which never show
    /// what they hold.
    ///
    /// # Errors
    /// One of them is not a pair, too long, or named like an earlier one, or there are too many.
    pub fn parse<S: AsRef<str>>(pairs: &[S]) -> Result<Self, InputError> {
        if pairs.len() > MAX_PARAMETERS {
            return Err(InputError::TooMany(pairs.len()));
        }
        let mut parameters: Vec<Parameter> = Vec::with_capacity(pairs.len());
        for (index, pair) in pairs.iter().enumerate() {
            let number = index + 1;
            let (name, value) = pair
                .as_ref()
                .split_once('=')
                .ok_or(InputError::NotAPair(number))?;
            if name.is_empty() || name.len() > MAX_NAME {
                return Err(InputError::Name(number, name.len()));
            }
            if value.len() > MAX_VALUE {
                return Err(InputError::Value(number, value.len()));
            }
            if parameters.iter().any(|earlier| earlier.name == name) {
                return Err(InputError::Twice(number));
            }
            parameters.push(Parameter {
                name: name.to_owned(),
                value: value.to_owned(),
            });
        }
        Ok(Self(parameters))
    }

    /// The same parameters with `name` added, unless it is among them.
    #[must_use]
    pub fn with_default(&self, name: &str, value: &str) -> Self {
        let mut parameters = self.0.clone();
        if !parameters.iter().any(|parameter| parameter.name == name) {
            parameters.push(Parameter {
                name: name.to_owned(),
                value: value.to_owned(),
            });
        }
        Self(parameters)
    }

    /// The parameters, in the order given.
    #[must_use]
    pub fn as_slice(&self) -> &[Parameter] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_something_in_it_and_an_end() {
        assert_eq!(Description::new(" \n"), Err(InputError::EmptyDescription));
        assert_eq!(Description::new("a\n").unwrap().as_str(), "a");
        let long = "x".repeat(MAX_DESCRIPTION + 1);
        assert_eq!(
            Description::new(&long),
            Err(InputError::LongDescription(long.len()))
        );
    }

    #[test]
    fn parameters_are_pairs_with_names_of_their_own() {
        assert_eq!(
            Parameters::parse(&["a=1", "b=x=y"]).unwrap().as_slice()[1].value,
            "x=y"
        );
        assert_eq!(Parameters::parse(&["a"]), Err(InputError::NotAPair(1)));
        assert_eq!(Parameters::parse(&["=1"]), Err(InputError::Name(1, 0)));
        assert_eq!(
            Parameters::parse(&["a=1", "a=2"]),
            Err(InputError::Twice(2))
        );
        assert_eq!(
            Parameters::parse(&vec!["a=1"; 257]),
            Err(InputError::TooMany(257))
        );
        let long = format!("{}=1", "x".repeat(MAX_NAME + 1));
        assert_eq!(
            Parameters::parse(&[long]),
            Err(InputError::Name(1, MAX_NAME + 1))
        );
        let long = format!("a={}", "x".repeat(MAX_VALUE + 1));
        assert_eq!(
            Parameters::parse(&[long]),
            Err(InputError::Value(1, MAX_VALUE + 1))
        );
    }

    #[test]
    fn a_default_does_not_replace_what_was_given() {
        let given = Parameters::parse(&["model=a"]).unwrap();
        assert_eq!(given.with_default("model", "b"), given);
        assert_eq!(
            Parameters::default()
                .with_default("model", "b")
                .as_slice()
                .len(),
            1
        );
    }
}
