//! The programs of a toolchain: which one is there, and of which version.

use super::{
    found::depends_on,
    process::{self, ProcessError},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a tool may take to say its version.
const TIME: Duration = Duration::from_secs(120);

/// A program that a recipe runs.
#[derive(Clone, Debug)]
pub(super) struct Tool {
    name: &'static str,
    /// Where it may be, the usual place first: a path is relative to the project, a word is looked up in `PATH`.
    places: Vec<String>,
    /// The version that was tried.
    tried: &'static str,
    install: &'static str,
    version: &'static str,
    /// The npm package that brings it, for tools that a project has for itself.
    package: Option<&'static str>,
}

/// Why a tool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It is not there.
    #[error("`{name}` is needed for this project, and is not there\n  help: {install}")]
    Missing {
        /// The tool.
        name: &'static str,
        /// How it is installed.
        install: &'static str,
    },
    /// It is one of the project's packages, none of which is installed.
    #[error(
        "the packages of this project are not installed, and `{name}` is one of them\n  help: in the project's folder, before the first build:  npm install"
    )]
    NotInstalled {
        /// The tool.
        name: &'static str,
    },
    /// It is older than what was tried.
    #[error("`{name}` is {found}, and this project needs {wanted} or later\n  help: {install}")]
    Old {
        /// The tool.
        name: &'static str,
        /// Its version.
        found: String,
        /// The version that is needed.
        wanted: &'static str,
        /// How it is installed.
        install: &'static str,
    },
    /// It is there and does not work.
    #[error("`{name}` is there, but does not say its version: {reason}\n  help: {install}")]
    Broken {
        /// The tool.
        name: &'static str,
        /// What is wrong.
        reason: String,
        /// How it is installed.
        install: &'static str,
    },
    /// Rust cannot build components yet.
    #[error(
        "Rust is here without its target `wasm32-wasip2`\n  help: rustup target add wasm32-wasip2"
    )]
    NoTarget,
}

/// A tool that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) program: PathBuf,
    /// How a user in the project's folder types it.
    pub(super) typed: String,
    /// What to know of its version, where it is newer than what was tried.
    pub(super) newer: Option<String>,
}

impl Tool {
    pub(super) fn new(
        name: &'static str,
        places: &[&str],
        tried: &'static str,
        install: &'static str,
    ) -> Self {
        Self {
            name,
            places: places.iter().map(|place| (*place).to_owned()).collect(),
            tried,
            install,
            version: "--version",
            package: None,
        }
    }

    /// For those that an npm package brings.
    pub(super) fn brought_by(self, package: &'static str) -> Self {
        Self {
            package: Some(package),
            ..self
        }
    }

    /// For those that have a word of their own for it.
    pub(super) fn version_by(self, argument: &'static str) -> Self {
        Self {
            version: argument,
            ..self
        }
    }

    /// Where it usually is.
    pub(super) fn usual(&self) -> &str {
        self.places.first().map_or(self.name, String::as_str)
    }

    /// The version that was tried, and how it is installed.
    #[cfg(test)]
    pub(super) fn advice(&self) -> (&'static str, &'static str) {
        (self.tried, self.install)
    }

    /// Looks for it and asks for its version.
    pub(super) async fn find(&self, folder: &Path) -> Result<Found, ToolError> {
        self.look(folder)
            .await
            .map_err(|error| self.told(error, folder))
    }

    /// Where the project names the package and none of its packages is there, they are what is missing: whatever the system has
    /// in their place is another version.
    fn told(&self, error: ToolError, folder: &Path) -> ToolError {
        let (name, missing) = (self.name, || !folder.join("node_modules").exists());
        match self.package {
            Some(package) if missing() && depends_on(folder, package) => {
                ToolError::NotInstalled { name }
            }
            _ => error,
        }
    }

    async fn look(&self, folder: &Path) -> Result<Found, ToolError> {
        let (name, install) = (self.name, self.install);
        for place in &self.places {
            // A path is the project's; a word is looked up by the system.
            let program = match place.contains('/') {
                true => folder.join(place),
                false => PathBuf::from(place),
            };
            let asked = process::ask(&program, &[self.version], folder, TIME).await;
            let said = match asked {
                Ok(said) => said,
                Err(ProcessError::NotFound { .. }) => continue,
                Err(error) => {
                    let reason = error.to_string();
                    return Err(ToolError::Broken {
                        name,
                        reason,
                        install,
                    });
                }
            };
            let found = version(&said);
            let Some(number) = found else {
                let reason = "it says no number".to_owned();
                return Err(ToolError::Broken {
                    name,
                    reason,
                    install,
                });
            };
            let (is, tried) = (numbers(number), numbers(self.tried));
            if is < tried {
                let (found, wanted) = (number.to_owned(), self.tried);
                return Err(ToolError::Old {
                    name,
                    found,
                    wanted,
                    install,
                });
            }
            // A runtime or compiler that grows older stays what it was; these tools do not yet.
            let same = is.get(..2).unwrap_or(&is) == tried.get(..2).unwrap_or(&tried);
            let newer = (tried.len() > 2 && !same).then(|| {
                format!(
                    "`{name}` is {number}, and {} is what was tried with this host",
                    self.tried
                )
            });
            let typed = place.clone();
            return Ok(Found {
                program,
                typed,
                newer,
            });
        }
        Err(ToolError::Missing { name, install })
    }
}

/// The first word that is a version.
pub(super) fn version(said: &str) -> Option<&str> {
    let words = said.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    words
        .map(|word| word.trim_matches('.'))
        .find(|word| word.contains('.'))
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(u64::MAX))
        .collect()
}
