//! From a document to a task spec.

use super::graph::{self, Vertex};
use super::model::{Step, TaskSpec};
use super::read::{self, Dependency, Field, Item};
use super::report::{Position, Problem, Report, Shown};
use super::yaml::{Key, Node};

/// A step as far as it could be read.
struct RawStep {
    label: String,
    at: Position,
    name: Option<String>,
    command: Option<String>,
    description: Option<String>,
    depends: Vec<Dependency>,
}

pub(super) struct Reader<'r> {
    pub(super) report: &'r mut Report,
    /// Whether the older word for dependencies was met and told.
    pub(super) told_depends: bool,
}

impl Reader<'_> {
    pub(super) fn spec(mut self, root: &Node) -> Option<TaskSpec> {
        let map = read::document(self.report, root, "a map with `name` and `steps`")?;
        self.drop_unknown(map, &["name", "description", "steps", "tasks"], None);
        let field = |key| Field { key, step: None };
        let needed = ("say what the plan is called", root.at);
        let name = read::required(
            self.report,
            read::get(map, "name"),
            field("name"),
            needed,
            read::name,
        );
        let description = read::get(map, "description")
            .and_then(|node| read::description(self.report, node, field("description")));
        let steps = match read::either(self.report, map, ("steps", "tasks"), None) {
            Some((node, key)) => {
                if key == "tasks" {
                    let message = "`tasks` is the older name of `steps`; it is read as that";
                    self.report.warn(message, None, read::key_at(map, key));
                }
                self.steps(node, key)
            }
            None => {
                let problem = Problem::Missing {
                    key: "steps",
                    help: "a plan needs at least one step",
                };
                if read::get(map, "steps").is_none() {
                    self.report.fault(problem, None, Some(root.at));
                }
                None
            }
        };
        Some(TaskSpec {
            name: name?,
            description: description.unwrap_or_default(),
            steps: steps?,
        })
    }

    fn steps(&mut self, node: &Node, key: &'static str) -> Option<Vec<Step>> {
        let raw: Vec<RawStep> = read::steps(self.report, node, key)
            .into_iter()
            .map(|item| self.step(item))
            .collect();
        // A step without a usable name has its fault already.
        let named = raw
            .iter()
            .filter_map(|step| Some((step, step.name.as_deref()?)));
        let vertices: Vec<Vertex<'_>> = named
            .map(|(step, name)| Vertex {
                name,
                label: &step.label,
                at: step.at,
                depends: &step.depends,
            })
            .collect();
        let edges = graph::resolve(self.report, &vertices);
        if !self.report.is_clean() {
            return None;
        }
        let name_of = |i: usize| vertices.get(i).map(|vertex| vertex.name.to_owned());
        let depends_on: Vec<Vec<String>> = edges
            .into_iter()
            .map(|edge| edge.into_iter().filter_map(name_of).collect())
            .collect();
        raw.into_iter()
            .zip(depends_on)
            .map(|(step, depends_on)| {
                let RawStep {
                    name,
                    command,
                    description,
                    ..
                } = step;
                Some(Step {
                    name: name?,
                    command: command?,
                    description,
                    depends_on,
                })
            })
            .collect()
    }

    fn step(&mut self, Item { label, map, at }: Item<'_>) -> RawStep {
        let step = Some(label.as_str());
        self.drop_unknown(
            map,
            &["name", "command", "description", "depends_on", "depends"],
            step,
        );
        let field = |key| Field { key, step };
        let node = |key| read::get(map, key);
        let report = &mut *self.report;
        let name = read::required(
            report,
            node("name"),
            field("name"),
            ("give the step a name", at),
            read::name,
        );
        let needed = ("say what the step runs", at);
        let command = read::required(
            report,
            node("command"),
            field("command"),
            needed,
            read::command,
        );
        let description = node("description")
            .and_then(|node| read::description(report, node, field("description")));
        let mut depends = Vec::new();
        if let Some((node, key)) = read::either(report, map, ("depends_on", "depends"), step) {
            if key == "depends" && !std::mem::replace(&mut self.told_depends, true) {
                let message =
                    "`depends` is read as `depends_on`, which is what a task spec calls it";
                report.warn(message, step, read::key_at(map, key));
            }
            depends = read::dependencies(report, node, field(key));
        }
        RawStep {
            label,
            at,
            name,
            command,
            description,
            depends,
        }
    }

    fn drop_unknown(&mut self, map: &[(Key, Node)], known: &[&str], step: Option<&str>) {
        for (key, _) in map
            .iter()
            .filter(|(key, _)| !known.contains(&key.text.as_str()))
        {
            let message = format!(
                "the key {} is not part of a task spec and is dropped",
                Shown::new(&key.text)
            );
            self.report.warn(message, step, Some(key.at));
        }
    }
}
