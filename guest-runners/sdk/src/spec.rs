//! The task spec as a value, for runners that make one themselves or ask a service for one.

use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A task spec. The host checks it in full; [`problems`](Self::problems) finds early what a service can
/// be asked to repair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// The task's name.
    #[serde(default)]
    pub name: String,
    /// What it is for; may be empty.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Its steps, at least one.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// One step of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The step's name, unique in its spec.
    #[serde(default)]
    pub name: String,
    /// What a POSIX shell runs.
    #[serde(default)]
    pub command: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The names of the steps that must have succeeded before.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many"
    )]
    pub depends_on: Vec<String>,
}

impl TaskSpec {
    /// A spec without steps.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            steps: Vec::new(),
        }
    }

    /// Adds a step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The spec as JSON, which is YAML; the host prints its own text of it.
    pub fn to_json(&self) -> String {
        // Strings and lists of strings: there is nothing in it that serde_json could refuse.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What makes the spec unusable, each in a line that a person or a model can act on; empty when it
    /// is in order. Takes time linear in steps and dependencies.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() {
            problems.push("`name` is missing or empty".to_owned());
        }
        if self.steps.is_empty() {
            problems.push("`steps` is missing or empty: at least one step is needed".to_owned());
        }
        let mut names = BTreeSet::new();
        for (number, step) in (1..).zip(&self.steps) {
            if step.name.trim().is_empty() {
                problems.push(format!("step {number} has no `name`"));
            } else if !names.insert(step.name.as_str()) {
                problems.push(format!("two steps are named {:?}", step.name));
            }
            if step.command.trim().is_empty() {
                problems.push(format!("step {number} has no `command`"));
            }
        }
        for step in &self.steps {
            for unknown in step
                .depends_on
                .iter()
                .filter(|name| !names.contains(name.as_str()))
            {
                problems.push(format!(
                    "step {:?} depends on {unknown:?}, which is no step",
                    step.name
                ));
            }
        }
        if problems.is_empty() {
            problems.extend(self.cycle());
        }
        problems
    }

    /// Takes away, again and again, the steps that wait for nothing; what is left is, or waits for, a cycle.
    fn cycle(&self) -> Option<String> {
        let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
        let mut dependents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for step in &self.steps {
            waiting.insert(&step.name, step.depends_on.len());
            for name in &step.depends_on {
                dependents.entry(name).or_default().push(&step.name);
            }
        }
        let mut free: Vec<&str> = waiting
            .iter()
            .filter(|(_, count)| **count == 0)
            .map(|(name, _)| *name)
            .collect();
        while let Some(name) = free.pop() {
            waiting.remove(name);
            for dependent in dependents.remove(name).unwrap_or_default() {
                if let Some(count) = waiting.get_mut(dependent) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(dependent);
                    }
                }
            }
        }
        let (stuck, _) = waiting.first_key_value()?;
        Some(format!(
            "`depends_on` makes a cycle that keeps step {stuck:?} from ever starting"
        ))
    }
}

impl Step {
    /// A step that waits for nothing.
    pub fn new(name: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            command: command.into(),
            description: None,
            depends_on: Vec::new(),
        }
    }

    /// Says what the step is for.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Makes the step wait for these too.
    #[must_use]
    pub fn after<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.depends_on.extend(names.into_iter().map(Into::into));
        self
    }
}

/// Models write `null` for what they leave out.
fn or_default<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(source)?.unwrap_or_default())
}

/// `null`, one name or a list of names.
fn one_or_many<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "`depends_on` must be a list of step names")]
    enum Names {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Option::<Names>::deserialize(source)? {
        None => Vec::new(),
        Some(Names::One(name)) => vec![name],
        Some(Names::Many(names)) => names,
    })
}

#[cfg(test)]
mod tests {
    use super::{Step, TaskSpec};

    fn of(steps: impl IntoIterator<Item = Step>) -> TaskSpec {
        TaskSpec {
            steps: steps.into_iter().collect(),
            ..TaskSpec::new("n", "d")
        }
    }

    #[test]
    fn text_is_json_without_empty_keys_and_reads_back() {
        let spec = of([
            Step::new("a", "echo \"1\""),
            Step::new("b", "x").after(["a"]).describe("é\n"),
        ]);
        let text = spec.to_json();
        assert_eq!(
            text,
            r#"{"name":"n","description":"d","steps":[{"name":"a","command":"echo \"1\""},{"name":"b","command":"x","description":"é\n","depends_on":["a"]}]}"#
        );
        assert_eq!(serde_json::from_str::<TaskSpec>(&text).unwrap(), spec);
        assert!(spec.problems().is_empty());
    }

    #[test]
    fn what_models_write_is_read() {
        let text = r#"{"name":"n","description":null,"extra":1,"steps":[
            {"name":"a","command":"x","depends_on":null},{"name":"b","command":"y","depends_on":"a"}]}"#;
        let spec: TaskSpec = serde_json::from_str(text).unwrap();
        assert_eq!(spec.steps[1].depends_on, ["a"]);
        assert!(spec.problems().is_empty());
    }

    #[test]
    fn each_problem_is_named() {
        let spec = TaskSpec {
            name: " ".into(),
            ..of([
                Step::new("a", "x").after(["ghost"]),
                Step::new("a", ""),
                Step::new("", "y"),
            ])
        };
        let problems = spec.problems().join("\n");
        for part in [
            "`name`",
            "two steps are named \"a\"",
            "step 2 has no `command`",
            "step 3 has no `name`",
            "depends on \"ghost\"",
        ] {
            assert!(problems.contains(part), "{part} not in {problems}");
        }
        assert!(of([]).problems()[0].contains("`steps`"));
    }

    #[test]
    fn a_cycle_is_found_and_a_diamond_is_not_one() {
        let diamond = of([
            Step::new("a", "x"),
            Step::new("b", "x").after(["a", "a"]),
            Step::new("c", "x").after(["a"]),
            Step::new("d", "x").after(["b", "c"]),
        ]);
        assert!(diamond.problems().is_empty());
        let cycle = of([
            Step::new("a", "x").after(["b"]),
            Step::new("b", "x").after(["a"]),
        ]);
        assert!(cycle.problems()[0].contains("cycle"));
        assert!(of([Step::new("a", "x").after(["a"])]).problems()[0].contains("cycle"));
    }
}
