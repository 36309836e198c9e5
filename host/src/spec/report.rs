//! What can be wrong with a spec or a DAG, and where.

use std::fmt;

use thiserror::Error;

use super::limits::{MAX_REPORTED, MAX_SHOWN_CHARS};
use crate::escape::printable;

/// A place in the text; both numbers start at 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A name from the input, fit to be shown: hidden characters spelled out, cut to [`MAX_SHOWN_CHARS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// Takes a name as the input has it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(printable(name, MAX_SHOWN_CHARS).into_owned())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// One thing that is wrong. The text never holds a value of the input, only names, escaped and cut.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// Something is larger than its bound in [`super::limits`].
    #[error("{what} is larger than the limit of {limit} {unit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The bound.
        limit: usize,
        /// What the bound counts.
        unit: &'static str,
    },
    /// The text is not YAML.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// Valid YAML that is not accepted here, such as a tag.
    #[error("{0}")]
    Refused(&'static str),
    /// A key stands twice in one map.
    #[error("the key {0} stands twice")]
    DuplicateKey(Shown),
    /// A value has the wrong shape.
    #[error("`{key}` must be {expected}, not {found}")]
    WrongType {
        /// The key that holds the value.
        key: &'static str,
        /// The accepted form.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A number is missing, malformed or out of its bounds.
    #[error("`{key}` must be a whole number from {min} to {max}")]
    OutOfRange {
        /// The key that holds the value.
        key: &'static str,
        /// Smallest accepted value.
        min: u64,
        /// Largest accepted value.
        max: u64,
    },
    /// A key that is needed is absent or empty.
    #[error("`{key}` is missing or empty; {help}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What to write.
        help: &'static str,
    },
    /// Two keys that mean the same.
    #[error("both `{0}` and `{1}` are given; keep `{0}`")]
    BothGiven(&'static str, &'static str),
    /// A character that may not stand there.
    #[error("{what} holds {character}, which {reason}")]
    Character {
        /// What holds it.
        what: &'static str,
        /// The character, spelled out.
        character: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// Two steps have one name.
    #[error("the name is already taken by the step at {first}; give every step a name of its own")]
    DuplicateStep {
        /// Where the first of them stands.
        first: Position,
    },
    /// A dependency that no step has as its name.
    #[error("depends on {dependency}, which is no step of this plan{}", near.as_ref().map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
    UnknownDependency {
        /// The name that nobody has.
        dependency: Shown,
        /// A step whose name differs only in case or in spaces around it.
        near: Option<Shown>,
    },
    /// A step depends on itself.
    #[error("depends on itself")]
    SelfDependency,
    /// Steps that wait for each other.
    #[error("the steps wait for each other: {}", path.iter().map(Shown::to_string).collect::<Vec<_>>().join(" → "))]
    Cycle {
        /// Each step depends on the next; the last is the first again. A long path is cut in the middle.
        path: Vec<Shown>,
    },
    /// A key that a DAG from a runner may not use.
    #[error("Arborist refuses the key {key} in a DAG from a runner: {reason}")]
    RefusedKey {
        /// The key.
        key: Shown,
        /// Why.
        reason: &'static str,
    },
}

/// A [`Problem`] with its step and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub problem: Problem,
    /// The step it concerns: its name, or its number where it has none.
    pub step: Option<String>,
    /// Where in the text.
    pub at: Option<Position>,
}

/// Something that was understood but deserves a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What to know, safe to show.
    pub message: String,
    /// The step it concerns: its name, or its number where it has none.
    pub step: Option<String>,
    /// Where in the text.
    pub at: Option<Position>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, self.at, self.step.as_deref())?;
        self.problem.fmt(f)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, self.at, self.step.as_deref())?;
        f.write_str(&self.message)
    }
}

fn place(f: &mut fmt::Formatter<'_>, at: Option<Position>, step: Option<&str>) -> fmt::Result {
    if let Some(at) = at {
        write!(f, "{at}: ")?;
    }
    if let Some(step) = step {
        write!(f, "step {step}: ")?;
    }
    Ok(())
}

/// Why a text is no valid task spec or DAG: every fault that could be found, one a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.lines())]
pub struct SpecError {
    faults: Vec<Fault>,
    omitted: usize,
}

impl SpecError {
    /// The faults in the order of the text, at most [`MAX_REPORTED`]; never empty.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    fn lines(&self) -> String {
        let mut lines: Vec<String> = self.faults.iter().map(Fault::to_string).collect();
        if self.omitted > 0 {
            lines.push(format!("… and {} more", self.omitted));
        }
        lines.join("\n")
    }
}

/// A value with what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<T> {
    /// The value, valid.
    pub value: T,
    /// What was dropped, renamed or translated, at most [`MAX_REPORTED`] and one that counts the rest.
    pub warnings: Vec<Warning>,
}

/// Collects faults and warnings while a text is read.
#[derive(Debug, Default)]
pub(super) struct Report {
    faults: Vec<Fault>,
    omitted_faults: usize,
    warnings: Vec<Warning>,
    omitted_warnings: usize,
}

impl Report {
    pub(super) fn fault(&mut self, problem: Problem, step: Option<&str>, at: Option<Position>) {
        if self.faults.len() < MAX_REPORTED {
            self.faults.push(Fault {
                problem,
                step: step.map(str::to_owned),
                at,
            });
        } else {
            self.omitted_faults += 1;
        }
    }

    pub(super) fn warn(
        &mut self,
        message: impl Into<String>,
        step: Option<&str>,
        at: Option<Position>,
    ) {
        if self.warnings.len() < MAX_REPORTED {
            self.warnings.push(Warning {
                message: message.into(),
                step: step.map(str::to_owned),
                at,
            });
        } else {
            self.omitted_warnings += 1;
        }
    }

    pub(super) fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    pub(super) fn into_error(mut self) -> SpecError {
        self.faults.sort_by_key(|fault| fault.at);
        SpecError {
            faults: self.faults,
            omitted: self.omitted_faults,
        }
    }

    pub(super) fn into_checked<T>(mut self, value: T) -> Checked<T> {
        if self.omitted_warnings > 0 {
            let message = format!("… and {} more warnings", self.omitted_warnings);
            self.warnings.push(Warning {
                message,
                step: None,
                at: None,
            });
        }
        Checked {
            value,
            warnings: self.warnings,
        }
    }
}

impl From<Fault> for SpecError {
    fn from(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
            omitted: 0,
        }
    }
}
