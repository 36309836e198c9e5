//! `--log-format json`.

use super::{KEY, run};
use crate::guests::PLAIN;
use arborist_tests::{
    Host,
    service::{Behaviour, Service},
};
use serde_json::Value;

/// The lines of a log, once it is sure that each is one of ours.
#[track_caller]
fn lines(stderr: &str) -> Vec<Value> {
    let read = |line: &str| -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    let lines: Vec<Value> = stderr.lines().map(read).collect();
    for line in &lines {
        // Neither hyper nor anybody else who knows what is on the wire.
        assert!(
            line["target"].as_str().unwrap().starts_with("arborist"),
            "{line}"
        );
        assert!(
            line["time"].as_str().unwrap().ends_with('Z') && line["message"].is_string(),
            "{line}"
        );
    }
    lines
}

#[test]
fn each_line_says_of_which_run_and_call_it_is() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = Host::new();
    let origin = service.origin();
    let flags = [
        "--component",
        PLAIN,
        "--allow",
        &origin,
        "--log-format",
        "json",
    ];
    for door in ["http", "wasi"] {
        let ask = format!("{door} GET {}", service.url("/v1?token=abc"));
        let ran = run(&host, &[&["run", &ask, "-vv"], &flags[..]].concat());
        assert!(!ran.stderr.contains("token=abc"), "the query");
        let told = lines(&ran.stderr);
        let request = told
            .iter()
            .find(|line| line["target"] == "arborist::request")
            .unwrap();
        for (field, value) in [
            ("runner", "plain"),
            ("operation", "task_spec"),
            ("method", "GET"),
            ("host", "127.0.0.1"),
            ("verdict", "allowed"),
            ("outcome", "complete"),
            ("level", "info"),
        ] {
            assert_eq!(request[field], value, "{request}");
        }
        assert!(request["status"] == 200 && request["attempt"] == 1);
        let id = request["run"].as_str().unwrap();
        let network = told
            .iter()
            .find(|line| line["message"].as_str().unwrap().starts_with("network:"))
            .unwrap();
        assert!(id.len() == 32 && network["run"] == id);
        assert!(ran.stdout.contains("hello"), "the result is no log");
    }

    // What a guest logs, as loud as before.
    let say = |more: &[&str]| {
        let args = [&["run", "log a\u{1b}[2J\nb"][..], more, &flags].concat();
        let ran = run(&host, &args);
        assert!(!ran.stderr.contains('\u{1b}'));
        lines(&ran.stderr)
    };
    let guests = |lines: &[Value]| {
        lines
            .iter()
            .filter(|line| line["target"] == "arborist::guest")
            .count()
    };
    let loud = say(&["-v"]);
    let line = loud
        .iter()
        .find(|line| line["target"] == "arborist::guest")
        .unwrap();
    assert!(
        line["message"] == "a\u{1b}[2J\nb"
            && line["level"] == "info"
            && line["context"].is_string(),
        "{line}"
    );
    assert!(line["operation"] == "task_spec" && line["run"].is_string());
    assert_eq!(guests(&say(&[])), 0);
    assert_eq!(say(&["-q"]).len(), 0);
}

#[test]
fn warnings_and_errors_are_lines_too() {
    let host = Host::new();
    let flags = ["--component", PLAIN, "--log-format", "json"];
    let ran = run(
        &host,
        &[&["run", "http GET https://nowhere.example/"], &flags[..]].concat(),
    );
    let told = lines(&ran.stderr);
    let [warning] = told.as_slice() else {
        panic!("{}", ran.stderr)
    };
    assert!(warning["level"] == "warn" && warning["message"].as_str().unwrap().contains("no rule"));
    assert_eq!(warning["runner"], "plain");
    let ran = run(&host, &[&["run", "error:other", "-q"], &flags[..]].concat());
    let told = lines(&ran.stderr);
    assert!(
        told.len() == 1 && told[0]["level"] == "error" && told[0]["exit"] == 5,
        "{}",
        ran.stderr
    );
    // Before a run, too.
    let ran = run(
        &host,
        &["run", "x", "--runner", "none", "--log-format", "json"],
    );
    assert_eq!(lines(&ran.stderr)[0]["class"], "usage");
    // The end of the log of a run that fails.
    let ran = run(
        &host,
        &[&["run", "sleep", "--timeout", "1"], &flags[..]].concat(),
    );
    assert_eq!(lines(&ran.stderr).last().unwrap()["exit"], 6);
}

#[test]
fn neither_the_log_nor_the_events_hold_a_secret() {
    let service = Service::start(Behaviour::by_request(|seen| {
        let shown = seen.header("authorization").unwrap_or("none").to_owned();
        Behaviour::text(200, shown)
    }));
    let host = Host::new();
    std::fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    host.file(
        "agent-arborist.yaml",
        format!(
            "runner: mine\nmine:\n  component: plain.wasm\n  endpoint: {}\n  api_key: ${{SERVICE_KEY}}\n",
            service.url("/")
        ),
    );
    let get = format!("http GET {}", service.url("/{api_key}?k={api_key}"));
    let header = ["--param", "header:authorization=Bearer {api_key}"];
    let asks = [
        format!("http GET {}", service.url("/v1")),
        get,
        "log it is {api_key}".to_owned(),
        "stdout it is {api_key}".to_owned(),
        "progress it is {api_key}".to_owned(),
        "error:other {api_key}".to_owned(),
    ];
    let mut told = String::new();
    for ask in &asks {
        let args = [
            &[
                "run",
                ask,
                "-vv",
                "--log-format",
                "json",
                "--format",
                "ndjson",
            ][..],
            &header,
        ]
        .concat();
        let ran = run(&host, &args);
        lines(&ran.stderr);
        super::events(&ran.stdout);
        told += &ran.stderr;
        told += &ran.stdout;
    }
    assert!(told.contains("[secret api_key]"), "{told}");
    // The value was there.
    assert!(
        service
            .requests()
            .iter()
            .any(|seen| seen.header("authorization") == Some(&format!("Bearer {KEY}")))
    );
    for form in crate::spellings(KEY) {
        assert!(!told.contains(&form), "{form}");
    }
    assert!(!told.contains("arb_secret_"), "a placeholder");
}
