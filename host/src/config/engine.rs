//! `engine`: how the sandbox of a process is set up, whatever it runs.

use super::entries::parsed;
use super::environment::Environment;
use super::fault::Faults;
use super::keys::{Scope, reserved};
use super::node::{At, Node};
use super::overlay;
use super::report::Report;
use super::resolve::Resolver;
use super::written::{map, unknown_key};
use crate::limits::{CacheSize, CacheSizeError};

/// The settings of `engine`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineSettings {
    /// How much disk compiled components may take.
    pub cache_size: CacheSize,
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
    let accepted = reserved(Scope::Top, "engine").map_or("a map", |key| key.accepted);
    for (key, node) in map(node, "engine", accepted, report).unwrap_or_default() {
        if key.text != "cache_size" {
            unknown_key(key, "engine", &["cache_size"], report);
            continue;
        }
        let label = "engine.cache_size";
        let form = CacheSizeError.to_string();
        let parse = |text: &str| text.parse::<CacheSize>().ok();
        let Some(size) = parsed(node, label, &form, parse, report) else {
            continue;
        };
        if stranger && matches!(node.at, At::File(_)) {
            let message = "`engine.cache_size` is ignored in a file that was found, since the folder is yours and not this project's: name the file with --config, or set AGENT_ARBORIST_ENGINE__CACHE_SIZE";
            report.warn(Some(&node.at), message);
            continue;
        }
        settings.cache_size = size;
        note(label, &node.at);
    }
    settings
}
