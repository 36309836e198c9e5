//! Which runner a command uses, and why.

use crate::exit::{Exit, Failure};
use arborist::{
    builtin,
    engine::{Source, SourceError},
};
use std::path::{Path, PathBuf};

/// A runner that was chosen.
#[derive(Debug)]
pub(crate) struct Selected {
    pub(crate) name: String,
    pub(crate) why: String,
    from: From,
}

#[derive(Debug)]
enum From {
    Builtin(&'static builtin::Builtin),
    File(PathBuf),
}

impl Selected {
    /// Chooses by flag, then variable, then default.
    pub(crate) fn choose(
        component: Option<&Path>,
        runner: Option<&str>,
        variable: Option<&str>,
    ) -> Result<Self, Failure> {
        if let Some(path) = component {
            let name = path.display().to_string();
            return Ok(Self {
                name,
                why: "--component".into(),
                from: From::File(path.to_owned()),
            });
        }
        let (name, why) = match (runner, variable) {
            (Some(name), _) => (name, "--runner"),
            (None, Some(name)) => (name, "the variable AGENT_ARBORIST_RUNNER"),
            (None, None) => (builtin::DEFAULT, "the default"),
        };
        Self::builtin(name, why)
    }

    pub(crate) fn builtin(name: &str, why: &str) -> Result<Self, Failure> {
        let Some(builtin) = builtin::find(name) else {
            let shown = arborist::escape::printable(name, 100);
            return Err(Failure::new(
                Exit::Config,
                format!(
                    "there is no runner `{shown}` (asked for by {why}); the built-in ones are: {}\n  help: name a component with --component FILE",
                    builtin::names()
                ),
            ));
        };
        Ok(Self {
            name: name.to_owned(),
            why: why.to_owned(),
            from: From::Builtin(builtin),
        })
    }

    /// Reads the runner's component.
    pub(crate) fn source(&self) -> Result<Source, SourceError> {
        match &self.from {
            From::Builtin(builtin) => Source::from_bytes(builtin.name, builtin.bytes),
            From::File(path) => Source::read(path),
        }
    }
}
