//! A workflow that a runner made: nothing in it is trusted, and only what is known to be harmless is let through.

use super::dag::{self, Dag, DagStep, Run};
use super::graph::{self, Vertex};
use super::limits::MAX_DAG_BYTES;
use super::read::{self, Dependency, Field, Item, get};
use super::report::{Checked, Position, Problem, Report, SpecError};
use super::yaml::{self, Key, Node, Value};
use super::{dagu_1_30, names};

const DAG_KEYS: &[&str] = &[
    "name",
    "description",
    "type",
    "shell",
    "timeoutSec",
    "steps",
    "tasks",
];
const STEP_KEYS: &[&str] = &[
    "name",
    "description",
    "shell",
    "command",
    "script",
    "depends",
    "depends_on",
    "timeoutSec",
    "retryPolicy",
    "continueOn",
];

impl Dag {
    /// Reads a workflow, YAML or JSON, within the bounds of [`super::limits`]: Dagu's own dialect or the older
    /// `tasks` and `depends_on`. It keeps its meaning: without a `type` and without any dependency Dagu runs steps one after
    /// another, and so does the result.
    ///
    /// Accepted are `name`, `description`, `type`, `shell: sh`, `timeoutSec`, and `steps` of `name`, `description`, `shell: sh`, `command` or
    /// `script`, `depends`, `timeoutSec`, `retryPolicy` (`limit`, `intervalSec`, `backoff`), `continueOn` (`failure`, `skipped`, `markSuccess`).
    ///
    /// # Errors
    /// All faults in what the workflow says, at once, each refused key by its name; a fault in the YAML itself, alone.
    pub fn parse(text: &str) -> Result<Checked<Self>, SpecError> {
        let root = yaml::parse(text, MAX_DAG_BYTES)?;
        let mut report = Report::default();
        let dag = Reader {
            report: &mut report,
            posix: false,
            ordered: false,
        }
        .dag(&root);
        match dag {
            Some(dag) if report.is_clean() => Ok(report.into_checked(dag)),
            _ => Err(report.into_error()),
        }
    }
}

pub(super) struct Reader<'r> {
    pub(super) report: &'r mut Report,
    posix: bool,
    /// Whether some step says what it depends on, be it nothing.
    ordered: bool,
}

/// A step as far as it could be read.
struct RawStep {
    label: String,
    at: Position,
    name: Option<String>,
    depends: Vec<Dependency>,
    step: Option<DagStep>,
}

pub(super) type Map = [(Key, Node)];

impl Reader<'_> {
    fn dag(mut self, root: &Node) -> Option<Dag> {
        let map = read::document(self.report, root, "a map with `name` and `steps`")?;
        self.refuse_unknown(map, DAG_KEYS, None);
        let field = |key| Field { key, step: None };
        let name = get(map, "name").and_then(|node| read::name(self.report, node, field("name")));
        let description = get(map, "description")
            .and_then(|node| read::description(self.report, node, field("description")));
        self.posix = self.shell(map, None);
        let timeout_sec = self.seconds(map, "timeoutSec", None);
        let Some((node, key)) = read::either(self.report, map, ("steps", "tasks"), None) else {
            if get(map, "steps").is_none() {
                let problem = Problem::Missing {
                    key: "steps",
                    help: "a workflow needs at least one step",
                };
                self.report.fault(problem, None, Some(root.at));
            }
            return None;
        };
        self.ordered = key == "tasks";
        if self.ordered {
            self.report.warn(
                "`tasks` is read as `steps`, which Dagu needs",
                None,
                read::key_at(map, key),
            );
        }
        let raw = read::steps(self.report, node, key)
            .into_iter()
            .map(|item| self.step(item))
            .collect();
        let chain = self.chain(map)?;
        let steps = self.resolve(raw, chain)?;
        let name = match name.filter(|name| !name.trim().is_empty()) {
            Some(name) => dag::valid_dag_name(self.report, &name),
            None => {
                self.report.warn(
                    "the DAG has no name and is called `workflow`",
                    None,
                    Some(root.at),
                );
                "workflow".to_owned()
            }
        };
        Some(Dag {
            name,
            description: description.unwrap_or_default(),
            posix: self.posix,
            timeout_sec,
            steps,
        })
    }

    /// Whether the steps run one after another.
    fn chain(&mut self, map: &Map) -> Option<bool> {
        let field = Field {
            key: "type",
            step: None,
        };
        let Some(node) = get(map, "type").filter(|node| !node.is_null()) else {
            if !self.ordered {
                let message = "no step says what it depends on, and Dagu 1.30 then runs steps one after another; \
                               the DAG says so with `depends`";
                self.report.warn(message, None, None);
            }
            return Some(!self.ordered);
        };
        match read::scalar(self.report, node, field)?.as_str() {
            "graph" => Some(false),
            "chain" => Some(true),
            _ => {
                let problem = Problem::WrongType {
                    key: "type",
                    expected: "`graph` or `chain`",
                    found: "something else",
                };
                self.report.fault(problem, None, Some(node.at));
                None
            }
        }
    }

    fn step(&mut self, Item { label, map, at }: Item<'_>) -> RawStep {
        let step = Some(label.as_str());
        self.refuse_unknown(map, STEP_KEYS, step);
        let field = |key| Field { key, step };
        let needed = ("give the step a name", at);
        let name = read::required(
            self.report,
            get(map, "name"),
            field("name"),
            needed,
            read::name,
        );
        let description = get(map, "description")
            .and_then(|node| read::description(self.report, node, field("description")));
        let mut depends = Vec::new();
        if let Some((node, key)) = read::either(self.report, map, ("depends", "depends_on"), step) {
            self.ordered = true;
            depends = read::dependencies(self.report, node, field(key));
        }
        let run = self.run(map, step, at);
        let timeout_sec = self.seconds(map, "timeoutSec", step);
        let retry = get(map, "retryPolicy").and_then(|node| self.retry(node, step));
        let continue_on = get(map, "continueOn")
            .map(|node| self.continue_on(node, step))
            .unwrap_or_default();
        let built = run.zip(name.clone()).map(|(run, name)| DagStep {
            name,
            description,
            run,
            depends: Vec::new(),
            timeout_sec,
            retry,
            continue_on,
        });
        RawStep {
            label,
            at,
            name,
            depends,
            step: built,
        }
    }

    fn run(&mut self, map: &Map, step: Option<&str>, at: Position) -> Option<Run> {
        let own_shell = self.shell(map, step);
        let (node, key) = match read::either(self.report, map, ("command", "script"), step) {
            Some((node, key)) => (Some(node), key),
            None if get(map, "command").is_some() => return None,
            None => (None, "command"),
        };
        let script = key == "script";
        // A list of one is how Arborist itself writes a text of several lines.
        let only = node.and_then(|node| match &node.value {
            Value::List(list) if !script => <&[Node; 1]>::try_from(list.as_slice()).ok(),
            _ => None,
        });
        let node = only.map_or(node, |[only]| Some(only));
        let needed = ("say what the step runs, as `command` or `script`", at);
        let text = read::required(
            self.report,
            node,
            Field { key, step },
            needed,
            read::command,
        )?;
        let written = dagu_1_30::Written {
            script,
            own_shell,
            posix: self.posix,
        };
        let run = dagu_1_30::run(text, written);
        if let Some(step) = step {
            dagu_1_30::warn_about(self.report, &run, step);
        }
        Some(run)
    }

    fn resolve(&mut self, raw: Vec<RawStep>, chain: bool) -> Option<Vec<DagStep>> {
        let vertices: Vec<Vertex<'_>> = raw
            .iter()
            .filter_map(|step| {
                let name = step.name.as_deref()?;
                Some(Vertex {
                    name,
                    label: &step.label,
                    at: step.at,
                    depends: &step.depends,
                })
            })
            .collect();
        let mut edges = graph::resolve(self.report, &vertices);
        if !self.report.is_clean() {
            return None;
        }
        if chain {
            for (i, edge) in edges.iter_mut().enumerate().skip(1) {
                if !edge.contains(&(i - 1)) {
                    edge.push(i - 1);
                }
            }
            if let Some(cycle) = graph::find_cycle(&edges) {
                graph::report_cycle(self.report, &vertices, &cycle);
                return None;
            }
        }
        let given: Vec<&str> = vertices.iter().map(|vertex| vertex.name).collect();
        let made: Vec<String> = names::step_names(&given)
            .into_iter()
            .map(Into::into)
            .collect();
        raw.into_iter()
            .zip(&made)
            .zip(edges)
            .map(|((raw, name), edge)| {
                let mut step = raw.step?;
                step.description =
                    dag::describe(self.report, &step.name, name, step.description.as_deref());
                step.depends = edge
                    .into_iter()
                    .filter_map(|i| made.get(i).cloned())
                    .collect();
                step.name.clone_from(name);
                Some(step)
            })
            .collect()
    }
}
