//! What the command line says, and the settings that come out in the end.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::bind::Binder;
use super::engine::EngineSettings;
use super::fault::{Place, Warning, shown_path};
use super::node::At;
use super::report::Report;
use super::source::SourceText;
use crate::limits::Limits;
use crate::pace::{RateLimit, Retry};
use crate::policy::Policy;
use crate::route::Route;
use crate::secrets::{Secret, SecretBinding};

/// What the command line says. Everything is as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// The current folder, absolute.
    pub folder: PathBuf,
    /// `--runner NAME`.
    pub runner: Option<String>,
    /// `--component FILE`.
    pub component: Option<PathBuf>,
    /// `--set KEY=VALUE`, in order.
    pub set: Vec<String>,
    /// `--set-env KEY=VARIABLE`, in order.
    pub set_env: Vec<String>,
    /// `--allow RULE`, in order.
    pub allow: Vec<String>,
    /// `--limit NAME=VALUE`, in order.
    pub limits: Vec<String>,
    /// `--audit FILE`.
    pub audit: Option<PathBuf>,
    /// `--timeout TIME`, for everything together.
    pub timeout: Option<Duration>,
    /// A secret that is unset, or whose variable holds too little, is no fault: with `--replay` nothing is sent, and other commands send nothing as a rule. A request that needs
    /// one is then denied.
    pub replay: bool,
}

/// The settings of one run. Whoever holds them holds valid ones. `Debug` shows no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The configuration file, if there is one.
    pub file: Option<ConfigFile>,
    /// The runner.
    pub runner: Selected,
    /// The runner's own fields. The secrets among them are what the runner gets placeholders for.
    pub fields: Vec<Field>,
    /// Where its requests may go.
    pub policy: Policy,
    /// The bounds of the run.
    pub limits: Limits,
    /// How long the calls may take.
    pub timeouts: Timeouts,
    /// Where each secret among the fields may go, in the order of the fields.
    pub secrets: Vec<SecretBinding>,
    /// The model that each call is to use; arrives as parameter `model` unless `--param` gives it.
    pub models: Models,
    /// How failed requests are sent again; none is one attempt.
    pub retry: Option<Retry>,
    /// How many requests may be sent in a while; none is no limit.
    pub rate_limit: Option<RateLimit>,
    /// Where results are cached; none is nowhere.
    pub cache: Option<CacheSettings>,
    /// How the sandbox of this process is set up, whatever it runs.
    pub engine: EngineSettings,
    /// The audit log.
    pub audit: Option<AuditFile>,
    /// The PEM file that the authorities of [`Self::route`] come from.
    pub ca: Option<PathBuf>,
    /// The proxy that requests go through, and the authorities that are trusted besides the system's.
    pub route: Route,
    /// What deserves a word before the run.
    pub warnings: Vec<Warning>,
    pub(super) sources: BTreeMap<String, Source>,
    pub(super) text: Option<Arc<SourceText>>,
    pub(super) binder: Binder,
    /// Whether `allow` has entries that stand in the file.
    pub(super) allow_from_file: bool,
    /// The text of what was laid over the section.
    pub(super) laid: Option<Arc<SourceText>>,
}

/// The configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// Its path: canonical if it was found.
    pub path: PathBuf,
    /// Whether `--config` or `$AGENT_ARBORIST_CONFIG` named it. One that was found may be a stranger's.
    pub named: bool,
    /// The names of its sections, in their order.
    pub sections: Vec<String>,
    /// Those of them that have a component.
    pub with_component: Vec<String>,
}

/// The selected runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Its name; for `--component` alone, the file's name without its ending.
    pub name: String,
    /// Who selected it.
    pub why: Source,
    /// Where its component comes from.
    pub origin: RunnerOrigin,
    /// Whether the file has a section for it that is in use.
    pub section_used: bool,
}

/// Where a component comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunnerOrigin {
    /// It is built in, under the runner's name.
    Builtin,
    /// This file, not yet looked at.
    File(PathBuf),
}

/// One of the runner's own fields.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name; nested keys joined with a dot.
    pub name: String,
    /// Its value.
    pub value: FieldValue,
    /// Where it comes from.
    pub source: Source,
    /// The environment variables whose values are in it.
    pub variables: Vec<String>,
    /// Where its value stands.
    pub(super) at: At,
    /// Where its name stands.
    pub(super) key: At,
    /// Whether it was written as a number, a boolean or null.
    pub(super) no_string: bool,
}

/// The value of a [`Field`].
#[derive(Clone, Debug)]
pub enum FieldValue {
    /// The runner gets it.
    Plain(String),
    /// The runner gets a placeholder.
    Secret(Secret),
}

/// How long calls may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// `generate-task-spec`.
    pub task_spec: Duration,
    /// `generate-dagu-config`.
    pub dagu: Duration,
    /// Everything together, from `--timeout`.
    pub whole: Option<Duration>,
}

impl Default for Timeouts {
    /// Five minutes a call, as agent-arborist has it: enough for a slow local model.
    fn default() -> Self {
        let five_minutes = Duration::from_secs(300);
        Self {
            task_spec: five_minutes,
            dagu: five_minutes,
            whole: None,
        }
    }
}

/// The model for each call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models {
    /// For `generate-task-spec`.
    pub task_spec: Option<String>,
    /// For `generate-dagu-config`.
    pub dagu: Option<String>,
}

/// Where results are cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// The folder.
    pub dir: PathBuf,
    /// How long a result is used.
    pub ttl: Duration,
}

/// Where audit lines are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFile {
    /// The file, not yet looked at.
    pub path: PathBuf,
    /// Whether a configuration file says so that was found, not named, and so may be a stranger's.
    pub found: bool,
    /// Whether `--audit` says so.
    pub by_flag: bool,
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A command-line flag.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// Nobody said anything.
    Default,
}

impl Source {
    pub(super) fn of(at: &At, report: &Report) -> Self {
        match (at, report.place(at)) {
            (At::Flag(flag), _) => Self::Flag(flag),
            (At::Variable(name), _) => Self::Variable(name.to_string()),
            (At::File(_) | At::Laid(_), Some(place)) => Self::from(&place),
            (At::File(_) | At::Laid(_), None) | (At::Default, _) => Self::Default,
        }
    }
}

impl From<&Place> for Source {
    fn from(place: &Place) -> Self {
        Self::File {
            path: place.path().to_path_buf(),
            line: place.line(),
            column: place.column(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => write!(f, "${}", super::fault::shown(name)),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", shown_path(path)),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Settings {
    /// The same settings without this field, as if nobody had set it.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        self.fields.retain(|other| other.name != field);
        self.secrets.retain(|binding| binding.field != field);
        self
    }

    /// The binding of a secret field.
    #[must_use]
    pub fn binding(&self, field: &str) -> Option<&SecretBinding> {
        self.secrets.iter().find(|binding| binding.field == field)
    }
}
