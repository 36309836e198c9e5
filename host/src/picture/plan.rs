//! What all formats draw: labels, and who waits for whom.

use super::MAX_LABEL_CHARS;
use crate::escape::printable;
use crate::spec::{Dag, Document, TaskSpec};
use std::collections::HashMap;

/// Characters of a plan's name in a picture.
const MAX_TITLE_CHARS: usize = 80;
/// Characters of a description in a picture.
const MAX_ABOUT_CHARS: usize = 300;

/// A plan, ready to be drawn: its texts are single lines, cut, with hidden characters spelled out, and its steps are in levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(super) title: String,
    pub(super) about: String,
    pub(super) steps: Vec<Step>,
    /// How many levels there are; at least one, as there is at least one step.
    pub(super) levels: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) label: String,
    /// Indices of the steps that it waits for.
    pub(super) waits_for: Vec<usize>,
    /// The longest way to it from a step that waits for nothing.
    pub(super) level: usize,
}

impl From<&Document> for Plan {
    fn from(document: &Document) -> Self {
        match document {
            Document::Spec(spec) => spec.into(),
            Document::Dag(dag) => dag.into(),
        }
    }
}

impl From<&TaskSpec> for Plan {
    fn from(spec: &TaskSpec) -> Self {
        let steps = spec.steps().iter();
        let steps = steps.map(|step| (step.name(), step.depends_on()));
        Self::new(spec.name(), spec.description(), steps.collect())
    }
}

impl From<&Dag> for Plan {
    fn from(dag: &Dag) -> Self {
        Self::new(dag.name(), dag.description(), dag.steps().collect())
    }
}

impl Plan {
    pub(super) fn new(name: &str, description: &str, steps: Vec<(&str, &[String])>) -> Self {
        let index: HashMap<&str, usize> = steps
            .iter()
            .enumerate()
            .map(|(i, (name, _))| (*name, i))
            .collect();
        let waits: Vec<Vec<usize>> = steps
            .iter()
            .map(|(_, depends)| {
                let known = depends.iter().filter_map(|name| index.get(name.as_str()));
                known.copied().collect()
            })
            .collect();
        let levels = levels(&waits);
        let steps = steps.iter().zip(waits).zip(&levels);
        Self {
            title: printable(name, MAX_TITLE_CHARS).into_owned(),
            about: printable(description.trim(), MAX_ABOUT_CHARS).into_owned(),
            steps: steps
                .map(|(((name, _), waits_for), &level)| Step {
                    label: printable(name, MAX_LABEL_CHARS).into_owned(),
                    waits_for,
                    level,
                })
                .collect(),
            levels: levels.iter().max().map_or(1, |most| most + 1),
        }
    }

    /// How many dependencies there are, of all steps together.
    #[must_use]
    pub fn dependencies(&self) -> usize {
        self.lines().count()
    }

    /// Pairs of a step and one that waits for it, by the order of the latter.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, usize)> {
        let steps = self.steps.iter().enumerate();
        steps.flat_map(|(to, step)| step.waits_for.iter().map(move |&from| (from, to)))
    }

    /// In how many words a picture says what it holds.
    pub(super) fn size(&self) -> String {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let (steps, stages) = (self.steps.len(), self.levels);
        format!("{} in {}", count(steps, "step"), count(stages, "stage"))
    }
}

/// For each step the longest way to it. Both kinds of plan are checked to have no cycle; in one, steps would stay at zero.
fn levels(waits: &[Vec<usize>]) -> Vec<usize> {
    let mut open: Vec<usize> = waits.iter().map(Vec::len).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); waits.len()];
    for (step, for_these) in waits.iter().enumerate() {
        for &earlier in for_these {
            if let Some(list) = followers.get_mut(earlier) {
                list.push(step);
            }
        }
    }
    let mut levels = vec![0; waits.len()];
    let mut ready: Vec<usize> = (0..waits.len())
        .filter(|&i| open.get(i) == Some(&0))
        .collect();
    while let Some(done) = ready.pop() {
        let next = levels.get(done).map_or(0, |level| level + 1);
        for &follower in followers.get(done).into_iter().flatten() {
            if let (Some(level), Some(n)) = (levels.get_mut(follower), open.get_mut(follower)) {
                *level = next.max(*level);
                *n = n.saturating_sub(1);
                if *n == 0 {
                    ready.push(follower);
                }
            }
        }
    }
    levels
}
