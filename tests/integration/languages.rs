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

#[test]
fn a_python_component_runs_and_is_compiled_once() {
    // `scripts/test` builds it; `scripts/test --quick` leaves this test out.
    let component = host::target().join("test-guests/python.wasm");
    assert!(
        component.is_file(),
        "build it with scripts/build-python-guest"
    );
    let component = component.to_str().unwrap();
    let host = Host::with_own_cache();
    let first = host.run(&["run", "Rotate the logs", "--component", component, "-v"]);
    assert!(first.stderr.contains("compiled in"), "{}", first.stderr);
    let second = host.run(&["run", "Rotate the logs", "--component", component, "-v"]);
    assert!(
        second.stderr.contains("already compiled"),
        "{}",
        second.stderr
    );
    assert_eq!(first.succeeded(), second.succeeded());
}
