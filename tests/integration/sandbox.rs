//! A hostile guest ends with one line and exit code 6, in bounded time and memory, and sees nothing.

use crate::guests::{DESCRIBED, PLAIN};
use arborist_tests::{Host, Ran};

const MIB: u64 = 1024 * 1024;

fn plain(host: &Host, description: &str, more: &[&str]) -> Ran {
    let mut args = vec!["run", description, "--component", PLAIN];
    args.extend(more);
    host.run(&args)
}

/// The spec that `probe` returns, as step name and what was seen.
fn probe(host: &Host) -> serde_json::Value {
    let args = ["run", "probe", "--component", PLAIN, "--format", "json"];
    let mut args = args.to_vec();
    args.extend(["--param", "a=1"]);
    // There is something to read, and it is the user's.
    let json = host.run_with(&args, b"typed by the user\n").succeeded();
    serde_json::from_str(&json).unwrap()
}

fn seen<'a>(spec: &'a serde_json::Value, step: &str) -> &'a str {
    let steps = spec["steps"].as_array().unwrap();
    let step = steps.iter().find(|found| found["name"] == step);
    step.unwrap_or_else(|| panic!("no step in {spec:#}"))["command"]
        .as_str()
        .unwrap()
}

#[test]
fn a_guest_sees_nothing_of_its_surroundings() {
    let host = Host::new();
    let spec = probe(&host);
    assert_eq!(seen(&spec, "stdin"), "at its end", "{spec:#}");
    for nothing in ["environment", "arguments", "preopens"] {
        assert_eq!(seen(&spec, nothing), "0", "{spec:#}");
    }
    assert_eq!(seen(&spec, "config"), "-");
    assert_eq!(seen(&spec, "directory"), "false");
    for denied in [
        "root", "passwd", "parent", "write", "tcp", "udp", "listen", "dns",
    ] {
        let outcome = seen(&spec, denied);
        assert!(
            outcome.starts_with("refused") || outcome.starts_with("error"),
            "{denied}: {outcome}"
        );
    }
    assert!(!std::path::Path::new("/tmp/written-by-a-guest").exists());
    assert_eq!(seen(&spec, "parameters"), "a=1");
}

#[test]
fn every_call_gets_fresh_memory() {
    let host = Host::new();
    // Two calls in one process: the counter of the first is not there in the second.
    let dag = host.home().join("dag.yaml");
    let spec = plain(
        &host,
        "counter",
        &[
            "--dagu",
            dag.to_str().unwrap(),
            "--param",
            "dagu-counter=yes",
        ],
    );
    assert!(spec.succeeded().contains("command: \"1\""));
    let dag = std::fs::read_to_string(dag).unwrap();
    assert!(dag.contains("command: \"1\""), "{dag}");
}

/// A row: description, flags, and what the one line must say.
type Attack<'a> = (&'a str, &'a [&'a str], &'a str);

#[test]
fn each_attack_ends_with_its_reason() {
    let host = Host::new();
    let rows: &[Attack<'_>] = &[
        ("trap", &[], "trapped"),
        ("panic", &[], "unreachable"),
        ("recursion", &[], "trapped"),
        ("exit 3", &[], "exit"),
        ("loop", &["--limit", "cpu=300ms"], "`cpu`"),
        ("emit-forever", &["--limit", "cpu=300ms"], "`cpu`"),
        ("sleep", &["--timeout", "1"], "longer than 1s"),
        ("loop", &["--timeout", "1"], "longer than 1s"),
        ("memory", &[], "`memory`"),
        ("memory 100", &["--limit", "memory=50MiB"], "`memory`"),
        ("answer 1073741824", &[], "`memory`"),
        ("answer 50000000", &[], "`output`"),
        ("answer 2000000", &[], "`output`"),
        ("emit-huge", &[], "1 MiB"),
        ("handles", &[], "`resources`"),
        ("random-huge", &[], "`random`"),
        ("invalid-utf8", &[], "utf-8"),
    ];
    for (description, flags, reason) in rows {
        let ran = plain(&host, description, flags);
        let peak = ran.peak;
        let error = ran.failed(6);
        assert!(
            error.to_lowercase().contains(&reason.to_lowercase()),
            "{description}: {error}"
        );
        assert!(peak < 400 * MIB, "{description} took {} MiB", peak / MIB);
        assert_eq!(
            error
                .lines()
                .filter(|line| line.starts_with("error:"))
                .count(),
            1,
            "{error}"
        );
    }
    // And the next run is as good as ever.
    let _spec = plain(&host, "anything", &[]).succeeded();
}

#[test]
fn memory_that_was_granted_stays_counted() {
    let host = Host::new();
    let _spec = plain(&host, "memory 100", &["--limit", "memory=200MiB"]).succeeded();
}

#[test]
fn a_flood_of_logs_is_cut_and_not_fatal() {
    let host = Host::new();
    for flood in ["log-flood 5000", "stdout-flood 5000", "stderr-flood 5000"] {
        let ran = plain(&host, flood, &["-v"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stderr.contains("limit `logs`"), "{flood}");
        assert!(
            (ran.stderr.len() as u64) < 2 * MIB,
            "{flood}: {}",
            ran.stderr.len()
        );
    }
}

#[test]
fn what_a_guest_prints_is_never_taken_for_the_result() {
    let host = Host::new();
    let ran = plain(&host, "stdout name: forged", &["-v"]);
    assert!(
        ran.stderr.contains("stdout: name: forged"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stdout.contains("name: forged"), "{}", ran.stdout);
}

#[test]
fn the_end_of_the_log_is_shown_when_a_run_fails() {
    let host = Host::new();
    let error = plain(&host, "log-flood 20", &["--limit", "output=10B"]).failed(6);
    assert!(
        error.contains("the runner's log (its end; all of it with -v):"),
        "{error}"
    );
    assert!(error.len() < 8 * 1024);
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let host = Host::new();
    host.file("bad\u{1b}[2J.wat", "(component \u{202e}\u{1b}]0;x\u{7})");
    let rows = [
        vec![
            "run",
            "stderr \u{1b}]0;x\u{7}\u{9b}2J\u{202e}",
            "-v",
            "--component",
            PLAIN,
        ],
        vec!["run", "progress \u{1b}[2J", "-v", "--component", PLAIN],
        vec![
            "run",
            "log-as \u{1b}[2J\u{202e}",
            "-v",
            "--component",
            PLAIN,
        ],
        vec!["run", "error:other \u{1b}[2J\u{202e}", "--component", PLAIN],
        vec![
            "run",
            "error:invalid-config \u{1b}[2J",
            "--component",
            PLAIN,
        ],
        vec!["run", "x", "--component", "bad\u{1b}[2J.wat"],
        vec!["run", "x", "--component", "missing\u{1b}[2J.wasm"],
        vec!["run", "x", "--runner", "no\u{1b}[2J"],
    ];
    for args in rows {
        let mut command = host.command();
        // Without this the colours, and with them what a guest smuggled in, are stripped for a pipe.
        command.args(&args).env("CLICOLOR_FORCE", "1");
        let stderr = arborist_tests::host::run(&mut command, b"").stderr;
        let uncoloured = stderr
            .replace("\u{1b}[0m", "")
            .replace("\u{1b}[2m", "")
            .replace("\u{1b}[1m", "");
        let ours = [
            "\u{1b}[31m",
            "\u{1b}[33m",
            "\u{1b}[36m",
            "\u{1b}[91m",
            "\u{1b}[94m",
            "\u{1b}[96m",
        ];
        let rest = ours
            .iter()
            .fold(uncoloured, |text, code| text.replace(code, ""));
        assert!(
            !rest.contains("\u{1b}]") && !rest.contains("\u{1b}[2J"),
            "{args:?}: {rest:?}"
        );
        assert!(
            !rest.contains(['\u{7}', '\u{9b}', '\u{202e}']),
            "{args:?}: {rest:?}"
        );
    }
}

#[test]
fn each_error_of_a_runner_has_its_exit_code() {
    let host = Host::new();
    for (kind, code) in [
        ("invalid-config", 3),
        ("invalid-input", 5),
        ("service", 5),
        ("invalid-response", 5),
        ("other", 5),
        ("unsupported", 5),
    ] {
        let error = plain(&host, &format!("error:{kind}"), &[]).failed(code);
        assert!(error.contains("runner"), "{error}");
    }
    let long = plain(&host, "error:other 3000000", &[]).failed(5);
    assert!(long.len() < 10_000, "{}", long.len());
}

#[test]
fn a_request_is_denied_and_the_user_reads_why() {
    let host = Host::new();
    // The guest reports the denial as a spec: the run succeeds, and the user is told all the same.
    let ran = plain(&host, "http GET http://localhost:1/secret", &[]);
    assert!(
        ran.stderr.contains("GET http://localhost:1/secret") && ran.stderr.contains("help:"),
        "{}",
        ran.stderr
    );
    assert!(
        !ran.succeeded().contains("allow"),
        "the guest reads the reason"
    );
}

#[test]
fn what_a_runner_returns_is_checked() {
    let host = Host::new();
    for (returned, reason) in [
        ("nonsense: [", "not valid"),
        ("{name: a, steps: []}", "step"),
        (
            "{name: a, steps: [{name: one, command: x, depends_on: [two]}]}",
            "two",
        ),
        (
            "{name: a, steps: [{name: one, command: x, depends_on: [one]}]}",
            "one",
        ),
    ] {
        let error = plain(&host, &format!("spec {returned}"), &[]).failed(7);
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_runner_describes_itself_without_configuration_and_network() {
    let host = Host::new();
    let text = host.run(&["inspect", DESCRIBED]).succeeded();
    // The guest says so by its version: it looks at its configuration and tries a request.
    assert!(
        text.contains("described-runner") && text.contains("1.2.3"),
        "{text}"
    );
}

#[test]
fn each_limit_that_a_component_can_meet_is_named() {
    let host = Host::new();
    let rows: &[(&str, &[&str], &str)] = &[
        ("x", &["--limit", "instances=1"], "`instances`"),
        ("x", &["--limit", "tables=1"], "`tables`"),
        ("handles 100", &["--limit", "handles=20"], "`handles`"),
        ("handles 100", &["--limit", "resources=20"], "`resources`"),
        ("random-huge 2000", &["--limit", "random=1KiB"], "`random`"),
        ("memory 100", &["--limit", "memory=20MiB"], "`memory`"),
        ("answer 2000", &["--limit", "output=1KiB"], "`output`"),
    ];
    for (description, flags, limit) in rows {
        let ran = plain(&host, description, flags);
        let error = ran.failed(6);
        assert!(
            error.contains(limit) && error.contains("--limit"),
            "{description} {flags:?}: {error}"
        );
    }
}

#[test]
fn output_that_nobody_reads_is_not_charged_to_the_guest() {
    let host = Host::new();
    let mut command = host.command();
    command.args([
        "run",
        "stderr-flood 500",
        "-v",
        "--component",
        PLAIN,
        "--limit",
        "cpu=2s",
    ]);
    command
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    // The pipe is full long before the guest has said everything; it waits longer than it may compute.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let mut text = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
}

#[test]
fn a_stderr_that_cannot_be_written_is_no_fault() {
    let host = Host::new();
    let mut command = host.command();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    command
        .args(["run", "x", "-v"])
        .stdin(std::process::Stdio::null())
        .stderr(full);
    assert!(
        command
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn requests_that_are_never_sent_hold_little_of_the_hosts_memory() {
    let host = Host::new();
    let ran = plain(&host, "hoard 150 60", &["--format", "json"]);
    assert!(ran.peak < 300 * MIB, "{} MiB", ran.peak / MIB);
    let spec: serde_json::Value = serde_json::from_str(&ran.succeeded()).unwrap();
    // As the documentation of the limit `resources` says.
    let body: u64 = seen(&spec, "body").parse().unwrap();
    assert!((1..=80 * 1024).contains(&body), "{spec:#}");
    for part in ["method", "authority", "path"] {
        assert_eq!(seen(&spec, part), "refused", "{spec:#}");
    }
    assert_eq!(seen(&spec, "kept"), "150");
    let error = plain(&host, "hoard 1 100", &[]).failed(6);
    assert!(error.contains("total size of fields"), "{error}");
}
