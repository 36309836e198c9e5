//! The built-in runners for AI services, against services that speak the real ones' protocols.

mod failures;
mod levels;

use arborist_tests::{
    Host, Ran, host,
    service::{Ai, Answer, Behaviour, Gate, Service},
};
use serde_json::{Value, json};
use std::{io::Read as _, process::Stdio};

const KEY: &str = "sk-proj-0123456789abcdef";

/// What selects a runner, with its service at the place that its protocol has below the base URL.
struct Row {
    runner: &'static str,
    model: &'static str,
    ai: fn() -> Ai,
    base: &'static str,
}

const ROWS: [Row; 3] = [
    Row {
        runner: "openai",
        model: "gpt-4",
        ai: || Ai::openai(Some(KEY), "gpt-4"),
        base: "/v1",
    },
    Row {
        runner: "claude",
        model: "claude-3-sonnet",
        ai: || Ai::claude(KEY, "claude-3-sonnet"),
        base: "",
    },
    Row {
        runner: "ollama",
        model: "llama3.2",
        ai: || Ai::ollama("llama3.2"),
        base: "",
    },
];

impl Row {
    /// A home whose configuration has the runner ask `service`.
    fn host(&self, service: &Service) -> Host {
        let host = Host::new();
        let key = match self.runner {
            "ollama" => "model: llama3.2",
            _ => "api_key: ${SERVICE_KEY}",
        };
        let base = service.url(self.base);
        host.file(
            "agent-arborist.yaml",
            format!(
                "runner: {0}\n{0}:\n  {key}\n  base_url: {base}\n",
                self.runner
            ),
        );
        host
    }
}

fn run(host: &Host, args: &[&str]) -> Ran {
    let mut command = host.command();
    command.args(args).env("SERVICE_KEY", KEY);
    host::run(&mut command, b"")
}

fn plan() -> Value {
    json!({"name": "rotate-é😀", "description": "d", "steps": [
        {"name": "one", "description": "", "command": "echo \"1\"", "depends_on": []},
        {"name": "two", "description": "", "command": "echo 2", "depends_on": ["one"]},
    ]})
}

#[test]
fn each_runner_speaks_its_services_protocol() {
    for row in &ROWS {
        let service = Service::start((row.ai)().says(&plan()).into());
        let ran = run(&row.host(&service), &["run", "Rotate the logs"]);
        let spec = ran.succeeded();
        assert!(
            spec.starts_with("name: rotate-é😀\n"),
            "{}: {spec}",
            row.runner
        );
        let seen = service.request();
        assert!(seen.text().contains("Rotate the logs"), "{}", row.runner);
        assert_eq!(seen.json()["model"], row.model);
        // The key is in its header and in no other place.
        assert!(!seen.text().contains(KEY) && !seen.target.contains(KEY));
    }
}

#[test]
fn an_answer_does_not_depend_on_where_the_network_cuts_it() {
    for row in &ROWS {
        for bytes in [1, 7, 64] {
            let ai = (row.ai)().says(&plan()).cut_every(bytes);
            let service = Service::start(ai.into());
            let spec = run(&row.host(&service), &["run", "x"]).succeeded();
            assert!(
                spec.contains("rotate-é😀") && spec.contains("depends_on"),
                "{bytes}: {spec}"
            );
        }
    }
}

#[test]
fn fences_and_prose_around_the_answer_are_no_fault() {
    for row in &ROWS {
        let said = format!(
            "Sure! {{Here}} it is:\n\n```json\n{}\n```\nAnything else?",
            plan()
        );
        let service = Service::start((row.ai)().says(said.as_str()).into());
        let spec = run(&row.host(&service), &["run", "x"]).succeeded();
        assert!(spec.starts_with("name: rotate"), "{}: {spec}", row.runner);
    }
}

#[test]
fn an_answer_that_cannot_be_used_is_asked_for_once_more() {
    let bad = json!({"name": "n", "steps": [
        {"name": "a", "command": "x", "depends_on": ["ghost"]},
    ]});
    for row in &ROWS {
        let service = Service::start((row.ai)().says(&bad).says(&plan()).into());
        let spec = run(&row.host(&service), &["run", "x"]).succeeded();
        assert!(spec.starts_with("name: rotate"), "{}: {spec}", row.runner);
        let requests = service.requests();
        assert_eq!(requests.len(), 2);
        // It hears what is wrong, and its own words.
        for part in ["ghost", "which is no step", "corrected JSON object"] {
            assert!(requests[1].text().contains(part), "{}: {part}", row.runner);
        }
        let service = Service::start((row.ai)().says("I would rather not.").into());
        let error = run(&row.host(&service), &["run", "x"]).failed(5);
        assert!(
            error.contains("asked twice") && error.contains("no JSON object"),
            "{error}"
        );
        assert_eq!(service.requests().len(), 2);
    }
}

#[test]
fn the_parameter_model_comes_before_the_section_and_that_before_the_default() {
    for row in &ROWS {
        let any = Behaviour::by_request(|seen| {
            Answer::text(418, seen.json()["model"].as_str().unwrap_or("none")).into()
        });
        let service = Service::start(any);
        let host = row.host(&service);
        let _ran = run(&host, &["run", "x"]);
        let _ran = run(&host, &["run", "x", "--set", "model=set"]);
        let _ran = run(
            &host,
            &["run", "x", "--set", "model=set", "--param", "model=given"],
        );
        let models: Vec<Value> = service
            .requests()
            .iter()
            .map(|seen| seen.json()["model"].clone())
            .collect();
        assert_eq!(models, [row.model, "set", "given"], "{}", row.runner);
    }
}

#[test]
fn a_model_gets_the_schema_where_its_service_takes_one() {
    let ai = Ai::openai(Some(KEY), "gpt-4o").says(&plan());
    let args = ["run", "x", "--param", "model=gpt-4o"];
    let service = Service::start(ai.clone().into());
    let _spec = run(&ROWS[0].host(&service), &args).succeeded();
    assert_eq!(
        service.request().json()["response_format"]["type"],
        "json_schema"
    );
    // A service that says that it does not is asked without one.
    let service = Service::start(ai.without_schemas().into());
    let _spec = run(&ROWS[0].host(&service), &args).succeeded();
    let formats: Vec<bool> = service
        .requests()
        .iter()
        .map(|seen| seen.json()["response_format"].is_object())
        .collect();
    assert_eq!(formats, [true, false]);
    // Of an Ollama before schemas the user knows.
    let service = Service::start(
        Ai::ollama("llama3.2")
            .without_schemas()
            .says(&plan())
            .into(),
    );
    let host = ROWS[2].host(&service);
    assert!(
        run(&host, &["run", "x"])
            .failed(5)
            .contains("cannot unmarshal object")
    );
    let _spec = run(&host, &["run", "x", "--set", "format=json"]).succeeded();
}

#[test]
fn a_compatible_service_may_need_no_key_and_may_not_stream() {
    let whole = json!({"id": "c", "object": "chat.completion", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": plan().to_string()}, "finish_reason": "stop"},
    ]});
    let keyless = Ai::openai(None, "gpt-4").says(&plan());
    for behaviour in [keyless.into(), Behaviour::json(200, &whole)] {
        let service = Service::start(behaviour);
        let host = Host::new();
        let base = format!("base_url={}", service.url("/v1/"));
        let spec = run(&host, &["run", "x", "--runner", "openai", "--set", &base]).succeeded();
        assert!(spec.starts_with("name: rotate"), "{spec}");
        assert_eq!(service.request().header("authorization"), None);
    }
}

#[test]
fn options_of_a_local_model_reach_it_with_their_types() {
    let service = Service::start(Ai::ollama("m").says(&plan()).into());
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        format!(
            "runner: ollama\nollama:\n  model: m\n  base_url: {}\n  temperature: 0.5\n  options: {{num_ctx: 8192, seed: 7}}\n",
            service.origin()
        ),
    );
    let _spec = run(&host, &["run", "x"]).succeeded();
    assert_eq!(
        service.request().json()["options"],
        json!({"num_ctx": 8192, "seed": 7, "temperature": 0.5})
    );
}

#[test]
fn pieces_are_shown_before_the_last_one_is_sent() {
    // The first words, as they come or as a line of those that fit on one.
    let flags = [("--stream", "{\"description\""), ("-v", "progress")];
    for (row, (flag, first)) in ROWS.iter().flat_map(|row| flags.map(|flag| (row, flag))) {
        let gate = Gate::new();
        let service = Service::start(
            (row.ai)()
                .says(&plan())
                .last_behind(&gate)
                .cut_every(40)
                .into(),
        );
        let host = row.host(&service);
        let mut command = host.command();
        command.args(["run", "x", flag]).env("SERVICE_KEY", KEY);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let mut shown = String::new();
        // It ends at the end of the file, should nothing be shown.
        let mut byte = [0];
        while !shown.contains(first) && stderr.read(&mut byte).unwrap() > 0 {
            shown.push(char::from(byte[0]));
        }
        assert!(
            shown.contains(first) && !gate.is_open(),
            "{}: {shown}",
            row.runner
        );
        gate.open();
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "{}: {shown}{rest}", row.runner);
    }
}

#[test]
fn defaults_are_the_same_in_the_runner_the_host_and_the_page() {
    let host = Host::new();
    let page = include_str!("../../docs/runners.md");
    for (runner, origin) in [
        ("openai", "https://api.openai.com"),
        ("claude", "https://api.anthropic.com"),
        ("ollama", "http://localhost:11434"),
    ] {
        let inspected = run(&host, &["inspect", runner, "--format", "json"]).succeeded();
        let inspected: Value = serde_json::from_str(&inspected).unwrap();
        assert_eq!(inspected["info"]["name"], runner);
        let fields = inspected["info"]["config"].as_array().unwrap();
        for field in fields {
            let name = field["name"].as_str().unwrap();
            assert!(page.contains(&format!("`{name}")), "{name}");
            let default = field["default"].as_str().unwrap_or_default();
            assert!(page.contains(default), "{name}: {default}");
        }
        let base = fields
            .iter()
            .find(|field| field["name"] == "base_url")
            .unwrap();
        let default = base["default"].as_str().unwrap();
        assert!(default.starts_with(origin), "{default}");
        let network = inspected["network"][0].as_str().unwrap();
        assert!(network.starts_with(&format!("{origin}:")), "{network}");
        let mut command = host.command();
        command
            .args(["config", "show"])
            .env("AGENT_ARBORIST_RUNNER", runner);
        let shown = host::run(&mut command, b"").succeeded();
        let row = shown.lines().find(|line| line.contains(".base_url"));
        assert!(row.is_some_and(|row| row.contains(default)), "{shown}");
    }
}

#[test]
fn a_default_goes_to_its_service_alone() {
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        "runner: openai\nopenai: {api_key: \"${SERVICE_KEY}\"}\n",
    );
    let explain = |url: &str| run(&host, &["config", "explain", "--request", url]).code;
    assert_eq!(
        explain("POST https://api.openai.com/v1/chat/completions"),
        Some(0)
    );
    assert_eq!(
        explain("POST https://api.anthropic.com/v1/messages"),
        Some(6)
    );
}
