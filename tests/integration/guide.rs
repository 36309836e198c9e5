//! `docs/from-agent-arborist.md`: every command of the page is run as it stands there, and prints what the page says.
//!
//! A section has a home of its own. Its files are laid there, its services answer at loopback addresses in the place of the page's,
//! and what is printed has those put back. `page` says what a block's info string can be.

mod page;
mod places;
mod stage;

use arborist_tests::host;
use page::{Block, Kind, Section};
use stage::Stage;
use std::{
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = include_str!("../../docs/from-agent-arborist.md");

/// The sections of agent-arborist's guide to custom runners, in its order.
const OLD: [&str; 25] = [
    "Overview",
    "Runner interface",
    "Base runner class",
    "Creating a custom runner",
    "Define the runner class",
    "Register the runner",
    "Configure the runner",
    "Advanced runner features",
    "Async support",
    "Streaming support",
    "Retry logic",
    "Caching support",
    "Runner comparison",
    "Example use cases",
    "Internal AI service",
    "Local LLM",
    "Multi-model runner",
    "Best practices",
    "Error handling",
    "Logging",
    "Configuration validation",
    "Rate limiting",
    "Testing custom runners",
    "Code references",
    "Next steps",
];

/// The fewest commands that are run, so that none is lost by a slip of a fence.
const FLOOR: usize = 45;

#[test]
fn every_section_of_the_old_guide_has_its_place_in_the_new_one() {
    let sections = page::read(PAGE);
    let headings: Vec<&str> = sections
        .iter()
        .map(|section| section.heading.as_str())
        .collect();
    let old: Vec<&str> = headings
        .iter()
        .copied()
        .filter(|heading| OLD.contains(heading))
        .collect();
    assert_eq!(old, OLD);
    let readme = include_str!("../../README.md");
    assert!(
        readme.contains("(docs/from-agent-arborist.md)"),
        "nobody finds the page"
    );
}

#[test]
fn the_guides_examples_print_what_the_page_says() {
    run(|section| !in_python(section));
    let sections = page::read(PAGE);
    let blocks = sections.iter().flat_map(|section| &section.blocks);
    let consoles = blocks.filter(|block| matches!(block.kind, Kind::Console { .. }));
    let commands: usize = consoles.map(|block| page::commands(block).len()).sum();
    assert!(commands >= FLOOR, "only {commands} commands are run");
}

#[test]
fn a_python_component_does_what_the_guide_says() {
    run(in_python);
}

fn in_python(section: &Section) -> bool {
    let mut kinds = section.blocks.iter().map(|block| &block.kind);
    kinds.any(|kind| matches!(kind, Kind::Guest { name, .. } if name.starts_with("python")))
}

/// Runs the examples of those sections.
///
/// # Panics
/// At the end, with everything that was printed otherwise.
fn run(wanted: impl Fn(&Section) -> bool) {
    let sections = page::read(PAGE);
    let mut faults = Vec::new();
    let mut components = Vec::new();
    for section in sections.iter().filter(|section| wanted(section)) {
        let answers: Vec<_> = section.blocks.iter().filter_map(answer).collect();
        // What is said before the first heading holds for the whole page.
        let answers = if answers.is_empty() {
            sections[0].blocks.iter().filter_map(answer).collect()
        } else {
            answers
        };
        let mut stage = Stage::new(&answers);
        for block in &section.blocks {
            step(&mut stage, block, &mut components, &mut faults);
        }
        stage.check();
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn answer(block: &Block) -> Option<(page::Answer, String)> {
    match &block.kind {
        Kind::Answer(answer) => Some((answer.clone(), block.content.clone())),
        _ => None,
    }
}

fn step(
    stage: &mut Stage,
    block: &Block,
    components: &mut Vec<(PathBuf, String)>,
    faults: &mut Vec<String>,
) {
    match &block.kind {
        Kind::File(name) => stage.file(name, &block.content),
        Kind::Guest { name, component } => {
            components.push((guest(block, name, faults), component.clone()));
        }
        Kind::Console {
            offline,
            first_time,
        } => {
            if *first_time {
                stage.forget();
            }
            // What a section before has built is there too.
            for (built, name) in &*components {
                fs::copy(built, stage.home().join(name)).unwrap();
            }
            commands(stage, block, *offline, faults);
        }
        Kind::Answer(_) | Kind::NotRun => {}
    }
}

/// The component of a guest whose source must be the page's, word for word.
fn guest(block: &Block, name: &str, faults: &mut Vec<String>) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("guests")
        .join(name);
    let (source, built) = match name {
        "sdk-custom" => ("src/lib.rs", PathBuf::from(crate::guests::SDK_CUSTOM)),
        _ => (
            "app.py",
            host::target().join(format!("test-guests/{name}.wasm")),
        ),
    };
    let source = fs::read_to_string(folder.join(source)).unwrap();
    if source != block.content {
        faults.push(format!(
            "line {}: tests/guests/{name} has another source:\n{source}",
            block.line
        ));
    }
    assert!(built.is_file(), "build it with scripts/build-python-guest");
    built
}

fn commands(stage: &Stage, block: &Block, offline: bool, faults: &mut Vec<String>) {
    let mut code = 0;
    for (line, command, expected) in page::commands(block) {
        // A failure that the page does not show would be taken for a success.
        assert!(
            code == 0 || command == "echo $?",
            "line {line}: the exit code {code} before is not shown"
        );
        let ran = stage.run(command, code, offline);
        code = ran.code.unwrap_or(-1);
        if !page::agrees(&expected, &ran.stdout) {
            faults.push(format!("line {line}: $ {command}\n{}", ran.stdout));
        }
    }
    if code != 0 {
        faults.push(format!(
            "line {}: the last exit code, {code}, is not shown",
            block.line
        ));
    }
}
