//! Exit codes, and what a command ends with when it does not succeed.

use crate::settings;
use arborist::runner::{BeginError, InputError, RunClass, RunError, StartError};
use std::{fmt, process::ExitCode};

/// The exit codes that scripts can rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Internal = 1,
    Usage = 2,
    Config = 3,
    Component = 4,
    Runner = 5,
    Sandbox = 6,
    Spec = 7,
    Check = 8,
    Interrupted = 130,
}

impl Exit {
    /// The word for it in events.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Config => "configuration",
            Self::Component => "component",
            Self::Runner => "runner",
            Self::Sandbox => "sandbox",
            Self::Spec => "spec",
            Self::Check => "check",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not succeed: its exit code, and the text for the user.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    /// Whether the message begins with a heading of its own.
    pub(crate) rendered: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
            rendered: false,
        }
    }

    /// Without a message: what was printed as the result says it all.
    pub(crate) fn told(exit: Exit) -> Self {
        Self::rendered(exit, String::new())
    }

    /// With a message that was laid out already, such as faults with the text that they are about.
    pub(crate) fn rendered(exit: Exit, message: String) -> Self {
        Self {
            exit,
            message,
            rendered: true,
        }
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::new(Exit::Usage, error)
    }
}

impl Exit {
    /// The code of a run that failed so.
    pub(crate) fn of(class: RunClass) -> Self {
        match class {
            RunClass::Config => Self::Config,
            RunClass::Runner => Self::Runner,
            RunClass::Sandbox => Self::Sandbox,
            RunClass::Spec => Self::Spec,
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::new(Exit::of(error.class()), error)
    }
}

impl From<BeginError> for Failure {
    fn from(error: BeginError) -> Self {
        let exit = match error {
            BeginError::Random(_) => Exit::Internal,
            BeginError::Unaudited(_) => Exit::Sandbox,
        };
        Self::new(exit, error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Component(error) => Self::new(Exit::Component, error),
            StartError::Late(_) => Self::new(Exit::Sandbox, error),
            StartError::Settings(faults) => settings::failure(&faults),
            StartError::Describe(error) => {
                let failure = Self::from(error);
                Self {
                    message: format!("asked what it is: {}", failure.message),
                    ..failure
                }
            }
        }
    }
}
