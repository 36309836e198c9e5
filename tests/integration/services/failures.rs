//! What the runners for AI services make of a service that fails.

use super::{KEY, ROWS, run};
use arborist_tests::{
    Host,
    service::{Behaviour, End, Gate, PATIENCE, Said, Service, What},
};
use serde_json::Value;
use std::process::Stdio;

#[test]
fn errors_of_the_service_are_told_with_what_to_do() {
    for row in &ROWS {
        let ai = (row.ai)();
        for (answer, parts) in [
            (
                ai.error(429, "rate_limit_error", "Rate limit reached")
                    .header("Retry-After", "20")
                    .header("x-ratelimit-remaining-requests", "0")
                    .header("anthropic-ratelimit-requests-remaining", "0"),
                [
                    "429: Rate limit reached (retry after 20 s)",
                    "succeed later",
                ],
            ),
            (
                ai.error(500, "api_error", "Internal server error"),
                ["500: Internal server error", "succeed later"],
            ),
            (
                ai.error(529, "overloaded_error", "Overloaded"),
                ["529: Overloaded", "succeed later"],
            ),
            (
                ai.error(401, "authentication_error", "No such key"),
                ["401: No such key", "check `api_key`"],
            ),
            (
                ai.error(404, "not_found_error", "No such model"),
                ["404: No such model", "check `model` (now "],
            ),
        ] {
            let service = Service::start(answer.into());
            let error = run(&row.host(&service), &["run", "x"]).failed(5);
            for part in parts {
                assert!(error.contains(part), "{}: {part}: {error}", row.runner);
            }
            // A service that fails is not asked to repair anything.
            assert_eq!(service.requests().len(), 1);
        }
    }
}

#[test]
fn a_quota_that_money_buys_will_not_fill_by_itself() {
    let row = &ROWS[0];
    let answer = (row.ai)().error(429, "insufficient_quota", "You exceeded your current quota");
    let service = Service::start(answer.into());
    let error = run(&row.host(&service), &["run", "x"]).failed(5);
    assert!(
        error.contains("current quota") && !error.contains("succeed later"),
        "{error}"
    );
}

#[test]
fn a_stream_that_does_not_come_to_its_end_is_no_answer() {
    let plan = super::plan().to_string();
    for row in &ROWS {
        for (said, part) in [
            // The connection is lost after a while.
            (Said::text(&plan).ends(9, End::Cut), "broke off"),
            (Said::text(&plan).ends(9, End::Reset), "127.0.0.1"),
            // HTTP is complete, and the protocol is not: all but the service's last word.
            (
                Said::text(&plan).ends(9, End::Complete),
                "before it was complete",
            ),
            (Said::broken(&plan), "broke off its answer: "),
        ] {
            let service = Service::start((row.ai)().says(said.clone()).into());
            let host = row.host(&service);
            let args = ["run", "x", "-o", "spec.yaml", "--audit", "audit.jsonl"];
            let error = run(&host, &args).failed(5);
            assert!(error.contains(part), "{} {said:?}: {error}", row.runner);
            assert!(
                error.contains("succeed later"),
                "{} {said:?}: {error}",
                row.runner
            );
            assert_eq!(service.requests().len(), 1);
            assert!(!host.home().join("spec.yaml").exists());
            // What HTTP calls complete is no business of the log's.
            if let "broke off" | "127.0.0.1" = part {
                assert_eq!(outcome_of(&host), "cut-off", "{} {said:?}", row.runner);
            }
        }
    }
}

#[test]
fn an_answer_that_was_cut_short_or_refused_is_not_asked_for_again() {
    for row in &ROWS {
        let service = Service::start((row.ai)().says(Said::too_long("{\"name\":")).into());
        let error = run(&row.host(&service), &["run", "x"]).failed(5);
        assert!(
            error.contains("raise `max_tokens`"),
            "{}: {error}",
            row.runner
        );
        assert_eq!(service.requests().len(), 1);
    }
    for row in ROWS.iter().filter(|row| row.runner != "ollama") {
        let service = Service::start((row.ai)().says(Said::refused("I will not.")).into());
        let error = run(&row.host(&service), &["run", "x"]).failed(5);
        assert!(
            error.contains("refused to answer: I will not."),
            "{}: {error}",
            row.runner
        );
        assert_eq!(service.requests().len(), 1);
    }
}

#[test]
fn what_is_no_such_service_is_told_by_its_field() {
    let page = "<!doctype html>\n<title>Welcome</title>\n";
    for row in &ROWS {
        for behaviour in [Behaviour::text(200, page), Behaviour::text(200, "")] {
            let service = Service::start(behaviour);
            let error = run(&row.host(&service), &["run", "x"]).failed(5);
            assert!(
                error.contains("none of the protocol; check `base_url`"),
                "{}: {error}",
                row.runner
            );
        }
    }
}

#[test]
fn endless_lines_and_answers_are_stopped() {
    for row in &ROWS {
        for text in [
            format!("data: {}", "x".repeat(3 << 20)),
            "x".repeat(3 << 20),
        ] {
            let service = Service::start(Behaviour::text(200, text));
            let error = run(&row.host(&service), &["run", "x"]).failed(5);
            assert!(
                error.contains("is longer than 1048576 bytes"),
                "{}: {error}",
                row.runner
            );
        }
    }
}

#[test]
fn what_is_missing_is_a_fault_of_the_configuration() {
    for (runner, part) in [
        ("openai", "`api_key` is missing"),
        ("claude", "`api_key` is missing"),
        ("ollama", "`model` is missing"),
        ("multi-model", "`low.api_key` is missing"),
    ] {
        let error = run(&Host::new(), &["run", "x", "--runner", runner]).failed(3);
        assert!(error.contains(part), "{runner}: {error}");
    }
    for (runner, set, part) in [
        (
            "openai",
            "response_format=xml",
            "json_schema, json_object or text",
        ),
        ("claude", "output=xml", "tool or text"),
        ("ollama", "format=xml", "schema, json or text"),
        ("openai", "temperature=warm", "`temperature`"),
    ] {
        let args = [
            "run", "x", "--runner", runner, "--set", set, "--set", "model=m",
        ];
        let more = ["--set-env", "api_key=SERVICE_KEY"];
        let error = run(&Host::new(), &[&args[..], &more[..]].concat()).failed(3);
        assert!(error.contains(part), "{runner}: {error}");
    }
}

#[test]
fn the_key_is_nowhere_but_on_the_wire() {
    for row in ROWS.iter().filter(|row| row.runner != "ollama") {
        // A service that answers an error with the key that it was sent.
        let words = format!("Incorrect API key provided: {KEY}");
        let service = Service::start((row.ai)().error(401, "invalid_api_key", &words).into());
        let ran = run(&row.host(&service), &["run", "x", "-v"]);
        assert!(
            ran.stderr.contains("Incorrect API key provided"),
            "{}",
            ran.stderr
        );
        assert!(
            !ran.stderr.contains(KEY) && !ran.stdout.contains(KEY),
            "{}",
            ran.stderr
        );
        assert!(service.request().holds(KEY));
    }
}

/// The outcome of the only attempt in the audit log.
fn outcome_of(host: &Host) -> String {
    let log = std::fs::read_to_string(host.home().join("audit.jsonl")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let attempts: Vec<Value> = lines
        .filter(|line: &Value| line["event"] == "attempt")
        .collect();
    assert_eq!(attempts.len(), 1, "{log}");
    attempts[0]["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn an_interruption_in_mid_stream_closes_the_connection() {
    for row in &ROWS {
        let gate = Gate::new();
        let ai = (row.ai)().says(&super::plan()).cut_every(40);
        let service = Service::start(ai.last_behind(&gate).into());
        let host = row.host(&service);
        let mut command = host.command();
        let args = [
            "run",
            "x",
            "--stream",
            "-o",
            "spec.yaml",
            "--audit",
            "audit.jsonl",
        ];
        command.args(args).env("SERVICE_KEY", KEY);
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        service.expect(&What::AnswerPiece(3));
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(service.quiet(PATIENCE), "{}", service.log());
        assert_eq!(outcome_of(&host), "cancelled");
        assert!(!host.home().join("spec.yaml").exists());
    }
}
