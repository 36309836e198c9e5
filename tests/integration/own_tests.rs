//! `arborist test`: tests of a runner, written as YAML.

use arborist_tests::{Host, Ran};
use serde_json::{Value, json};
use std::fs;

/// A test of the built-in `custom`; `more` stands below its `tests`.
fn suite(more: &str) -> String {
    format!(
        "runner: custom\nvariables: {{KEY: made-up-key-1}}\nconfig:\n  endpoint: https://api.example.com/v1/generate\n  api_key: ${{KEY}}\ntests:\n{more}"
    )
}

const PLAN: &str = "\
- name: a plan
  description: Rotate the logs
  exchanges:
  - request:
      method: POST
      url: https://api.example.com/v1/generate
      json: {prompt: Rotate the logs}
    response:
      status: 200
      json: {name: rotate, steps: [{name: one, command: logrotate}, {name: two, command: '5', depends_on: [one]}]}
";

fn test(files: &[(&str, &str)], args: &[&str]) -> (Host, Ran) {
    let host = Host::new();
    for (name, text) in files {
        host.file(name, text);
    }
    let ran = host.run(&[&["test"], args].concat());
    (host, ran)
}

/// What a run of one test says, after it is sure that the test failed.
#[track_caller]
fn fails(of: &str) -> String {
    let (_host, ran) = test(&[("x.test.yaml", &suite(of))], &[]);
    assert_eq!(ran.code, Some(8), "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("FAIL") && ran.stdout.contains("1 failed"),
        "{}",
        ran.stdout
    );
    ran.stdout
}

#[test]
fn expectations_that_hold_pass() {
    let expect = "  expect:
    spec: {name: rotate, steps: [{name: one, command: logrotate}, {name: two, command: 5, depends_on: one}]}
    name: rotate
    steps: [one, two]
    contains: logrotate
    exit: 0
    dag: {name: rotate, type: graph, steps: [{name: one, command: x}]}
";
    // A DAG of another command is a failure that shows the line.
    let said = fails(&format!("{PLAN}{expect}"));
    assert!(
        said.contains("the DAG differs") && said.contains("- "),
        "{said}"
    );
    let good = format!(
        "{PLAN}{}",
        expect.replace(
            "    dag: {name: rotate, type: graph, steps: [{name: one, command: x}]}\n",
            ""
        )
    );
    let more = "  - {name: requests, description: x, exchanges: [{request: {method: POST, url: 'https://api.example.com/v1/generate'}, response: {status: 429}}],
     expect: {error: {kind: service, status: 429, retryable: true, contains: '429'}, exit: 5,
     requests: [{method: post, headers: {Authorization: 'Bearer [secret api_key]'}, json: {prompt: x}, contains: prompt}]}}
  - {name: no configuration, description: x, config: {endpoint: ''}, expect: {error: {kind: invalid-config}, exit: 3, requests: 0}}
  - {name: a DAG, spec: {name: s, steps: [{name: one, command: echo 1}]}, expect: {contains: echo 1}}
".replace("\n  - ", "\n- ").replacen("  - ", "- ", 1);
    let (_host, ran) = test(&[("x.test.yaml", &suite(&format!("{good}{more}")))], &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.ends_with("\n4 tests: 4 passed\n"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains('\u{1b}'));
}

#[test]
fn what_does_not_hold_is_shown() {
    for (expect, said) in [
        (
            "{name: other}",
            "the spec's name is rotate, and other is expected",
        ),
        ("{steps: 3}", "there are 2 steps, and 3 are expected"),
        ("{steps: [one, zwei]}", "- zwei"),
        (
            "{contains: [logrotate, nowhere]}",
            "nowhere is not in what came out",
        ),
        (
            "{spec: {name: rotate, steps: [{name: one, command: rm}]}}",
            "-     command: rm",
        ),
        ("{requests: 2}", "requests made: 1, and 2 are expected"),
        (
            "{requests: [{url: 'https://x/'}]}",
            "request 1: its URL is https://api.example.com",
        ),
        (
            "{requests: [{json: {prompt: x}}]}",
            "request 1: its body is",
        ),
        (
            "{requests: [{headers: {x-a: b}}]}",
            "its header `x-a` is missing",
        ),
        ("{error: {kind: service}}", "the run was to fail"),
        ("{exit: 5}", "the exit code is 0, and 5 is expected"),
    ] {
        let out = fails(&format!("{PLAN}  expect: {expect}\n"));
        assert!(out.contains(said), "{expect}: {out}");
    }
    // A failure that nobody expects, and another than is expected.
    let refused = PLAN.replace("status: 200", "status: 401");
    let out = fails(&format!("{refused}  expect: {{steps: 2}}\n"));
    assert!(
        out.contains("the run failed (service)") && out.contains("401"),
        "{out}"
    );
    let out = fails(&format!(
        "{refused}  expect: {{error: {{status: 403, retryable: true}}}}\n"
    ));
    assert!(
        out.contains("status is 401, and 403") && out.contains("retryable is false, and true"),
        "{out}"
    );
}

#[test]
fn a_request_that_nothing_answers_fails_with_the_difference_and_nothing_is_sent() {
    let other = PLAN.replace("{prompt: Rotate the logs}", "{prompt: Rotate logs}");
    let out = fails(&format!("{other}  expect: {{error: {{kind: refused}}}}\n"));
    assert!(
        out.contains("`prompt` of the body is \"Rotate the logs\", and \"Rotate logs\"")
            && out.contains("1 of the exchanges was never asked for"),
        "{out}"
    );
    let out = fails("- {name: none, description: x, expect: {steps: 1}}\n");
    assert!(out.contains("it is empty"), "{out}");
    // A cassette may hold more than is asked for.
    let tape = "cassette: 1\nexchanges:\n- request: {method: POST, url: 'https://api.example.com/v1/generate'}\n  response: {status: 500}\n- request: {method: GET, url: 'https://a/'}\n  response: {status: 200}\n";
    let of = suite(
        "- {name: tape, description: x, cassette: tape.yaml, expect: {error: {status: 500}}}\n",
    );
    let (_host, ran) = test(&[("x.test.yaml", &of), ("tape.yaml", tape)], &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    let (_host, ran) = test(&[("x.test.yaml", &of)], &[]);
    assert!(
        ran.stdout.contains("tape.yaml cannot be read"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_came_out_is_accepted_and_held_against_later_runs() {
    let host = Host::new();
    let failing = "- {name: refused, description: x, exchanges: [{request: {method: POST, url: 'https://api.example.com/v1/generate'}, response: {status: 403}}]}\n";
    let write = |plan: &str| host.file("rotate.test.yaml", suite(&format!("{plan}{failing}")));
    write(PLAN);
    let ran = host.run(&["test"]);
    assert_eq!(ran.code, Some(8));
    assert!(
        ran.stdout.contains("arborist test --update"),
        "{}",
        ran.stdout
    );
    let ran = host.run(&["test", "--update"]);
    assert!(
        ran.stdout.contains("2 accepted"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    let kept = fs::read_to_string(host.home().join("rotate.expected.yaml")).unwrap();
    assert!(
        kept.contains("a plan:") && kept.contains("logrotate") && kept.contains("status: 403"),
        "{kept}"
    );
    assert!(host.run(&["test"]).succeeded().contains("2 passed"));
    assert!(
        host.run(&["test", "--update"])
            .succeeded()
            .contains("2 passed")
    );
    write(&PLAN.replace("logrotate", "rm -rf"));
    let ran = host.run(&["test"]);
    assert_eq!(ran.code, Some(8));
    assert!(
        ran.stdout.contains("command: rm -rf")
            && ran.stdout.contains("- ")
            && ran.stdout.contains("+ "),
        "{}",
        ran.stdout
    );
    // What was not answered is not accepted.
    write(&PLAN.replace("prompt: Rotate", "prompt: Other"));
    let ran = host.run(&["test", "--update"]);
    assert_eq!(ran.code, Some(8));
    assert_eq!(
        fs::read_to_string(host.home().join("rotate.expected.yaml")).unwrap(),
        kept
    );
    host.file("rotate.expected.yaml", "a plan: 5");
    assert!(host.run(&["test"]).failed(3).contains("accept anew"));
}

#[test]
fn faults_of_the_files_are_told_at_once_with_their_places() {
    let faulty = "runer: custom\ntests:\n- {name: a, descripton: x}\n- name: a\n  description: ''\n- name: b\n  description: x\n  exchanges:\n  - {request: {method: GET}}\n  expect: {exit: 300, spec: {name: x}, error: {kind: nothing}}\n";
    let (_host, ran) = test(&[("x.test.yaml", faulty), ("y.test.yaml", "tests: {")], &[]);
    let said = ran.failed(3);
    for part in [
        "x.test.yaml:1:1",
        "did you mean `runner`?",
        "x.test.yaml:3:13",
        "did you mean `description`?",
        "one of `description` and `spec`",
        "the `description` is empty",
        "the host refuses it before it calls a runner",
        "missing field `url`",
        "`exit` must be a whole number",
        "`spec` is no valid task spec",
        "there is no such kind of error",
        "y.test.yaml",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let twice = suite("- {name: a, description: x}\n- {name: a, description: x}\n");
    let (_host, ran) = test(&[("x.test.yaml", &twice)], &[]);
    assert!(ran.failed(3).contains("an earlier test's"));
    // A fault of the configuration is the test's, with its line.
    let out = fails("- {name: a, description: x, config: {alow: []}, expect: {steps: 1}}\n");
    assert!(
        out.contains("x.test.yaml:7:") && out.contains("did you mean `allow`"),
        "{out}"
    );
}

#[test]
fn tests_are_found_filtered_and_use_the_projects_runner() {
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        "runner: mine\nmine:\n  component: mine.wasm\n  endpoint: https://api.example.com/v1/generate\n  api_key: ${NOT_SET_KEY}\n",
    );
    fs::copy(crate::guests::DESCRIBED, host.home().join("mine.wasm")).unwrap();
    fs::create_dir(host.home().join("tests")).unwrap();
    host.file(
        "tests/a.test.yaml",
        "tests:\n- {name: its own model, description: x, config: {model: large}, expect: {contains: large}}\n- {name: usual model, description: x, expect: {contains: small, requests: 0}}\n",
    );
    host.file("tests/b.yaml", "not read");
    let all = host.run(&["test"]);
    assert_eq!(all.code, Some(0), "{}{}", all.stdout, all.stderr);
    assert!(all.stdout.contains("tests/a.test.yaml") && all.stdout.contains("2 passed"));
    let some = host.run(&["test", "--filter", "usual"]).succeeded();
    assert!(some.contains("1 passed, 1 left out by --filter"), "{some}");
    assert!(
        host.run(&["test", "--filter", "nobody"])
            .failed(2)
            .contains("no test's name")
    );
    assert!(
        host.run(&["test", "tests/b.yaml"])
            .failed(3)
            .contains("must be a map")
    );
    let empty = Host::new();
    assert!(
        empty
            .run(&["test"])
            .failed(2)
            .contains("there is no *.test.yaml")
    );
}

/// The document that is printed, which is all of standard output, and the exit code.
fn report(files: &[(&str, &str)], args: &[&str]) -> (Value, Option<i32>) {
    let (_host, ran) = test(files, &[&["--format", "json"], args].concat());
    let report = serde_json::from_str(&ran.stdout);
    let report = report.unwrap_or_else(|_| panic!("{}{}", ran.stdout, ran.stderr));
    (report, ran.code)
}

#[test]
fn a_report_for_programs() {
    let failing = "- {name: \"fails\\u001b[2J\", description: x, expect: {steps: 1}}\n";
    let refused = "- {name: a refusal, description: x, exchanges: [{request: {method: POST, url: 'https://api.example.com/v1/generate'}, response: {status: 403}}], expect: {error: {status: 403}}}\n";
    let left_out = "- {name: idle, description: x, expect: {steps: 1}}\n";
    let text = suite(&format!(
        "{PLAN}  expect: {{spec: {{name: rotate, steps: [{{name: one, command: rm}}]}}}}\n{failing}{refused}{left_out}"
    ));
    let (report, code) = report(&[("x.test.yaml", &text)], &["--filter", "a"]);
    assert_eq!(code, Some(8), "{report:#}");
    assert_eq!(report["version"], 1);
    assert_eq!(report["passed"], false);
    assert_eq!(
        report["counts"],
        json!({"pass": 1, "new": 0, "fail": 2, "left_out": 1}),
        "{report:#}"
    );
    let tests = report["tests"].as_array().unwrap();
    let of = |name: &str| tests.iter().find(|test| test["name"] == name).unwrap();
    let (unanswered, passed) = (of("fails\u{1b}[2J"), of("a refusal"));
    assert_eq!(unanswered["file"], "x.test.yaml");
    assert_eq!(unanswered["verdict"], "fail");
    assert_eq!(unanswered["error"]["kind"], "refused");
    assert_eq!(unanswered["requests"], 1);
    assert!(unanswered["line"].as_u64().unwrap() > 10);
    assert!(
        unanswered["reasons"][0]["message"]
            .as_str()
            .unwrap()
            .contains("it is empty")
    );
    assert_eq!(passed["verdict"], "pass");
    assert_eq!(passed["reasons"], json!([]));
    assert_eq!(
        (
            &passed["error"]["kind"],
            &passed["error"]["status"],
            &passed["error"]["retryable"]
        ),
        (&json!("service"), &json!(403), &json!(false))
    );
}

#[test]
fn differences_and_what_was_accepted_are_in_the_report() {
    let text = suite(&format!("{PLAN}  expect: {{steps: [one, zwei]}}\n"));
    let (report, code) = report(&[("x.test.yaml", &text)], &[]);
    assert_eq!(code, Some(8));
    assert_eq!(report["tests"][0]["error"], Value::Null);
    assert_eq!(
        report["tests"][0]["reasons"],
        json!([{"message": "the steps' names differ", "diff": [
            {"kind": "same", "text": "one"},
            {"kind": "expected", "text": "zwei"},
            {"kind": "came", "text": "two"},
        ]}])
    );
    let text = suite(PLAN);
    let (host, ran) = test(&[("x.test.yaml", &text)], &["--update", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.succeeded()).unwrap();
    assert_eq!(report["passed"], true);
    assert_eq!(report["counts"]["new"], 1);
    assert_eq!(report["tests"][0]["verdict"], "new");
    assert!(host.home().join("x.expected.yaml").is_file());
}

#[test]
fn a_report_of_what_cannot_be_run() {
    let missing =
        "component: nowhere.wasm\ntests:\n- {name: a, description: x, expect: {steps: 1}}\n";
    let (report, code) = report(&[("x.test.yaml", missing)], &[]);
    assert_eq!(code, Some(8));
    assert_eq!(report["tests"][0]["error"]["kind"], "component");
    // Faults of the files and of the command line come before any report.
    for (file, args, code) in [
        ("tests: {", &[][..], 3),
        (&suite(PLAN), &["--filter", "nobody"], 2),
    ] {
        let (_host, ran) = test(
            &[("x.test.yaml", file)],
            &[&["--format", "json"], args].concat(),
        );
        // Asserts that nothing is on standard output.
        drop(ran.failed(code));
    }
}
