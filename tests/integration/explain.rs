//! `config explain --request`: the gateway's verdict without a request.

use arborist_tests::{Host, service::Listener};

const FILE: &str = "runner: custom\ncustom:\n  api_key: ${CUSTOM_API_KEY}\n  endpoint: https://api.example.com/v1/generate\n  allow: [\"POST https://api.example.com/v1\"]\n";

fn host() -> Host {
    let host = Host::new();
    host.file("mine.yaml", FILE);
    host
}

fn args<'a>(request: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["config", "explain", "-c", "mine.yaml", "--request", request];
    args.extend(more);
    args
}

#[test]
fn what_is_permitted_is_said_with_its_rule() {
    let text = host()
        .run(&args("POST https://api.example.com/v1/generate", &[]))
        .succeeded();
    for words in [
        "allowed: POST https://api.example.com/v1/generate\n",
        "rule: `POST https://api.example.com/v1`, from `allow`",
        "`api_key` may go along, in: header",
        "nothing was looked up",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn what_is_denied_is_said_with_what_would_permit_it() {
    let host = host();
    let ran = host.run(&args("https://api.example.com/v2", &[]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(6), ""));
    for words in [
        "denied: GET https://api.example.com/v2, which no rule of `custom.allow` permits",
        "allow: [",
        "--allow \"GET https://api.example.com/v2\"",
    ] {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    // What it says permits it.
    let allow = ["--allow", "GET https://api.example.com/v2"];
    let text = host
        .run(&args("https://api.example.com/v2", &allow))
        .succeeded();
    assert!(text.contains("from --allow"), "{text}");
}

#[test]
fn scripts_read_it_as_json() {
    let host = host();
    let json = |ran: &arborist_tests::Ran| -> serde_json::Value {
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let ran = host.run(&args(
        "POST https://api.example.com/v1",
        &["--format", "json"],
    ));
    assert_eq!(ran.code, Some(0));
    assert_eq!(json(&ran)["allowed"], true);
    assert_eq!(json(&ran)["rule"], "POST https://api.example.com/v1");
    let ran = host.run(&args("http://169.254.169.254/", &["--format", "json"]));
    assert_eq!(ran.code, Some(6));
    assert_eq!(
        (&json(&ran)["allowed"], &json(&ran)["code"]),
        (&false.into(), &"address".into())
    );
    assert_eq!(json(&ran)["fix"], serde_json::Value::Null);
}

#[test]
fn what_is_no_request_is_a_usage_error() {
    let host = host();
    for request in [
        "",
        "api.example.com",
        "GET",
        "CONNECT https://api.example.com",
        "https://me:hush@api.example.com",
        "https://api.example.com/\u{7}",
    ] {
        let error = host.run(&args(request, &[])).failed(2);
        assert!(
            error.contains("--request") && error.contains("[METHOD ]URL"),
            "{error}"
        );
        assert!(!error.contains("hush"), "{error}");
    }
}

#[test]
fn it_opens_no_socket_and_reads_no_component() {
    let listener = Listener::silent();
    let host = host();
    let url = listener.url("/");
    let more = ["--allow", &url, "--component", "absent.wasm"];
    assert!(host.run(&args(&url, &more)).succeeded().contains("allowed"));
    // A component alone has an empty section.
    let more = ["--component", "absent.wasm"];
    assert_eq!(
        host.run(&args("POST https://api.example.com/v1", &more))
            .code,
        Some(6)
    );
    assert_eq!(listener.connections(), 0);
}

#[test]
fn a_section_that_is_not_there_cannot_be_lent() {
    let error = host()
        .run(&["run", "x", "--component", "absent.wasm", "--runner", "mock"])
        .failed(2);
    assert!(
        error.contains("lends the section `mock`, which does not exist"),
        "{error}"
    );
}
