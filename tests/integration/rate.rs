//! `rate_limit`: as the service sees it.

use crate::guests::PLAIN;
use arborist_tests::{
    Host,
    host::until,
    service::{Behaviour, Service, What},
};
use std::{
    fs,
    process::{Child, Stdio},
    time::Duration,
};

const DOORS: [&str; 2] = ["http", "wasi"];

fn host(service: &Service, section: &str) -> Host {
    let host = Host::new();
    fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    let file = format!(
        "runner: mine\nmine:\n  component: plain.wasm\n  allow: [\"{}\"]\n{section}",
        service.origin()
    );
    host.file("agent-arborist.yaml", file);
    host
}

fn start(host: &Host, ask: &str, more: &[&str]) -> Child {
    let mut command = host.command();
    command.args(["run", ask, "--timeout", "60"]).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The times at which the service had requests, from the first on.
fn arrivals(service: &Service) -> Vec<Duration> {
    let heads = service
        .events()
        .into_iter()
        .filter(|event| event.what == What::Head);
    let mut at: Vec<_> = heads.map(|event| event.at).collect();
    at.sort();
    at.iter().map(|time| time.duration_since(at[0])).collect()
}

#[test]
fn ten_processes_keep_the_rate_together() {
    for door in DOORS {
        let service = Service::start(Behaviour::text(200, "hello"));
        let host = host(&service, "  rate_limit: 4/s\n");
        let ask = format!("{door} GET {}", service.url("/"));
        let children: Vec<_> = (0..10).map(|_| start(&host, &ask, &[])).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{text}");
        }
        let at = arrivals(&service);
        assert_eq!(at.len(), 10);
        // What the limit promises is when requests leave; a busy machine may be slow to hand over the first and quick with the last.
        // Ten at four a second take two seconds and more, and without a limit next to nothing.
        let all = at[9] - at[0];
        assert!(all >= Duration::from_secs(1), "{at:?}");
    }
}

#[test]
fn a_burst_within_the_rate_is_not_kept_waiting() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = host(&service, "  rate_limit: 60\n");
    let ask = format!("requests 10 GET {}", service.url("/"));
    let output = start(&host, &ask, &[]).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(service.requests().len(), 10);
}

#[test]
fn a_turn_after_the_deadline_is_refused_at_once() {
    for door in DOORS {
        let service = Service::start(Behaviour::text(200, "hello"));
        let host = host(&service, "  rate_limit: 2/h\n");
        let twice = format!("requests 2 GET {}", service.url("/"));
        drop(host.run(&["run", &twice]).succeeded());
        let ask = format!("{door} GET {}", service.url("/"));
        let ran = host.run(&[
            "run",
            &ask,
            "--param",
            "on-error=fail",
            "--audit",
            "log.jsonl",
        ]);
        let said = ran.failed(6);
        assert!(
            said.contains("`rate_limit` of 2/h") && said.contains("its next turn is in "),
            "{said}"
        );
        assert!(said.contains("raise `rate_limit`"), "{said}");
        let log = fs::read_to_string(host.home().join("log.jsonl")).unwrap();
        assert!(
            log.contains(r#""verdict":"limit""#) && log.contains(r#""code":"rate-limit""#),
            "{log}"
        );
        assert!(log.contains(r#""outcome":"not-sent""#), "{log}");
        assert_eq!(
            service.requests().len(),
            2,
            "another process was not counted"
        );
    }
}

#[test]
fn a_section_has_a_rate_of_its_own() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = host(&service, "  rate_limit: 1/h\n");
    let ask = format!("http GET {}", service.url("/"));
    drop(host.run(&["run", &ask]).succeeded());
    let other = host.file(
        "other.yaml",
        format!(
            "mine:\n  component: plain.wasm\n  allow: [\"{0}\"]\n  rate_limit: 1/h\nyours:\n  component: plain.wasm\n  allow: [\"{0}\"]\n  rate_limit: 1/h\n",
            service.origin()
        ),
    );
    for runner in ["mine", "yours"] {
        let args = ["run", &ask, "--param", "on-error=fail", "--runner", runner];
        let args = [&args[..], &["--config", other.to_str().unwrap()]].concat();
        drop(host.run(&args).succeeded());
        drop(host.run(&args).failed(6));
    }
    assert_eq!(service.requests().len(), 3);
}

#[test]
fn a_run_that_is_interrupted_while_it_waits_gives_its_turn_back() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = host(&service, "  rate_limit: 1/m\n");
    let ask = format!("http GET {}", service.url("/"));
    drop(host.run(&["run", &ask]).succeeded());
    let log = host.home().join("log.jsonl");
    for _ in 0..3 {
        let mut command = host.command();
        command.args(["run", &ask, "--timeout", "100", "--audit", "log.jsonl"]);
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It has taken its turn when the state says so.
        let state = || {
            let folder = host.home().join(".local/state/arborist/rate");
            let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
            fs::read(file.path()).unwrap()
        };
        let before = state();
        until(|| state() != before);
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
        assert_eq!(state(), before, "the turn is lost");
    }
    assert_eq!(service.requests().len(), 1);
    assert!(!fs::read_to_string(log).unwrap().contains("sending"));
}

#[test]
fn a_state_that_cannot_be_kept_stops_what_it_should_limit() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = host(&service, "  rate_limit: 10\n");
    fs::create_dir_all(host.home().join(".local/state/arborist")).unwrap();
    fs::write(host.home().join(".local/state/arborist/rate"), "x").unwrap();
    let ask = format!("http GET {}", service.url("/"));
    let said = host
        .run(&["run", &ask, "--param", "on-error=fail"])
        .failed(6);
    assert!(said.contains("its state cannot be kept"), "{said}");
    assert_eq!(service.requests().len(), 0);
}
