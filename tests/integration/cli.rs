//! The command line: what goes to which stream, which exit code, and what the errors say.

use arborist_tests::{Host, Ran, host};
use std::fs;

const DESCRIPTION: &str = "Back up the orders database every night and check the copy";

#[test]
fn the_spec_is_alone_on_stdout_parses_and_is_the_same_every_time() {
    let host = Host::new();
    let first = host.run(&["run", DESCRIPTION]).succeeded();
    let spec: serde_json::Value = serde_saphyr::from_str(&first).unwrap();
    assert!(spec["steps"].as_array().unwrap().len() >= 3, "{first}");
    assert!(first.ends_with('\n'));
    assert_eq!(host.run(&["run", DESCRIPTION, "-v"]).succeeded(), first);
    assert_eq!(
        Host::with_own_cache()
            .run(&["run", DESCRIPTION])
            .succeeded(),
        first
    );
}

#[test]
fn the_old_names_of_the_commands_work() {
    let host = Host::new();
    let spec = host.run(&["generate-task-spec", DESCRIPTION]).succeeded();
    assert_eq!(spec, host.run(&["run", DESCRIPTION]).succeeded());
    let dag = host
        .run_with(&["generate-dagu"], spec.as_bytes())
        .succeeded();
    assert!(dag.contains("type: graph"), "{dag}");
}

#[test]
fn json_holds_what_yaml_holds() {
    let host = Host::new();
    let yaml = host.run(&["run", DESCRIPTION]).succeeded();
    let json = host
        .run(&["run", DESCRIPTION, "--format", "json"])
        .succeeded();
    let from_yaml: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
    let from_json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(from_yaml, from_json);
}

#[test]
fn a_description_comes_from_an_argument_a_dash_or_a_pipe() {
    let host = Host::new();
    let typed = host.run(&["run", DESCRIPTION]).succeeded();
    let piped = format!("{DESCRIPTION}\n");
    assert_eq!(host.run_with(&["run"], piped.as_bytes()).succeeded(), typed);
    assert_eq!(
        host.run_with(&["run", "-"], piped.as_bytes()).succeeded(),
        typed
    );
}

#[test]
fn with_an_output_file_nothing_is_on_stdout() {
    let host = Host::new();
    let printed = host.run(&["run", DESCRIPTION]).succeeded();
    let dag = host.run_with(&["dagu"], printed.as_bytes()).succeeded();
    let silent = host
        .run(&["run", DESCRIPTION, "-o", "spec.yaml", "--dagu", "dag.yaml"])
        .succeeded();
    assert_eq!(silent, "");
    assert_eq!(
        fs::read_to_string(host.home().join("spec.yaml")).unwrap(),
        printed
    );
    assert_eq!(
        fs::read_to_string(host.home().join("dag.yaml")).unwrap(),
        dag
    );
}

#[test]
fn a_failed_run_leaves_the_old_output_and_nothing_else() {
    let host = Host::new();
    host.file("spec.yaml", "old");
    let failed = host.run(&["run", "", "-o", "spec.yaml"]);
    let _error = failed.failed(2);
    assert_eq!(
        fs::read_to_string(host.home().join("spec.yaml")).unwrap(),
        "old"
    );
    let unwritable = host.run(&["run", DESCRIPTION, "-o", "no/such/folder/spec.yaml"]);
    assert!(unwritable.failed(2).contains("no/such/folder/spec.yaml"));
    let names: Vec<_> = fs::read_dir(host.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["spec.yaml"]);
}

/// A row: arguments, exit code, what the error must say.
type Fault<'a> = (&'a [&'a str], i32, &'a [&'a str]);

#[test]
fn bad_usage_is_told_with_what_to_do() {
    let host = Host::new();
    host.file("latin1.txt", b"name: caf\xe9");
    host.file("spec.yaml", "name: a\nsteps: []\n");
    let rows: &[Fault<'_>] = &[
        (&[], 2, &["Usage"]),
        (&["rum"], 2, &["run"]),
        (&["run", "  "], 2, &["empty", "help:"]),
        (&["run", "x", "--param", "novalue"], 2, &["NAME=VALUE"]),
        (
            &["run", "x", "--param", "a=1", "--param", "a=2"],
            2,
            &["once"],
        ),
        (&["run", "x", "--limit", "memory"], 2, &["NAME=VALUE"]),
        (
            &["run", "x", "--limit", "memroy=1MiB"],
            2,
            &["did you mean `memory`"],
        ),
        (&["run", "x", "--limit", "memory=lots"], 2, &["256MiB"]),
        (&["run", "x", "--timeout", "0"], 2, &["--timeout"]),
        (&["run", "x", "--timeout", "soon"], 2, &["--timeout"]),
        (&["run", "x", "-v", "-q"], 2, &["cannot be used with"]),
        (&["run", "x", "--dagu", "-"], 2, &["cannot both", "help:"]),
        (
            &["run", "x", "-o", "a.yaml", "--dagu", "a.yaml"],
            2,
            &["same file"],
        ),
        (
            &["run", "x", "--component", "x.wasm", "--runner", "nope"],
            2,
            &["`nope`"],
        ),
        (
            &["run", "x", "--runner", "nope"],
            2,
            &["`nope`", "mock", "component: FILE"],
        ),
        (&["dagu", "missing.yaml"], 2, &["missing.yaml"]),
        (&["dagu", "."], 2, &["folder"]),
        (&["dagu", "latin1.txt"], 2, &["UTF-8"]),
        (&["dagu", "spec.yaml"], 7, &["not valid", "step"]),
        (&["inspect", "missing.wasm"], 4, &["missing.wasm"]),
    ];
    for (args, code, texts) in rows {
        let error = host.run(args).failed(*code);
        for text in *texts {
            assert!(error.contains(text), "{args:?}: {error}");
        }
    }
}

#[test]
fn a_description_has_a_bound() {
    let host = Host::new();
    let long = vec![b'x'; 1024 * 1024 + 100];
    assert!(
        host.run_with(&["run"], &long)
            .failed(2)
            .contains("more than 1048576 bytes")
    );
    let longest = vec![b'x'; 1024 * 1024];
    let _spec = host.run_with(&["run"], &longest).succeeded();
}

#[test]
fn a_dry_run_says_what_would_run_and_runs_nothing() {
    let host = Host::with_own_cache();
    let plan = host
        .run(&[
            "run",
            "x",
            "--dry-run",
            "--param",
            "a=hidden",
            "--timeout",
            "7",
        ])
        .succeeded();
    for text in [
        "runner: mock (default)",
        "sha256:",
        "timeout: 7s",
        "mock.limits.memory: 256.0 MiB (default)",
        "no request",
    ] {
        assert!(plan.contains(text), "{plan}");
    }
    assert!(!plan.contains("hidden"));
    assert!(!host.cache().exists(), "a dry run compiled something");
}

#[test]
fn verbose_says_what_happens_and_quiet_says_nothing() {
    let host = Host::with_own_cache();
    let first = host.run(&["run", "x", "-v"]);
    assert!(first.stderr.contains("compiled in"), "{}", first.stderr);
    let second = host.run(&["run", "x", "-v"]);
    assert!(
        second.stderr.contains("already compiled"),
        "{}",
        second.stderr
    );
    assert_eq!(host.run(&["run", "x"]).stderr, "");
    assert_eq!(host.run(&["run", "x", "-q"]).stderr, "");
}

#[test]
fn nothing_is_coloured_where_no_terminal_is() {
    let host = Host::new();
    let Ran { stderr, .. } = host.run(&["run", ""]);
    assert!(!stderr.contains('\x1b'), "{stderr:?}");
}

#[test]
fn the_variable_selects_a_runner_and_the_list_says_so() {
    let host = Host::new();
    let selected = |name: &str| {
        let mut command = host.command();
        command.arg("runners").env("AGENT_ARBORIST_RUNNER", name);
        host::run(&mut command, b"")
    };
    assert!(
        selected("mock")
            .succeeded()
            .contains("AGENT_ARBORIST_RUNNER")
    );
    assert!(selected("nope").failed(3).contains("AGENT_ARBORIST_RUNNER"));
    assert!(selected("").succeeded().contains("selected: default"));
}

#[test]
fn inspect_tells_what_a_runner_is() {
    let host = Host::new();
    let text = host.run(&["inspect", "mock"]).succeeded();
    for part in [
        "described-runner",
        "sha256:",
        "arborist:runner/generate@0.1.0",
        "memory",
        "256.0 MiB",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let json = host
        .run(&["inspect", "mock", "--format", "json"])
        .succeeded();
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["world"], "described-runner");
    assert_eq!(found["info"]["name"], "mock");
}

#[test]
fn completions_are_printed_for_each_shell() {
    let host = Host::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = host.run(&["completions", shell]).succeeded();
        assert!(script.contains("component"), "{shell}");
    }
    let _error = host.run(&["completions", "tcsh"]).failed(2);
}

/// Starts the binary with a pipe on standard input that stays open, and interrupts it once it listens.
fn interrupt(host: &Host, args: &[&str]) -> Option<i32> {
    use std::process::Stdio;
    let mut command = host.command();
    command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let _open = child.stdin.take();
    // Bit 1 of the caught signals is SIGINT: before the handler is there, the signal just ends the process.
    let caught = |pid: u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let mask = status.lines().find_map(|line| {
            line.strip_prefix("SigCgt:")
                .map(str::trim)
                .map(str::to_owned)
        });
        mask.and_then(|mask| u64::from_str_radix(&mask, 16).ok())
            .is_some_and(|mask| mask & 0b10 != 0)
    };
    while !caught(child.id()) {
        assert!(
            child.try_wait().unwrap().is_none(),
            "{args:?} ended by itself"
        );
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn ctrl_c_ends_whatever_it_waits_for_with_130() {
    let host = Host::new();
    let component = crate::guests::PLAIN;
    let fifo = host.home().join("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let fifo = fifo.to_str().unwrap();
    for args in [
        &["run"][..],
        &["run", "-"],
        &["dagu"],
        &["dagu", fifo],
        &[
            "run",
            "loop",
            "--component",
            component,
            "--limit",
            "cpu=60s",
        ],
        &["run", "sleep", "--component", component],
        &["run", "x", "-o", fifo],
    ] {
        assert_eq!(interrupt(&host, args), Some(130), "{args:?}");
    }
}

#[test]
fn a_result_that_nobody_reads_holds_up_no_signal() {
    use std::{io::Read as _, process::Stdio};
    let host = Host::new();
    // More than a pipe holds.
    let steps: Vec<String> = (0..50)
        .map(|n| format!("{{name: s{n}, command: \"{}\"}}", "x".repeat(4000)))
        .collect();
    let ask = format!("spec {{name: x, steps: [{}]}}", steps.join(", "));
    let ask = host.file("ask.txt", ask);
    let mut child = host
        .command()
        .args(["run", "-", "--component", crate::guests::PLAIN])
        .stdin(fs::File::open(ask).unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut unread = child.stdout.take().unwrap();
    // It writes its result by now.
    unread.read_exact(&mut [0]).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let child = std::cell::RefCell::new(child);
    arborist_tests::host::until(|| child.borrow_mut().try_wait().unwrap().is_some());
    let ended = child.borrow_mut().wait().unwrap();
    assert_eq!(ended.code(), Some(130));
}

#[test]
fn the_time_out_covers_reading_input_too() {
    let host = Host::new();
    let mut command = host.command();
    command
        .args(["run", "--timeout", "1"])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let _open = child.stdin.take();
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(6), "{stderr}");
    assert!(stderr.contains("--timeout"), "{stderr}");
}

#[test]
fn standard_error_that_nobody_reads_holds_up_no_deadline() {
    let host = Host::new();
    let mut command = host.command();
    let flood = [
        "run",
        "stderr-flood 5000",
        "-v",
        "--component",
        crate::guests::PLAIN,
        "--timeout",
        "2",
    ];
    command
        .args(flood)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    // Nobody reads the pipe; the process ends all the same.
    let ended = (0..2_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        child.try_wait().unwrap().is_some()
    });
    if !ended {
        child.kill().unwrap();
    }
    assert!(ended, "it waits for a reader for ever");
}

#[test]
fn a_report_in_json_holds_nothing_that_a_terminal_obeys() {
    let host = Host::new();
    host.file(
        "agent-arborist.yaml",
        r#"{runner: mock, mock: {note: "\u202e\x9b2J"}}"#,
    );
    let json = host
        .run(&["config", "show", "--format", "json"])
        .succeeded();
    assert!(!json.contains(['\u{202e}', '\u{9b}', '\u{1b}']), "{json:?}");
    let _valid: serde_json::Value = serde_json::from_str(&json).unwrap();
}

#[test]
fn a_terminal_sees_what_is_waited_for_and_colour_only_if_it_wants() {
    use arborist_tests::pty::Terminal;
    let host = Host::new();
    let sleeper = |more: &[(&str, &str)]| {
        let mut command = host.command();
        command
            .args(["run", "sleep 1", "--component", crate::guests::PLAIN])
            .env("TERM", "xterm");
        command.envs(more.iter().copied());
        command
    };
    let mut waiting = Terminal::start(sleeper(&[]));
    waiting.expect("making a task spec");
    assert!(waiting.wait().success());
    assert!(
        !waiting.screen().contains("making a task spec"),
        "the line stays: {}",
        waiting.screen()
    );
    let mut command = host.command();
    let hostile = "progress \u{1b}]0;taken\u{7}";
    command
        .args(["run", hostile, "--component", crate::guests::PLAIN])
        .env("TERM", "xterm");
    let mut talking = Terminal::start(command);
    talking.wait();
    let said = String::from_utf8_lossy(&talking.transcript()).into_owned();
    assert!(
        !said.contains("\u{1b}]0;") && !said.contains('\u{7}'),
        "{said:?}"
    );
    let error = |more: &[(&str, &str)]| {
        let mut command = host.command();
        command
            .args(["run", ""])
            .env("TERM", "xterm")
            .envs(more.iter().copied());
        let mut terminal = Terminal::start(command);
        assert_eq!(terminal.wait().code(), Some(2));
        String::from_utf8_lossy(&terminal.transcript()).into_owned()
    };
    assert!(error(&[]).contains("\u{1b}["));
    assert!(!error(&[("NO_COLOR", "1")]).contains("\u{1b}["));
}
