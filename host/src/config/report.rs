//! Collects what is wrong, and what deserves a word.

use std::fmt;
use std::sync::Arc;

use super::fault::{Fault, Faults, Place, Warning, shown};
use super::node::At;
use super::source::SourceText;

/// Collects faults and warnings.
#[derive(Debug, Default)]
pub(super) struct Report {
    source: Option<Arc<SourceText>>,
    /// The text of what is laid over a section.
    laid: Option<Arc<SourceText>>,
    faults: Vec<Fault>,
    warnings: Vec<Warning>,
}

impl Report {
    pub(super) fn new(source: Option<Arc<SourceText>>) -> Self {
        Self {
            source,
            ..Self::default()
        }
    }

    /// The same report with the text of what is laid over a section.
    pub(super) fn with_laid(self, laid: Option<Arc<SourceText>>) -> Self {
        Self { laid, ..self }
    }

    pub(super) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    pub(super) fn fault(&mut self, at: &At, message: impl fmt::Display, help: impl Into<Help>) {
        let (message, place) = self.placed(at, message);
        self.faults.push(Fault {
            message,
            place,
            help: help.into().0,
            usage: matches!(at, At::Flag(_)),
        });
    }

    /// A fault of the command line as a whole.
    pub(super) fn fault_anywhere(&mut self, message: impl Into<String>, help: impl Into<Help>) {
        self.faults.push(Fault {
            message: message.into(),
            place: None,
            help: help.into().0,
            usage: false,
        });
    }

    pub(super) fn warn(&mut self, at: Option<&At>, message: impl fmt::Display) {
        let (message, place) = match at {
            Some(at) => self.placed(at, message),
            None => (message.to_string(), None),
        };
        self.warnings.push(Warning { message, place });
    }

    pub(super) fn place(&self, at: &At) -> Option<Place> {
        match (at, &self.source) {
            (At::File(spot), Some(source)) => Some(Place::new(source.clone(), spot.clone())),
            (At::Laid(spot), _) => {
                let source = self.laid.as_ref()?;
                Some(Place::new(source.clone(), spot.clone()))
            }
            _ => None,
        }
    }

    fn placed(&self, at: &At, message: impl fmt::Display) -> (String, Option<Place>) {
        let message = match at {
            At::File(_) | At::Laid(_) | At::Default => message.to_string(),
            At::Variable(name) => format!("in the variable `{}`: {message}", shown(name)),
            At::Flag(flag) => format!("{flag}: {message}"),
        };
        (message, self.place(at))
    }

    /// The warnings if nothing is wrong.
    pub(super) fn finish(self) -> Result<Vec<Warning>, Faults> {
        if self.faults.is_empty() {
            Ok(self.warnings)
        } else {
            Err(self.into_faults())
        }
    }

    /// The faults, of which there is at least one.
    pub(super) fn into_faults(self) -> Faults {
        Faults::of(self.faults)
    }
}

/// What to do next, if there is something to say.
pub(super) struct Help(Option<String>);

impl From<&str> for Help {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl From<String> for Help {
    fn from(text: String) -> Self {
        Self(Some(text))
    }
}

impl From<Option<String>> for Help {
    fn from(text: Option<String>) -> Self {
        Self(text)
    }
}
