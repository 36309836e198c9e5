//! A configuration file that was found, not named, may be a stranger's.

use arborist_tests::{
    Host, host,
    pty::Terminal,
    service::{Behaviour, Service},
};
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt as _};

const KEY: &str = "sk-live-0123456789abcdef";

fn setup() -> (Host, Service) {
    let service = Service::start(Behaviour::json(
        200,
        &json!({"steps": [{"name": "a", "command": "b"}]}),
    ));
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        format!(
            "runner: custom\ncustom:\n  api_key: ${{CUSTOM_API_KEY}}\n  endpoint: {}\n",
            service.url("/")
        ),
    );
    (host, service)
}

fn command(host: &Host) -> std::process::Command {
    let mut command = host.command();
    command
        .args(["run", "x"])
        .env("CUSTOM_API_KEY", KEY)
        .env("TERM", "dumb");
    command
}

#[test]
fn without_a_terminal_one_line_says_what_goes_where() {
    let (host, service) = setup();
    let ran = host::run(&mut command(&host), b"");
    assert!(
        ran.stderr
            .contains(&format!("CUSTOM_API_KEY → {}", service.origin())),
        "{}",
        ran.stderr
    );
    let _spec = ran.succeeded();
    // A file that the user names is the user's word.
    let mut named = command(&host);
    named.args(["--config", "agent-arborist.yaml"]);
    assert!(!host::run(&mut named, b"").stderr.contains('→'));
}

#[test]
fn on_a_terminal_the_user_is_asked_once() {
    let (host, service) = setup();
    let mut terminal = Terminal::start(command(&host));
    terminal.expect("CUSTOM_API_KEY");
    terminal.expect("yes/no?");
    assert_eq!(
        service.connections(),
        0,
        "something was sent before the answer"
    );
    terminal.type_line("yes");
    assert!(terminal.wait().success(), "{}", terminal.screen());
    assert_eq!(service.requests().len(), 1);
    // Remembered, for this user only.
    let state = host.home().join(".local/state/arborist");
    assert_eq!(
        fs::metadata(&state).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let mut again = Terminal::start(command(&host));
    assert!(again.wait().success());
    assert!(!again.screen().contains("yes/no"), "{}", again.screen());
    // Another origin is another question.
    let other = Service::start(Behaviour::text(200, "x"));
    host.file(
        "agent-arborist.yaml",
        format!(
            "runner: custom\ncustom:\n  api_key: ${{CUSTOM_API_KEY}}\n  endpoint: {}\n",
            other.url("/")
        ),
    );
    let mut third = Terminal::start(command(&host));
    third.expect("yes/no?");
    third.type_line("no");
    assert_eq!(third.wait().code(), Some(3));
    assert_eq!(other.connections(), 0);
}

#[test]
fn a_found_file_that_others_can_write_to_is_refused() {
    let (host, service) = setup();
    let file = host.home().join("agent-arborist.yaml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let error = host::run(&mut command(&host), b"").failed(3);
    assert!(
        error.contains("chmod") && error.contains("--config"),
        "{error}"
    );
    assert_eq!(service.connections(), 0);
    let mut named = command(&host);
    named.args(["--config", "agent-arborist.yaml"]);
    let _spec = host::run(&mut named, b"").succeeded();
}

#[test]
fn every_fault_is_told_at_once_and_no_secret_with_it() {
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        "runner: custom\nrunnr: x\ncustom:\n  api_key: sk-written-in-the-file-123\n  endpoint: http://127.0.0.1:1/\n  alow: [x]\n  allow: [\"GET ftp://a\", \"*\"]\n  limits: {memory: lots}\n  token: ${NOT_SET_ANYWHERE}\ntimeouts: {generate_dagu: soon}\n",
    );
    let error = host.run(&["config", "check"]).failed(3);
    for place in [":2:1", ":6:3", ":7:", ":8:", ":9:", ":10:"] {
        assert!(
            error.contains(&format!("agent-arborist.yaml{place}")),
            "{place}: {error}"
        );
    }
    for text in ["did you mean `allow`", "NOT_SET_ANYWHERE", "256MiB"] {
        assert!(error.contains(text), "{text}: {error}");
    }
    assert!(!error.contains("sk-written"), "{error}");
}

#[test]
fn the_file_that_init_writes_is_in_order() {
    let host = Host::new();
    let _none = host.run(&["init"]).succeeded();
    assert!(
        host.run(&["config", "check"])
            .succeeded()
            .contains("nothing wrong")
    );
    let _spec = host.run(&["run", "x"]).succeeded();
    assert!(host.run(&["init"]).failed(2).contains("--force"));
    let _none = host.run(&["init", "--force"]).succeeded();
}

#[test]
fn show_and_explain_tell_settings_and_rules_without_secrets() {
    let (host, service) = setup();
    let with_key = |args: &[&str]| {
        let mut command = host.command();
        command.args(args).env("CUSTOM_API_KEY", KEY);
        host::run(&mut command, b"").succeeded()
    };
    let shown = with_key(&["config", "show"]);
    assert!(
        shown.contains("custom.api_key") && shown.contains("****") && !shown.contains(KEY),
        "{shown}"
    );
    assert!(shown.contains("agent-arborist.yaml:4:"), "{shown}");
    let explained = with_key(&["config", "explain"]);
    assert!(
        explained.contains(&service.origin()) && explained.contains("`endpoint`"),
        "{explained}"
    );
    // Looking needs no secret.
    let _shown = host.run(&["config", "show"]).succeeded();
    assert!(host.run(&["runners"]).succeeded().contains("* custom"));
}
