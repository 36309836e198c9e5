//! The file of the log: what may be one, who shares it, and what happens when it is full.

use super::{lines, of};
use crate::guests::PLAIN;
use arborist_tests::{
    Host, Ran, host,
    service::{Behaviour, Service},
};
use serde_json::Value;
use std::{
    fs,
    process::{Child, Command, Stdio},
};

#[test]
fn processes_share_a_file() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = Host::new();
    let ask = format!("requests 25 GET {}", service.url("/"));
    let start = || {
        let mut command = host.command();
        command.args([
            "run",
            &ask,
            "--component",
            PLAIN,
            "--allow",
            &service.origin(),
            "--audit",
            "audit.jsonl",
        ]);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let children: Vec<Child> = (0..4).map(|_| start()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let lines = lines(&host.home().join("audit.jsonl"));
    assert_eq!(of(&lines, "attempt").len(), 100);
    let mut runs: Vec<String> = of(&lines, "run")
        .iter()
        .map(|line| line["run"].to_string())
        .collect();
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 4);
}

#[test]
fn a_file_that_cannot_be_the_log_is_told_before_anything_runs() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = Host::new();
    fs::create_dir(host.home().join("folder")).unwrap();
    host.file("script.sh", "#!/bin/sh\n");
    let pipe = host.home().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
    let ask = format!("http GET {}", service.url("/"));
    let named = |path: &str| {
        host.file("named.yaml", format!("runner: mock\naudit: {path}\n"));
        host.run(&["run", "x", "-c", "named.yaml"])
    };
    for (path, why) in [
        ("folder", "no regular file"),
        ("pipe", "no regular file"),
        ("/dev/full", "no regular file"),
        ("/dev/null", "no regular file"),
        ("script.sh", "no audit log"),
        ("none/audit.jsonl", "cannot be opened"),
    ] {
        let args = [
            "run",
            &ask,
            "--component",
            PLAIN,
            "--allow",
            &service.origin(),
            "--audit",
            path,
        ];
        let error = host.run(&args).failed(2);
        assert!(error.contains(why) && error.contains("help:"), "{error}");
        let error = named(path).failed(3);
        assert!(error.contains(why), "{error}");
    }
    assert_eq!(service.connections(), 0);
    assert_eq!(
        fs::read_to_string(host.home().join("script.sh")).unwrap(),
        "#!/bin/sh\n"
    );
    // What a found file says stays beneath its folder, links included; the flag may name anything.
    let repository = host.home().join("repository");
    fs::create_dir_all(repository.join(".git")).unwrap();
    std::os::unix::fs::symlink("../outside.jsonl", repository.join("link.jsonl")).unwrap();
    let found = |path: &str, flags: &[&str]| {
        fs::write(
            repository.join("agent-arborist.yaml"),
            format!("runner: mock\naudit: {path}\n"),
        )
        .unwrap();
        let mut command = host.command();
        host::run(
            command
                .args(["run", "x"])
                .args(flags)
                .current_dir(&repository),
            b"",
        )
    };
    for path in ["../audit.jsonl", "/var/log/audit.jsonl", "link.jsonl"] {
        let error = found(path, &[]).failed(3);
        assert!(error.contains("`audit` leads out of the folder"), "{error}");
    }
    assert!(
        !host.home().join("audit.jsonl").exists() && !host.home().join("outside.jsonl").exists()
    );
    drop(found("audit.jsonl", &[]).succeeded());
    assert_eq!(lines(&repository.join("audit.jsonl")).len(), 1);
    drop(found("audit.jsonl", &["--audit", "link.jsonl"]).succeeded());
    assert_eq!(lines(&host.home().join("outside.jsonl")).len(), 1);
    // A result would take its place.
    for flags in [["-o", "./audit.jsonl"], ["--dagu", "audit.jsonl"]] {
        let mut args = vec!["run", "x", "--runner", "mock", "--audit", "audit.jsonl"];
        args.extend(flags);
        let error = host.run(&args).failed(2);
        assert!(error.contains("the audit log"), "{error}");
    }
    // A dry run touches nothing.
    drop(
        host.run(&[
            "run",
            "x",
            "--runner",
            "mock",
            "--dry-run",
            "--audit",
            "dry.jsonl",
        ])
        .succeeded(),
    );
    assert!(!host.home().join("dry.jsonl").exists());
}

/// The command, for which no file may grow beyond so many blocks: a full disk that needs no disk.
fn bounded(host: &Host, blocks: u32, args: &[&str]) -> Ran {
    let command = host.command();
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""
        ))
        .arg(command.get_program())
        .args(args)
        .env_clear()
        .current_dir(host.home());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    host::run(&mut shell, b"")
}

#[test]
fn what_cannot_be_written_down_is_not_sent() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = Host::new();
    let origin = service.origin();
    let ask = format!("requests 20 GET {}", service.url("/"));
    let args = [
        "run",
        &ask,
        "--component",
        PLAIN,
        "--allow",
        &origin,
        "--audit",
        "audit.jsonl",
    ];
    // The component is compiled and kept before files may not grow.
    drop(host.run(&args[..6]).succeeded());
    let mut total = 0;
    for blocks in 1..8 {
        drop(fs::remove_file(host.home().join("audit.jsonl")));
        let before = service.requests().len();
        let error = bounded(&host, blocks, &args).failed(6);
        assert!(
            error.contains("audit.jsonl cannot be written") && error.contains("--audit"),
            "{error}"
        );
        let text = fs::read_to_string(host.home().join("audit.jsonl")).unwrap();
        let whole = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let announced = whole.filter(|line| line["event"] == "sending").count();
        let sent = service.requests().len() - before;
        assert!(
            sent == announced && sent < 20,
            "{blocks}: {sent} sent, {announced} written"
        );
        total += sent;
    }
    assert!(total > 0, "nothing was ever sent");
}

#[test]
fn a_run_that_cannot_be_written_down_does_not_begin() {
    let host = Host::new();
    let args = ["run", "stderr begun", "-v", "--component", PLAIN];
    drop(host.run(&args).succeeded());
    let audited: Vec<&str> = args.into_iter().chain(["--audit", "audit.jsonl"]).collect();
    let error = bounded(&host, 0, &audited).failed(6);
    assert!(error.contains("audit.jsonl cannot be written"), "{error}");
    assert!(!error.contains("begun\n"), "the guest ran: {error}");
}
