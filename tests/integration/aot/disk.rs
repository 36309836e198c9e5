//! A disk that keeps nothing: it costs a compilation and a warning, and never a run.

use super::{SIZE, ending, folder, succeeds_with_one_word};
use arborist_tests::{Host, Ran, host};
use std::{fs, process::Command};

/// Runs it where `prepare`, a script of the shell, has been run before; none where the system does not permit that.
#[expect(
    clippy::print_stderr,
    reason = "what was not tried should not look as if it was"
)]
fn prepared(host: &Host, prepare: &str, args: &[&str]) -> Option<Ran> {
    let script = format!("{prepare} || exit 99; exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", &script, "sh"]);
    surrounded(&mut command, host, args);
    let ran = host::run(&mut command, b"");
    let refused = ran.code == Some(99) || ran.stderr.starts_with("unshare:");
    if refused {
        eprintln!("not tried, because nothing can be mounted: {}", ran.stderr);
    }
    (!refused).then_some(ran)
}

/// The binary with these arguments, in the surroundings of `host`.
fn surrounded(command: &mut Command, host: &Host, args: &[&str]) {
    let binary = host.command();
    command.arg(binary.get_program()).args(args).env_clear();
    let set = binary
        .get_envs()
        .filter_map(|(key, value)| Some((key, value?)));
    command.envs(set).current_dir(host.home());
}

#[test]
fn a_full_disk_costs_a_compilation_and_a_word() {
    let host = Host::with_own_cache();
    fs::create_dir_all(host.cache()).unwrap();
    let mount = format!(
        "mount -t tmpfs -o size=64k,mode=700 tmpfs {}",
        host.cache().display()
    );
    if let Some(ran) = prepared(&host, &mount, &["run", "x"]) {
        succeeds_with_one_word(ran, "takes no file: No space left");
    }
    // Not even a folder can be made.
    let filled = mount.replace("size=64k", "nr_inodes=2");
    if let Some(ran) = prepared(&host, &filled, &["run", "x"]) {
        succeeds_with_one_word(ran, "compiled component");
    }
    // A disk that nobody may write to.
    let mount = format!(
        "{mount} && mkdir -p {0}/arborist/aot && chmod -R go-rwx {0} && mount -o remount,ro {0}",
        host.cache().display()
    );
    if let Some(ran) = prepared(&host, &mount, &["run", "x"]) {
        succeeds_with_one_word(ran, "takes no file: Read-only file system");
    }
}

#[test]
fn a_disk_that_no_code_is_mapped_from_costs_a_compilation_and_a_word() {
    let host = Host::with_own_cache();
    fs::create_dir_all(host.cache()).unwrap();
    let mount = format!(
        "mount -t tmpfs -o noexec,mode=700 tmpfs {}",
        host.cache().display()
    );
    let Some(ran) = prepared(&host, &mount, &["run", "x"]) else {
        return;
    };
    succeeds_with_one_word(ran, "maps no code from");
}

#[test]
fn a_limit_on_files_costs_a_compilation_and_a_word() {
    let host = Host::with_own_cache();
    // 128 KiB, and the code takes twice that.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 256; exec \"$@\"", "sh"]);
    surrounded(&mut command, &host, &["run", "x"]);
    succeeds_with_one_word(host::run(&mut command, b""), "`ulimit -f`");
    assert_eq!(ending(&folder(&host), ".code").len(), 0);
}

#[test]
fn a_bound_below_one_entry_costs_a_compilation_and_a_word() {
    let host = Host::with_own_cache();
    for (size, word) in [("64KiB", true), ("0", false)] {
        for _ in 0..2 {
            let mut command = host.command();
            command.args(["run", "x"]).env(SIZE, size);
            let ran = host::run(&mut command, b"");
            if word {
                succeeds_with_one_word(ran, "`engine.cache_size` is 64.0 KiB");
            } else {
                assert_eq!(ran.stderr, "");
                let _spec = ran.succeeded();
            }
        }
    }
    assert_eq!(ending(&folder(&host), ".code").len(), 0);
}
