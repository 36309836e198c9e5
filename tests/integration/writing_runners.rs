//! `docs/writing-runners.md`: the ten minutes are typed as they stand there, and print what the page says. `guide` says how.

use crate::guide::typed::{self, Guide};

const GUIDE: Guide = Guide {
    text: include_str!("../../docs/writing-runners.md"),
    home: "/home/you",
};

/// The fewest commands that are typed, so that none is lost by a slip of a fence.
const FLOOR: usize = 30;

#[test]
fn ten_minutes_in_python() {
    typed::run(&GUIDE, |section| section.heading == "Ten minutes in Python");
}

#[test]
fn ten_minutes_in_javascript() {
    typed::run(&GUIDE, |section| {
        section.heading == "Ten minutes in JavaScript"
    });
}

#[test]
fn everything_else_that_the_page_shows() {
    typed::run(&GUIDE, |section| {
        !section.heading.starts_with("Ten minutes")
    });
    let commands = typed::count(&GUIDE);
    assert!(commands >= FLOOR, "only {commands} commands are typed");
}

#[test]
fn those_who_look_for_the_page_find_it() {
    for (from, link) in [
        (include_str!("../../README.md"), "(docs/writing-runners.md)"),
        (
            include_str!("../../examples/README.md"),
            "(../docs/writing-runners.md)",
        ),
        (
            include_str!("../../docs/streaming.md"),
            "(writing-runners.md",
        ),
        (
            include_str!("../../host/templates/common/README.md"),
            "docs/writing-runners.md",
        ),
    ] {
        assert!(from.contains(link), "{link}");
    }
}
