//! Real processes: what they say, how they fail, and that none outlives whoever waits for it.

use super::super::{
    process::{LINES_SHOWN, ProcessError, ask, run},
    tool::Tool,
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Mutex, time::Duration};

const LONG: Duration = Duration::from_secs(60);

async fn sh(script: &str, time: Duration) -> (Result<(), ProcessError>, Vec<String>) {
    let said = Mutex::new(Vec::new());
    let say = |line: &str| said.lock().unwrap().push(line.to_owned());
    let arguments = ["-c".to_owned(), script.to_owned()];
    let ended = run(Path::new("sh"), &arguments, Path::new("/"), time, &say).await;
    (ended, said.into_inner().unwrap())
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

#[test]
fn what_a_tool_says_is_shown_safely_and_its_end_is_kept() {
    let (ended, said) = block_on(sh(
        "printf 'a\\033[31mred\\033[0m\\rb\\n'; printf '\\033]0;t\\007x' >&2; cat",
        LONG,
    ));
    ended.unwrap();
    assert!(
        said.contains(&"ared".to_owned()) && said.contains(&"b".to_owned()),
        "{said:?}"
    );
    assert!(!said.iter().any(|line| line.contains('\u{1b}')), "{said:?}");
    let (ended, said) = block_on(sh("seq 1 1000; exit 3", LONG));
    let error = ended.unwrap_err();
    assert_eq!(said.len(), 1000);
    assert!(matches!(&error, ProcessError::Failed { status, .. } if status.code() == Some(3)));
    let kept: Vec<&str> = error.output().lines().collect();
    assert_eq!(
        (kept.len(), kept.first().copied(), kept.last().copied()),
        (LINES_SHOWN, Some("961"), Some("1000"))
    );
}

#[test]
fn a_line_without_an_end_takes_no_memory_without_an_end() {
    let (ended, said) = block_on(sh("head -c 3000000 /dev/zero | tr '\\0' x", LONG));
    ended.unwrap();
    assert!(said.iter().all(|line| line.len() <= 4096));
    assert_eq!(said.iter().map(String::len).sum::<usize>(), 3_000_000);
}

#[test]
fn a_tool_that_takes_too_long_is_ended_with_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!(
        "sleep 1000 & echo $! > {}; echo waiting; wait",
        pid.display()
    );
    let (ended, said) = block_on(sh(&script, Duration::from_secs(2)));
    assert!(
        matches!(ended, Err(ProcessError::Late { seconds: 2, .. })),
        "{ended:?}"
    );
    assert_eq!(said, ["waiting"]);
    let sleeper = fs::read_to_string(pid).unwrap();
    gone(sleeper.trim());
}

#[test]
fn whoever_stops_waiting_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!(
        "sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait",
        pid.display()
    );
    block_on(async {
        tokio::select! {
            _ = sh(&script, LONG) => panic!("it ended"),
            () = async { while !pid.exists() { tokio::time::sleep(Duration::from_millis(5)).await; } } => {}
        }
    });
    gone(fs::read_to_string(&pid).unwrap().trim());
}

/// Waits until a process has ended: killed ones need a moment.
fn gone(pid: &str) {
    let state = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_alive = || {
        state()
            .rsplit(')')
            .next()
            .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
    };
    for _ in 0..4000 {
        if !is_alive() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{pid} is still there: {}", state());
}

#[test]
fn what_it_leaves_behind_is_not_waited_for() {
    // The sleeper holds the pipe longer than the time that there is.
    let (ended, said) = block_on(sh("sleep 100 & echo done", Duration::from_secs(30)));
    ended.unwrap();
    assert_eq!(said, ["done"]);
}

fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn tools_that_are_missing_old_broken_or_new_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let find = |script: Option<&str>| {
        if let Some(script) = script {
            program(folder.path(), "tool", script);
        }
        let tool = Tool::new(
            "tool",
            &["./tool", "no-such-tool-anywhere"],
            "1.4.2",
            "get tool 1.4.2",
        );
        block_on(tool.find(folder.path())).map_err(|error| error.to_string())
    };
    let missing = find(None).unwrap_err();
    assert!(
        missing.contains("`tool` is needed") && missing.contains("help: get tool 1.4.2"),
        "{missing}"
    );
    let old = find(Some("echo tool 1.4.1")).unwrap_err();
    assert!(
        old.contains("`tool` is 1.4.1")
            && old.contains("1.4.2 or later")
            && old.contains("get tool"),
        "{old}"
    );
    let broken = find(Some("echo nothing")).unwrap_err();
    assert!(
        broken.contains("does not say its version") && broken.contains("get tool"),
        "{broken}"
    );
    let failing = find(Some("echo no >&2; exit 1")).unwrap_err();
    assert!(failing.contains("does not say its version"), "{failing}");
    assert_eq!(find(Some("echo v1.4.9")).unwrap().newer, None);
    let newer = find(Some("echo v1.10.0")).unwrap();
    assert!(newer.newer.unwrap().contains("1.4.2 is what was tried"));
    assert!(newer.program.ends_with("tool"));
}

#[test]
fn a_question_is_answered_or_its_failure_told() {
    let asked =
        |script: &str| block_on(ask(Path::new("sh"), &["-c", script], Path::new("/"), LONG));
    assert_eq!(asked("echo answer; echo noise >&2").unwrap(), "answer\n");
    let error = asked("echo noise; echo reason >&2; exit 2").unwrap_err();
    assert_eq!(error.output(), "reason\n");
    let none = block_on(ask(
        Path::new("no-such-tool-anywhere"),
        &[],
        Path::new("/"),
        LONG,
    ));
    assert!(matches!(none, Err(ProcessError::NotFound { .. })));
}
