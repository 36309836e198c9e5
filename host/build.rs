//! Packs the addresses that the dynamic linker fills in at each start, where the C library of this machine knows the form: a twelfth of
//! the time that a command takes.

#![allow(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by the environment"
)]

use std::{env, process::Command};

/// The first glibc that reads them packed.
const FIRST: (u32, u32) = (2, 36);

fn main() {
    // Nothing but this file decides, and the benches use it too, from another folder.
    println!("cargo::rerun-if-env-changed=HOST");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let here = env::var("HOST") == env::var("TARGET");
    let glibc = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if here && glibc && version().is_some_and(|version| version >= FIRST) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// What the C library calls itself: `glibc 2.36`.
fn version() -> Option<(u32, u32)> {
    let said = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
