//! `arborist cache warm`.

use super::{SIZE, ending, folder};
use crate::guests::DESCRIBED;
use arborist_tests::{Host, host};
use serde_json::Value;
use std::fs;

fn rows(host: &Host, args: &[&str], code: i32) -> Vec<Value> {
    let args = [&["cache", "warm", "--format", "json"], args].concat();
    let ran = host.run(&args);
    assert_eq!(ran.code, Some(code), "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn what_is_warmed_is_run_at_once() {
    let host = Host::with_own_cache();
    fs::copy(DESCRIBED, host.home().join("mine.wasm")).unwrap();
    host.file(
        "agent-arborist.yaml",
        "mine: {component: mine.wasm}\nopenai: {api_key: \"${NOBODY_SET_IT}\"}\nnone: {endpoint: http://localhost:1}\n",
    );
    let rows = rows(&host, &[], 0);
    let names: Vec<_> = rows
        .iter()
        .map(|row| row["runner"].as_str().unwrap())
        .collect();
    let builtins = arborist::builtin::ALL.iter().map(|builtin| builtin.name);
    assert_eq!(names, builtins.chain(["mine"]).collect::<Vec<_>>());
    assert!(
        rows.iter()
            .all(|row| row["state"] == "compiled" && row["bytes"].as_u64() > Some(0))
    );
    // What each says of itself is known too.
    assert_eq!(ending(&folder(&host), ".about").len(), rows.len());
    let ran = host.run(&["inspect", "mine", "-v"]);
    assert!(ran.stderr.contains("already compiled"), "{}", ran.stderr);
    let _shown = ran.succeeded();
    let again = host
        .run(&["cache", "warm", "mine", "./mine.wasm"])
        .succeeded();
    let lines: Vec<_> = again.lines().collect();
    assert!(
        lines.len() == 2 && lines.iter().all(|line| line.contains("already compiled")),
        "{again}"
    );
}

#[test]
fn what_cannot_be_warmed_is_told_and_the_rest_is_done() {
    let host = Host::with_own_cache();
    host.file("broken.wasm", "no component");
    let rows = rows(&host, &["./broken.wasm", "nobody", "mock"], 4);
    let state: Vec<_> = rows
        .iter()
        .map(|row| row["state"].as_str().unwrap())
        .collect();
    assert_eq!(state, ["failed", "failed", "compiled"]);
    assert_eq!(
        (&rows[0]["class"], &rows[1]["class"]),
        (&Value::from("component"), &Value::from("usage"))
    );
    let error = rows[0]["error"].as_str().unwrap();
    assert!(error.contains("not WebAssembly"), "{error}");
    // A bound that not all of them fit in.
    let mut command = host.command();
    command
        .args(["cache", "warm", "mock", "openai"])
        .env(SIZE, "800KiB");
    let ran = host::run(&mut command, b"");
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("it made way for the others"),
        "{}",
        ran.stdout
    );
    // A bound that keeps nothing.
    let mut command = host.command();
    command.args(["cache", "warm", "mock"]).env(SIZE, "0");
    let error = host::run(&mut command, b"").failed(3);
    assert!(error.contains("`engine.cache_size` is 0"), "{error}");
    // Nowhere to keep anything.
    let mut command = host.command();
    command
        .args(["cache", "warm"])
        .env_remove("HOME")
        .env_remove("XDG_CACHE_HOME");
    let error = host::run(&mut command, b"").failed(3);
    assert!(error.contains("set HOME"), "{error}");
}
