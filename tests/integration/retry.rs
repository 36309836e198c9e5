//! `retry`: for every runner by either door, by its configuration key alone.

use crate::guests::PLAIN;
use arborist_tests::{
    Host, Ran, host,
    service::{Ai, Answer, Behaviour, Refusing, Service, Step, What},
};
use serde_json::{Value, json};
use std::fs;

/// The two doors, as the guest `plain` is told to use them.
const DOORS: [&str; 2] = ["http", "wasi"];

/// A home whose runner `mine` is the guest `plain`, with these lines in its section.
pub(crate) fn host(section: &str) -> Host {
    let host = Host::new();
    fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    let file = format!("runner: mine\nmine:\n  component: plain.wasm\n{section}");
    host.file("agent-arborist.yaml", file);
    host
}

fn ask(host: &Host, door: &str, request: &str, more: &[&str]) -> Ran {
    let ask = format!("{door} {request}");
    let mut args = vec!["run", &ask, "--audit", "audit.jsonl"];
    args.extend(more);
    host.run(&args)
}

/// Status and outcome of each attempt in the audit log.
fn attempts(host: &Host) -> Vec<(Value, String)> {
    let text = fs::read_to_string(host.home().join("audit.jsonl")).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let attempts = lines.filter(|line| line["event"] == "attempt");
    attempts
        .map(|line| {
            (
                line["status"].clone(),
                line["outcome"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn busy(status: u16, retry_after: &str) -> Behaviour {
    Answer::text(status, "later")
        .header("retry-after", retry_after)
        .into()
}

#[test]
fn a_service_that_is_busy_is_asked_again_when_it_says() {
    for door in DOORS {
        let answers = [busy(429, "1"), Behaviour::text(200, "hello")];
        let service = Service::start(Behaviour::sequence(answers));
        let section = format!(
            "  allow: [\"{}\"]\n  retry: {{delay: 10ms}}\n",
            service.origin()
        );
        let host = host(&section);
        let ran = ask(
            &host,
            door,
            &format!("POST {}", service.url("/")),
            &["--param", "body=x", "-v"],
        );
        assert!(ran.stderr.contains("2 requests to"), "{}", ran.stderr);
        assert!(ran.stderr.contains("1 of them again"), "{}", ran.stderr);
        let spec = ran.succeeded();
        assert!(spec.contains("hello"), "{spec}");
        let seen = service.requests();
        assert_eq!(seen.len(), 2);
        assert!(
            seen.iter().all(|seen| seen.body == b"x"),
            "the body was not sent again"
        );
        let expected = [
            (json!(429), "retried".to_owned()),
            (json!(200), "complete".to_owned()),
        ];
        assert_eq!(attempts(&host), expected);
        // By the service's own clock: it was not asked before the second was over.
        let heads: Vec<_> = service
            .events()
            .into_iter()
            .filter(|event| event.what == What::Head)
            .collect();
        assert!(heads[1].at.duration_since(heads[0].at).as_millis() >= 1000);
    }
}

#[test]
fn a_built_in_runner_is_asked_again_too() {
    let plan =
        json!({"name": "rotate", "description": "d", "steps": [{"name": "a", "command": "true"}]});
    let ai = Ai::openai(Some("sk-proj-0123456789abcdef"), "gpt-4").says(&plan);
    let answers = [busy(503, "0"), ai.behaviour()];
    let service = Service::start(Behaviour::sequence(answers));
    let host = Host::new();
    let base = service.url("/v1");
    let file = format!(
        "runner: openai\nopenai:\n  api_key: ${{K}}\n  base_url: {base}\n  retry: {{delay: 1ms}}\n"
    );
    host.file("agent-arborist.yaml", file);
    let mut command = host.command();
    command
        .args(["run", "x"])
        .env("K", "sk-proj-0123456789abcdef");
    assert!(host::run(&mut command, b"").succeeded().contains("rotate"));
    assert_eq!(service.requests().len(), 2);
}

#[test]
fn without_the_key_and_after_the_last_attempt_the_runner_gets_the_answer() {
    for door in DOORS {
        for (retry, requests) in [("", 1), ("  retry: {attempts: 3, delay: 1ms}\n", 3)] {
            let service = Service::start(busy(503, "0"));
            let host = host(&format!("  allow: [\"{}\"]\n{retry}", service.origin()));
            let spec = ask(&host, door, &format!("GET {}", service.url("/")), &[]).succeeded();
            assert!(spec.contains("\"503\"") && spec.contains("later"), "{spec}");
            assert_eq!(service.requests().len(), requests);
        }
    }
}

#[test]
fn what_may_have_been_done_is_not_done_twice() {
    for door in DOORS {
        for (method, requests) in [("GET", 3), ("PUT", 3), ("POST", 1), ("PATCH", 1)] {
            // The request is read, and then the connection breaks.
            let service = Service::start(Behaviour::script([Step::Reset]));
            let host = host(&format!(
                "  allow: [\"{}\"]\n  retry: {{attempts: 3, delay: 1ms}}\n",
                service.origin()
            ));
            let spec = ask(&host, door, &format!("{method} {}", service.url("/")), &[]).succeeded();
            assert!(
                spec.contains("connection") || spec.contains("internal"),
                "{spec}"
            );
            assert_eq!(service.requests().len(), requests, "{door} {method}");
        }
    }
}

#[test]
fn a_connection_that_was_never_made_is_tried_again_with_any_method() {
    let closed = Refusing::new();
    for door in DOORS {
        let origin = closed.url("");
        let host = host(&format!(
            "  allow: [\"{origin}\"]\n  retry: {{attempts: 3, delay: 1ms}}\n"
        ));
        drop(ask(&host, door, &format!("POST {}", closed.url("/")), &[]).succeeded());
        let failed = (Value::Null, "failed".to_owned());
        assert_eq!(attempts(&host), [failed.clone(), failed.clone(), failed]);
    }
}

#[test]
fn a_wait_beyond_the_deadline_is_not_begun() {
    for door in DOORS {
        for after in [
            "3600",
            "99999999999999999999",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            let service = Service::start(busy(429, after));
            let host = host(&format!(
                "  allow: [\"{}\"]\n  retry: {{delay: 1ms}}\n",
                service.origin()
            ));
            // It ends long before the minute is over: the harness's own patience is the judge.
            let flags = ["--timeout", "3000"];
            let spec = ask(&host, door, &format!("GET {}", service.url("/")), &flags).succeeded();
            assert!(spec.contains("\"429\""), "{spec}");
            assert_eq!(service.requests().len(), 1, "{after}");
        }
    }
}

#[test]
fn each_attempt_counts_against_the_limit_of_requests() {
    for door in DOORS {
        let service = Service::start(busy(429, "0"));
        let host = host(&format!(
            "  allow: [\"{}\"]\n  retry: {{attempts: 10, delay: 1ms}}\n  limits: {{requests: 4}}\n",
            service.origin()
        ));
        let ran = ask(&host, door, &format!("GET {}", service.url("/")), &[]);
        assert!(
            ran.stderr.contains("its limit `requests`"),
            "{}",
            ran.stderr
        );
        assert_eq!(service.requests().len(), 4);
    }
}

#[test]
fn a_body_that_streams_is_sent_once() {
    // One MiB, and a byte more.
    for (part, times, requests) in [(32_768, 32, 2), (61_681, 17, 1)] {
        let service = Service::start(busy(503, "0"));
        let host = host(&format!(
            "  allow: [\"{}\"]\n  retry: {{attempts: 2, delay: 1ms}}\n",
            service.origin()
        ));
        let (size, body) = (part * times, format!("body={}", "x".repeat(part)));
        let times = format!("times={times}");
        for door in DOORS {
            let before = service.requests().len();
            drop(
                ask(
                    &host,
                    door,
                    &format!("POST {}", service.url("/")),
                    &["--param", &body, "--param", &times],
                )
                .succeeded(),
            );
            assert_eq!(service.requests().len() - before, requests, "{door} {size}");
            assert_eq!(service.requests()[before].body.len(), size);
        }
    }
}

#[test]
fn a_cancelled_wait_ends_at_once() {
    let service = Service::start(busy(429, "600"));
    let host = host(&format!(
        "  allow: [\"{}\"]\n  retry: {{delay: 1ms}}\n",
        service.origin()
    ));
    let ask = format!("http GET {}", service.url("/"));
    let mut command = host.command();
    command.args(["run", &ask, "--timeout", "3000"]);
    let child = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    service.expect_requests(1);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(service.requests().len(), 1);
}
