//! `docs/from-agent-arborist.md`: every command of the page is run as it stands there, and prints what the page says.
//!
//! A section has a home of its own. Its files are laid there, its services answer at loopback addresses in the place of the page's,
//! and what is printed has those put back. `page` says what a block's info string can be.

pub(crate) mod page;
mod places;
mod stage;
pub(crate) mod typed;

use page::{Kind, Section};
use typed::Guide;

const GUIDE: Guide = Guide {
    text: include_str!("../../docs/from-agent-arborist.md"),
    home: "/home/you/task",
};

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
    let sections = page::read(GUIDE.text);
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
    typed::run(&GUIDE, |section| !in_python(section));
    let commands = typed::count(&GUIDE);
    assert!(commands >= FLOOR, "only {commands} commands are run");
}

#[test]
fn a_python_component_does_what_the_guide_says() {
    typed::run(&GUIDE, in_python);
}

fn in_python(section: &Section) -> bool {
    let mut kinds = section.blocks.iter().map(|block| &block.kind);
    kinds.any(|kind| matches!(kind, Kind::Guest { name, .. } if name.starts_with("python")))
}
