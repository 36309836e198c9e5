//! The rows of the goals, each with its twin.

mod cold;
mod gateway;
mod run;
mod spec;
mod suspended;

pub use cold::BareProcess;
pub use run::{cost_by_runs_at_once, only_runs};
pub use spec::{cost_by_steps, text as spec_text};
pub use suspended::{Side, resident};

use crate::rounds::Compared;
use serde::Serialize;
use std::path::PathBuf;

/// How thoroughly to measure, and with what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Rounds of each comparison.
    pub rounds: usize,
    /// What one round does is divided by this.
    pub share: usize,
    /// The `arborist` binary.
    pub arborist: PathBuf,
    /// The twin that is a process of its own.
    pub bare: PathBuf,
    /// Components of 10 MB and more, with the names of their languages.
    pub large: Vec<(&'static str, PathBuf)>,
}

impl Plan {
    /// How often one round does something that a full one does `often`.
    #[must_use]
    pub fn times(&self, often: usize) -> usize {
        (often / self.share).max(1)
    }
}

/// A figure with its twin.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// A short name that stays the same.
    pub name: &'static str,
    /// What is measured.
    pub what: String,
    /// The unit of both figures.
    pub unit: &'static str,
    /// What the twin is.
    pub twin: &'static str,
    /// The figures.
    pub figures: Compared,
    /// Whether more is better.
    pub more_is_better: bool,
    /// The goal for our figure on the machine that the goals were measured on.
    pub goal: Option<f64>,
    /// The goal for the ratio.
    pub goal_ratio: Option<f64>,
}

impl Row {
    /// Whether the ratio reaches its goal; none where it has none.
    #[must_use]
    pub fn is_reached(&self) -> Option<bool> {
        self.goal_ratio.map(|goal| {
            if self.more_is_better {
                self.figures.ratio >= goal
            } else {
                self.figures.ratio <= goal
            }
        })
    }
}

/// Measures the rows of a group.
type Measure = fn(&Plan) -> Vec<Row>;

/// Measures every row that this machine can, telling each as it comes.
pub fn all(plan: &Plan, only: Option<&str>, mut tell: impl FnMut(&Row)) -> Vec<Row> {
    let groups: [(&str, Measure); 5] = [
        ("run", run::rows),
        ("cold", cold::rows),
        ("gateway", gateway::rows),
        ("suspended", suspended::rows),
        ("spec", spec::rows),
    ];
    let wanted = groups
        .into_iter()
        .filter(|(name, _)| only.is_none_or(|only| only == *name));
    let mut rows = Vec::new();
    for (_, measure) in wanted {
        let measured = measure(plan);
        measured.iter().for_each(&mut tell);
        rows.extend(measured);
    }
    rows
}

/// A runtime on this thread alone, so that its CPU time is all there is.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A file of the workspace's target folder, of which this program is one: `target/PROFILE/bench`.
///
/// # Panics
/// The program was moved.
#[must_use]
pub fn built(path: &str) -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    let target = program.ancestors().nth(2).expect("it is in target/PROFILE");
    target.join(path)
}
