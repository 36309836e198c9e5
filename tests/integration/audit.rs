//! The audit log: every attempt by either door, whatever becomes of the run, and nothing in it that a guest could have put there.

mod dying;
mod files;

use crate::guests::PLAIN;
use arborist_tests::{
    Host, Ran, host,
    service::{Behaviour, Echo, Listener, Redirect, Refusing, Service},
};
use serde_json::{Value, json};
use std::{fs, io::BufRead as _, path::Path};

const KEY: &str = "sk-live-0123456789abcdef";
/// The two doors, as the guest `plain` is told to use them.
const DOORS: [&str; 2] = ["http", "wasi"];

/// The lines of a log, each of which must be one.
#[track_caller]
fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    text.lines().map(line).collect()
}

fn of(lines: &[Value], event: &str) -> Vec<Value> {
    let of = lines.iter().filter(|line| line["event"] == event);
    of.cloned().collect()
}

/// Runs `ask` with a log of its own, and gives the lines of its attempts.
#[track_caller]
fn attempts(host: &Host, ask: &str, flags: &[&str]) -> (Vec<Value>, Ran) {
    let log = host.home().join("audit.jsonl");
    drop(fs::remove_file(&log));
    let mut args = vec!["run", ask, "--component", PLAIN, "--audit", "audit.jsonl"];
    args.extend(flags);
    let ran = host.run(&args);
    let lines = lines(&log);
    assert_eq!(of(&lines, "run").len(), 1, "{}", ran.stderr);
    (of(&lines, "attempt"), ran)
}

/// A part of a line.
fn part(line: &Value, fields: &[&str]) -> Value {
    let pair = |field: &&str| ((*field).to_owned(), line[*field].clone());
    fields
        .iter()
        .map(pair)
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn what_is_allowed_and_what_is_not() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let closed = Refusing::new();
    let host = Host::new();
    let rule = format!("GET,POST {}/v1", service.origin());
    for door in DOORS {
        let ask = format!("{door} POST {}", service.url("/v1/x?token=abc#frag"));
        let flags = ["--allow", &rule, "--param", "body=four"];
        let (lines, _) = attempts(&host, &ask, &flags);
        assert_eq!(lines.len(), 1, "{lines:?}");
        let expected = json!({
            "attempt": 1, "runner": "plain", "method": "POST", "scheme": "http", "host": "127.0.0.1", "port": service.port(),
            "path": "/v1/x", "verdict": "allowed", "rule": rule, "rule_from": "by --allow", "secrets": [], "status": 200,
            "sent": 4, "received": 5, "outcome": "complete",
        });
        let fields: Vec<&str> = expected
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(part(&lines[0], &fields), expected);
        assert!(lines[0]["digest"].as_str().unwrap().starts_with("sha256:"));
        assert!(lines[0]["duration_ms"].is_u64());
        // Another path, which no rule is for.
        let ask = format!("{door} GET {}", service.url("/v2?token=abc"));
        let (lines, _) = attempts(&host, &ask, &["--allow", &rule]);
        let expected = json!({"verdict": "denied", "code": "no-rule", "path": "/v2", "outcome": "not-sent", "sent": 0});
        assert_eq!(
            part(&lines[0], &["verdict", "code", "path", "outcome", "sent"]),
            expected
        );
        assert!(
            lines[0]["reason"]
                .as_str()
                .unwrap()
                .contains("is for other paths")
        );
        // Nobody is there.
        let ask = format!("{door} GET {}", closed.url("/"));
        let (lines, _) = attempts(&host, &ask, &["--allow", &closed.url("")]);
        let expected = json!({"verdict": "allowed", "outcome": "failed", "received": 0});
        assert_eq!(
            part(&lines[0], &["verdict", "outcome", "received"]),
            expected
        );
        assert!(lines[0].get("status").is_none());
    }
    assert_eq!(service.requests().len(), 2);
}

#[test]
fn what_is_no_request_at_all() {
    let host = Host::new();
    for (ask, code) in [
        ("http GET https://user:pa55@evil.example/x?y", "target"),
        ("wasi GET https://user:pa55@evil.example/x?y", "target"),
        ("http BREW https://evil.example/x", "target"),
        ("http GET ftp://evil.example/x", "target"),
        ("http GET nothing", "target"),
    ] {
        let (lines, _) = attempts(&host, ask, &[]);
        // The guest's own library may refuse it before the host is asked.
        if ask.starts_with("wasi") && lines.is_empty() {
            continue;
        }
        let expected = json!({"verdict": "invalid", "code": code, "outcome": "not-sent"});
        assert_eq!(
            part(&lines[0], &["verdict", "code", "outcome"]),
            expected,
            "{ask}"
        );
        assert!(lines[0].get("host").is_none() && lines[0]["reason"].is_string());
        let text = lines[0].to_string();
        assert!(!text.contains("pa55") && !text.contains("?y"), "{text}");
    }
    // What is longer than is searched for secrets is not written at all.
    let long = format!("url%=https://a.example/{}", "x".repeat(65_000));
    let more = format!("http GET https://a.example/{}", "x".repeat(70_000));
    for (ask, flags) in [("http GET x", vec!["--param", &long]), (&more, vec![])] {
        let (lines, _) = attempts(&host, ask, &flags);
        let url = lines[0]["url"].as_str().unwrap();
        let whole = url.starts_with("https://a.example/x");
        assert!(
            whole == (ask != more) && (whole || url.ends_with(" bytes)")),
            "{url:.100}"
        );
    }
    let ask = "http GET https://a.example/";
    let (lines, _) = attempts(
        &host,
        ask,
        &[
            "--param",
            "header:host=b.example",
            "--param",
            "header:b d=1",
        ],
    );
    assert_eq!(
        part(&lines[0], &["verdict", "code", "host"]),
        json!({"verdict": "invalid", "code": "headers", "host": "a.example"})
    );
}

#[test]
fn each_hop_of_a_redirect_is_an_attempt() {
    let forbidden = Listener::silent();
    let host = Host::new();
    let chain = Service::start(Behaviour::redirect_chain(
        302,
        3,
        Behaviour::text(200, "there"),
    ));
    let ask = format!("http GET {}", chain.url("/hop/1"));
    let (lines, _) = attempts(&host, &ask, &["--allow", &chain.origin()]);
    let outcomes: Vec<_> = lines
        .iter()
        .map(|line| part(line, &["attempt", "status", "outcome"]))
        .collect();
    assert_eq!(
        outcomes,
        [
            json!({"attempt": 1, "status": 302, "outcome": "redirected"}),
            json!({"attempt": 2, "status": 302, "outcome": "redirected"}),
            json!({"attempt": 3, "status": 200, "outcome": "complete"}),
        ]
    );
    for (location, verdict) in [
        (forbidden.url("/x?y"), "denied"),
        ("http://user:pa55@a.example/".to_owned(), "invalid"),
    ] {
        let away = Service::start(Redirect::to(302, location).into());
        let ask = format!("http GET {}", away.url("/"));
        let (lines, _) = attempts(&host, &ask, &["--allow", &away.origin()]);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(lines[0]["outcome"], "redirected");
        assert_eq!(
            part(&lines[1], &["verdict", "outcome"]),
            json!({"verdict": verdict, "outcome": "not-sent"})
        );
        assert!(!lines[1].to_string().contains("pa55"));
    }
    let endless = Service::start(Behaviour::redirect_loop(302));
    let ask = format!("http GET {}", endless.url("/"));
    let (lines, _) = attempts(&host, &ask, &["--allow", &endless.origin()]);
    assert_eq!(lines.len(), 12);
    assert_eq!(
        part(&lines[11], &["verdict", "code"]),
        json!({"verdict": "limit", "code": "redirects"})
    );
    assert_eq!(forbidden.connections(), 0);
}

#[test]
fn limits_are_told() {
    let service = Service::start(Behaviour::text(200, vec![b'x'; 200_000]));
    let host = Host::new();
    let origin = service.origin();
    let ask = format!("requests 4 GET {}", service.url("/"));
    let (lines, _) = attempts(&host, &ask, &["--allow", &origin, "--limit", "requests=2"]);
    let verdicts: Vec<_> = lines
        .iter()
        .map(|line| line["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["allowed", "allowed", "limit", "limit"]);
    assert_eq!(
        part(&lines[2], &["code", "outcome"]),
        json!({"code": "requests", "outcome": "not-sent"})
    );
    let body = format!("body={}", "x".repeat(20_000));
    for door in DOORS {
        let ask = format!("{door} POST {}", service.url("/"));
        let (lines, _) = attempts(
            &host,
            &ask,
            &["--allow", &origin, "--limit", "response=50KiB"],
        );
        assert_eq!(
            part(&lines[0], &["verdict", "status", "outcome"]),
            json!({"verdict": "allowed", "status": 200, "outcome": "too-large"}),
            "{door}"
        );
        assert!(lines[0]["received"].as_u64().unwrap() > 50 * 1024);
        let (lines, _) = attempts(
            &host,
            &ask,
            &[
                "--allow",
                &origin,
                "--limit",
                "request=10KiB",
                "--param",
                &body,
            ],
        );
        assert_eq!(
            part(&lines[0], &["verdict", "code", "outcome"]),
            json!({"verdict": "limit", "code": "request", "outcome": "not-sent"}),
            "{door}"
        );
    }
    // One that streams is broken off in the middle.
    let ask = format!("wasi POST {}", service.url("/"));
    let (lines, _) = attempts(
        &host,
        &ask,
        &[
            "--allow",
            &origin,
            "--limit",
            "request=2MiB",
            "--param",
            &body,
            "--param",
            "times=200",
        ],
    );
    assert_eq!(
        part(&lines[0], &["verdict", "code", "outcome"]),
        json!({"verdict": "limit", "code": "request", "outcome": "cut-off"})
    );
    // Of a flood of refusals the first have lines, and the others are counted.
    let ask = format!("requests 1500 GET {}", service.url("/"));
    let (lines, _) = attempts(&host, &ask, &[]);
    assert_eq!(lines.len(), 1000);
    let last = self::lines(&host.home().join("audit.jsonl")).pop().unwrap();
    assert_eq!(
        part(&last, &["event", "attempts"]),
        json!({"event": "omitted", "attempts": 500})
    );
}

/// Runs `plain` as a section with a key, and gives the log's text.
fn with_key(host: &Host, section: &str, ask: &str, params: &[&str]) -> (String, Ran) {
    fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    host.file(
        "agent-arborist.yaml",
        format!("runner: mine\naudit: audit.jsonl\nmine:\n  component: plain.wasm\n  api_key: ${{CUSTOM_API_KEY}}\n{section}"),
    );
    let log = host.home().join("audit.jsonl");
    drop(fs::remove_file(&log));
    let mut command = host.command();
    command
        .args(["run", ask])
        .args(params)
        .env("CUSTOM_API_KEY", KEY);
    let ran = host::run(&mut command, b"");
    (fs::read_to_string(log).unwrap(), ran)
}

#[test]
fn no_secret_and_no_placeholder_is_in_it() {
    let host = Host::new();
    let echo = Service::start(Echo::new().into());
    let leak = Service::start(Redirect::to(302, format!("/x/{KEY}/y?k={KEY}")).into());
    let section =
        |service: &Service, more: &str| format!("  endpoint: {}\n{more}", service.url("/v1"));
    let url = |service: &Service| service.url("/v1");
    let in_header = ["--param", "header:authorization=Bearer {api_key}"];
    let plain = section(&echo, "");
    let exposed = section(&echo, "  expose: [api_key]\n");
    let in_body = section(&echo, "  secrets: {api_key: {in: [header, body]}}\n");
    let url_in = |tail: &str| format!("http GET {}/{tail}", echo.url("/v1"));
    let cases = [
        (
            plain.clone(),
            format!("http POST {}", url(&echo)),
            &in_header[..],
            "\"secrets\":[\"api_key\"]",
        ),
        (
            plain.clone(),
            format!("wasi POST {}", url(&echo)),
            &in_header[..],
            "\"secrets\":[\"api_key\"]",
        ),
        (
            in_body.clone(),
            format!("http POST {}", url(&echo)),
            &["--param", "body=a {api_key} z"][..],
            "\"secrets\":[\"api_key\"]",
        ),
        (
            plain.clone(),
            url_in("{api_key}/z"),
            &[][..],
            "\"path\":\"/v1/[secret api_key]/z\"",
        ),
        (
            plain.clone(),
            format!("http POST {}", url(&echo)),
            &["--param", "body={api_key}"][..],
            "\"code\":\"secret-place\"",
        ),
        (
            plain.clone(),
            "http GET https://{api_key}.example/".to_owned(),
            &[][..],
            "\"host\":\"[secret api_key].example\"",
        ),
        (
            plain.clone(),
            "http GET htt{api_key}p://x".to_owned(),
            &[][..],
            "[secret api_key]",
        ),
        (
            plain.clone(),
            "http GET https://a.example/?{api_key}".to_owned(),
            &[][..],
            "\"path\":\"/\"",
        ),
        (
            exposed.clone(),
            url_in("{api_key}"),
            &[][..],
            "\"exposed\":[\"api_key\"]",
        ),
        (exposed.clone(), url_in("a%{api_key}"), &[][..], "invalid"),
        (
            section(&leak, ""),
            format!("http GET {}", url(&leak)),
            &in_header[..],
            "\"path\":\"/x/[secret api_key]/y\"",
        ),
    ];
    for (section, ask, params, expected) in cases {
        let (text, ran) = with_key(&host, &section, &ask, params);
        assert!(text.contains(expected), "{ask}: {text}\n{}", ran.stderr);
        assert!(
            !text.contains(KEY) && !text.contains("0123456789abcdef"),
            "{ask}: {text}"
        );
        assert!(!text.contains("arb_secret"), "{ask}: {text}");
        assert!(text.contains("\"section\":\"mine\""), "{text}");
    }
    assert!(echo.requests().iter().any(|seen| seen.holds(KEY)));
}

#[test]
fn a_guest_can_forge_neither_line_nor_field() {
    let host = Host::new();
    let forged =
        "{\"time\":\"2026-01-01T00:00:00.000Z\",\"event\":\"attempt\",\"verdict\":\"allowed\"}";
    for door in DOORS {
        for ask in [
            format!("{door} GET https://a.example/x\n{forged}\n"),
            format!("{door} GET\n{forged}\n https://a.example/"),
            format!("{door} GET https://a.example/\",\"verdict\":\"allowed\",\"x\":\""),
            format!("{door} GET https://a.example/\u{1b}[2J\u{9b}31m\u{202e}\u{2028}x"),
            format!("{door} \u{1b}]0;x\u{7} https://a.example/"),
            format!("{door} GET \u{2028}{forged}\u{2029}\r\n"),
            format!("{door} GET https://a.example/{}", "%0A".repeat(2000)),
            format!("{door} GET https://{}/", "\u{202e}".repeat(20_000)),
        ] {
            let (lines, _) = attempts(&host, &ask, &[]);
            assert!(
                lines.len() <= 1 && (lines.len() == 1 || door == "wasi"),
                "{ask:?}"
            );
            assert!(
                lines.iter().all(|line| line["verdict"] != "allowed"),
                "{lines:?}"
            );
            let text = fs::read_to_string(host.home().join("audit.jsonl")).unwrap();
            let hidden = |c: char| c != '\n' && arborist::escape::is_hidden(c);
            assert!(!text.contains(hidden) && text.len() < 70_000, "{ask:?}");
            assert_eq!(text.lines().count(), 1 + lines.len());
        }
    }
}

#[test]
fn the_run_is_named_where_more_is_asked_for() {
    let host = Host::new();
    let ran = host.run(&["run", "x", "-v", "--audit", "audit.jsonl"]);
    let run = lines(&host.home().join("audit.jsonl"))[0]["run"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(run.len(), 32);
    assert!(
        ran.stderr
            .as_bytes()
            .lines()
            .any(|line| line.unwrap().contains(&run)),
        "{}",
        ran.stderr
    );
    let shown = host.run(&["config", "show"]).succeeded();
    assert!(!shown.contains("audit"), "{shown}");
    host.file("named.yaml", "runner: mock\naudit: log.jsonl\n");
    let shown = host
        .run(&["config", "show", "-c", "named.yaml"])
        .succeeded();
    assert!(
        shown.contains("audit") && shown.contains("log.jsonl"),
        "{shown}"
    );
}
