//! The folder of compiled components: shared by processes, bounded, and never what a run fails by.

mod disk;
mod known;
mod warm;

use arborist_tests::{
    Host, Ran, host,
    service::{Behaviour, Gate, Service},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

const SIZE: &str = "AGENT_ARBORIST_ENGINE__CACHE_SIZE";

fn folder(host: &Host) -> PathBuf {
    host.cache().join("arborist/aot")
}

/// The names of the files in the folder, with their sizes.
fn files(folder: &Path) -> Vec<(String, u64)> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let seen = all.filter_map(|entry| {
        let size = entry.metadata().ok()?.len();
        Some((entry.file_name().into_string().ok()?, size))
    });
    seen.collect()
}

fn ending(folder: &Path, ending: &str) -> Vec<String> {
    let names = files(folder).into_iter().map(|(name, _)| name);
    names.filter(|name| name.ends_with(ending)).collect()
}

fn start(command: &mut Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn many_first_runs_at_once_compile_once_and_see_no_half_of_it() {
    let host = Host::with_own_cache();
    let folder = folder(&host);
    let runs: Vec<_> = (0..8)
        .map(|_| start(host.command().args(["run", "x", "-v"])))
        .collect();
    let ended = AtomicBool::new(false);
    let outputs: Vec<_> = thread::scope(|scope| {
        // What a record names is there, and whole, whenever one looks.
        let looks = scope.spawn(|| {
            let mut seen = 0;
            while !ended.load(Ordering::Relaxed) {
                for record in ending(&folder, ".len") {
                    let said = fs::read_to_string(folder.join(&record)).unwrap();
                    let length: u64 = said.lines().next().unwrap().parse().unwrap();
                    let key = record.strip_suffix(".len").unwrap();
                    let code = folder.join(format!("{key}.{length}.code"));
                    assert_eq!(code.metadata().unwrap().len(), length);
                    seen += 1;
                }
            }
            seen
        });
        let outputs = runs
            .into_iter()
            .map(|run| run.wait_with_output().unwrap())
            .collect();
        host::until(|| !ending(&folder, ".len").is_empty());
        ended.store(true, Ordering::Relaxed);
        looks.join().unwrap();
        outputs
    });
    let mut compiled = 0;
    for output in &outputs {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(output.stdout, outputs[0].stdout);
        compiled += usize::from(said.contains("compiled in"));
    }
    assert_eq!(compiled, 1);
    assert_eq!(ending(&folder, ".code").len(), 1);
    let left = files(&folder);
    let left = left
        .iter()
        .filter(|(name, _)| name.ends_with(".lock") || name.starts_with(".new-"));
    assert_eq!(left.count(), 0);
}

#[test]
fn the_bound_holds_while_many_write_and_let_go() {
    const MOST: u64 = 1_300_000;
    let host = Host::with_own_cache();
    // Each is from 300 to 800 KB, so that whoever writes one lets others go that somebody has found just now.
    let names = ["mock", "custom", "openai", "claude", "ollama"];
    thread::scope(|scope| {
        for name in names {
            let host = &host;
            scope.spawn(move || {
                for _ in 0..4 {
                    let mut command = host.command();
                    command.args(["inspect", name]).env(SIZE, MOST.to_string());
                    let _shown = host::run(&mut command, b"").succeeded();
                }
            });
        }
    });
    // Two that wrote at the same moment may both have counted without the other; whoever comes next puts that right.
    for name in names {
        let mut command = host.command();
        command.args(["inspect", name]).env(SIZE, MOST.to_string());
        let _shown = host::run(&mut command, b"").succeeded();
    }
    let bytes: u64 = files(&folder(&host)).iter().map(|(_, size)| size).sum();
    assert!(bytes > 0 && bytes <= MOST, "{bytes}");
}

#[test]
fn what_was_used_last_stays() {
    let host = Host::with_own_cache();
    let inspect = |name: &str, size: u64| {
        let mut command = host.command();
        let command = command.args(["inspect", name, "-v"]);
        let ran = host::run(command.env(SIZE, size.to_string()), b"");
        let compiled = ran.stderr.contains("compiled in");
        let _shown = ran.succeeded();
        compiled
    };
    assert!(inspect("mock", 1 << 30) && inspect("openai", 1 << 30));
    let bytes: u64 = files(&folder(&host)).iter().map(|(_, size)| size).sum();
    // Both were used an hour ago, and then the older one again.
    for (name, _) in files(&folder(&host)) {
        let file = fs::File::options()
            .write(true)
            .open(folder(&host).join(name))
            .unwrap();
        let hour = std::time::Duration::from_secs(3600);
        file.set_modified(arborist::clock::now() - hour).unwrap();
    }
    assert!(!inspect("mock", bytes));
    // There is room for two of the three.
    assert!(inspect("custom", bytes) && !inspect("mock", bytes));
    assert!(inspect("openai", bytes));
}

#[test]
fn what_is_let_go_stays_with_the_runs_that_have_it() {
    let gate = Gate::new();
    let plan = json!({"name": "rotate", "steps": [{"name": "one", "command": "echo 1"}]});
    let service = Service::start(Behaviour::json(200, &plan).behind(&gate));
    let host = Host::with_own_cache();
    let endpoint = format!("endpoint={}", service.url("/v1"));
    let run = || {
        let mut command = host.command();
        command
            .args(["run", "x", "--runner", "custom", "--set", &endpoint])
            .args(["--set-env", "api_key=KEY"])
            .env("KEY", "sk-live-0123456789abcdef");
        start(&mut command)
    };
    let runs = [run(), run()];
    service.expect_requests(2);
    let cleared = host.run(&["cache", "clear", "--all", "--only", "components"]);
    let cleared = cleared.succeeded();
    assert!(cleared.contains("removed 1 component, "), "{cleared}");
    assert_eq!(files(&folder(&host)), []);
    gate.open();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

#[track_caller]
fn succeeds_with_one_word(ran: Ran, word: &str) {
    let said = ran.stderr.clone();
    let _spec = ran.succeeded();
    let warnings = said.lines().filter(|line| line.starts_with("warning:"));
    assert_eq!(warnings.count(), 1, "{said}");
    assert!(said.contains(word), "{said}");
}

#[test]
fn a_planted_entry_is_not_run() {
    let host = Host::with_own_cache();
    let _spec = host.run(&["run", "x"]).succeeded();
    let folder = folder(&host);
    let [code] = ending(&folder, ".code").try_into().unwrap();
    let mock = fs::read(folder.join(&code)).unwrap();
    let again = || {
        let ran = host.run(&["run", "x", "-v"]);
        let compiled = ran.stderr.contains("compiled in");
        let _spec = ran.succeeded();
        compiled
    };
    assert!(!again());
    // Kept elsewhere and linked to, whole as it is; a pipe in its place; and a folder.
    let aside = host.home().join("aside");
    fs::rename(folder.join(&code), &aside).unwrap();
    std::os::unix::fs::symlink(&aside, folder.join(&code)).unwrap();
    assert!(again(), "a link was followed");
    assert_eq!(fs::read(&aside).unwrap(), mock);
    fs::remove_file(folder.join(&code)).unwrap();
    let made = Command::new("mkfifo").arg(folder.join(&code)).status();
    assert!(made.unwrap().success());
    assert!(again());
    fs::remove_file(folder.join(&code)).unwrap();
    fs::create_dir(folder.join(&code)).unwrap();
    succeeds_with_one_word(host.run(&["run", "x"]), "takes no file");
}

#[test]
fn what_is_kept_is_listed_and_cleared() {
    let host = Host::with_own_cache();
    let _spec = host.run(&["run", "x"]).succeeded();
    let folder = folder(&host);
    // What another version left, and what is nobody's of ours.
    let old = "0".repeat(64);
    fs::write(folder.join(format!("{old}.len")), "3").unwrap();
    fs::write(folder.join(format!("{old}.3.code")), "old").unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    let listed = host.run(&["cache", "ls"]).succeeded();
    assert!(listed.contains("arborist/results: 0 entries"), "{listed}");
    assert!(listed.contains("arborist/aot: 2 components, "), "{listed}");
    assert!(listed.contains("of at most 2.0 GiB"), "{listed}");
    let line = |word: &str| listed.lines().find(|line| line.contains(word)).unwrap();
    assert!(line("mock").contains("sha256:") && !line("mock").contains("of no use"));
    assert!(line("(unknown)").contains("of no use to this version"));
    let json = ["cache", "ls", "--only", "components", "--format", "json"];
    let listed: Value = serde_json::from_str(&host.run(&json).succeeded()).unwrap();
    let current = |current: bool| {
        let entries = listed[0]["entries"].as_array().unwrap().iter();
        entries
            .filter(|entry| entry["current"] == current)
            .collect::<Vec<_>>()
    };
    assert_eq!(listed[0]["kind"], "components");
    assert_eq!(current(true)[0]["name"], "mock");
    assert_eq!(current(false)[0]["component"], Value::Null);

    let cleared = host.run(&["cache", "clear"]).succeeded();
    assert!(
        cleared.contains("aot: removed 1 component, 4 B"),
        "{cleared}"
    );
    assert!(
        host.run(&["run", "x", "-v"])
            .stderr
            .contains("already compiled")
    );
    let cleared = host
        .run(&["cache", "clear", "--all", "--only", "components"])
        .succeeded();
    assert!(cleared.contains("aot: removed 1 component, "), "{cleared}");
    assert_eq!(files(&folder), [("notes.txt".to_owned(), 4)]);
    // A folder that others can write to is told of, and left alone.
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let ran = host.run(&["cache", "clear", "--all"]);
    assert!(ran.stderr.contains("chmod 700"), "{}", ran.stderr);
    assert!(!ran.succeeded().contains("aot"));
}
