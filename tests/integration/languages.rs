//! Components that were built from `wit/` alone, in other languages than the host's tests use.

use crate::guests;
use arborist_tests::{Host, host};

#[test]
fn a_rust_component_without_the_sdk_runs() {
    let spec = Host::new()
        .run(&["run", "anything", "--component", guests::PLAIN])
        .succeeded();
    assert!(spec.contains("steps:"), "{spec}");
}

/// The path of a component that a script builds. `scripts/test` runs it; `scripts/test --quick` leaves its tests out.
fn built(name: &str, script: &str) -> String {
    let component = host::target().join(format!("test-guests/{name}.wasm"));
    assert!(component.is_file(), "build it with {script}");
    component.to_str().unwrap().to_owned()
}

#[test]
fn a_python_component_runs_and_is_compiled_once() {
    let component = built("python", "scripts/build-python-guest");
    let host = Host::with_own_cache();
    let first = host.run(&["run", "Rotate the logs", "--component", &component, "-v"]);
    assert!(first.stderr.contains("compiled in"), "{}", first.stderr);
    let second = host.run(&["run", "Rotate the logs", "--component", &component, "-v"]);
    assert!(
        second.stderr.contains("already compiled"),
        "{}",
        second.stderr
    );
    assert_eq!(first.succeeded(), second.succeeded());
}

/// Runs a component that streams the words of its description.
fn streams(component: &str, name: &str) {
    let args = ["run", "one two three", "--component", component, "--stream"];
    let ran = Host::new().run(&args);
    assert_eq!(ran.stderr, "one two three \n");
    let spec = ran.succeeded();
    assert!(
        spec.starts_with(&format!("name: {name}\n")) && spec.contains("echo 3"),
        "{spec}"
    );
}

#[test]
fn a_python_component_streams() {
    let name = "python-streaming";
    streams(&built(name, "scripts/build-python-guest"), name);
}
