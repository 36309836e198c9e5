//! `arborist inspect --engine`: how the sandbox's engine is set up on this machine, and why.

use crate::{args::Report, exit::Failure, host, output, talk::Talk};
use arborist::{
    config::{Folders, Settings},
    engine::{self, Compiler, Component, Engine, Machine},
    escape::printable,
};
use serde::Serialize;
use std::fmt::Write as _;

/// Prints how the engine is set up, and loads nothing.
pub(super) fn inspect(
    settings: &Settings,
    folders: &Folders,
    format: Report,
    talk: &Talk,
) -> Result<(), Failure> {
    settings
        .warnings
        .iter()
        .for_each(|warning| talk.warn(warning));
    let engine = host::engine(folders, settings.engine, talk)?;
    let told = Told::new(&engine, settings);
    talk.done();
    match format {
        Report::Text => output::print(&told.text()),
        Report::Json => output::print_json(&serde_json::json!({ "engine": told })),
    }
}

/// How it is set up, as the JSON format prints it.
#[derive(Serialize)]
pub(super) struct Told {
    wasmtime: &'static str,
    /// What instances get their memory by.
    profile: &'static str,
    asked_for: &'static str,
    asked_by: String,
    instances: Option<u32>,
    instances_by: Option<String>,
    kept: Option<Kept>,
    pagemap_scan: bool,
    max_map_count: Option<u64>,
    address_space: Option<u64>,
    cache: Option<Cache>,
    cache_problem: Option<String>,
    compiled: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<OfComponent>,
}

/// Bytes that stay resident when a run has ended.
#[derive(Serialize)]
struct Kept {
    memory_bytes: usize,
    table_bytes: usize,
    stack_bytes: usize,
}

#[derive(Serialize)]
struct Cache {
    folder: String,
    components: usize,
    bytes: u64,
    most_bytes: u64,
}

/// What of the engine a component gets.
#[derive(Serialize)]
struct OfComponent {
    profile: &'static str,
    /// How many instances of the pool one of it takes.
    slots: Option<u32>,
    /// How many instances one of it counts for, out of the pool or on demand beside it.
    turns: Option<u32>,
}

const ON_DEMAND: &str = "on-demand";
const POOLING: &str = "pooling";

impl Told {
    pub(super) fn new(engine: &Engine, settings: &Settings) -> Self {
        let allocated = engine.allocated();
        let machine = Machine::here();
        let rows = settings.rows();
        let source = |key: &str| {
            let row = rows.iter().find(|row| row.key == key);
            row.map(|row| row.source.clone())
        };
        let pooling = allocated.instances.is_some();
        Self {
            wasmtime: engine::WASMTIME,
            profile: if pooling { POOLING } else { ON_DEMAND },
            asked_for: settings.engine.profile.name(),
            asked_by: source("engine.profile").unwrap_or_default(),
            instances: allocated.instances,
            instances_by: source("engine.instances"),
            kept: allocated.kept.map(|kept| Kept {
                memory_bytes: kept.memory,
                table_bytes: kept.table,
                stack_bytes: kept.stack,
            }),
            pagemap_scan: Machine::scans_pages(),
            max_map_count: machine.mappings,
            address_space: machine.address_space,
            cache: engine.kept().map(|kept| Cache {
                folder: kept.folder.to_string_lossy().into_owned(),
                components: kept.components.len(),
                bytes: kept.bytes,
                most_bytes: kept.most.bytes(),
            }),
            cache_problem: engine.cache_problem().map(ToString::to_string),
            compiled: match engine.compiler() {
                Compiler::Child(_) => {
                    "in a child process, under the limits `compile-memory` and `compile-cpu`"
                }
                Compiler::InProcess => "in this process",
            },
            component: None,
        }
    }

    /// With what `component` gets of it.
    pub(super) fn of(self, component: &Component) -> Self {
        let slots = component.slots();
        let profile = if slots.is_some() { POOLING } else { ON_DEMAND };
        Self {
            component: Some(OfComponent {
                profile,
                slots,
                turns: component.turns(),
            }),
            ..self
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = "engine\n".to_owned();
        let mut line = |what: &str, value: String| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {what:<17} {value}");
        };
        line("wasmtime", self.wasmtime.to_owned());
        line("profile", self.profile_text());
        if let Some(instances) = self.instances {
            let why = match &self.instances_by {
                Some(source) => source.clone(),
                None => "what there is room for on this machine, and no more than 1,000".to_owned(),
            };
            line("instances", format!("at most {instances} at once ({why})"));
        }
        line("kept resident", self.kept_text());
        line("PAGEMAP_SCAN", self.scan_text().to_owned());
        line(
            "vm.max_map_count",
            self.max_map_count
                .map_or_else(|| "unknown".to_owned(), |most| most.to_string()),
        );
        line(
            "address space",
            self.address_space
                .map_or_else(|| "not limited".to_owned(), limited),
        );
        line("AOT cache", self.cache_text());
        line("compiled", self.compiled.to_owned());
        if let Some(component) = &self.component {
            line("this component", component.text());
        }
        text
    }

    fn profile_text(&self) -> String {
        format!("{} ({})", self.profile, printable(&self.asked_by, 400))
    }

    fn kept_text(&self) -> String {
        match &self.kept {
            Some(kept) => format!(
                "of what a run used: {} of a memory, {} of a table, {} of a stack, zeroed",
                size(kept.memory_bytes as u64),
                size(kept.table_bytes as u64),
                size(kept.stack_bytes as u64)
            ),
            None => "nothing: all of it goes back to the system after each run".to_owned(),
        }
    }

    fn scan_text(&self) -> &'static str {
        match (self.pagemap_scan, self.instances) {
            (true, Some(_)) => "used: only pages that a run wrote to are zeroed",
            (true, None) => "there, and of use to a pool only",
            (false, Some(_)) => "not there (Linux 6.7 has it): all that is kept is zeroed",
            (false, None) => "not there (Linux 6.7 has it)",
        }
    }

    fn cache_text(&self) -> String {
        match (&self.cache, &self.cache_problem) {
            (Some(cache), _) => format!(
                "{}: {} of at most {} in {} components",
                printable(&cache.folder, 400),
                size(cache.bytes),
                size(cache.most_bytes),
                cache.components
            ),
            (None, Some(problem)) => format!("none: {problem}"),
            (None, None) => {
                "none: there is no folder for it; set HOME or XDG_CACHE_HOME".to_owned()
            }
        }
    }
}

impl OfComponent {
    fn text(&self) -> String {
        match (self.slots, self.turns) {
            (Some(1), _) => "out of the pool, one instance of it for each run".to_owned(),
            (Some(slots), _) => format!(
                "out of the pool, and counts for {slots} instances, by its memories and tables"
            ),
            (None, Some(turns)) => {
                format!(
                    "on demand, since it does not fit the pool; counts for {turns} of its instances"
                )
            }
            (None, None) => "on demand".to_owned(),
        }
    }
}

fn limited(bytes: u64) -> String {
    format!("limited to {} (`ulimit -v`)", size(bytes))
}

fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().iec().to_string()
}
