//! `--record` and `--replay`: what a run asked for, kept in a file, and answered from it without a network.

use crate::guests::PLAIN;
use arborist_tests::{
    Host, Ran, host,
    service::{Ai, Answer, Behaviour, Echo, End, Piece, Refusing, Service, Stream},
};
use serde_json::json;
use std::fs;

const DOORS: [&str; 2] = ["http", "wasi"];
const KEY: &str = "sk-proj-Zm9vYmFy0123456789abcdef";

/// A home whose runner `mine` is the guest `plain`, and which holds a key for this service.
fn host(origin: &str, more: &str) -> Host {
    let host = Host::new();
    fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    let file = format!(
        "runner: mine\nmine:\n  component: plain.wasm\n  endpoint: {origin}\n  api_key: ${{MINE_API_KEY}}\n{more}"
    );
    host.file("agent-arborist.yaml", file);
    host
}

fn run(host: &Host, key: Option<&str>, args: &[&str]) -> Ran {
    let mut command = host.command();
    command.arg("run").args(args).env_remove("MINE_API_KEY");
    if let Some(key) = key {
        command.env("MINE_API_KEY", key);
    }
    host::run(&mut command, b"")
}

/// Every spelling of the key that a file could hold.
fn spellings() -> Vec<String> {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };
    let credentials = format!("user:{KEY}");
    vec![
        KEY.to_owned(),
        KEY[8..].to_owned(),
        STANDARD.encode(KEY),
        URL_SAFE_NO_PAD.encode(KEY),
        STANDARD.encode(credentials),
        KEY.replace('-', "%2D"),
        KEY.replace('-', "\\u002d"),
    ]
}

#[test]
fn a_run_is_recorded_and_replayed_without_a_key_and_without_a_network() {
    for door in DOORS {
        let service = Service::start(Behaviour::sequence([
            Answer::text(503, "later").header("retry-after", "0").into(),
            Echo::new().into(),
        ]));
        let host = host(&service.origin(), "  retry: {delay: 1ms}\n");
        let url = service.url("/v1/x?n=1");
        let ask = format!("{door} POST {url}");
        let params = [
            "--param",
            r#"body={"prompt":"Rotate"}"#,
            "--param",
            "header:authorization=Bearer {api_key}",
            "--param",
            "header:content-type=application/json",
        ];
        let args = [&[ask.as_str()], &params[..], &["--record", "tape.yaml"]].concat();
        let recorded = run(&host, Some(KEY), &args).succeeded();
        assert!(
            service.requests()[1]
                .header("authorization")
                .unwrap()
                .ends_with(KEY)
        );
        drop(service);

        let tape = fs::read_to_string(host.home().join("tape.yaml")).unwrap();
        for spelling in spellings() {
            assert!(!tape.contains(&spelling), "{tape}");
        }
        assert!(
            tape.contains("authorization: Bearer [secret api_key]"),
            "{tape}"
        );
        assert_eq!(tape.matches("- request:").count(), 2);

        // The service is gone, the key is not set, and the runner gets what it got: the echo of its key included.
        let args = [
            &[ask.as_str()],
            &params[..],
            &["--replay", "tape.yaml", "--audit", "log.jsonl"],
        ]
        .concat();
        let replayed = run(&host, None, &args);
        assert_eq!(replayed.stderr, "");
        assert_eq!(replayed.succeeded(), recorded);
        let log = fs::read_to_string(host.home().join("log.jsonl")).unwrap();
        assert!(
            log.contains(r#""outcome":"replayed""#) && !log.contains(r#""event":"sending""#),
            "{log}"
        );
    }
}

#[test]
fn a_request_that_differs_is_refused_with_the_difference() {
    for door in DOORS {
        let service = Service::start(Behaviour::text(200, "hello"));
        let host = host(&service.origin(), "");
        let ask = format!("{door} POST {}", service.url("/x"));
        let args = |body| [ask.as_str(), "--param", body, "--param", "on-error=fail"];
        let with = |body, tape| [&args(body)[..], tape].concat();
        let record = ["--record", "tape.yaml"];
        drop(run(&host, Some(KEY), &with(r#"body={"a":[1,2]}"#, &record)).succeeded());
        let replay = ["--replay", "tape.yaml"];
        // The order of keys and white space in JSON are no difference.
        drop(run(&host, None, &with(r#"body={ "a": [1, 2] }"#, &replay)).succeeded());
        let said = run(&host, None, &with(r#"body={"a":[1,3]}"#, &replay)).failed(6);
        assert!(
            said.contains(
                "the nearest is exchange 1, but `a[1]` of the body is 3, and 2 in the cassette"
            ),
            "{said}"
        );
        assert!(
            said.contains("record the run again with `--record FILE`"),
            "{said}"
        );
        // What the runner was told of rules would lead astray.
        assert!(!said.contains("egress rules"), "{said}");
        assert!(
            said.contains("the one exchange of tape.yaml was not asked for"),
            "{said}"
        );
        assert_eq!(service.requests().len(), 1);
    }
}

#[test]
fn the_policy_decides_first_and_places_of_secrets_too() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = host(&service.origin(), "");
    let ask = format!("http GET {}", service.url("/"));
    drop(run(&host, Some(KEY), &[&ask, "--record", "tape.yaml"]).succeeded());
    let file = fs::read_to_string(host.home().join("agent-arborist.yaml")).unwrap();
    host.file("agent-arborist.yaml", format!("{file}  allow: []\n"));
    let spec = run(&host, None, &[&ask, "--replay", "tape.yaml"]).succeeded();
    assert!(spec.contains("denied"), "{spec}");
    host.file("agent-arborist.yaml", file);
    let query = format!("{ask}?k={{api_key}}");
    let said = run(
        &host,
        None,
        &[&query, "--replay", "tape.yaml", "--param", "on-error=fail"],
    )
    .failed(6);
    assert!(said.contains("in: [header, query]"), "{said}");
}

#[test]
fn failures_are_kept_too() {
    let closed = Refusing::new();
    let half = Piece {
        bytes: b"half".to_vec(),
        gate: None,
    };
    let service = Service::start(Behaviour::sequence([
        Stream::new("text/plain", [half]).end(End::Reset).into(),
        Behaviour::text(200, [1, 159, 146, 150]),
    ]));
    let host = host(&service.origin(), "");
    let asks = [closed.url("/"), service.url("/cut"), service.url("/bytes")];
    let allow = closed.url("");
    for (number, url) in asks.iter().enumerate() {
        let ask = format!("http GET {url}");
        let tape = format!("{number}.yaml");
        let args = [ask.as_str(), "--allow", &allow];
        let recorded = run(
            &host,
            Some(KEY),
            &[&args[..], &["--record", &tape]].concat(),
        );
        let replayed = run(&host, None, &[&args[..], &["--replay", &tape]].concat());
        assert_eq!(replayed.succeeded(), recorded.succeeded(), "{ask}");
    }
    let tape = |name: &str| fs::read_to_string(host.home().join(name)).unwrap();
    assert!(
        tape("0.yaml").contains("not_connected: "),
        "{}",
        tape("0.yaml")
    );
    assert!(tape("1.yaml").contains("cut_off: "), "{}", tape("1.yaml"));
    assert!(
        tape("2.yaml").contains("base64: AZ+Slg=="),
        "{}",
        tape("2.yaml")
    );
}

#[test]
fn basic_credentials_and_exposed_secrets_leave_no_trace() {
    for (more, header) in [
        ("", "basic=user:{api_key}"),
        ("  expose: [api_key]\n", "basic=user:{api_key}"),
        ("  expose: [api_key]\n", "body={api_key}"),
    ] {
        let service = Service::start(Echo::new().into());
        let host = host(&service.origin(), more);
        let ask = format!("http POST {}", service.url("/"));
        let args = [ask.as_str(), "--param", header];
        drop(
            run(
                &host,
                Some(KEY),
                &[&args[..], &["--record", "tape.yaml"]].concat(),
            )
            .succeeded(),
        );
        let tape = fs::read_to_string(host.home().join("tape.yaml")).unwrap();
        for spelling in spellings() {
            assert!(!tape.contains(&spelling), "{tape}");
        }
        assert!(tape.contains("[secret api_key]"), "{tape}");
    }
}

#[test]
fn built_in_runners_are_recorded_with_their_events() {
    let plan =
        json!({"name": "rotate", "description": "d", "steps": [{"name": "a", "command": "true"}]});
    let service = Service::start(Ai::openai(Some(KEY), "gpt-4").says(&plan).into());
    let host = Host::new();
    let base = service.url("/v1");
    host.file(
        "agent-arborist.yaml",
        format!("runner: openai\nopenai:\n  api_key: ${{MINE_API_KEY}}\n  base_url: {base}\n"),
    );
    let recorded = run(&host, Some(KEY), &["Rotate", "--record", "tape.yaml"]).succeeded();
    drop(service);
    assert_eq!(
        run(&host, None, &["Rotate", "--replay", "tape.yaml"]).succeeded(),
        recorded
    );
    let said = run(&host, None, &["Other", "--replay", "tape.yaml"]).failed(6);
    assert!(said.contains("of the body"), "{said}");
}

#[test]
fn files_that_are_none_are_refused_and_left_alone() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = host(&service.origin(), "");
    let ask = format!("http GET {}", service.url("/"));
    let said = |args: &[&str]| run(&host, Some(KEY), &[&[ask.as_str()], args].concat()).failed(2);
    host.file("notes.yaml", "mine: 1\n");
    assert!(said(&["--record", "notes.yaml"]).contains("notes.yaml exists and is no cassette"));
    assert_eq!(
        fs::read_to_string(host.home().join("notes.yaml")).unwrap(),
        "mine: 1\n"
    );
    assert!(said(&["--replay", "notes.yaml"]).contains("makes one"));
    assert!(said(&["--replay", "missing.yaml"]).contains("missing.yaml"));
    assert!(said(&["--replay", "a.yaml", "--record", "b.yaml"]).contains("cannot be used with"));
    assert!(said(&["--record", "x.yaml", "-o", "x.yaml"]).contains("cannot both be x.yaml"));
    assert!(said(&["--record", "nowhere/x.yaml"]).contains("nowhere/x.yaml"));
    assert_eq!(
        service.requests().len(),
        0,
        "a record that cannot be written was begun"
    );
    drop(run(&host, Some(KEY), &[&ask, "--record", "tape.yaml"]).succeeded());
    drop(run(&host, Some(KEY), &[&ask, "--record", "tape.yaml"]).succeeded());
}
