//! Where the hostile components in the text format are, and those that are made rather than written. For
//! the integration tests, which include this file by its path.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// This folder.
fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/guests/wat"))
}

/// A component or module that is a file of its own: `core-module`, `empty`, …
pub(crate) fn file(name: &str) -> PathBuf {
    folder().join(name).with_extension("wat")
}

/// The text of a runner whose core module is `framed/NAME.wat`.
pub(crate) fn framed(name: &str) -> String {
    let path = folder().join("framed").join(name).with_extension("wat");
    in_frame(
        &fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display())),
    )
}

/// The names of all files in `framed/`, so that a test can insist that each of them is used.
pub(crate) fn framed_names() -> Vec<String> {
    let files = fs::read_dir(folder().join("framed")).unwrap();
    let stem = |path: PathBuf| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    let mut names: Vec<String> = files
        .filter_map(|file| stem(file.unwrap().path()))
        .collect();
    names.sort();
    names
}

/// A runner that is in order but for `count` further core instances, each with a memory of `pages` pages
/// (64 KiB) and a table of `entries`: each below a limit, and all of them above it.
pub(crate) fn many_instances(count: usize, pages: usize, entries: usize) -> String {
    let mut core = format!("(core module $part (memory {pages}) (table {entries} funcref))\n");
    core.push_str(&"(core instance (instantiate $part))\n".repeat(count));
    core.push_str(&good());
    in_frame(&core)
}

/// A runner of a few kilobytes that is in order but for a component whose `levels` instantiate each other
/// twice: 2^levels core instances, which cost time and memory when it is compiled.
pub(crate) fn compile_bomb(levels: usize) -> String {
    let mut nested =
        "(core module $m (func (export \"f\"))) (core instance (instantiate $m))".to_owned();
    for _ in 0..levels {
        nested = format!(
            "(component $c {nested}) (instance (instantiate $c)) (instance (instantiate $c))"
        );
    }
    in_frame(&format!(
        "(component $bomb {nested}) (instance (instantiate $bomb))\n{}",
        good()
    ))
}

/// A runner with a function of `blocks` nested blocks, to be refused or compiled in bounded time.
pub(crate) fn deep_blocks(blocks: usize) -> String {
    let body = format!("{}{}", "(block ".repeat(blocks), ")".repeat(blocks));
    in_frame(&format!("(core module $deep (func {body}))\n{}", good()))
}

/// A runner with `functions` small functions, to be refused or compiled in bounded time.
pub(crate) fn many_functions(functions: usize) -> String {
    let mut core = "(core module $many\n".to_owned();
    for number in 0..functions {
        let _ = writeln!(core, "(func (result i32) i32.const {number})");
    }
    in_frame(&format!("{core})\n{}", good()))
}

fn good() -> String {
    fs::read_to_string(folder().join("framed/good.wat")).unwrap()
}

/// A runner whose core module is this text.
pub(crate) fn in_frame(core: &str) -> String {
    fs::read_to_string(folder().join("frame.wat"))
        .unwrap()
        .replace(";; @core", core)
}
