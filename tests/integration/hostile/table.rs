//! The table of `docs/security.md`: each attack has a case, a test, or the reason why it has neither.

use super::case::Folder;
use arborist_tests::service::Hostile;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

/// What a row without a proof begins with.
const REASONS: [&str; 2] = ["Cannot apply: ", "Not defended: "];

/// Holds the table against the folders, and the names of tests against the sources.
///
/// # Errors
/// Everything in which they differ.
pub(crate) fn check(folders: &[Result<Arc<Folder>, String>]) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("docs/security.md"))
        .map_err(|error| format!("docs/security.md: {error}"))?;
    let rows = rows(&text)?;
    let folders: BTreeMap<&str, &Folder> = folders
        .iter()
        .flatten()
        .map(|folder| (folder.name.as_str(), &**folder))
        .collect();
    let tests = tests(&root);
    let mut faults = Vec::new();
    for (id, proof) in &rows {
        faults.extend(row(id, proof, &folders, &tests));
    }
    for (name, folder) in &folders {
        for id in &folder.case.rows {
            let named = rows
                .get(id)
                .is_some_and(|proof| quoted(proof).any(|it| it == *name));
            if !named {
                faults.push(format!(
                    "{name} says that it proves {id}, and row {id} does not name it"
                ));
            }
        }
    }
    faults.extend(unused_answers(&folders));
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

/// The hostile answers that no case is about.
fn unused_answers(folders: &BTreeMap<&str, &Folder>) -> Vec<String> {
    let names = |folder: &Folder| {
        let attempts = folder.attempts().into_iter();
        let named = attempts.filter_map(|it| it.entry.service?.hostile(&it.entry.with));
        named.collect::<Vec<_>>()
    };
    let used: BTreeSet<String> = folders.values().flat_map(|it| names(it)).collect();
    let unused = Hostile::all()
        .into_iter()
        .filter(|(name, _)| !used.contains(name));
    unused
        .map(|(name, _)| format!("no case has a service that answers {name:?}"))
        .collect()
}

fn row(
    id: &str,
    proof: &str,
    folders: &BTreeMap<&str, &Folder>,
    tests: &BTreeSet<String>,
) -> Vec<String> {
    let mut faults = Vec::new();
    for name in quoted(proof) {
        match folders.get(name) {
            Some(folder) if folder.case.rows.iter().any(|row| row == id) => {}
            Some(_) => faults.push(format!("{id}: {name} does not say that it proves it")),
            None if tests.contains(name) => {}
            None => faults.push(format!("{id}: no case and no test is called {name}")),
        }
    }
    let reasoned = REASONS.iter().any(|reason| {
        proof
            .split_once(reason)
            .is_some_and(|(_, why)| why.len() > 20)
    });
    if quoted(proof).next().is_none() && !reasoned {
        faults.push(format!("{id} has no case, no test and no reason"));
    }
    faults
}

/// The rows by their id, and the last cell of each.
fn rows(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split(" | ").collect();
        let [id, .., proof] = cells.as_slice() else {
            continue;
        };
        let (id, proof) = (id.trim(), proof.trim());
        if is_id(id) && rows.insert(id.to_owned(), proof.to_owned()).is_some() {
            return Err(format!("{id} has two rows"));
        }
    }
    if rows.is_empty() {
        return Err("docs/security.md has no row".to_owned());
    }
    Ok(rows)
}

/// A letter and two digits.
fn is_id(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, tens, ones]
        if letter.is_ascii_uppercase() && tens.is_ascii_digit() && ones.is_ascii_digit())
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names of all test functions of the host and of its tests.
fn tests(root: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["host/src", "tests/integration", "tests/src"] {
        read(&root.join(folder), &mut names);
    }
    names
}

fn read(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let Some((_, rest)) = line.split_once("fn ")
                    && std::mem::take(&mut is_test)
                {
                    names.insert(rest.split('(').next().unwrap_or_default().to_owned());
                }
            }
        }
    }
}
