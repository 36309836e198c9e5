//! What runners report: their failures, and what they are. Texts are the guest's, cut here.

use super::bindings::{
    about::exports::arborist::runner::about as guest_about,
    runner::arborist::runner::runner_types as guest,
};

/// The longest text of a guest's that is kept, in bytes.
const ERROR_TEXT: usize = 4 * 1024;

/// What a runner reports as its own failure. Texts are the guest's, cut to 4 KiB: escape them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunnerError {
    /// The configuration is not usable.
    #[error("{0}")]
    InvalidConfig(String),
    /// The description, the spec or a parameter is not usable.
    #[error("the input is not usable: {0}")]
    InvalidInput(String),
    /// A service failed.
    #[error("the service failed{}: {message}{}", status.map(|s| format!(" with status {s}")).unwrap_or_default(), if *retryable { " (the same call may succeed later)" } else { "" })]
    Service {
        /// The status it answered with.
        status: Option<u16>,
        /// What went wrong.
        message: String,
        /// Whether the same call may succeed later.
        retryable: bool,
    },
    /// A service answered with something else than was asked for.
    #[error("the service's answer is not usable: {0}")]
    InvalidResponse(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
    /// The runner does not do this.
    #[error("the runner does not do this")]
    Unsupported,
}

impl RunnerError {
    /// Its name in the contract.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidConfig(_) => "invalid-config",
            Self::InvalidInput(_) => "invalid-input",
            Self::Service { .. } => "service",
            Self::InvalidResponse(_) => "invalid-response",
            Self::Other(_) => "other",
            Self::Unsupported => "unsupported",
        }
    }

    /// The same error with its text as `change` makes it.
    #[must_use]
    pub fn map_text(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::InvalidConfig(text) => Self::InvalidConfig(change(&text)),
            Self::InvalidInput(text) => Self::InvalidInput(change(&text)),
            Self::InvalidResponse(text) => Self::InvalidResponse(change(&text)),
            Self::Other(text) => Self::Other(change(&text)),
            Self::Unsupported => Self::Unsupported,
            Self::Service {
                status,
                message,
                retryable,
            } => Self::Service {
                status,
                message: change(&message),
                retryable,
            },
        }
    }
}

/// What a runner says about itself. Texts are the guest's: escape them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunnerInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does.
    pub description: String,
    /// The fields that it reads.
    pub config: Vec<ConfigField>,
}

/// A configuration field that a runner reads.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ConfigField {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether the runner cannot work without it.
    pub required: bool,
    /// Whether it is a secret.
    pub secret: bool,
    /// The value that the runner uses where it is absent.
    pub default: Option<String>,
}

/// Cuts a guest's text at a character's end.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(ERROR_TEXT));
    text
}

impl From<guest::RunnerError> for RunnerError {
    fn from(error: guest::RunnerError) -> Self {
        match error {
            guest::RunnerError::InvalidConfig(text) => Self::InvalidConfig(cut(text)),
            guest::RunnerError::InvalidInput(text) => Self::InvalidInput(cut(text)),
            guest::RunnerError::InvalidResponse(text) => Self::InvalidResponse(cut(text)),
            guest::RunnerError::Other(text) => Self::Other(cut(text)),
            guest::RunnerError::Unsupported => Self::Unsupported,
            guest::RunnerError::Service(failure) => Self::Service {
                status: failure.status,
                message: cut(failure.message),
                retryable: failure.retryable,
            },
        }
    }
}

impl From<guest_about::RunnerInfo> for RunnerInfo {
    fn from(info: guest_about::RunnerInfo) -> Self {
        let fields = info.config.into_iter().take(256);
        Self {
            name: cut(info.name),
            version: cut(info.version),
            description: cut(info.description),
            config: fields
                .map(|field| ConfigField {
                    name: cut(field.name),
                    description: cut(field.description),
                    required: field.required,
                    secret: field.secret,
                    default: field.default.map(cut),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::bindings::about::arborist::runner::runner_types::ConfigField as Field;

    #[test]
    fn the_text_of_an_error_is_cut_at_a_character() {
        let long = "ä".repeat(ERROR_TEXT);
        let RunnerError::Other(text) = guest::RunnerError::Other(long).into() else {
            panic!("another error")
        };
        assert_eq!(text, "ä".repeat(ERROR_TEXT / 2));
    }

    #[test]
    fn what_a_runner_says_of_itself_is_bounded() {
        let long = || "x".repeat(ERROR_TEXT + 1);
        let field = Field {
            name: long(),
            description: long(),
            required: false,
            secret: false,
            default: Some(long()),
        };
        let info = RunnerInfo::from(guest_about::RunnerInfo {
            name: long(),
            version: long(),
            description: long(),
            config: vec![field; 300],
        });
        assert_eq!(info.config.len(), 256);
        let first = &info.config[0];
        let texts = [&info.name, &info.version, &info.description];
        let texts = texts.into_iter().chain([&first.name, &first.description]);
        for text in texts.chain(&first.default) {
            assert_eq!(text.len(), ERROR_TEXT);
        }
    }
}
