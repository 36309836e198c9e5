//! Task specs and Dagu workflows: model, checks and canonical text.
//!
//! [`TaskSpec::parse`] reads what a runner returned or a user wrote, [`Dag::from_spec`] makes a workflow of it, and
//! [`Dag::parse`] reads a workflow that a runner made itself, of which nothing is trusted. Everything is bounded by [`limits`], takes time in
//! proportion to its text, and is written in one canonical form. Pure: no files, no environment, no clock.
//!
//! Which words the engine uses is known to `dagu_1_30` alone; another version of Dagu is another such file.

mod dag;
mod dag_fields;
mod dag_read;
mod dagu_1_30;
mod document;
mod graph;
pub mod limits;
mod model;
mod model_read;
mod names;
mod read;
mod report;
#[cfg(test)]
mod tests;
mod text;
pub mod yaml;

pub use dag::Dag;
pub use document::Document;
pub use model::{Step, TaskSpec};
pub use report::{Checked, Fault, Position, Problem, Shown, SpecError, Warning};
#[cfg(test)]
use yaml::Value;
