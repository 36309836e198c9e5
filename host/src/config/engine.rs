//! `engine`: how the sandbox of a process is set up, whatever it runs.

use super::entries::parsed;
use super::environment::Environment;
use super::fault::Faults;
use super::keys::{Scope, nearest_value, reserved};
use super::node::{At, Node};
use super::overlay;
use super::report::Report;
use super::resolve::Resolver;
use super::values::count;
use super::written::{map, text, unknown_key};
use crate::limits::{CacheSize, CacheSizeError, MAX_INSTANCES};

/// The settings of `engine`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineSettings {
    /// How much disk compiled components may take.
    pub cache_size: CacheSize,
    /// Where instances get their memory.
    pub profile: Profile,
}

/// Where instances get their memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Mapped when an instance asks for it: the default of a command, which makes a few calls.
    #[default]
    OnDemand,
    /// Out of a pool that is set up once, for a process that makes many calls.
    Pooling {
        /// How many instances there can be at once, 1 to [`MAX_INSTANCES`]; `None`: what the engine thinks good for this machine.
        instances: Option<u32>,
    },
}

impl Profile {
    /// The word for it in `engine: {profile: …}`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Pooling { .. } => "pooling",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "on-demand" => Some(Self::OnDemand),
            "pooling" => Some(Self::Pooling { instances: None }),
            _ => None,
        }
    }
}

impl EngineSettings {
    /// What variables say, for commands that read no configuration file.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn of_environment(environment: &Environment) -> Result<Self, Faults> {
        let mut report = Report::default();
        let mut node = Node::empty_map(At::Variable("engine".into()));
        overlay::variables(&mut node, "engine", Scope::Top, environment, &mut report);
        let settings = read(&node, false, &mut report, |_, _| {});
        report.finish()?;
        Ok(settings)
    }
}

impl Resolver<'_> {
    pub(super) fn engine(&mut self, node: Option<Node>) -> EngineSettings {
        let node = self.top_level(node, "engine");
        let mut set = Vec::new();
        let note = |key: &str, at: &At| set.push((key.to_owned(), at.clone()));
        let settings = read(&node, self.base.stranger, &mut self.report, note);
        for (key, at) in &set {
            self.note(key, Some(at));
        }
        settings
    }
}

/// A file that was found may be a stranger's (`stranger`): what is the user's own, and shared by all that he runs, is not for it to set.
fn read(
    node: &Node,
    stranger: bool,
    report: &mut Report,
    mut note: impl FnMut(&str, &At),
) -> EngineSettings {
    let mut settings = EngineSettings::default();
    let mut wanted: Option<(u32, &At)> = None;
    let accepted = reserved(Scope::Top, "engine").map_or("a map", |key| key.accepted);
    for (key, node) in map(node, "engine", accepted, report).unwrap_or_default() {
        let Some(name) = KEYS.iter().find(|name| **name == key.text) else {
            unknown_key(key, "engine", &KEYS, report);
            continue;
        };
        let label = format!("engine.{name}");
        let Some(value) = value(node, name, &label, report) else {
            continue;
        };
        if stranger && matches!(node.at, At::File(_)) {
            report.warn(Some(&node.at), ignored(name));
            continue;
        }
        match value {
            Value::CacheSize(size) => settings.cache_size = size,
            Value::Profile(profile) => settings.profile = profile,
            Value::Instances(instances) => wanted = Some((instances, &node.at)),
        }
        note(&label, &node.at);
    }
    match (&mut settings.profile, wanted) {
        (Profile::Pooling { instances }, Some((number, _))) => *instances = Some(number),
        (Profile::OnDemand, Some((_, at))) => report.warn(
            Some(at),
            "`engine.instances` has no effect without a pool: say `profile: pooling` too, or leave it out",
        ),
        (_, None) => {}
    }
    settings
}

/// The values of `profile`.
const PROFILES: [&str; 2] = ["on-demand", "pooling"];
const FORM_OF_PROFILE: &str = "`on-demand` or `pooling`";

const KEYS: [&str; 3] = ["cache_size", "profile", "instances"];

/// What one key says.
enum Value {
    CacheSize(CacheSize),
    Profile(Profile),
    Instances(u32),
}

fn value(node: &Node, name: &str, label: &str, report: &mut Report) -> Option<Value> {
    match name {
        "profile" => {
            let text = text(node, label, FORM_OF_PROFILE, report)?;
            let profile = Profile::parse(text);
            if profile.is_none() {
                let help =
                    nearest_value(text, &PROFILES).map(|near| format!("did you mean `{near}`?"));
                report.fault(
                    &node.at,
                    format!("`{label}` must be {FORM_OF_PROFILE}"),
                    help,
                );
            }
            profile.map(Value::Profile)
        }
        "instances" => {
            let form = format!("a whole number from 1 to {MAX_INSTANCES}");
            let parse = |text: &str| count(text, 1, MAX_INSTANCES);
            parsed(node, label, &form, parse, report).map(Value::Instances)
        }
        _ => {
            let form = CacheSizeError.to_string();
            let parse = |text: &str| text.parse().ok();
            parsed(node, label, &form, parse, report).map(Value::CacheSize)
        }
    }
}

/// What is said of a key in a file that was found.
fn ignored(name: &str) -> String {
    let (whose, variable) = (
        match name {
            "cache_size" => "the folder is yours",
            _ => "the process and its address space are yours",
        },
        name.to_uppercase(),
    );
    format!(
        "`engine.{name}` is ignored in a file that was found, since {whose} and not this project's: name the file with --config, or set AGENT_ARBORIST_ENGINE__{variable}"
    )
}
