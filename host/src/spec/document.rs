//! A text that may be a task spec or a DAG.

use super::dag::Dag;
use super::limits::MAX_DAG_BYTES;
use super::model::TaskSpec;
use super::read::get;
use super::report::{Checked, SpecError};
use super::yaml::{self, Node, Value};

/// Keys of a workflow that no task spec has.
const ONLY_IN_DAGS: &[&str] = &["type", "shell", "timeoutSec"];
/// Keys of a workflow's step that no task spec's step has.
const ONLY_IN_STEPS: &[&str] = &["shell", "script", "timeoutSec", "retryPolicy", "continueOn"];

/// A plan in either of its two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// A task spec.
    Spec(TaskSpec),
    /// A workflow.
    Dag(Dag),
}

/// Which form a text has, by the keys that only one of them knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Spec,
    Dag,
    /// It could be either. The two differ in what they mean only where no step says what it depends on.
    Either,
}

impl Document {
    /// Reads a task spec or a DAG, whichever it is; a text that could be either is a task spec. A warning says so where that
    /// matters: without any dependency the steps of a spec need not wait, and those of a DAG run one after another.
    ///
    /// # Errors
    /// As [`TaskSpec::parse`] and [`Dag::parse`] have them.
    pub fn parse(text: &str) -> Result<Checked<Self>, SpecError> {
        let root = yaml::parse(text, MAX_DAG_BYTES)?;
        match form(&root) {
            Form::Dag => Self::parse_dag(text),
            Form::Spec => Self::parse_spec(text),
            Form::Either => {
                let mut spec = Self::parse_spec(text)?;
                if let Self::Spec(plan) = &spec.value {
                    let free = plan.steps().iter().all(|step| step.depends_on().is_empty());
                    if free && plan.steps().len() > 1 {
                        spec.warnings.push(super::Warning {
                            message: "no step says what it depends on: read as a task spec, none waits for another; \
                                      as a DAG, each would wait for the one before it"
                                .to_owned(),
                            step: None,
                            at: None,
                        });
                    }
                }
                Ok(spec)
            }
        }
    }

    /// Reads a DAG, also where the text could be a task spec.
    ///
    /// # Errors
    /// As [`Dag::parse`].
    pub fn parse_dag(text: &str) -> Result<Checked<Self>, SpecError> {
        let Checked { value, warnings } = Dag::parse(text)?;
        let value = Self::Dag(value);
        Ok(Checked { value, warnings })
    }

    fn parse_spec(text: &str) -> Result<Checked<Self>, SpecError> {
        let Checked { value, warnings } = TaskSpec::parse(text)?;
        let value = Self::Spec(value);
        Ok(Checked { value, warnings })
    }
}

fn form(root: &Node) -> Form {
    let Value::Map(map) = &root.value else {
        return Form::Spec;
    };
    if ONLY_IN_DAGS.iter().any(|key| get(map, key).is_some()) {
        return Form::Dag;
    }
    let steps = get(map, "steps").or_else(|| get(map, "tasks"));
    let Some(Value::List(steps)) = steps.map(|node| &node.value) else {
        return Form::Spec;
    };
    let mut form = Form::Either;
    for step in steps {
        if let Value::Map(step) = &step.value {
            if ONLY_IN_STEPS.iter().any(|key| get(step, key).is_some()) {
                return Form::Dag;
            }
            if get(step, "depends_on").is_some() {
                form = Form::Spec;
            }
        }
    }
    form
}
