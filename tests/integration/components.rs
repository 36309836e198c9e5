//! Which components are taken, which are refused and how, and what is kept of them.

use crate::guests;
use arborist_tests::Host;
use std::{fs, path::Path, process::Command};

#[test]
fn files_that_are_no_components_are_refused_by_what_they_are() {
    let host = Host::new();
    let elf = fs::read("/proc/self/exe").unwrap_or_else(|_| b"\x7fELF".to_vec());
    host.file("empty.wasm", "");
    host.file("text.wasm", "hello");
    host.file("native.wasm", &elf[..1000.min(elf.len())]);
    host.file("broken.wat", "(component");
    host.file("truncated.wasm", &fs::read(guests::PLAIN).unwrap()[..5000]);
    fs::File::create(host.home().join("sparse.wasm"))
        .unwrap()
        .set_len(4 << 30)
        .unwrap();
    fs::create_dir(host.home().join("folder.wasm")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(host.home().join("fifo.wasm"))
            .status()
            .unwrap()
            .success()
    );
    for (file, reason) in [
        ("missing.wasm", "cannot read"),
        ("empty.wasm", "an empty file"),
        ("text.wasm", "not WebAssembly"),
        ("native.wasm", "precompiled"),
        ("broken.wat", "does not parse"),
        ("truncated.wasm", "damaged"),
        ("sparse.wasm", "at most"),
        ("folder.wasm", "a directory"),
        ("fifo.wasm", "a pipe"),
        ("/dev/zero", "a device"),
        ("https://example.com/x.wasm", "cannot read"),
    ] {
        let ran = host.run(&["run", "x", "--component", file]);
        assert!(ran.peak < 100 << 20, "{file} took {} bytes", ran.peak);
        let error = ran.failed(4);
        assert!(
            error.contains(reason) && error.contains(file),
            "{file}: {error}"
        );
    }
}

#[test]
fn what_was_compiled_is_kept_privately_and_only_trusted_while_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let host = Host::with_own_cache();
    let origin = || {
        let ran = host.run(&["run", "x", "-v"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stderr.contains("already compiled")
    };
    assert!(!origin() && origin());
    let aot = host.cache().join("arborist/aot");
    assert_eq!(
        fs::metadata(&aot).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let code = kept_code(&aot);
    // Whoever could have written it could have written anything into it.
    fs::set_permissions(&code, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(!origin() && origin());
    // A truncated artefact is a miss, not a crash.
    let bytes = fs::read(&code).unwrap();
    fs::write(&code, &bytes[..bytes.len() / 2]).unwrap();
    assert!(!origin() && origin());
    // So is one of the right length that is no artefact.
    fs::write(&code, vec![0; bytes.len()]).unwrap();
    assert!(!origin() && origin());
    // A folder that others can write to is not used at all.
    fs::set_permissions(&aot, fs::Permissions::from_mode(0o777)).unwrap();
    let ran = host.run(&["run", "x", "-v"]);
    assert!(
        ran.stderr.contains("chmod 700") && ran.stderr.contains("compiled in"),
        "{}",
        ran.stderr
    );
}

fn kept_code(aot: &Path) -> std::path::PathBuf {
    let mut code = fs::read_dir(aot)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    code.find(|path| {
        path.extension()
            .is_some_and(|extension| extension == "code")
    })
    .unwrap()
}

#[test]
fn no_cache_folder_is_no_obstacle() {
    let host = Host::new();
    let mut command = host.command();
    command
        .args(["run", "x"])
        .env_remove("HOME")
        .env_remove("XDG_CACHE_HOME");
    let _spec = arborist_tests::host::run(&mut command, b"").succeeded();
}
