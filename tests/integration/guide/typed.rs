//! Types what a page of the documentation shows, section by section, and holds what is printed against it.

use super::{
    page::{self, Block, Console, Kind, Section},
    stage::Stage,
};
use arborist_tests::host;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A page whose consoles are transcripts.
pub(crate) struct Guide {
    /// The page.
    pub(crate) text: &'static str,
    /// How it calls the folder that its examples are in.
    pub(crate) home: &'static str,
}

/// Runs the examples of those sections.
///
/// # Panics
/// At the end, with everything that was printed otherwise.
pub(crate) fn run(guide: &Guide, wanted: impl Fn(&Section) -> bool) {
    let sections = page::read(guide.text);
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
        let mut stage = Stage::new(guide.home, &answers);
        for block in &section.blocks {
            step(&mut stage, block, &mut components, &mut faults);
        }
        stage.check();
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// How many commands the consoles of a page show.
pub(crate) fn count(guide: &Guide) -> usize {
    let sections = page::read(guide.text);
    let blocks = sections.iter().flat_map(|section| &section.blocks);
    let consoles = blocks.filter(|block| matches!(block.kind, Kind::Console(_)));
    consoles.map(|block| page::commands(block).len()).sum()
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
        Kind::Edit(name) => stage.edit(name, &block.content),
        Kind::Console(how) if how.tools => {
            let commands: Vec<&str> = page::commands(block)
                .into_iter()
                .map(|(_, command, _)| command)
                .collect();
            stage.install(&commands);
        }
        Kind::Console(how) => {
            if how.first_time {
                stage.forget();
            }
            // What a section before has built is there too.
            for (built, name) in &*components {
                fs::copy(built, stage.home().join(name)).unwrap();
            }
            commands(stage, block, how, faults);
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

fn commands(stage: &mut Stage, block: &Block, how: &Console, faults: &mut Vec<String>) {
    let mut code = 0;
    for (line, command, expected) in page::commands(block) {
        // A failure that the page does not show would be taken for a success.
        assert!(
            code == 0 || command == "echo $?",
            "line {line}: the exit code {code} before is not shown"
        );
        let ran = stage.run(command, code, how);
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
