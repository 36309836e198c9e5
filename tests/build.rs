//! Builds the test guests and gives the integration tests a constant for each, so that a guest which no
//! test names is dead code and fails the build.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should panic, and the harness is no part of the host"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let guests = here.join("guests");
    println!("cargo::rerun-if-changed=guests");
    println!("cargo::rerun-if-changed=../wit");
    let target = target_folder(&here).join("test-guests");
    build(&guests, &target);
    let mut constants = String::from("// One for each guest; the tests must use them all.\n");
    // The same by name, for the hostile set, whose cases are files.
    let mut table = String::from("&[\n");
    for name in members(&guests) {
        let file = format!("{}.wasm", name.replace('-', "_"));
        let path = target.join("wasm32-wasip2/release").join(file);
        declare(&mut constants, &name, &path);
        table.push_str(&format!("({name:?}, {path:?}),\n"));
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for (file, text) in [("guests.rs", constants), ("guest_table.rs", table)] {
        fs::write(out.join(file), text).expect("the output folder can be written");
    }
}

fn declare(constants: &mut String, name: &str, path: &Path) {
    assert!(path.is_file(), "{} was not built", path.display());
    let name = name.replace('-', "_").to_uppercase();
    constants.push_str(&format!("pub(crate) const {name}: &str = {path:?};\n"));
}

fn build(guests: &Path, target: &Path) {
    let status = Command::new(env::var_os("CARGO").expect("cargo sets it"))
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            "wasm32-wasip2",
        ])
        .current_dir(guests)
        .env("CARGO_TARGET_DIR", target)
        // What the outer build was given is for this machine, not for the guests.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTC_WRAPPER")
        .status()
        .expect("cargo starts");
    assert!(
        status.success(),
        "the test guests do not build; if the target wasm32-wasip2 is missing, run scripts/install-wasm-target"
    );
}

/// The folders of `guests` that are crates.
fn members(guests: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(guests)
        .expect("tests/guests is there")
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().into_string().expect("a plain name"))
        .collect();
    names.sort();
    names
}

/// The workspace's target folder.
fn target_folder(here: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| here.join("../target"), PathBuf::from)
}
