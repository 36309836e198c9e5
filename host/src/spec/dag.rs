//! The workflow: what the engine is given.

use super::model::TaskSpec;
use super::report::{Checked, Report, Shown};
use super::text;
use super::{dagu_1_30, names};

/// A valid Dagu workflow: names are valid and unique for the engine, every dependency is a step of it,
/// nothing waits for itself, and it means the same whatever the engine's default order is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dag {
    pub(super) name: String,
    pub(super) description: String,
    /// Whether the engine is told to use `sh` instead of the user's own shell.
    pub(super) posix: bool,
    pub(super) timeout_sec: Option<u64>,
    pub(super) steps: Vec<DagStep>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DagStep {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) run: Run,
    pub(super) depends: Vec<String>,
    pub(super) timeout_sec: Option<u64>,
    pub(super) retry: Option<Retry>,
    pub(super) continue_on: ContinueOn,
}

/// What a step runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Run {
    /// A text that is to mean what it means to `sh -e -c`, or a script with its interpreter in the first line.
    Posix(String),
    /// A command as the engine understands commands.
    Command(String),
    /// A script as the engine understands scripts.
    Script(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) limit: u64,
    pub(super) interval_sec: u64,
    /// Whether the interval doubles each time.
    pub(super) backoff: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ContinueOn {
    pub(super) failure: Option<bool>,
    pub(super) skipped: Option<bool>,
    pub(super) mark_success: Option<bool>,
}

impl Dag {
    /// The workflow that a spec means: a step starts when those it depends on have succeeded, and runs its text in a POSIX shell.
    ///
    /// Names that the engine would not take are changed, always in the same way; the name in the spec then stands
    /// in the step's description, and a warning says so.
    #[must_use]
    pub fn from_spec(spec: &TaskSpec) -> Checked<Self> {
        let mut report = Report::default();
        let given: Vec<&str> = spec.steps().iter().map(|step| step.name()).collect();
        let made = names::step_names(&given);
        let renamed: std::collections::HashMap<&str, &str> = given
            .iter()
            .copied()
            .zip(made.iter().map(AsRef::as_ref))
            .collect();
        let steps = spec.steps().iter().zip(&made).map(|(step, name)| {
            let shown = Shown::new(step.name()).to_string();
            let run = Run::Posix(step.command().to_owned());
            dagu_1_30::warn_about(&mut report, &run, &shown);
            let rename = |dependency: &String| {
                renamed
                    .get(dependency.as_str())
                    .map_or_else(|| dependency.clone(), |&name| name.to_owned())
            };
            DagStep {
                name: name.to_string(),
                description: describe(&mut report, step.name(), name, step.description()),
                run,
                depends: step.depends_on().iter().map(rename).collect(),
                timeout_sec: None,
                retry: None,
                continue_on: ContinueOn::default(),
            }
        });
        let steps = steps.collect();
        let name = valid_dag_name(&mut report, spec.name());
        let dag = Self {
            name,
            description: spec.description().to_owned(),
            posix: true,
            timeout_sec: None,
            steps,
        };
        report.into_checked(dag)
    }

    /// Its name, valid for the engine: 1 to 40 of `[A-Za-z0-9._-]`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for; empty if nobody said.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Names and dependencies of the steps, in the author's order.
    pub fn steps(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.steps
            .iter()
            .map(|step| (step.name.as_str(), step.depends.as_slice()))
    }

    /// The text for Dagu 1.30, canonical: reading it gives this workflow again.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        text::yaml(&dagu_1_30::tree(self))
    }

    /// The same as JSON, which Dagu reads as well: indented, with a newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        text::json(&dagu_1_30::tree(self))
    }
}

pub(super) fn valid_dag_name(report: &mut Report, name: &str) -> String {
    let valid = names::dag_name(name);
    if valid != name {
        let message = format!(
            "Dagu cannot take the name {}; the DAG is called `{valid}`",
            Shown::new(name)
        );
        report.warn(message, None, None);
    }
    valid.into_owned()
}

/// The step's description, which keeps the original of a name that was changed.
pub(super) fn describe(
    report: &mut Report,
    given: &str,
    made: &str,
    description: Option<&str>,
) -> Option<String> {
    if given == made {
        return description.map(str::to_owned);
    }
    let shown = Shown::new(given).to_string();
    let message = format!(
        "is called `{made}` in the DAG, since Dagu cannot take its name or could not tell it from another"
    );
    report.warn(message, Some(&shown), None);
    Some(
        match description.map(str::trim).filter(|text| !text.is_empty()) {
            Some(description) => format!("{description} (in the spec: {shown})"),
            None => format!("In the spec: {shown}"),
        },
    )
}
