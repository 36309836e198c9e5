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
    /// What to do next.
    pub(crate) help: Vec<String>,
    /// What there is to know besides.
    pub(crate) notes: Vec<String>,
    /// Whether the message begins with a heading of its own.
    pub(crate) rendered: bool,
}

/// How a line of advice begins in the text of an error.
const HELP: &str = "  help: ";
/// How a line begins there that says more.
const NOTE: &str = "  note: ";

/// A part of an error's text.
enum Part {
    Message,
    Help,
    Note,
}

impl Failure {
    /// Takes an error's text apart once, here: the library's errors end with their advice and notes, each on a line of its own, and
    /// a line that begins otherwise goes on with what is above it. Text from outside has no line's end by then.
    pub(crate) fn new(exit: Exit, error: impl fmt::Display) -> Self {
        let mut failure = Self::rendered(exit, String::new());
        failure.rendered = false;
        let text = error.to_string();
        let mut parts: Vec<(Part, String)> = Vec::new();
        for line in text.trim_end().lines() {
            let (part, text) = match (line.strip_prefix(HELP), line.strip_prefix(NOTE)) {
                _ if parts.is_empty() => (Part::Message, line),
                (Some(text), _) => (Part::Help, text),
                (None, Some(text)) => (Part::Note, text),
                (None, None) => {
                    if let Some((_, above)) = parts.last_mut() {
                        above.push('\n');
                        above.push_str(line);
                    }
                    continue;
                }
            };
            parts.push((part, text.to_owned()));
        }
        for (part, text) in parts {
            match part {
                Part::Message => failure.message = text,
                Part::Help => failure.help.push(text),
                Part::Note => failure.notes.push(text),
            }
        }
        failure
    }

    /// The whole text, as [`Failure::new`] takes it; `help` is the word that leads each line of advice.
    pub(crate) fn text(&self, help: impl fmt::Display) -> String {
        let mut text = self.message.trim_end().to_owned();
        for advice in &self.help {
            text.push_str(&format!("\n  {help}: {advice}"));
        }
        for note in &self.notes {
            text.push_str(&format!("\n{NOTE}{note}"));
        }
        text
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
            help: Vec::new(),
            notes: Vec::new(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_and_notes_are_taken_from_an_errors_text_and_put_back() {
        let text = "it failed:\n  at a line\n  help: do this\n        or that\n  help: or ask\n  note: then it ended";
        let failure = Failure::new(Exit::Spec, format!("{text}\n"));
        assert_eq!(failure.message, "it failed:\n  at a line");
        assert_eq!(failure.help, ["do this\n        or that", "or ask"]);
        assert_eq!(failure.notes, ["then it ended"]);
        assert_eq!(failure.text("help"), text);
        for text in ["", "  help: is the whole text", "one line"] {
            let failure = Failure::new(Exit::Spec, text);
            assert_eq!((failure.message.as_str(), failure.help.len()), (text, 0));
        }
        // Faults of a configuration are laid out with the text that they are about, and stay so.
        let rendered = Failure::rendered(Exit::Config, "a\n  help: b".to_owned());
        assert_eq!(
            (rendered.message.as_str(), rendered.help.len()),
            ("a\n  help: b", 0)
        );
    }
}
