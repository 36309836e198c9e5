//! The task spec: what a runner returns and a user may edit.

use super::limits::MAX_TEXT_BYTES;
use super::model_read::Reader;
use super::report::{Checked, Problem, Report, SpecError};
use super::text::{self, Tree};
use super::yaml;

/// A valid task spec: it has a name and at least one step, step names are unique, every dependency is a
/// step of it, and nothing waits for itself. Whoever holds one holds all of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSpec {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) steps: Vec<Step>,
}

/// One step of a [`TaskSpec`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub(super) name: String,
    pub(super) command: String,
    pub(super) description: Option<String>,
    pub(super) depends_on: Vec<String>,
}

impl Step {
    /// Its name, unique in the spec, without control characters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it runs: a text for a POSIX shell, as `sh -e -c` takes it; or, where it starts with `#!`, a script
    /// for the interpreter named there.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// What it is for, where the author said so.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Names of the steps that must have succeeded before it starts; each once, in the author's order.
    #[must_use]
    pub fn depends_on(&self) -> &[String] {
        &self.depends_on
    }
}

impl TaskSpec {
    /// Its name, without control characters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the plan is for; empty if nobody said.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The steps in the author's order; at least one.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Reads a spec, YAML or JSON, within the bounds of [`super::limits`].
    ///
    /// Strings are due, so a scalar is taken as it is written: `name: 5` is the name `5`. `depends_on` may be one name
    /// instead of a list. The older `tasks` and `depends` are understood, with a warning. Unknown keys are dropped, with a warning.
    ///
    /// # Errors
    /// All faults in what the spec says, at once; a fault in the YAML itself, alone.
    pub fn parse(text: &str) -> Result<Checked<Self>, SpecError> {
        let root = yaml::parse(text, MAX_TEXT_BYTES)?;
        let mut report = Report::default();
        let spec = Reader {
            report: &mut report,
            told_depends: false,
        }
        .spec(&root);
        // What is printed must be accepted again.
        if spec.as_ref().is_some_and(Self::is_too_large) {
            let what = "the spec in canonical form";
            report.fault(
                Problem::TooLarge {
                    what,
                    limit: MAX_TEXT_BYTES,
                    unit: "bytes",
                },
                None,
                None,
            );
        }
        match spec {
            Some(spec) if report.is_clean() => Ok(report.into_checked(spec)),
            _ => Err(report.into_error()),
        }
    }

    /// Whether the canonical text exceeds the bound on texts. It is written only where it could.
    fn is_too_large(&self) -> bool {
        // The longest escape of a byte has four characters, and a line of a block up to eight of indentation.
        const ESCAPED: usize = 12;
        // Keys, dashes, quotes and line ends of a step, and of a dependency.
        const STEP: usize = 80;
        const DEPENDENCY: usize = 16;
        let steps = self.steps.iter().map(|step| {
            let description = step.description.as_ref().map_or(0, String::len);
            let depends = step.depends_on.iter();
            let depends = depends.map(|name| DEPENDENCY + ESCAPED * name.len());
            STEP + ESCAPED * (step.name.len() + step.command.len() + description)
                + depends.sum::<usize>()
        });
        let head = STEP + ESCAPED * (self.name.len() + self.description.len());
        head + steps.sum::<usize>() > MAX_TEXT_BYTES && self.to_yaml().len() > MAX_TEXT_BYTES
    }

    /// The canonical text: keys in one order, strings quoted where any YAML reader could take them for something else,
    /// hidden characters escaped. Reading it gives this spec again.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        text::yaml(&self.tree())
    }

    /// The same as JSON, indented, with a newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        text::json(&self.tree())
    }

    fn tree(&self) -> Tree<'_> {
        let steps = self.steps.iter().map(|step| {
            let mut fields = vec![
                ("name", Tree::line(&step.name)),
                ("command", Tree::text(&step.command)),
            ];
            if let Some(description) = &step.description {
                fields.push(("description", Tree::text(description)));
            }
            if !step.depends_on.is_empty() {
                fields.push(("depends_on", Tree::lines(&step.depends_on)));
            }
            Tree::Map(fields)
        });
        Tree::Map(vec![
            ("name", Tree::line(&self.name)),
            ("description", Tree::text(&self.description)),
            ("steps", Tree::List(steps.collect())),
        ])
    }
}
