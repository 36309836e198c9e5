//! What those who have just begun trip over: keys that are not in place yet, old components, folders that are no project, rules that
//! do not fit.

use crate::guests::FAULTY;
use arborist_tests::{Host, Ran, host};
use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

const ENDPOINT: &str = "https://ai.example.com/v1";
const SECTION: &str = "runner: mine\nmine:\n  component: mine.wasm\n  endpoint: https://ai.example.com/v1\n  api_key: ${MINE_API_KEY}\n";
/// What answers the runner once.
const TAPE: &str = "cassette: 1\nexchanges:\n- request: {method: POST, url: 'https://ai.example.com/v1'}\n  response: {status: 200, json: {name: rotate, steps: [{name: one, command: 'true'}]}}\n";

/// A home with a project in `mine`, in Rust by its files.
fn project() -> Host {
    let host = Host::new();
    fs::create_dir_all(host.home().join("mine/src")).unwrap();
    fs::copy(FAULTY, host.home().join("mine/mine.wasm")).unwrap();
    host.file("mine/agent-arborist.yaml", SECTION);
    host.file("mine/tape.yaml", TAPE);
    host.file("mine/Cargo.toml", "");
    host.file("mine/src/lib.rs", "");
    host
}

/// In the project, with this key.
fn inside(host: &Host, key: &str, args: &[&str]) -> Ran {
    let mut command = host.command();
    command
        .args(args)
        .current_dir(host.home().join("mine"))
        .env("MINE_API_KEY", key);
    host::run(&mut command, b"")
}

#[test]
fn a_key_that_is_too_short_stops_only_what_would_send_it() {
    let host = project();
    for args in [
        &["check"][..],
        &["cache", "ls"],
        &["cache", "clear", "--only", "results"],
        &["inspect", "mine"],
        &["runners"],
        &["config", "show"],
        &["config", "explain"],
        &["run", "--replay", "tape.yaml", "Rotate the logs"],
    ] {
        let ran = inside(&host, "hush", args);
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.stderr);
        assert!(!ran.stdout.contains("hush"), "{args:?}: {}", ran.stdout);
    }
    for args in [&["run", "Rotate the logs"][..], &["config", "check"]] {
        let said = inside(&host, "hush", args).failed(3);
        assert!(
            said.contains("at least 8 bytes") && said.contains("check the variable `MINE_API_KEY`"),
            "{args:?}: {said}"
        );
        assert!(!said.contains("hush"), "{said}");
    }
}

#[test]
fn a_component_that_is_older_than_its_sources_is_told() {
    let host = project();
    host.file(
        "mine/x.test.yaml",
        format!(
            "runner: mine\nvariables: {{MINE_API_KEY: made-up-key}}\ntests:\n{}{}",
            one("a"),
            one("b")
        ),
    );
    let commands = [
        &["run", "--replay", "tape.yaml", "Rotate the logs"][..],
        &["check"],
        &["test"],
    ];
    let told = |args: &[&str]| {
        let ran = inside(&host, "a-long-enough-key", args);
        assert_eq!(ran.code, Some(0), "{args:?}: {}{}", ran.stdout, ran.stderr);
        ran.stderr
            .matches(
                "warning: mine.wasm is older than src/lib.rs; `arborist build` makes it anew\n",
            )
            .count()
    };
    for args in commands {
        assert_eq!(told(args), 0, "{args:?}");
    }
    let source = File::options()
        .write(true)
        .open(host.home().join("mine/src/lib.rs"))
        .unwrap();
    source
        .set_modified(SystemTime::now() + Duration::from_secs(60))
        .unwrap();
    for args in commands {
        assert_eq!(told(args), 1, "{args:?}");
    }
    // A component that is named by itself is what it is.
    let named = [
        "--component",
        "mine.wasm",
        "--set",
        "endpoint=https://ai.example.com/v1",
    ];
    let run = [
        "run",
        "--replay",
        "tape.yaml",
        "--set-env",
        "api_key=MINE_API_KEY",
        "Rotate the logs",
    ];
    assert_eq!(told(&[&run[..], &named].concat()), 0);
    assert_eq!(told(&["check", "mine.wasm"]), 0);
}

/// A test that the tape answers.
fn one(name: &str) -> String {
    format!("- {{name: {name}, description: x, cassette: tape.yaml, expect: {{steps: 1}}}}\n")
}

#[test]
fn a_wrong_engine_is_told_once_by_a_run_of_tests() {
    let host = project();
    host.file(
        "mine/agent-arborist.yaml",
        format!("engine: {{profil: pooling}}\n{SECTION}"),
    );
    let suite = format!("runner: mine\ntests:\n{}{}{}", one("a"), one("b"), one("c"));
    host.file("mine/x.test.yaml", suite);
    let ran = inside(&host, "", &["test"]);
    assert_eq!(ran.code, Some(8), "{}", ran.stderr);
    let told = ran.stdout.matches("did you mean `profile`?").count();
    assert_eq!(told, 1, "{}", ran.stdout);
    assert_eq!(
        ran.stdout.matches("as the test before it").count(),
        2,
        "{}",
        ran.stdout
    );
}

#[test]
fn a_folder_below_another_project_is_told_from_a_runner() {
    let host = project();
    fs::create_dir_all(host.home().join("mine/other/deep")).unwrap();
    let above = host.home().join("mine").canonicalize().unwrap();
    for folder in ["other", "./other", "other/deep"] {
        let said = inside(&host, "", &["check", folder]).failed(2);
        for part in [
            format!("there is no agent-arborist.yaml in {folder}, and the one above it, "),
            format!("name the component: arborist check {folder}/NAME.wasm"),
            format!("arborist check {}\n", above.display()),
        ] {
            assert!(said.contains(&part), "{folder}: {said}");
        }
        assert!(!said.contains("--config"), "{folder}: {said}");
    }
    // What is neither a folder nor a runner is still called what it was meant for.
    let said = inside(&host, "", &["check", "nothing"]).failed(2);
    assert!(said.contains("there is no runner `nothing`"), "{said}");
}

#[test]
fn an_allow_that_has_no_rule_for_the_endpoint_is_told() {
    let host = project();
    let check = |allow: &str| {
        host.file(
            "mine/agent-arborist.yaml",
            format!("{SECTION}  allow: [{allow}]\n"),
        );
        let ran = inside(&host, "a-long-enough-key", &["config", "check"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stderr
    };
    let said = check("https://ai.example.com/v2");
    let line = format!("allow: [\"https://ai.example.com/v2\", \"POST {ENDPOINT}\"]\n");
    assert!(
        said.contains("requests to `endpoint` will be denied") && said.ends_with(&line),
        "{said}"
    );
    // The rule that it says is enough.
    for allow in [&format!("\"POST {ENDPOINT}\""), "https://ai.example.com"] {
        assert_eq!(check(allow), "", "{allow}");
    }
}

#[test]
fn languages_are_named_as_people_write_them() {
    let host = Host::new();
    for (name, lang, language) in [
        ("a", "Rust", "Rust"),
        ("b", "TypeScript", "TypeScript"),
        ("c1", "JavaScript", "JavaScript"),
        ("d", "PYTHON", "Python"),
        ("e", "C", "C"),
    ] {
        let made = host.run(&["new", name, "--lang", lang]);
        let said = format!("a runner in {language};");
        assert!(made.stderr.contains(&said), "{lang}: {}", made.stderr);
    }
    for lang in ["go", "Go", "golang"] {
        let said = host.run(&["new", "f", "--lang", lang]).failed(2);
        assert!(
            said.contains("help: the section Go of docs/writing-runners.md"),
            "{lang}: {said}"
        );
    }
    assert!(include_str!("../../docs/writing-runners.md").contains("\n## Go\n"));
    let said = host.run(&["new", "f", "--lang", "cobol"]).failed(2);
    assert!(said.contains("rust, python, js, ts, c"), "{said}");
}
