//! Finds files of tests, and reads them.

use super::shown;
use crate::{
    exit::{Exit, Failure},
    settings,
};
use arborist::{config::Faults, testing::Suite};
use std::path::{Path, PathBuf};

/// Most files of tests in a run.
const MAX_FILES: usize = 1_000;
/// Most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 100_000;

/// The files of tests below these paths.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for folder in [path.clone(), path.join("tests")] {
            files.extend(tests_in(&folder)?);
        }
        if files.len() == before {
            let message = format!(
                "there is no *.test.yaml in {} and in its folder `tests`\n  help: docs/testing.md says how one is written; `arborist new` makes a project that has one",
                shown(path)
            );
            return Err(Failure::new(Exit::Usage, message));
        }
    }
    if files.len() > MAX_FILES {
        let message = format!(
            "there are {} files of tests, and a run takes at most {MAX_FILES}",
            files.len()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(files)
}

fn tests_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unread = |error: std::io::Error| {
        Failure::new(
            Exit::Usage,
            format!("cannot read {}: {error}", shown(folder)),
        )
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)?.take(MAX_ENTRIES) {
        let path = entry.map_err(unread)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".test.yaml") && path.is_file() {
            // `./x` is what nobody wrote.
            files.push(
                path.strip_prefix(".")
                    .map_or(path.clone(), Path::to_path_buf),
            );
        }
    }
    files.sort();
    Ok(files)
}

/// All files, or the faults of all of them.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<Suite>, Failure> {
    let mut suites = Vec::with_capacity(files.len());
    let mut faults = Vec::new();
    for file in files {
        match Suite::read(file) {
            Ok(suite) => suites.push(suite),
            Err(found) => faults.push(found),
        }
    }
    if faults.is_empty() {
        return Ok(suites);
    }
    let texts: Vec<String> = faults
        .iter()
        .map(|faults: &Faults| settings::failure(faults).message)
        .collect();
    Err(Failure::rendered(Exit::Config, texts.join("\n")))
}
