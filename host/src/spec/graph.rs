//! Checks on steps as a graph: unique names, known dependencies, no cycle. All in time proportional to steps and dependencies.

use std::collections::{HashMap, HashSet};

use super::limits::MAX_DEPENDENCIES;
use super::read::Dependency;
use super::report::{Position, Problem, Report, Shown};

/// Steps that a message about a cycle shows before it leaves some out.
const MAX_CYCLE_SHOWN: usize = 12;

/// What the checks need to know of a step.
#[derive(Debug)]
pub(super) struct Vertex<'a> {
    pub(super) name: &'a str,
    pub(super) label: &'a str,
    pub(super) at: Position,
    pub(super) depends: &'a [Dependency],
}

/// For each step the indices of the steps it depends on, each once, in the order written.
/// Every duplicate name, unknown dependency, self-dependency and one cycle become faults in `report`.
pub(super) fn resolve(report: &mut Report, steps: &[Vertex<'_>]) -> Vec<Vec<usize>> {
    let mut index: HashMap<&str, usize> = HashMap::with_capacity(steps.len());
    for (i, step) in steps.iter().enumerate() {
        if let Some(first) = index.get(step.name).and_then(|&first| steps.get(first)) {
            let problem = Problem::DuplicateStep { first: first.at };
            report.fault(problem, Some(step.label), Some(step.at));
        } else {
            index.insert(step.name, i);
        }
    }
    let total: usize = steps.iter().map(|step| step.depends.len()).sum();
    if total > MAX_DEPENDENCIES {
        let what = "the number of dependencies";
        let problem = Problem::TooLarge {
            what,
            limit: MAX_DEPENDENCIES,
            unit: "in all steps together",
        };
        report.fault(problem, None, None);
        return vec![Vec::new(); steps.len()];
    }
    let near = Near::of(steps);
    let edges: Vec<Vec<usize>> = steps
        .iter()
        .enumerate()
        .map(|(i, step)| resolve_one(report, i, step, &index, &near))
        .collect();
    if let Some(cycle) = find_cycle(&edges) {
        report_cycle(report, steps, &cycle);
    }
    edges
}

/// Step names without case and outer space, for "did you mean".
struct Near<'a>(HashMap<String, &'a str>);

impl<'a> Near<'a> {
    fn of(steps: &[Vertex<'a>]) -> Self {
        Self(
            steps
                .iter()
                .map(|step| (Self::key(step.name), step.name))
                .collect(),
        )
    }

    fn key(name: &str) -> String {
        name.trim().to_lowercase().replace(['_', ' '], "-")
    }

    fn find(&self, name: &str) -> Option<Shown> {
        self.0.get(&Self::key(name)).map(|name| Shown::new(name))
    }
}

fn resolve_one(
    report: &mut Report,
    i: usize,
    step: &Vertex<'_>,
    index: &HashMap<&str, usize>,
    near: &Near<'_>,
) -> Vec<usize> {
    let mut edges = Vec::with_capacity(step.depends.len());
    let mut seen = HashSet::with_capacity(step.depends.len());
    for dependency in step.depends {
        match index.get(dependency.name.as_str()) {
            Some(&target) if target == i || dependency.name == step.name => {
                report.fault(
                    Problem::SelfDependency,
                    Some(step.label),
                    Some(dependency.at),
                );
            }
            Some(&target) if seen.insert(target) => edges.push(target),
            Some(_) => {
                let message = format!(
                    "the dependency {} stands twice; once is kept",
                    Shown::new(&dependency.name)
                );
                report.warn(message, Some(step.label), Some(dependency.at));
            }
            None => {
                let near = near.find(&dependency.name);
                let dependency_name = Shown::new(&dependency.name);
                let problem = Problem::UnknownDependency {
                    dependency: dependency_name,
                    near,
                };
                report.fault(problem, Some(step.label), Some(dependency.at));
            }
        }
    }
    edges
}

/// Steps of one cycle, each depending on the next, or nothing.
pub(super) fn find_cycle(edges: &[Vec<usize>]) -> Option<Vec<usize>> {
    // Take away, again and again, what waits for nothing; only cycles and what waits for them remain.
    let mut waiting: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (i, targets) in edges.iter().enumerate() {
        for &target in targets {
            if let Some(list) = dependents.get_mut(target) {
                list.push(i);
            }
        }
    }
    let mut ready: Vec<usize> = waiting
        .iter()
        .enumerate()
        .filter(|&(_, &n)| n == 0)
        .map(|(i, _)| i)
        .collect();
    while let Some(done) = ready.pop() {
        for &dependent in dependents.get(done).map_or(&[][..], Vec::as_slice) {
            if let Some(n) = waiting.get_mut(dependent) {
                *n -= 1;
                if *n == 0 {
                    ready.push(dependent);
                }
            }
        }
    }
    // From any of the rest, walking along what still waits must come round.
    let stuck = |i: usize| waiting.get(i).is_some_and(|&n| n > 0);
    let mut at = (0..edges.len()).find(|&i| stuck(i))?;
    let mut path = Vec::new();
    let mut place: HashMap<usize, usize> = HashMap::new();
    loop {
        if let Some(&start) = place.get(&at) {
            return Some(path.split_off(start));
        }
        place.insert(at, path.len());
        path.push(at);
        at = edges
            .get(at)?
            .iter()
            .copied()
            .find(|&target| stuck(target))?;
    }
}

pub(super) fn report_cycle(report: &mut Report, steps: &[Vertex<'_>], cycle: &[usize]) {
    let Some(first) = cycle.iter().min().and_then(|&i| steps.get(i)) else {
        return;
    };
    // Started at the step that stands first in the text, so that the message does not depend on the walk.
    let start = cycle
        .iter()
        .position(|&i| steps.get(i).is_some_and(|s| s.at == first.at))
        .unwrap_or(0);
    let names = cycle.iter().cycle().skip(start).take(cycle.len() + 1);
    let mut path: Vec<Shown> = names
        .filter_map(|&i| steps.get(i))
        .map(|step| Shown::new(step.name))
        .collect();
    if path.len() > MAX_CYCLE_SHOWN {
        let tail = path.split_off(path.len() - 2);
        path.truncate(MAX_CYCLE_SHOWN - 3);
        path.push(Shown::new("…"));
        path.extend(tail);
    }
    report.fault(Problem::Cycle { path }, Some(first.label), Some(first.at));
}
