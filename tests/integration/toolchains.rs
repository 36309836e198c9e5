//! Each language from `new` to a run, with its real toolchain; `scripts/install-toolchains` brings them, and
//! `scripts/test --quick` leaves these out.

use arborist_tests::{
    Host, Ran, host,
    service::{Answer, Behaviour, Service},
};
use serde_json::{Value, json};
use std::{env, fs, os::unix::fs::symlink, path::PathBuf, process::Command};

const KEY: &str = "sk-proj-0123456789abcdef";

struct Project {
    host: Host,
    language: &'static str,
}

impl Project {
    /// A project whose tools are those of `scripts/install-toolchains`.
    fn new(language: &'static str) -> Self {
        let host = Host::new();
        assert_eq!(
            host.run(&["new", "mine", "--lang", language]).succeeded(),
            ""
        );
        let project = Self { host, language };
        let (from, to) = match language {
            "python" => ("componentize-py-0.25.1", ".venv"),
            "c" => ("c-0.17.1-1.262.0.0", ".venv"),
            "js" | "ts" => ("javascript-1.35.0-7.0.2/node_modules", "node_modules"),
            _ => return project,
        };
        let tools = host::target().join("tools").join(from);
        assert!(tools.is_dir(), "install it with scripts/install-toolchains");
        symlink(tools, project.folder().join(to)).unwrap();
        project
    }

    fn folder(&self) -> PathBuf {
        self.host.home().join("mine")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.host.command();
        command
            .args(args)
            .current_dir(self.folder())
            .env("MINE_API_KEY", KEY);
        if self.language == "rust" {
            // Its toolchain lives at home, and what was compiled is kept for the next test.
            let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
            for (name, place) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
                command.env(
                    name,
                    env::var_os(name).unwrap_or_else(|| home.join(place).into()),
                );
            }
            command.env("CARGO_TARGET_DIR", host::target().join("test-projects"));
        }
        if self.language == "c" {
            // zig compiles its libraries once.
            command.env(
                "ZIG_GLOBAL_CACHE_DIR",
                host::target().join("test-cache/zig"),
            );
        }
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        host::run(&mut self.command(args), b"")
    }

    /// Has the file `name` say `to` where it says `from`.
    fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.folder().join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Runs the runner against a service that does as told.
    fn asks(&self, behaviour: Behaviour) -> (Ran, Service) {
        let service = Service::start(behaviour);
        let path = self.folder().join("agent-arborist.yaml");
        let text = fs::read_to_string(&path).unwrap();
        let endpoint = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("endpoint: "))
            .unwrap()
            .to_owned();
        self.edit(
            "agent-arborist.yaml",
            &endpoint,
            &service.url("/v1/chat/completions"),
        );
        (self.run(&["run", "Rotate the logs"]), service)
    }
}

fn plan() -> Value {
    json!({"name": "rotate-é😀", "description": "d", "steps": [
        {"name": "one", "command": "echo \"1\""},
        {"name": "two", "command": "echo 2", "depends_on": ["one"]},
    ]})
}

/// A whole answer of Chat Completions.
fn completion() -> Value {
    json!({"id": "x", "object": "chat.completion", "created": 0, "model": "gpt-4o-mini", "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": plan().to_string()}},
    ]})
}

/// Holds that `arborist check` in the project's folder finds nothing, and has looked at all that there is.
fn passes_every_check(project: &Project) {
    let ran = project.run(&["check", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|_| panic!("{}{}", ran.stdout, ran.stderr));
    assert_eq!(ran.code, Some(0), "{report:#}");
    // The template in C is of the world that does not describe itself.
    let skipped = if project.language == "c" { 7 } else { 0 };
    assert_eq!(
        report["counts"],
        json!({"pass": 46 - skipped, "warn": 0, "fail": 0, "skip": skipped}),
        "{report:#}"
    );
    assert_eq!(report["answers"], "service");
    // What is left of it is far from the limit of 10 s, also on a busy machine: CPU time, not the clock's.
    let cpu = report["used"]["cpu_ms"].as_u64().unwrap();
    assert!(cpu < 5_000, "{cpu} ms of CPU time in a call");
}

/// From nothing to a checked run, and what a newcomer meets on the way.
fn language(language: &'static str) {
    let project = Project::new(language);
    let built = project.run(&["build"]);
    assert!(
        built.stderr.contains("built") && built.stderr.contains("mine.wasm"),
        "{}",
        built.stderr
    );
    assert_eq!(built.succeeded(), "");
    // Without network and key: no service is there, and the variable is unset.
    for args in [
        &["run", "--replay", "cassette.yaml", "Anything"][..],
        &["test"],
    ] {
        let ran = host::run(project.command(args).env_remove("MINE_API_KEY"), b"");
        let code = ran.code;
        assert_eq!(code, Some(0), "{args:?}: {}{}", ran.stdout, ran.stderr);
        let said = ran.stdout + &ran.stderr;
        assert!(
            said.contains("name: rotate-logs")
                || said.contains(" tests: ") && !said.contains("failed"),
            "{said}"
        );
    }
    passes_every_check(&project);
    let good = if language == "c" {
        Behaviour::json(200, &plan())
    } else {
        Behaviour::json(200, &completion())
    };
    let (ran, service) = project.asks(good);
    let spec = ran.succeeded();
    assert!(
        spec.starts_with("name: rotate-é😀\n") && spec.contains("depends_on"),
        "{spec}"
    );
    let seen = service.request();
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    let asked = seen.json();
    assert_eq!(asked["model"], "gpt-4o-mini");
    if language != "c" {
        assert_eq!(
            asked["messages"][1],
            json!({"role": "user", "content": "Rotate the logs"})
        );
        assert_eq!(asked["response_format"]["type"], "json_object");
    }
    assert!(seen.text().contains("Rotate the logs"));
    for status in [401, 429, 500] {
        let (ran, _service) = project.asks(Behaviour::json(status, &json!({})));
        let error = ran.failed(5);
        assert!(
            error.contains(&format!("the service answered {status}")),
            "{error}"
        );
    }
    let (ran, _service) = project.asks(Behaviour::from(
        Answer::new(200).body(b"\xff no answer".to_vec()),
    ));
    let error = ran.failed(5);
    assert!(error.contains("the answer is"), "{error}");
    // What is not permitted is denied, with the rule that would permit it.
    project.edit("agent-arborist.yaml", "allow: [", "allow: [] #");
    let error = project.run(&["run", "Rotate the logs"]).failed(6);
    assert!(
        error.contains("no rule of `mine.allow` permits") && error.contains("help: to allow it"),
        "{error}"
    );
    if language == "rust" {
        // In words, and not as the program's own text of it.
        let said =
            "the service cannot be asked: the host's egress rules do not permit this request";
        assert!(error.contains(said), "{error}");
    }
}

/// A fault in the sources is told by the tool, and no component comes of it.
fn fault(language: &'static str, file: &str, from: &str, to: &str, said: &str) {
    let project = Project::new(language);
    project.edit(file, from, to);
    let error = project.run(&["build"]).failed(4);
    assert!(error.contains(said), "{error}");
}

#[test]
fn rust() {
    language("rust");
    fault(
        "rust",
        "src/lib.rs",
        "export!(Runner);",
        "export!(Nobody);",
        "cannot find type `Nobody`",
    );
}

#[test]
fn python() {
    language("python");
    fault(
        "python",
        "app.py",
        "import json",
        "import no_such_module",
        "no_such_module",
    );
}

#[test]
fn javascript() {
    language("js");
    fault(
        "js",
        "runner.js",
        "const PROMPT =",
        "const PROMPT = =",
        "unexpected token",
    );
}

/// The engine looks for exports when they are called, so that no tool misses them.
#[test]
fn javascript_without_an_export() {
    for (from, to, function, help) in [
        (
            "export const generate =",
            "const generate =",
            "generate-task-spec",
            "help: the sources do not export `generate`: write `export const generate = { generateTaskSpec(",
        ),
        (
            "generateDaguConfig(",
            "generate_dagu_config(",
            "generate-dagu-config",
            "help: what the sources export has no function `generateDaguConfig`",
        ),
        (
            "export const about =",
            "export const abot =",
            "describe",
            "help: the sources do not export `about`: write `export const about = { describe(",
        ),
    ] {
        let project = Project::new("js");
        project.edit("runner.js", from, to);
        let error = project.run(&["build"]).failed(4);
        assert!(
            error.contains(&format!("its `{function}` was called")) && error.contains(help),
            "{error}"
        );
        // Who has the component alone is told the same.
        let report = project.run(&["check"]);
        assert_eq!(report.code, Some(8), "{}", report.stderr);
        let seen = help.trim_start_matches("help: ");
        assert!(report.stdout.contains(seen), "{}", report.stdout);
    }
}

/// A trap that is not for want of an export is the runner's fault, and its component is there to be looked at.
#[test]
fn javascript_that_fails_without_configuration() {
    let project = Project::new("js");
    project.edit("runner.js", "if (value == null) throw", "if (false) throw");
    project.edit(
        "runner.js",
        "config('endpoint')",
        "config('endpoint').length",
    );
    let built = project.run(&["build"]);
    assert_eq!(built.code, Some(0), "{}", built.stderr);
    assert!(
        built.stderr.contains("warning: its `generate-task-spec` was called without configuration and network, and it trapped")
            && built.stderr.contains("its last words: ")
            && built.stderr.contains("arborist check"),
        "{}",
        built.stderr
    );
}

#[test]
fn typescript() {
    language("ts");
    fault(
        "ts",
        "runner.ts",
        "return text;",
        "return 5;",
        "Type 'number' is not assignable to type 'string'",
    );
}

#[test]
fn c() {
    language("c");
    fault("c", "main.c", "return true;", "return tru;", "tru");
}
