//! The hostile set: a test for each case, variant and door of `tests/hostile`, whose README says how a case is written.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic"
)]

mod alive;
mod case;
mod check;
mod fill;
mod guest;
mod key;
mod library;
mod parts;
mod run;
mod service;
mod stage;
mod table;

use case::Folder;
use libtest_mimic::{Arguments, Trial};
use std::{fs, path::Path, sync::Arc};

fn main() {
    let mut arguments = Arguments::from_args();
    // Most of the time they wait for each other.
    arguments.test_threads.get_or_insert(8);
    let folders = folders();
    let mut trials: Vec<Trial> = folders.iter().flat_map(trials).collect();
    trials.push(Trial::test("every_row_has_a_proof", move || {
        table::check(&folders).map_err(Into::into)
    }));
    trials.push(Trial::test("the_key_is_found_in_every_spelling", || {
        key::check().map_err(Into::into)
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

/// A case that cannot be read is a test that fails, so that the others run all the same.
fn trials(folder: &Result<Arc<Folder>, String>) -> Vec<Trial> {
    match folder {
        Ok(folder) => folder
            .attempts()
            .into_iter()
            .map(|attempt| {
                let folder = Arc::clone(folder);
                let name = attempt.name.clone();
                Trial::test(name, move || {
                    run::attempt(&folder, &attempt).map_err(Into::into)
                })
            })
            .collect(),
        Err(fault) => {
            let fault = fault.clone();
            let name = fault.split(':').next().unwrap_or_default().to_owned();
            vec![Trial::test(name, move || Err(fault.into()))]
        }
    }
}

fn folders() -> Vec<Result<Arc<Folder>, String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile");
    let entries = fs::read_dir(root).expect("tests/hostile is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("tests/hostile can be read").path())
        .filter(|path| path.is_dir())
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| Folder::read(path).map(Arc::new);
    paths.iter().map(read).collect()
}
