//! The twin of a cold run: maps native code, calls it once, prints the answer.

#![allow(
    clippy::expect_used,
    reason = "a measurement that cannot go on should stop"
)]

use arborist_benches::rows::BareProcess;
use std::{env, path::PathBuf};

fn main() {
    let mut args = env::args_os().skip(1);
    let file = PathBuf::from(args.next().expect("a file of native code"));
    let description = args.next().and_then(|text| text.into_string().ok());
    BareProcess::run(&file, &description.expect("a description"));
}
