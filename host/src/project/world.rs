//! The worlds that the files of a `wit` folder define, so that one that is missing is told before any tool is run.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

/// Files that are looked at; of a folder with more nothing is said.
const FILES: usize = 100;
/// The longest file that is looked at, in bytes.
const LENGTH: u64 = 1 << 20;

/// The names of the worlds that the files in `folder` define, those of its dependencies left out; in the files' alphabetical
/// order.
///
/// # Errors
/// It cannot be read, or holds more than is looked at.
pub(super) fn worlds(folder: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wit") && path.is_file() {
            files.push(path);
        }
        if files.len() > FILES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
    files.sort();
    let mut worlds = Vec::new();
    for file in files {
        let mut text = String::new();
        let file = fs::File::open(file)?;
        if file.take(LENGTH + 1).read_to_string(&mut text)? as u64 > LENGTH {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        worlds.extend(defined(&text));
    }
    Ok(worlds)
}

/// The worlds that a text in WIT defines: `world` is a keyword there, which means nothing else.
fn defined(text: &str) -> Vec<String> {
    let text = without_comments(text).replace('{', " { ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let definitions = words.windows(3).filter_map(|words| match words {
        ["world", name, "{"] => Some(name.trim_start_matches('%').to_owned()),
        _ => None,
    });
    definitions.collect()
}

/// The text without comments, of which those in `/* */` may be nested.
fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut depth = 0_usize;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('/', Some('*')) => {
                depth += 1;
                chars.next();
            }
            ('*', Some('/')) if depth > 0 => {
                depth -= 1;
                chars.next();
                kept.push(' ');
            }
            _ if depth > 0 => {}
            ('/', Some('/')) => {
                chars.by_ref().find(|c| *c == '\n');
                kept.push('\n');
            }
            _ => kept.push(c),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_worlds_are_found() {
        let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
        let all = [
            "runner",
            "described-runner",
            "streaming-runner",
            "described-streaming-runner",
        ];
        assert_eq!(worlds(&contract).unwrap(), all);
        assert!(worlds(&contract.join("nowhere")).is_err());
    }

    #[test]
    fn only_definitions_count() {
        let text = "package a:b; // world one {\n/* world two { /* } */ world three { */\n\
            interface i { resource worldly { } }\nworld %four{ include five; }\n\
            @since(version = 0.1.0) world/**/six\n{ }\nworld seven";
        assert_eq!(defined(text), ["four", "six"]);
        assert!(defined("/* world one {").is_empty() && defined("//").is_empty());
    }

    #[test]
    fn what_is_looked_at_has_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        let long = format!("world one {{ }}{}", " ".repeat(1 << 20));
        fs::write(folder.path().join("a.wit"), &long[..1 << 20]).unwrap();
        assert_eq!(worlds(folder.path()).unwrap(), ["one"]);
        fs::write(folder.path().join("a.wit"), long).unwrap();
        assert!(worlds(folder.path()).is_err());
        for number in 0..=FILES {
            fs::write(folder.path().join(format!("{number}.wit")), "").unwrap();
        }
        assert!(worlds(folder.path()).is_err());
    }
}
