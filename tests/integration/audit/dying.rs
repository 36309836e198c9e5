//! Whatever becomes of a run, its attempts are in the log.

use super::{attempts, lines, of, part};
use crate::guests::PLAIN;
use arborist_tests::{
    Host,
    service::{End, Gate, Service, Stream, What},
};
use serde_json::json;
use std::{
    fs,
    process::{Child, Stdio},
};

/// A service whose answer begins and does not end, and how it is opened.
fn half() -> (Service, Vec<Gate>) {
    let (stream, gates) = Stream::gated("text/plain", ["first ", "last"]);
    gates[0].open();
    (Service::start(stream.into()), gates)
}

#[test]
fn a_body_that_is_cut_says_so() {
    let host = Host::new();
    for door in ["http", "open", "wasi"] {
        let (stream, gates) = Stream::gated("text/plain", ["half"]);
        gates[0].open();
        let service = Service::start(stream.end(End::Cut).into());
        let ask = format!("{door} GET {}", service.url("/"));
        let (lines, _) = attempts(&host, &ask, &["--allow", &service.origin()]);
        assert_eq!(
            part(&lines[0], &["status", "received", "outcome"]),
            json!({"status": 200, "received": 4, "outcome": "cut-off"}),
            "{door}"
        );
    }
}

#[test]
fn a_run_that_dies_leaves_its_line() {
    let host = Host::new();
    for (ask, outcome, exit) in [
        ("http", "deadline", 6),
        ("open", "deadline", 6),
        ("wasi", "deadline", 6),
        ("leave sleep", "deadline", 6),
        ("leave trap", "stopped", 6),
        ("leave-wasi trap", "stopped", 6),
        ("leave drop", "abandoned", 6),
        ("leave-wasi drop", "abandoned", 6),
        ("leave return", "abandoned", 0),
    ] {
        let (service, _gates) = half();
        let what = format!("{ask} GET {}", service.url("/"));
        let (lines, ran) = attempts(
            &host,
            &what,
            &["--allow", &service.origin(), "--timeout", "2"],
        );
        assert_eq!(ran.code, Some(exit), "{ask}: {}", ran.stderr);
        assert_eq!(lines.len(), 1, "{ask}: {lines:?}");
        let expected =
            json!({"verdict": "allowed", "status": 200, "received": 6, "outcome": outcome});
        assert_eq!(
            part(&lines[0], &["verdict", "status", "received", "outcome"]),
            expected,
            "{ask}"
        );
    }
}

/// Starts a run that hangs in the middle of an answer, and waits until it does.
fn hanging(host: &Host, door: &str, service: &Service) -> Child {
    let ask = format!("{door} GET {}", service.url("/"));
    let origin = service.origin();
    let mut command = host.command();
    command
        .args([
            "run",
            &ask,
            "--component",
            PLAIN,
            "--allow",
            &origin,
            "--audit",
            "audit.jsonl",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    service.expect(&What::AnswerPiece(0));
    child
}

#[test]
fn an_interruption_leaves_its_line() {
    let host = Host::new();
    for door in ["http", "open", "wasi"] {
        drop(fs::remove_file(host.home().join("audit.jsonl")));
        let (service, _gates) = half();
        let mut child = hanging(&host, door, &service);
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let lines = of(&lines(&host.home().join("audit.jsonl")), "attempt");
        assert_eq!(lines.len(), 1, "{door}");
        assert_eq!(lines[0]["outcome"], "cancelled", "{door}");
    }
}

#[test]
fn a_process_that_is_killed_leaves_a_trace() {
    let host = Host::new();
    let (service, _gates) = half();
    let mut child = hanging(&host, "http", &service);
    child.kill().unwrap();
    child.wait().unwrap();
    let lines = lines(&host.home().join("audit.jsonl"));
    assert!(of(&lines, "attempt").is_empty());
    let sending = of(&lines, "sending");
    assert_eq!(
        part(
            &sending[0],
            &["attempt", "method", "host", "path", "verdict"]
        ),
        json!({
            "attempt": 1, "method": "GET", "host": "127.0.0.1", "path": "/", "verdict": "allowed",
        })
    );
}
