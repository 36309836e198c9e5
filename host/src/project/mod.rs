//! A runner's project: the files that `arborist new` starts one with, and how `arborist build` makes a component of it.
//!
//! Each language is its own toolchain's: what is run here are the commands that the project's README shows, with the
//! user's own environment, since a project is the user's own code. What comes out is a component like a stranger's.

mod build;
mod found;
mod language;
mod name;
mod process;

mod recipe;
mod stale;
mod template;
#[cfg(test)]
mod tests;
mod tool;
mod world;

pub use build::{Event, build};
pub use found::{Project, ProjectError};
pub use language::Language;
pub use name::{Name, NameError};
pub use process::{LINES_SHOWN, ProcessError};
pub use stale::Stale;
pub use template::{CreateError, create};
pub use tool::ToolError;

/// The contract's name and version, as it is written into projects.
pub const CONTRACT: &str = "arborist:runner@0.1.0";

/// Why a project gives no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// It is no project, or lacks something.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A tool of the language is not there, or is another than it should be.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A tool was run and failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The tools say that they succeeded, and there is no component.
    #[error("the tools have succeeded, but there is no {file}\n  help: see with -v what they said")]
    NoComponent {
        /// The file, as it is shown.
        file: String,
    },
}
