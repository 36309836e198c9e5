//! Runs for programs: `--format ndjson` and `--log-format json`.

mod log;

use crate::guests::PLAIN;
use arborist_tests::{
    Host, Ran, host,
    service::{Behaviour, Gate, Listener, Service},
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

const KEY: &str = "sk-live-0123456789abcdef";

fn run(host: &Host, args: &[&str]) -> Ran {
    host::run(host.command().args(args).env("SERVICE_KEY", KEY), b"")
}

/// The events of a run, once it is sure that each line is one and that the last alone ends it.
#[track_caller]
fn events(stdout: &str) -> Vec<Value> {
    let events: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect();
    let ends = |event: &&Value| event["event"] == "result" || event["event"] == "error";
    assert_eq!(events.iter().filter(ends).count(), 1, "{stdout}");
    assert!(events.last().is_some_and(|last| ends(&last)), "{stdout}");
    assert!(stdout.ends_with('\n'));
    assert!(
        events
            .iter()
            .all(|event| event["time"].as_str().unwrap().ends_with('Z'))
    );
    events
}

fn of<'a>(events: &'a [Value], event: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|found| found["event"] == event)
        .collect()
}

#[test]
fn a_run_is_told_from_its_beginning_to_its_result() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = Host::new();
    let ask = format!("http GET {}", service.url("/v1/x?token=abc"));
    let args = [
        "run",
        &ask,
        "--component",
        PLAIN,
        "--allow",
        &service.origin(),
        "--format",
        "ndjson",
    ];
    let ran = run(&host, &args);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let events = events(&ran.stdout);
    let id = events[0]["run"].as_str().unwrap();
    assert!(id.len() == 32 && events.iter().all(|event| event["run"] == id));
    assert_eq!(
        (events[0]["event"].as_str(), events[0]["runner"].as_str()),
        (Some("started"), Some("plain"))
    );
    assert_eq!(events[0]["operation"], "task_spec");
    assert!(
        events[0]["component"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );
    let [request] = of(&events, "request")[..] else {
        panic!("{}", ran.stdout)
    };
    for (field, value) in [
        ("method", "GET"),
        ("host", "127.0.0.1"),
        ("path", "/v1/x"),
        ("verdict", "allowed"),
        ("outcome", "complete"),
    ] {
        assert_eq!(request[field], value);
    }
    assert!(
        request["status"] == 200 && request["received"] == 5 && request["duration_ms"].is_u64()
    );
    assert!(!request.to_string().contains("token"), "the query");
    let result = events.last().unwrap();
    assert!(
        result["task_spec"]["text"]
            .as_str()
            .unwrap()
            .contains("hello")
    );
    assert!(result["task_spec"]["cached"] == false && result.get("dag").is_none());
    assert!(result["network"]["requests"] == 1 && result["network"]["received"] == 5);

    // What the runner says, whatever is in it, and on one line.
    for (ask, event, field, text) in [
        ("progress one two", "chunk", "text", "one "),
        (
            "log a\u{1b}[2J\u{202e}\nb",
            "log",
            "message",
            "a\u{1b}[2J\u{202e}\nb",
        ),
        ("stdout out", "log", "message", "out"),
    ] {
        let ran = run(
            &host,
            &["run", ask, "--component", PLAIN, "--format", "ndjson"],
        );
        let hidden = |c: char| c != '\n' && arborist::escape::is_hidden(c);
        assert!(!ran.stdout.contains(hidden), "{:?}", ran.stdout);
        let events = self::events(&ran.stdout);
        let said = of(&events, event);
        assert!(
            said.iter().any(|said| said[field] == text),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn results_go_to_files_and_the_event_says_where_they_are() {
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        "runner: mock\nmock:\n  cache: {dir: cached}\n",
    );
    let args = [
        "run",
        "x",
        "--format",
        "ndjson",
        "-o",
        "spec.yaml",
        "--dagu",
        "dag.yaml",
    ];
    for cached in [false, true] {
        let events = events(&run(&host, &args).succeeded());
        let result = events.last().unwrap();
        for (product, file) in [("task_spec", "spec.yaml"), ("dag", "dag.yaml")] {
            let product = &result[product];
            assert!(product["file"] == file && product.get("text").is_none());
            assert!(product["cached"] == cached && product["age_ms"].is_u64() == cached);
            assert!(host.home().join(file).exists());
        }
    }
    let spec = fs::read_to_string(host.home().join("spec.yaml")).unwrap();
    // Both in the event, and each as the other format prints it.
    let both = events(&run(&host, &["run", "x", "--format", "ndjson", "--dagu", "-"]).succeeded());
    assert_eq!(both.last().unwrap()["task_spec"]["text"], spec);
    let dag = events(&run(&host, &["dagu", "spec.yaml", "--format", "ndjson"]).succeeded());
    assert!(dag[0]["operation"] == "dagu" && dag.last().unwrap().get("task_spec").is_none());
    assert_eq!(
        dag.last().unwrap()["dag"]["text"],
        both.last().unwrap()["dag"]["text"]
    );
}

#[test]
fn whatever_fails_ends_with_one_error() {
    let host = Host::new();
    let nowhere = Listener::silent();
    let denied = format!("http GET {}", nowhere.url("/"));
    let plain = |ask: &str, more: &[&str]| {
        let args = [
            &["run", ask, "--component", PLAIN, "--format", "ndjson"],
            more,
        ]
        .concat();
        run(&host, &args)
    };
    let rows = [
        (plain("error:other", &[]), "runner", 5, true),
        (plain("trap", &[]), "sandbox", 6, true),
        (
            plain(&denied, &["--param", "on-error=1"]),
            "sandbox",
            6,
            true,
        ),
        (plain("spec nothing", &[]), "spec", 7, true),
        (plain("loop", &["--limit", "cpu=100ms"]), "sandbox", 6, true),
        (plain("x", &["--limit", "nonsense=1"]), "usage", 2, false),
        (plain("x", &["--dry-run"]), "usage", 2, false),
        (
            run(
                &host,
                &["run", "x", "--runner", "none", "--format", "ndjson"],
            ),
            "usage",
            2,
            false,
        ),
        (
            run(
                &host,
                &["run", "x", "--component", "none.wasm", "--format", "ndjson"],
            ),
            "component",
            4,
            false,
        ),
        (
            run(&host, &["dagu", "none.yaml", "--format", "ndjson"]),
            "usage",
            2,
            false,
        ),
    ];
    for (ran, class, code, started) in rows {
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        let events = events(&ran.stdout);
        let error = events.last().unwrap();
        assert_eq!(
            (&error["event"], &error["class"], &error["exit"]),
            (&"error".into(), &class.into(), &code.into())
        );
        assert_eq!(
            !of(&events, "started").is_empty(),
            started,
            "{}",
            ran.stdout
        );
        // Faults of the configuration and of flags are laid out, and stay so.
        let message = error["message"].as_str().unwrap();
        assert!(
            !message.is_empty() && !message.contains("\n  help:"),
            "{message}"
        );
    }
    let ran = plain(&denied, &["--param", "on-error=1"]);
    let events = events(&ran.stdout);
    let error = events.last().unwrap();
    assert!(
        error["help"][0].as_str().unwrap().contains("allow:"),
        "{error}"
    );
    assert!(
        error["notes"][0].as_str().unwrap().contains("then"),
        "{error}"
    );
    assert_eq!(of(&events, "request")[0]["verdict"], "denied");
    // A fault of the configuration, with its place.
    host.file(
        "agent-arborist.yaml",
        "runner: mock\nmock:\n  limits: {memory: lots}\n",
    );
    let ran = run(&host, &["run", "x", "--format", "ndjson"]);
    assert_eq!(ran.code, Some(3));
    let error = &self::events(&ran.stdout)[0];
    assert!(
        error["class"] == "configuration" && error["message"].as_str().unwrap().contains(":3:"),
        "{error}"
    );
}

/// A command that has asked a service which does not answer.
fn waiting(host: &Host, service: &Service, more: &[&str]) -> Command {
    let ask = format!("http GET {}", service.url("/"));
    let mut command = host.command();
    command
        .args([
            "run",
            &ask,
            "--component",
            PLAIN,
            "--allow",
            &service.origin(),
            "--format",
            "ndjson",
        ])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn an_interrupted_run_ends_with_its_error_too() {
    let service = Service::start(Behaviour::text(200, "x").behind(&Gate::new()));
    let host = Host::new();
    let child = waiting(&host, &service, &[]).spawn().unwrap();
    service.expect_requests(1);
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let events = events(&String::from_utf8(output.stdout).unwrap());
    let error = events.last().unwrap();
    assert!(error["class"] == "interrupted" && error["exit"] == 130);
    assert_eq!(of(&events, "request")[0]["outcome"], "cancelled");
}

#[test]
fn who_has_read_enough_ends_nothing() {
    let gate = Gate::new();
    let service = Service::start(Behaviour::text(200, "hello").behind(&gate));
    let host = Host::new();
    let mut child = waiting(&host, &service, &["-o", "spec.yaml"])
        .spawn()
        .unwrap();
    // What has happened is told at once.
    let mut started = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut started)
        .unwrap();
    assert!(started.contains("\"started\""), "{started}");
    service.expect_requests(1);
    gate.open();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(0), &b""[..])
    );
    assert!(
        fs::read_to_string(host.home().join("spec.yaml"))
            .unwrap()
            .contains("hello")
    );
}

/// A pipe holds less than these events, so the last one can only come once the others are read.
#[test]
fn the_last_event_of_a_failure_waits_for_a_slow_reader() {
    let host = Host::new();
    let mut child = host
        .command()
        .args(["run", "log-flood 900", "--component", PLAIN])
        .args(["--format", "ndjson", "--dagu", "-", "--param", "dagu=none"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Longer than the end of a command waits for standard error; one that is slower still is found waiting too.
    for _ in 0..300 {
        std::thread::sleep(std::time::Duration::from_millis(10));
        assert!(child.try_wait().unwrap().is_none(), "it waited for nobody");
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let events = events(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(events.last().unwrap()["class"], "spec");
    assert!(of(&events, "log").len() >= 900);
}
