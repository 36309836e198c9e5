//! `examples/`: each one's own tests, and its component against a service that speaks the real one's protocol.
//! `scripts/build-examples` builds them, and `scripts/test --quick` leaves them out.

use arborist_tests::{
    Host, host,
    service::{Ai, Behaviour, Gate, Service},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const KEY: &str = "sk-proj-0123456789abcdef";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// The folders that hold an example.
fn names() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// A home with the example's settings, by which its service is at `url`.
fn home(name: &str, url: &str) -> Host {
    let component = folder().join(name).join(format!("{name}.wasm"));
    assert!(
        component.is_file(),
        "build it with scripts/build-examples: {name}"
    );
    let host = Host::new();
    let settings = fs::read_to_string(folder().join(name).join("agent-arborist.yaml")).unwrap();
    let endpoint = settings
        .lines()
        .find_map(|line| line.trim().strip_prefix("endpoint: "))
        .unwrap()
        .to_owned();
    fs::copy(component, host.home().join(format!("{name}.wasm"))).unwrap();
    host.file("agent-arborist.yaml", settings.replace(&endpoint, url));
    host
}

fn run(host: &Host) -> Command {
    let mut command = host.command();
    command.args(["run", "Rotate the logs", "--stream", "-q"]);
    for variable in ["OPENAI_API_KEY", "PLANS_API_KEY", "INTERNAL_SERVICE_TOKEN"] {
        command.env(variable, KEY);
    }
    command
}

fn plan() -> Value {
    json!({"name": "rotate", "description": "d-é😀", "steps": [
        {"name": "one", "command": "echo \"1\""},
        {"name": "two", "command": "echo 2", "depends_on": ["one"]},
    ]})
}

/// A whole answer of Chat Completions.
fn completion(content: &Value) -> Behaviour {
    let message = json!({"role": "assistant", "content": content.to_string()});
    Behaviour::json(200, &json!({"choices": [{"index": 0, "message": message}]}))
}

/// What the example makes of that behaviour.
fn answered(name: &str, behaviour: Behaviour) -> (String, Service) {
    let service = Service::start(behaviour);
    let host = home(name, &service.url("/v1"));
    (host::run(&mut run(&host), b"").succeeded(), service)
}

#[test]
fn the_list_is_of_the_folders() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let listed = readme.lines().filter_map(|line| line.strip_prefix("| [`"));
    let listed: BTreeSet<String> = listed
        .map(|line| line.split('`').next().unwrap().to_owned())
        .collect();
    assert_eq!(listed, names());
    for name in names() {
        let about = fs::read_to_string(folder().join(&name).join("README.md")).unwrap();
        assert!(about.contains("\narborist build"), "{name}");
        // The only copy of the contract is the one at the root.
        let wit = folder().join(&name).join("wit");
        assert!(
            wit.is_symlink() && wit.join("runner.wit").is_file(),
            "{name}"
        );
    }
}

#[test]
fn every_example_passes_its_own_tests() {
    for name in names() {
        let host = Host::new();
        let mut command = host.command();
        command.arg("test").current_dir(folder().join(&name));
        let ran = host::run(&mut command, b"");
        assert_eq!(ran.code, Some(0), "{name}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn every_example_passes_every_check() {
    for name in names() {
        let host = Host::new();
        let report = |place: &Path| {
            let mut command = host.command();
            command.args(["check", "--format", "json"]).arg(place);
            let ran = host::run(&mut command, b"");
            let report: Value = serde_json::from_str(&ran.stdout)
                .unwrap_or_else(|_| panic!("{name}: {}{}", ran.stdout, ran.stderr));
            assert_eq!(ran.code, Some(0), "{name}: {report:#}");
            report
        };
        let place = folder().join(&name);
        let of_project = report(&place);
        // These two speak protocols of their own, and their cassettes do.
        let own = ["python-custom-api", "typescript-checked-plan"].contains(&name.as_str());
        assert_eq!(
            of_project["answers"],
            if own { "cassette" } else { "service" },
            "{name}"
        );
        assert_eq!(of_project["made_up"], json!([]), "{name}");
        // By the component alone, at a URL that says nothing of a protocol, the others are answered as well.
        if !own && name != "c-ollama" {
            let alone = report(&place.join(format!("{name}.wasm")));
            assert_ne!(alone["made_up"], json!([]), "{name}");
            assert_eq!(alone["counts"], of_project["counts"], "{name}");
        }
    }
}

#[test]
fn every_cassette_gives_a_result_without_network_and_key() {
    for name in names() {
        let place = folder().join(&name);
        if place.join("cassette.yaml").exists() {
            let host = Host::new();
            let mut command = host.command();
            command
                .args(["run", "--replay", "cassette.yaml", "Rotate the logs"])
                .current_dir(place);
            let spec = host::run(&mut command, b"").succeeded();
            assert!(spec.contains("steps:"), "{name}: {spec}");
        }
    }
}

#[test]
fn every_example_asks_its_service_for_a_plan() {
    let actions = json!({"title": "rotate", "actions": [{"id": "one", "run": "echo \"1\""}, {"id": "two", "run": "echo 2", "needs": ["one"]}]});
    let outline = json!({"name": "rotate", "steps": [{"name": "one", "goal": "g"}, {"name": "two", "goal": "g", "depends_on": ["one"]}]});
    let command = |text: &str| completion(&json!({"command": text}));
    let commands = [
        completion(&outline),
        command("echo \"1\""),
        command("echo 2"),
    ];
    for (name, behaviour, header) in [
        (
            "c-ollama",
            Behaviour::json(200, &json!({"response": plan().to_string(), "done": true})),
            None,
        ),
        (
            "javascript-chat",
            completion(&plan()),
            Some("authorization"),
        ),
        (
            "python-custom-api",
            Behaviour::json(200, &actions),
            Some("x-api-key"),
        ),
        (
            "rust-internal-service",
            Behaviour::json(200, &json!({"output": plan().to_string()})),
            Some("authorization"),
        ),
        (
            "typescript-checked-plan",
            Behaviour::sequence(commands),
            Some("authorization"),
        ),
    ] {
        let (spec, service) = answered(name, behaviour);
        assert!(
            spec.starts_with("name: rotate\n") && spec.contains("depends_on"),
            "{name}: {spec}"
        );
        for seen in service.requests() {
            assert!(seen.text().contains("Rotate the logs"), "{name}");
            if let Some(header) = header {
                assert!(seen.header(header).unwrap().ends_with(KEY), "{name}");
            }
        }
    }
}

#[test]
fn what_streams_is_shown_before_the_service_has_sent_its_last() {
    for (name, ai, path) in [
        (
            "javascript-streaming-chat",
            Ai::openai(Some(KEY), "gpt-4o-mini"),
            "/v1/chat/completions",
        ),
        (
            "rust-streaming-chat",
            Ai::openai(Some(KEY), "gpt-4o-mini"),
            "/v1/chat/completions",
        ),
        (
            "python-streaming-ollama",
            Ai::ollama("llama3.2"),
            "/api/generate",
        ),
    ] {
        let gate = Gate::new();
        // Cut in the middle of characters, lines and events.
        let ai = ai.says(&plan()).cut_every(7).last_behind(&gate);
        let service = Service::start(ai.into());
        let host = home(name, &service.url(path));
        let mut command = run(&host);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let mut shown = Vec::new();
        let mut byte = [0];
        while !String::from_utf8_lossy(&shown).contains("steps")
            && stderr.read(&mut byte).unwrap() > 0
        {
            shown.push(byte[0]);
        }
        let shown = String::from_utf8_lossy(&shown).into_owned();
        assert!(shown.contains("steps"), "{name}: {shown}");
        gate.open();
        stderr.read_to_end(&mut Vec::new()).unwrap();
        let mut spec = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut spec)
            .unwrap();
        assert!(child.wait().unwrap().success(), "{name}");
        assert!(
            spec.contains("d-é😀") && spec.contains("depends_on"),
            "{name}: {spec}"
        );
    }
}
