//! What the tool says to those who have just begun: what went wrong, and what to write where.

use crate::retry::host;
use arborist_tests::{
    Host, Ran, host,
    service::{Answer, Behaviour, Service},
};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

const KEY: &str = "sk-live-0123456789abcdef";

fn with_key(host: &Host, args: &[&str]) -> Ran {
    host::run(host.command().args(args).env("MINE_API_KEY", KEY), b"")
}

#[test]
fn a_denial_and_its_explanation_give_the_same_line_and_the_line_permits_it() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let origin = service.origin();
    let host = host(&format!("  allow: [\"GET {origin}/v1\"]\n"));
    let url = service.url("/v2");
    let ask = format!("http GET {url}");
    let line = format!("allow: [\"GET {origin}/v1\", \"GET {origin}/v2\"]");
    let said = host
        .run(&["run", &ask, "--param", "on-error=fail"])
        .failed(6);
    assert!(
        said.contains(&format!("in the place of its `allow`:   {line}\n")),
        "{said}"
    );
    let explained = host.run(&["config", "explain", "--request", &format!("GET {url}")]);
    assert!(explained.stdout.contains(&line), "{}", explained.stdout);
    let file = format!("runner: mine\nmine:\n  component: plain.wasm\n  {line}\n");
    host.file("agent-arborist.yaml", file);
    assert!(host.run(&["run", &ask]).succeeded().contains("hello"));
}

#[test]
fn who_asks_for_more_sees_requests_and_what_they_wait_for_as_they_come() {
    let busy = Answer::text(429, "later").header("retry-after", "1");
    let answers = [busy.into(), Behaviour::text(200, "hello")];
    let service = Service::start(Behaviour::sequence(answers));
    let origin = service.origin();
    let host = host(&format!(
        "  allow: [\"{origin}\"]\n  retry: {{delay: 10ms}}\n"
    ));
    let ask = format!("http GET {}", service.url("/v1"));
    let ran = host.run(&["run", &ask, "-v"]);
    let address = service.address();
    let lines = [
        format!("GET {address}/v1: 429, retried"),
        "waits 1s for attempt 2, by `retry`".to_owned(),
        format!("GET {address}/v1: 200, complete"),
    ];
    let mut told = ran.stderr.lines();
    for line in &lines {
        assert!(told.any(|told| told == line), "{line}: {}", ran.stderr);
    }
    // Without it they are nobody's business.
    let quiet = host.run(&["run", &ask]);
    assert!(!quiet.stderr.contains("/v1"), "{}", quiet.stderr);
}

#[test]
fn a_service_that_is_busy_leads_to_retry() {
    let host = Host::new();
    let run = |service: &Service, retry: &str| {
        let endpoint = service.url("/v1");
        host.file(
            "agent-arborist.yaml",
            format!("runner: custom\ncustom:\n  endpoint: {endpoint}\n{retry}"),
        );
        host.run(&["run", "x"]).failed(5)
    };
    let busy = Service::start(Behaviour::text(503, "later"));
    let said = run(&busy, "");
    assert!(
        said.contains("\n  help: ") && said.contains("`retry: {attempts: 3, delay: 2s}`"),
        "{said}"
    );
    let said = run(&busy, "  retry: {attempts: 2, delay: 1ms}\n");
    assert!(said.contains("the 2 attempts of `retry`"), "{said}");
    // What would not go better is not sent again.
    let wrong = Service::start(Behaviour::text(400, "no"));
    assert!(!run(&wrong, "").contains("retry"));
    let address = busy.address();
    drop(busy);
    host.file(
        "agent-arborist.yaml",
        format!("runner: custom\ncustom:\n  endpoint: http://{address}/\n"),
    );
    let said = host.run(&["run", "x"]).failed(5);
    assert!(said.contains("`retry: {attempts: 3, delay: 2s}`"), "{said}");
}

#[test]
fn a_dag_needs_no_key_unless_the_runner_sends_it() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let key = "api_key: ${MINE_API_KEY}";
    let host = host(&format!("  endpoint: {}\n  {key}\n", service.url("/")));
    let spec = b"name: x\nsteps: [{name: a, command: 'true'}]\n";
    let dag = host.run_with(&["dagu"], spec).succeeded();
    assert!(dag.contains("name: a"), "{dag}");
    let said = host.run(&["run", "x"]).failed(3);
    assert!(said.contains("`MINE_API_KEY` is not set"), "{said}");
    let ask = format!("dagu-http=GET {}", service.url("/"));
    let header = "header:x-key={api_key}";
    let args = [
        "dagu",
        "--param",
        &ask,
        "--param",
        header,
        "--param",
        "on-error=fail",
    ];
    let said = host.run_with(&args, spec).failed(6);
    assert!(
        said.contains("the secret `api_key` into the header `x-key`")
            && said.contains("it has no value"),
        "{said}"
    );
    assert!(said.contains("help: set the variable"), "{said}");
    assert_eq!(service.requests().len(), 0);
}

#[test]
fn a_check_of_the_configuration_looks_at_components_and_at_what_they_read() {
    let host = Host::new();
    let check = |text: &str| {
        host.file("agent-arborist.yaml", text);
        with_key(&host, &["config", "check"])
    };
    let said = check("runner: mine\nmine:\n  component: none.wasm\n").failed(4);
    assert!(
        said.contains("mine: cannot read") && said.contains("none.wasm"),
        "{said}"
    );
    // Every section is looked at, and what is wrong with each is told.
    let said = check(
        "runner: custom\ncustom:\n  endpont: https://a.example\nmine:\n  component: none.wasm\nother:\n  component: agent-arborist.yaml\n",
    )
    .failed(4);
    for told in [
        "did you mean `endpoint`?",
        "mine: cannot read",
        "other: ",
        "is not WebAssembly",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let ran = check("runner: custom\ncustom:\n  endpoint: https://a.example\n  colour: red\n");
    assert!(
        ran.stderr.contains("the runner does not read `colour`"),
        "{}",
        ran.stderr
    );
    assert!(ran.succeeded().contains("nothing wrong with custom"));
}

#[test]
fn advice_is_given_also_to_those_who_want_errors_alone() {
    let host = Host::new();
    let endpoint = "endpoint: http://api.example.com/v1";
    let file = format!("runner: custom\ncustom:\n  {endpoint}\n  api_key: ${{MINE_API_KEY}}\n");
    host.file("agent-arborist.yaml", file);
    let said = with_key(&host, &["run", "-q", "x"]).failed(6);
    assert!(said.contains("\n  help: use https"), "{said}");
}

#[test]
fn a_file_that_a_section_names_is_inspected_with_a_word_about_it() {
    let host = host("  endpoint: https://api.example.com\n");
    let by_file = host.run(&["inspect", "./plain.wasm"]).succeeded();
    assert!(by_file.contains("no request may be sent"), "{by_file}");
    assert!(
        by_file.contains("`arborist inspect mine` shows"),
        "{by_file}"
    );
    let by_name = host.run(&["inspect", "mine"]).succeeded();
    assert!(
        by_name.contains("https://api.example.com") && !by_name.contains("that is so"),
        "{by_name}"
    );
    host.file("agent-arborist.yaml", "runner: mock\n");
    let alone = host.run(&["inspect", "./plain.wasm"]).succeeded();
    assert!(!alone.contains("that is so"), "{alone}");
}

#[test]
fn a_component_that_is_missing_is_told_once() {
    let host = Host::new();
    let test = |name: &str| format!("- {{name: {name}, description: x, expect: {{name: x}}}}\n");
    let tests = ["a", "b", "c"].map(test).concat();
    let tests = format!("component: none.wasm\ntests:\n{tests}");
    host.file("x.test.yaml", tests);
    let ran = host.run(&["test"]);
    assert_eq!(ran.code, Some(8), "{}", ran.stderr);
    assert_eq!(
        ran.stdout.matches("cannot read").count(),
        1,
        "{}",
        ran.stdout
    );
    assert_eq!(
        ran.stdout.matches("as the test before it").count(),
        2,
        "{}",
        ran.stdout
    );
    let one = host.run(&["test", "--filter", "a"]);
    assert!(one.stdout.contains("\n1 test: 0 passed"), "{}", one.stdout);
}

#[test]
fn times_are_taken_as_people_write_them() {
    let host = Host::new();
    for time in ["30", "0.5m", "90s", "1m", "1m30s", "59000ms"] {
        let ran = host.run(&["run", "x", "--timeout", time]);
        assert_eq!(
            ran.code == Some(0),
            time != "0.5h",
            "{time}: {}",
            ran.stderr
        );
    }
    for time in ["0", "-1", "", "soon", "1us", "25h"] {
        let said = host.run(&["run", "x", "--timeout", time]).failed(2);
        assert!(said.contains("1m30s") || time == "-1", "{time}: {said}");
    }
    for command in ["check", "test", "inspect", "build"] {
        let help = host.run(&[command, "--help"]).succeeded();
        assert!(help.contains("--timeout <TIME>"), "{help}");
    }
}

#[test]
fn small_slips_are_answered() {
    let host = Host::new();
    let help = host.run(&["--help"]).succeeded();
    for args in [["help", "--help"], ["help", "-h"]] {
        assert_eq!(host.run(&args).succeeded(), help);
    }
    let of_run = host.run(&["help", "run", "--help"]).succeeded();
    assert!(of_run.contains("--component"), "{of_run}");

    // It is known before anything runs: no component is.
    let said = host.run(&["run", "x", "--component", "none.wasm", "-o", "none/x.yaml"]);
    assert!(said.failed(4).contains("none.wasm"));
    let said = host.run(&["run", "x", "-v", "-o", "none/x.yaml"]).failed(2);
    assert!(
        said.contains("the folder none does not exist") && said.contains("mkdir -p"),
        "{said}"
    );
    assert!(!said.contains("making"), "{said}");

    host.file(
        "agent-arborist.yaml",
        "runner: custom\ncustom:\n\tendpoint: x\n",
    );
    let said = host.run(&["config", "check"]).failed(3);
    assert!(said.contains("spaces") && said.contains("tab"), "{said}");
    host.file("agent-arborist.yaml", "");
    let said = host
        .run_with(&["graph"], b"name: x\nsteps:\n\t- name: a\n")
        .failed(7);
    assert!(said.contains("spaces") && said.contains("tab"), "{said}");

    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://{}", plain.local_addr().unwrap());
    let answers = std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        // Closed with bytes unread, the answer could be lost.
        drop(stream.read_to_end(&mut Vec::new()));
    });
    host.file(
        "agent-arborist.yaml",
        format!("runner: custom\ncustom:\n  endpoint: {endpoint}/v1\n"),
    );
    let said = host.run(&["run", "x"]).failed(5);
    assert!(
        said.contains("does not speak TLS") && said.contains("http://"),
        "{said}"
    );
    answers.join().unwrap();
}

/// The fenced blocks of a page: what stands behind the fence, and what is in it.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut blocks: Vec<(&str, String)> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(info) => {
                open = !open;
                if open {
                    blocks.push((info, String::new()));
                }
            }
            None if open => {
                let (_, block) = blocks.last_mut().unwrap();
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    blocks
}

#[test]
fn the_readme_shows_what_its_commands_make() {
    let readme = include_str!("../../README.md");
    let start = readme
        .find("## From a description to a running workflow")
        .unwrap();
    let section = readme[start..].split("\n## ").next().unwrap();
    let blocks = blocks(section);
    let host = Host::new();
    let command = host.command();
    let folder = std::path::Path::new(command.get_program())
        .parent()
        .unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let (_, commands) = blocks.iter().find(|(info, _)| *info == "sh").unwrap();
    let commands: Vec<&str> = commands
        .lines()
        .filter(|line| line.starts_with("arborist "))
        .collect();
    assert!(!commands.is_empty());
    let script = [&commands[..], &["arborist graph spec.yaml"]]
        .concat()
        .join("\n");
    assert!(section.contains("`arborist graph spec.yaml` shows it"));
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-e", "-c", &script])
        .current_dir(host.home())
        .env_clear();
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell.env("PATH", format!("{}:{path}", folder.display()));
    let drawn = host::run(&mut shell, b"").succeeded();
    let (_, shown) = blocks.iter().find(|(info, _)| info.is_empty()).unwrap();
    let trimmed = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(
        trimmed(shown),
        trimmed(&drawn),
        "README.md should show:\n{drawn}"
    );
    assert!(host.home().join("dag.yaml").is_file());
}
