//! The user's own file and the user's own service, through the built-in runner `custom`.

use arborist_tests::{
    Host, Ran, host,
    service::{Answer, Behaviour, Service},
};
use serde_json::json;

const KEY: &str = "sk-live-0123456789abcdef";

/// agent-arborist's users' file, as it stands in their guide, with the endpoint at `endpoint`.
fn users_file(endpoint: &str) -> String {
    format!("runner: custom\n\ncustom:\n  api_key: ${{CUSTOM_API_KEY}}\n  endpoint: {endpoint}\n")
}

fn plan() -> serde_json::Value {
    json!({"name": "rotate", "description": "d", "steps": [
        {"name": "one", "command": "echo 1"},
        {"name": "two", "command": "echo 2", "depends_on": ["one"]},
    ]})
}

fn run(host: &Host, args: &[&str]) -> Ran {
    let mut command = host.command();
    command.args(args).env("CUSTOM_API_KEY", KEY);
    host::run(&mut command, b"")
}

#[test]
fn the_users_file_works_unchanged() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        users_file(&service.url("/v1/generate")),
    );
    let spec = run(&host, &["run", "Rotate the logs"]).succeeded();
    assert!(
        spec.starts_with("name: rotate\n") && spec.contains("depends_on"),
        "{spec}"
    );
    let seen = service.request();
    assert_eq!(
        (seen.method.as_str(), seen.path()),
        ("POST", "/v1/generate")
    );
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    assert_eq!(seen.json(), json!({"prompt": "Rotate the logs"}));
}

#[test]
fn a_variable_that_is_not_set_is_told_with_its_place() {
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        users_file("https://api.custom-service.com/v1/generate"),
    );
    for (name, value) in [("OTHER", "x"), ("CUSTOM_API_KEY", "")] {
        let mut command = host.command();
        command.args(["run", "x"]).env(name, value);
        let error = host::run(&mut command, b"").failed(3);
        assert!(
            error.contains("CUSTOM_API_KEY") && error.contains("agent-arborist.yaml:4:"),
            "{error}"
        );
    }
}

#[test]
fn an_internal_service_answers_with_yaml_in_output() {
    let yaml = "name: internal\nsteps:\n  - {name: a, command: echo a}\n";
    let service = Service::start(Behaviour::json(200, &json!({"output": yaml})));
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        format!(
            "runner: custom\ncustom:\n  auth_token: ${{CUSTOM_API_KEY}}\n  service_url: {}\n",
            service.origin()
        ),
    );
    let spec = run(&host, &["run", "x"]).succeeded();
    assert!(spec.starts_with("name: internal\n"), "{spec}");
    let seen = service.request();
    assert_eq!(seen.path(), "/generate");
    assert_eq!(seen.json(), json!({"type": "task_spec", "prompt": "x"}));
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
}

#[test]
fn neither_or_both_addresses_are_a_fault_of_the_configuration() {
    let host = Host::new();
    for section in [
        "model: small",
        "endpoint: http://127.0.0.1:1/a\n  service_url: http://127.0.0.1:1",
    ] {
        host.file(
            "agent-arborist.yaml",
            format!("runner: custom\ncustom:\n  {section}\n"),
        );
        let error = run(&host, &["run", "x"]).failed(3);
        assert!(
            error.contains("endpoint") && error.contains("service_url"),
            "{error}"
        );
    }
}

#[test]
fn what_the_service_says_instead_is_told() {
    let rows = [
        (
            Behaviour::text(503, "over capacity\nsecond line"),
            ["503", "over capacity", "succeed later"],
        ),
        (
            Behaviour::text(401, "bad key"),
            ["401", "bad key", "service"],
        ),
        (
            Behaviour::json(200, &json!({"name": "x"})),
            ["not usable", "steps", ""],
        ),
        (Behaviour::text(200, "<html>"), ["not usable", "JSON", ""]),
        (
            Behaviour::Answer(Answer::json(200, &json!([1]))),
            ["not usable", "", ""],
        ),
    ];
    for (behaviour, texts) in rows {
        let service = Service::start(behaviour);
        let host = Host::new();
        host.file("agent-arborist.yaml", users_file(&service.url("/")));
        let error = run(&host, &["run", "x"]).failed(5);
        for text in texts {
            assert!(error.contains(text), "{text}: {error}");
        }
        assert!(
            !error.contains("second line") && !error.contains(KEY),
            "{error}"
        );
    }
}

#[test]
fn defaults_fill_what_the_service_leaves_out() {
    let service = Service::start(Behaviour::json(
        200,
        &json!({"steps": [{"name": "a", "command": "b"}]}),
    ));
    let host = Host::new();
    host.file("agent-arborist.yaml", users_file(&service.url("/")));
    let spec = run(&host, &["run", "x"]).succeeded();
    assert!(
        spec.starts_with("name: custom-task\ndescription: \"\"\n"),
        "{spec}"
    );
}

#[test]
fn fields_come_from_flags_variables_and_the_file_in_that_order() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = Host::new();
    let file = users_file(&service.url("/file")) + "  model: from-file\n";
    host.file("agent-arborist.yaml", file);
    let _spec = run(&host, &["run", "x"]).succeeded();
    let mut command = host.command();
    command
        .args(["run", "x"])
        .env("CUSTOM_API_KEY", KEY)
        .env("AGENT_ARBORIST_CUSTOM__MODEL", "from-variable");
    let _spec = host::run(&mut command, b"").succeeded();
    let _spec = run(&host, &["run", "x", "--set", "model=from-flag"]).succeeded();
    let _spec = run(&host, &["run", "x", "--param", "model=from-param"]).succeeded();
    let models: Vec<_> = service
        .requests()
        .iter()
        .map(|seen| seen.json()["model"].clone())
        .collect();
    assert_eq!(
        models,
        ["from-file", "from-variable", "from-flag", "from-param"]
    );
    let mut command = host.command();
    command
        .args(["run", "x", "--set-env", "api_key=OTHER_KEY"])
        .env("OTHER_KEY", "another-key-of-mine");
    let _spec = host::run(&mut command, b"").succeeded();
    assert_eq!(
        service.requests()[4].header("authorization"),
        Some("Bearer another-key-of-mine")
    );
    let error = run(&host, &["run", "x", "--set", "api_key=sk-1234567890"]).failed(2);
    assert!(
        error.contains("--set-env") && !error.contains("sk-1234567890"),
        "{error}"
    );
}

#[test]
fn verbose_ends_with_what_went_out() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = Host::new();
    host.file("agent-arborist.yaml", users_file(&service.url("/")));
    let ran = run(&host, &["run", "x", "-v"]);
    assert!(
        ran.stderr
            .contains(&format!("network: 1 request to {}", service.origin())),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_runner_never_holds_the_key() {
    use arborist_tests::service::Echo;
    let service = Service::start(Echo::new().into());
    let host = Host::new();
    std::fs::copy(crate::guests::PLAIN, host.home().join("plain.wasm")).unwrap();
    host.file(
        "agent-arborist.yaml",
        format!(
            "runner: mine\nmine:\n  component: plain.wasm\n  api_key: ${{CUSTOM_API_KEY}}\n  endpoint: {}\n",
            service.url("/")
        ),
    );
    // What it reads is a placeholder, shown to people by the secret's name.
    let probed = run(&host, &["run", "probe", "-v"]);
    assert!(
        probed.stdout.contains("api_key=[secret api_key]"),
        "{}",
        probed.stdout
    );
    for door in ["http", "open", "wasi"] {
        // The service reflects the whole request, and the guest prints all that it reads and logs it too.
        let ask = format!("{door} POST {}", service.url("/"));
        let header = "header:authorization=Bearer {api_key}";
        let ran = run(&host, &["run", &ask, "-v", "--param", header]);
        assert!(
            !ran.stdout.contains(KEY) && !ran.stderr.contains(KEY),
            "{door}: {}",
            ran.stdout
        );
        assert!(
            ran.stdout.contains("[secret api_key]"),
            "{door}: {}",
            ran.stdout
        );
    }
    for seen in service.requests() {
        assert_eq!(
            seen.header("authorization"),
            Some(format!("Bearer {KEY}").as_str())
        );
    }
    assert_eq!(service.requests().len(), 3);
}

#[test]
fn a_key_goes_nowhere_but_to_its_own_origin_and_into_its_own_place() {
    let own = Service::start(Behaviour::text(200, "hello"));
    let other = Service::start(Behaviour::text(200, "hello"));
    let host = Host::new();
    std::fs::copy(crate::guests::PLAIN, host.home().join("plain.wasm")).unwrap();
    host.file(
        "agent-arborist.yaml",
        format!(
            "runner: mine\nmine:\n  component: plain.wasm\n  api_key: ${{CUSTOM_API_KEY}}\n  endpoint: {}\n",
            own.url("/")
        ),
    );
    let rule = other.origin();
    let ask = |url: String, param: &str| {
        let ran = run(
            &host,
            &[
                "run",
                &format!("http POST {url}"),
                "--allow",
                &rule,
                "--param",
                param,
            ],
        );
        assert!(
            ran.stderr.contains("the secret `api_key`"),
            "{param}: {}",
            ran.stderr
        );
        assert!(ran.stdout.contains("denied"), "{param}: {}", ran.stdout);
    };
    ask(other.url("/"), "header:authorization=Bearer {api_key}");
    ask(own.url("/"), "body={api_key}");
    ask(own.url("/?key={api_key}"), "a=b");
    ask(own.url("/{api_key}"), "a=b");
    assert_eq!(own.requests().len() + other.requests().len(), 0);
}

#[test]
fn a_secret_goes_where_its_binding_says_and_is_exposed_only_by_name() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = Host::new();
    std::fs::copy(crate::guests::PLAIN, host.home().join("plain.wasm")).unwrap();
    let file = |more: &str| {
        host.file(
            "agent-arborist.yaml",
            format!(
                "runner: mine\nmine:\n  component: plain.wasm\n  api_key: ${{CUSTOM_API_KEY}}\n  allow: [{0}]\n  {more}\n",
                service.origin()
            ),
        );
    };
    file(&format!(
        "secrets: {{api_key: {{to: [\"{}\"], in: [query]}}}}",
        service.origin()
    ));
    let ask = format!("http GET {}", service.url("/?key={api_key}"));
    assert!(run(&host, &["run", &ask]).succeeded().contains("hello"));
    assert_eq!(service.request().target, format!("/?key={KEY}"));
    let header = [
        "run",
        &ask.replace("?key={api_key}", ""),
        "--param",
        "header:x-key={api_key}",
    ];
    assert!(run(&host, &header).stdout.contains("denied"));
    assert_eq!(service.requests().len(), 1);
    // What is not exposed is not there, and what is exposed is.
    assert!(!run(&host, &["run", "probe"]).succeeded().contains(KEY));
    file("expose: [api_key]");
    assert!(run(&host, &["run", "probe"]).succeeded().contains(KEY));
}
