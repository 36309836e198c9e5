//! `arborist check`: good runners pass, and each faulty one fails for its own reason.

use crate::guests::{DESCRIBED, FAULTY, PLAIN, STREAMING};
use arborist::conformance::ROWS;
use arborist_tests::{Host, Ran};
use serde_json::Value;
use std::{fs, path::Path};

/// The text that the guest has where a fault of its `describe` is written.
const MARKER: &[u8] = b"ARBORIST-FAULT:none.....................";

/// What a check says in JSON, and its exit code.
fn check(host: &Host, args: &[&str]) -> (Option<i32>, Value) {
    let ran = host.run(&[&["check", "--format", "json"], args].concat());
    let report = serde_json::from_str(&ran.stdout);
    let report = report.unwrap_or_else(|_| panic!("{}{}", ran.stdout, ran.stderr));
    (ran.code, report)
}

/// The checks of a report that ended so.
fn with<'a>(report: &'a Value, verdict: &str) -> Vec<&'a str> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks
        .filter(|check| check["verdict"] == verdict)
        .map(|check| check["id"].as_str().unwrap())
        .collect()
}

fn detail<'a>(report: &'a Value, id: &str) -> &'a str {
    let mut checks = report["checks"].as_array().unwrap().iter();
    let check = checks.find(|check| check["id"] == id).unwrap();
    check["detail"].as_str().unwrap()
}

/// Holds that a runner with this fault fails in this check, and says these words.
#[track_caller]
fn fails(fault: &str, id: &str, said: &str) {
    let host = Host::new();
    let set = format!("fault={fault}");
    // Only what hangs needs the whole time, and a busy machine more than a little.
    let time = if fault.ends_with("-hangs") {
        "5"
    } else {
        "120"
    };
    let (code, report) = check(&host, &[FAULTY, "--set", &set, "--timeout", time]);
    found(code, &report, fault, id, said);
}

/// The same for a fault of `describe`, which is written into the component.
#[track_caller]
fn describes_wrongly(fault: &str, id: &str, said: &str) {
    let host = Host::new();
    let mut bytes = fs::read(FAULTY).unwrap();
    let at = bytes
        .windows(MARKER.len())
        .position(|window| window == MARKER);
    let at = at.expect("the guest has its marker") + "ARBORIST-FAULT:".len();
    let text = format!("{fault:.<25}");
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    let file = host.file("runner.wasm", bytes);
    let (code, report) = check(&host, &[file.to_str().unwrap()]);
    found(code, &report, fault, id, said);
}

#[track_caller]
fn found(code: Option<i32>, report: &Value, fault: &str, id: &str, said: &str) {
    assert_eq!(code, Some(8), "{fault}: {report:#}");
    assert_eq!(report["passed"], false);
    let failed = with(report, "fail");
    assert!(failed.contains(&id), "{fault}: {failed:?}");
    let detail = detail(report, id);
    assert!(detail.contains(said), "{fault}: {detail}");
}

macro_rules! faults {
    ($($name:ident: $check:ident($fault:literal, $id:literal, $said:literal);)*) => {
        $(#[test]
        fn $name() {
            $check($fault, $id, $said);
        })*
    };
}

faults! {
    a_body_joined_from_texts: fails("no-escape", "input.quotes", "the request's body is no JSON");
    a_panic_at_unicode: fails("unicode-traps", "input.unicode", "it trapped");
    a_description_that_is_cut: fails("cut", "input.prompt", "no request holds the description");
    a_panic_at_a_status: fails("status-traps", "service.500", "it trapped");
    a_status_told_as_a_bad_answer: fails("status-is-response", "service.429", "it reported `invalid-response`");
    a_status_that_is_lost: fails("status-lost", "service.401", "with status none, and 401 is due");
    a_failure_that_never_passes: fails("never-retryable", "service.503", "`retryable: false`, and true is due");
    a_spec_made_up_at_a_status: fails("status-invents", "service.404", "as if nothing had failed");
    a_spec_made_up_without_an_answer: fails("no-answer-invents", "service.refused", "`made-up`, as if nothing had failed");
    a_spec_made_up_at_a_bad_answer: fails("bad-answer-invents", "service.html", "as if nothing had failed");
    a_panic_at_a_bad_answer: fails("bad-answer-traps", "service.empty", "it trapped");
    a_connection_blamed_on_the_input: fails("no-answer-is-input", "service.broken", "it reported `invalid-input`");
    a_panic_where_it_is_denied: fails("denied-traps", "service.denied", "it trapped");
    a_panic_at_an_answer_without_end: fails("too-large-traps", "service.endless", "it trapped");
    a_wait_without_end: fails("timeout-hangs", "service.timeout", "it took longer than 5s");
    a_secret_in_a_log: fails("logs-key", "secret.logs", "logged or showed, in the check spec.valid");
    a_secret_in_a_spec: fails("echoes-key", "secret.result", "in what it returned");
    a_result_of_chance: fails("random", "same.result", "first `name: plan-");
    requests_of_chance: fails("random-request", "same.requests", "not the same ones");
    a_field_that_is_not_declared: fails("undeclared", "config.declared", "`hidden`");
    a_panic_without_a_required_field: fails("missing-traps", "config.required", "without `endpoint` the sandbox stopped it");
    a_spec_without_steps: fails("no-steps", "spec.valid", "no valid task spec");
    an_answer_that_is_not_used: fails("ignores-answer", "spec.answer", "has not both");
    a_spec_on_standard_output: fails("prints", "output.stdout", "it printed a spec");
    a_parameter_that_is_not_known: fails("parameters", "spec.parameters", "an unknown parameter");
    a_dag_without_anything: fails("dag-invalid", "dag.minimal", "no valid DAG");
    a_dag_that_loses_steps: fails("dag-few", "dag.large", "the DAG has 1 steps, and the spec has 200");
    a_panic_at_a_spec: fails("dag-traps", "dag.unicode", "it trapped");
    more_memory_than_there_is: fails("memory", "limits.default", "its limit `memory`");
    more_logs_than_there_may_be: fails("logs-flood", "limits.default", "its limit `logs`");
    a_describe_that_traps: describes_wrongly("describe-traps", "describe.answers", "it trapped");
    a_describe_of_chance: describes_wrongly("describe-random", "describe.same", "says something else");
    a_field_declared_twice: describes_wrongly("describe-twice", "describe.fields", "`endpoint` is declared twice");
    a_field_that_is_arborists: describes_wrongly("describe-reserved", "describe.fields", "`allow` is a key of Arborist's own");
    a_trap_with_its_last_words: fails("status-traps", "service.403", "its last words: ");
    a_describe_with_its_last_words: describes_wrongly("describe-traps", "describe.answers", "its last words: ");
    a_runner_without_a_version: describes_wrongly("describe-empty", "describe.texts", "its version is empty");
}

#[test]
fn good_runners_pass() {
    let host = Host::new();
    let (code, report) = check(&host, &[FAULTY]);
    assert_eq!(
        (code, with(&report, "pass").len()),
        (Some(0), ROWS.len()),
        "{report:#}"
    );
    assert_eq!(
        report["made_up"],
        serde_json::json!(["endpoint", "api_key"])
    );
    assert!(report["used"]["memory_bytes"].as_u64().unwrap() > 0);
    for builtin in [
        "mock",
        "custom",
        "openai",
        "claude",
        "ollama",
        "multi-model",
    ] {
        let (code, report) = check(&host, &[builtin]);
        assert_eq!(code, Some(0), "{builtin}: {report:#}");
        // Those that ask a service are checked in all that services do.
        let asks = builtin != "mock";
        assert_eq!(
            with(&report, "skip").len() < 3,
            asks,
            "{builtin}: {:?}",
            with(&report, "skip")
        );
    }
    // One that streams and asks nobody.
    assert_eq!(check(&host, &[STREAMING]).0, Some(0));
    // Both of the protocols of `custom`.
    let (code, report) = check(
        &host,
        &["custom", "--set", "service_url=https://ai.example.com"],
    );
    assert_eq!(
        (code, with(&report, "skip").len()),
        (Some(0), 1),
        "{report:#}"
    );
}

#[test]
fn a_field_that_is_never_read_is_a_warning() {
    let host = Host::new();
    let mut bytes = fs::read(FAULTY).unwrap();
    let at = bytes
        .windows(MARKER.len())
        .position(|window| window == MARKER)
        .unwrap();
    bytes[at..at + MARKER.len()].copy_from_slice(b"ARBORIST-FAULT:describe-unread..........");
    let file = host.file("runner.wasm", bytes);
    let (code, report) = check(&host, &[file.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    assert_eq!(with(&report, "warn"), ["config.used"]);
    assert!(detail(&report, "config.used").contains("`colour`"));
}

#[test]
fn what_is_no_runner_fails_and_what_is_no_component_cannot_be_used() {
    let host = Host::new();
    host.file("empty.wat", "(component)");
    let (code, report) = check(&host, &["empty.wat"]);
    assert_eq!(
        (code, with(&report, "fail")),
        (Some(8), vec!["component.contract"])
    );
    assert!(detail(&report, "component.contract").contains("does not export"));
    assert_eq!(with(&report, "skip").len(), ROWS.len() - 1);
    host.file("module.wat", "(module)");
    host.file("text.wasm", "nothing");
    for file in ["module.wat", "text.wasm"] {
        let ran: Ran = host.run(&["check", file]);
        drop(ran.failed(4));
    }
}

#[test]
fn the_report_says_what_was_seen_what_is_due_and_what_to_do() {
    let host = Host::new();
    let ran = host.run(&["check", FAULTY, "--set", "fault=status-lost"]);
    assert_eq!(ran.code, Some(8));
    for part in [
        "with made-up values for `endpoint`, `api_key`",
        "FAIL  service.401",
        "seen: it reported `service` with status none, and 401 is due",
        "contract: a status that says",
        "next: look at `response.status`",
        "6 failed",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(
        !ran.stdout.contains('\u{1b}'),
        "colour where no terminal is"
    );
    // The requests of a runner that asks where nobody permits it.
    let described = host.run(&["check", DESCRIBED]);
    assert!(
        described.stdout.contains("secret.result"),
        "{}",
        described.stdout
    );
}

#[test]
fn answers_of_an_unknown_protocol_are_given() {
    let host = Host::new();
    // `plain` asks what its description says: it is answered, and makes no plan of it.
    let (code, report) = check(&host, &[PLAIN]);
    assert_eq!(code, Some(8), "{report:#}");
    host.file(
        "answers.yaml",
        "cassette: 1\nexchanges:\n- request: {method: POST, url: 'https://elsewhere.example/x'}\n  response: {status: 200, json: {steps: [{name: given, command: 'true'}], name: given}}\n",
    );
    let (code, report) = check(&host, &[FAULTY, "--answers", "answers.yaml"]);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(with(&report, "skip"), ["spec.answer", "service.type"]);
    host.file("empty.yaml", "cassette: 1\nexchanges: []\n");
    let empty = host.run(&["check", FAULTY, "--answers", "empty.yaml"]);
    assert!(empty.failed(2).contains("is empty"));
}

#[test]
fn a_projects_folder_is_checked_with_its_own_settings() {
    let host = Host::new();
    fs::create_dir(host.home().join("mine")).unwrap();
    fs::copy(FAULTY, host.home().join("mine/mine.wasm")).unwrap();
    let settings = "runner: mine\nmine:\n  component: mine.wasm\n  endpoint: https://ai.example.com/v1\n  api_key: ${NOBODY_SETS_THIS}\n";
    host.file("mine/agent-arborist.yaml", settings);
    // It is there for what the check's own service does not speak, and this runner understands that one.
    host.file(
        "mine/cassette.yaml",
        "cassette: 1\nexchanges:\n- request: {method: POST, url: 'https://a.example/'}\n  response: {status: 500}\n",
    );
    for place in ["mine", "./mine", "mine/"] {
        let (code, report) = check(&host, &[place]);
        assert_eq!(code, Some(0), "{place}: {report:#}");
        assert_eq!(report["made_up"], serde_json::json!([]), "{place}");
        assert_eq!(report["answers"], "service");
        assert_eq!(with(&report, "pass").len(), ROWS.len());
    }
    let mut inside = host.command();
    inside
        .args(["check", "-q"])
        .current_dir(host.home().join("mine"));
    let inside = arborist_tests::host::run(&mut inside, b"");
    assert!(inside.succeeded().contains("46 passed"));
    // The cassette that somebody names answers from the beginning.
    let answers = ["mine", "--answers", "mine/cassette.yaml"];
    let (code, report) = check(&host, &answers);
    assert_eq!(
        (code, &report["answers"]),
        (Some(8), &Value::from("cassette"))
    );
    // A fault of the project is found with its settings.
    host.file(
        "mine/agent-arborist.yaml",
        format!("{settings}  fault: status-lost\n"),
    );
    let (code, report) = check(&host, &["mine"]);
    assert_eq!(code, Some(8));
    assert!(with(&report, "fail").contains(&"service.401"));
}

#[test]
fn a_folder_that_is_no_project_is_told_as_such() {
    let host = Host::new();
    fs::create_dir(host.home().join("empty")).unwrap();
    let said = host.run(&["check", "./empty"]).failed(2);
    assert!(
        said.contains("there is no agent-arborist.yaml in ./empty") && said.contains("NAME.wasm"),
        "{said}"
    );
    // Nor is one above it its own.
    host.file("agent-arborist.yaml", "runner: mock\n");
    let said = host.run(&["check", "./empty"]).failed(2);
    assert!(said.contains("is of another project"), "{said}");
    let named = ["check", "./empty", "--config", "agent-arborist.yaml"];
    let said = host.run(&named).failed(2);
    assert!(
        said.contains("the configuration in force is") && said.contains("leave out --config"),
        "{said}"
    );
    host.file("empty/agent-arborist.yaml", "runner: mock\n");
    let (code, _) = check(&host, &["empty"]);
    assert_eq!(code, Some(0));
}

#[test]
fn a_projects_cassette_is_read_only_where_it_is_needed() {
    let host = Host::new();
    fs::create_dir(host.home().join("mine")).unwrap();
    host.file("mine/agent-arborist.yaml", "runner: mock\n");
    for damaged in ["cassette: 1\nexchanges: []\n", "no: {cassette"] {
        host.file("mine/cassette.yaml", damaged);
        host.file("mine/agent-arborist.yaml", "runner: mock\n");
        // It asks nobody.
        let (code, report) = check(&host, &["mine"]);
        assert_eq!((code, &report["answers"]), (Some(0), &"service".into()));
        // It makes no plan of what the check's own service answers.
        fs::copy(FAULTY, host.home().join("mine/mine.wasm")).unwrap();
        host.file(
            "mine/agent-arborist.yaml",
            "runner: mine\nmine: {component: mine.wasm, fault: no-steps, endpoint: 'https://ai.example.com/v1', api_key: '${NOBODY_SETS_THIS}'}\n",
        );
        let told = host.run(&["check", "mine"]).failed(2);
        assert!(
            told.contains("the project's cassette cannot answer instead")
                && told.contains("mine/cassette.yaml")
                && told.contains("--record cassette.yaml"),
            "{told}"
        );
        // Where another one is named, nobody looks at it.
        host.file(
            "good.yaml",
            "cassette: 1\nexchanges:\n- request: {method: POST, url: 'https://a.example/'}\n  response: {status: 500}\n",
        );
        let (code, report) = check(&host, &["mine", "--answers", "good.yaml"]);
        assert_eq!((code, &report["answers"]), (Some(8), &"cassette".into()));
    }
}

#[test]
fn the_page_has_every_check() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/testing.md");
    let page = fs::read_to_string(page).unwrap();
    for row in ROWS {
        let line = format!("| `{}` | {} |", row.id, row.title);
        assert!(page.contains(&line), "docs/testing.md lacks: {line}");
    }
    let rows = page.lines().filter(|line| {
        ROWS.iter()
            .any(|row| line.starts_with(&format!("| `{}` |", row.id)))
    });
    assert_eq!(rows.count(), ROWS.len());
}

/// The default runner passes: where nobody named one, that would say nothing of what is there.
#[test]
fn a_folder_without_a_project_is_not_checked() {
    let host = Host::new();
    let said = host.run(&["check"]).failed(2);
    assert!(said.contains("no project to check"), "{said}");
    // A folder of a built-in runner's name does not take its place.
    std::fs::create_dir(host.home().join("mock")).unwrap();
    host.file("mock/agent-arborist.yaml", "runner: nothing\n");
    let ran = host.run(&["check", "mock"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}
