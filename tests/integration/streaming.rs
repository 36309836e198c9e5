//! Runners that stream, and what `--stream` shows of any runner.

mod at_once;
mod ending;

use crate::guests::{PLAIN, SDK_STREAMING, STREAMING};
use arborist_tests::{
    Host, Ran,
    service::{Gate, Service, Stream},
};
use std::{
    io::Read as _,
    process::{Child, ChildStderr, Stdio},
};

/// Runs the streaming guest with `--stream`.
fn stream(host: &Host, ask: &str, more: &[&str]) -> Ran {
    let mut args = vec!["run", ask, "--component", STREAMING, "--stream"];
    args.extend(more);
    host.run(&args)
}

/// Starts the binary with pipes.
fn start(host: &Host, args: &[&str]) -> Child {
    let mut command = host.command();
    command
        .args(args)
        .env("SERVICE_KEY", "sk-proj-0123456789abcdef")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Reads until `part` has come, or to the end.
fn read_until(stderr: &mut ChildStderr, part: &str) -> String {
    let mut shown = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&shown).contains(part) && stderr.read(&mut byte).unwrap() > 0 {
        shown.push(byte[0]);
    }
    String::from_utf8(shown).unwrap()
}

#[test]
fn pieces_are_shown_and_the_result_is_the_futures() {
    let host = Host::new();
    for ask in [
        "words one two\n\tthree",
        "chars one two\n\tthree",
        "result-first one two\n\tthree",
    ] {
        let ran = stream(&host, ask, &[]);
        assert_eq!(ran.stderr, "one two\n\tthree\n", "{ask}");
        let spec = ran.succeeded();
        // `generate` of the same component would say otherwise.
        assert!(spec.starts_with("name: streaming\n"), "{spec}");
    }
    let ran = stream(&host, "empty", &[]);
    assert_eq!(ran.stderr, "");
    assert!(ran.succeeded().starts_with("name: streaming\n"));
}

#[test]
fn pieces_of_a_runner_that_does_not_stream_are_shown_too() {
    let host = Host::new();
    let args = [
        "run",
        "progress one two",
        "--component",
        PLAIN,
        "--stream",
        "-q",
    ];
    let ran = host.run(&args);
    assert_eq!(ran.stderr, "one two\n");
    let _spec = ran.succeeded();
    // In their order with those of the stream.
    let ran = stream(&host, "emit one two", &[]);
    assert_eq!(ran.stderr, "one one twotwo\n");
}

#[test]
fn without_the_flag_nothing_is_shown_and_with_v_lines() {
    let host = Host::new();
    let long = format!("chars {}\nend", "word ".repeat(30));
    let run = |more: &[&str]| {
        let mut args = vec!["run", &long, "--component", STREAMING];
        args.extend(more);
        host.run(&args)
    };
    assert_eq!(run(&[]).stderr, "");
    let shown = run(&["-v"]).stderr;
    let lines: Vec<&str> = shown
        .lines()
        .filter_map(|line| line.strip_prefix("progress "))
        .collect();
    let wide = "word ".repeat(20);
    assert_eq!(
        lines,
        [wide.trim_end(), "word ".repeat(10).trim_end(), "end"]
    );
}

#[test]
fn what_is_said_besides_begins_a_line() {
    let host = Host::new();
    let shown = stream(&host, "error it broke", &[]).failed(5);
    assert_eq!(
        shown,
        "half of it \nerror: the runner reported an error: it broke\n"
    );
    let ran = stream(&host, "words half", &["-v"]);
    assert!(ran.stderr.contains("\nhalf\nnetwork: "), "{}", ran.stderr);
}

#[test]
fn nothing_shown_is_obeyed_by_a_terminal() {
    let shown = stream(&Host::new(), "chars \u{1b}[2J\r\u{202e}x", &[]).stderr;
    assert_eq!(shown, "\\x1b[2J\\r\\u{202e}x\n");
}

#[test]
fn a_placeholder_is_shown_by_its_name_also_in_pieces() {
    let host = Host::new();
    for ask in ["chars key={api_key}!", "words key={api_key}!"] {
        for flag in ["--stream", "-v"] {
            let args = [
                "run",
                ask,
                "--component",
                STREAMING,
                flag,
                "--allow",
                "https://api.example.com",
                "--set-env",
                "api_key=SERVICE_KEY",
            ];
            let mut command = host.command();
            command
                .args(args)
                .env("SERVICE_KEY", "sk-proj-0123456789abcdef");
            let shown = arborist_tests::host::run(&mut command, b"").stderr;
            assert!(shown.contains("key=[secret api_key]!\n"), "{ask}: {shown}");
        }
    }
}

#[test]
fn the_world_is_known_and_a_dag_is_made_by_generate() {
    let host = Host::new();
    let shown = host.run(&["inspect", STREAMING]).succeeded();
    assert!(
        shown.contains("world   streaming-runner")
            && shown.contains("arborist:runner/generate-streaming@0.1.0")
            && shown.contains("wasi:http/client@0.3"),
        "{shown}"
    );
    let shown = host.run(&["inspect", SDK_STREAMING]).succeeded();
    assert!(
        shown.contains("world   described-streaming-runner") && shown.contains("words 0.1.0"),
        "{shown}"
    );
    let dag = host.home().join("dag.yaml");
    let ran = stream(&host, "words x", &["--dagu", "dag.yaml"]);
    let _spec = ran.succeeded();
    assert!(std::fs::read_to_string(dag).unwrap().contains("streamed"));
}

#[test]
fn bounds_hold_while_it_streams() {
    let host = Host::new();
    let cases: [(&str, &[&str], i32, &str); 9] = [
        ("huge", &[], 6, "a piece of progress has at most 1 MiB"),
        ("alias", &["--limit", "cpu=1s"], 6, "`cpu`"),
        ("nothing", &["--limit", "cpu=1s"], 6, "`cpu`"),
        ("loop", &["--limit", "cpu=1s"], 6, "`cpu`"),
        ("memory", &[], 6, "`memory`"),
        ("flood", &["--limit", "logs=2KiB"], 0, "`logs`"),
        ("answer 9000000", &["--limit", "output=1MiB"], 6, "`output`"),
        ("answer 2000000", &["--limit", "output=1MiB"], 6, "`output`"),
        ("sleep", &["--timeout", "1"], 6, "1s"),
    ];
    for (ask, flags, exit, part) in cases {
        let ran = stream(&host, ask, flags);
        assert_eq!(ran.code, Some(exit), "{ask}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{ask}: {}", ran.stderr);
        assert!(ran.peak < 600 << 20, "{ask} took {} bytes", ran.peak);
    }
}

#[test]
fn each_way_to_end_badly_is_told_as_what_it_is() {
    let host = Host::new();
    for (ask, exit, part) in [
        ("trap", 6, "it trapped"),
        ("exit", 6, "instead of returning"),
        (
            "drop-future",
            6,
            "cannot drop future write end without first writing",
        ),
        (
            "endless",
            6,
            "longer than 2s: its result is there, and its stream has not ended",
        ),
        ("never", 6, "longer than 2s: its future has no value yet"),
        ("error invalid-config", 3, "does not accept"),
        ("error unsupported", 5, "does not do this"),
    ] {
        let shown = stream(&host, ask, &["--timeout", "2"]).failed(exit);
        assert!(shown.contains(part), "{ask}: {shown}");
    }
    let ran = stream(&host, "early", &[]);
    assert_eq!(ran.stderr, "a piece \n");
    assert!(ran.succeeded().starts_with("name: streaming\n"));
}

/// A service whose first piece is sent at once and whose second waits for a gate.
fn gated() -> (Service, Gate) {
    let (stream, gates) = Stream::gated("text/plain", ["first ", "last"]);
    gates[0].open();
    (Service::start(stream.into()), gates[1].clone())
}

#[test]
fn a_piece_is_shown_before_the_service_has_sent_its_last() {
    let host = Host::new();
    for (component, ask) in [
        (STREAMING, "stream GET "),
        (PLAIN, "open GET "),
        (SDK_STREAMING, ""),
    ] {
        let (service, gate) = gated();
        let ask = format!("{ask}{}", service.url("/"));
        let mut child = start(
            &host,
            &[
                "run",
                &ask,
                "--component",
                component,
                "--stream",
                "--allow",
                &service.origin(),
            ],
        );
        let mut stderr = child.stderr.take().unwrap();
        assert_eq!(read_until(&mut stderr, "first "), "first ");
        gate.open();
        assert_eq!(read_until(&mut stderr, "never"), "last\n");
        assert!(child.wait().unwrap().success());
    }
}
