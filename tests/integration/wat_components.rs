//! Components that no compiler would make, and that are no runners.

use arborist_tests::Host;
use std::path::Path;

#[test]
fn what_is_no_runner_is_refused_with_what_was_found() {
    let host = Host::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/wat");
    for (name, reason) in [
        ("core-module", "a core WebAssembly module"),
        ("empty", "its exports are: none"),
        ("other-world", "this is a command"),
        ("missing-function", "generate-dagu-config"),
        ("wrong-signature", "not as the contract has it"),
        ("wrong-version", "another version of the contract"),
        (
            "import-not-given",
            "does not give: `wasi:keyvalue/store@0.2.0-draft`",
        ),
    ] {
        let path = folder.join(name).with_extension("wat");
        let ran = host.run(&["run", "x", "--component", path.to_str().unwrap()]);
        let error = ran.failed(4);
        assert!(
            error.contains(reason) && error.contains("help:"),
            "{name}: {error}"
        );
    }
}
