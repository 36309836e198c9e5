use super::*;
use crate::escape::is_hidden;
use serde_json::Value;
use std::{
    collections::HashSet,
    io::{self, Write},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A sink that can be read, and that takes no more than it has room for.
#[derive(Clone)]
struct Sink {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: Arc<Mutex<usize>>,
}

impl Sink {
    fn with_room(room: usize) -> Self {
        Self {
            bytes: Arc::default(),
            room: Arc::new(Mutex::new(room)),
        }
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        lines(&self.text())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.room.lock().unwrap();
        if *room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(*room);
        *room -= taken;
        self.bytes.lock().unwrap().extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines(text: &str) -> Vec<Value> {
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"));
    text.lines().map(line).collect()
}

fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)
}

fn begin(sink: &Sink) -> (Arc<AuditLog>, RunAudit) {
    let log = AuditLog::to(sink.clone(), "the log", clock);
    let run = RunAudit::begin(&log, of(), 7).unwrap();
    (log, run)
}

fn of() -> RunOf {
    RunOf {
        runner: "mine".to_owned(),
        digest: "sha256:00".to_owned(),
        section: None,
        exposed: vec!["api_key".to_owned()],
    }
}

fn get() -> Asked {
    Asked::Target {
        method: "GET".to_owned(),
        scheme: "https".to_owned(),
        host: "a.example".to_owned(),
        port: 443,
        path: "/v1".to_owned(),
    }
}

fn ends(sink: &Sink) -> Vec<String> {
    let lines = sink.lines();
    let ends = lines.iter().filter(|line| line["event"] == "attempt");
    ends.map(|line| line["outcome"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_attempt_has_one_line_and_one_before_it_leaves() {
    let sink = Sink::with_room(usize::MAX);
    let (_log, run) = begin(&sink);
    let mut attempt = run.attempt(get);
    attempt.permitted(|| ("https://a.example".to_owned(), "in `allow`".to_owned()));
    attempt.exchange().carries(["api_key".to_owned()]);
    attempt.sends().unwrap();
    let before = sink.lines();
    assert_eq!(before[1]["event"], "sending");
    assert!(before[1].get("outcome").is_none());
    attempt.answered(200);
    attempt.exchange().sends(3);
    attempt.exchange().receives(5);
    attempt.ends(Outcome::Complete, None);
    let lines = sink.lines();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["event"], "run");
    assert_eq!(lines[0]["exposed"], serde_json::json!(["api_key"]));
    let line = &lines[2];
    for (field, value) in [
        ("time", "2023-11-14T22:13:20.123Z"),
        ("event", "attempt"),
        ("run", "00000000000000000000000000000007"),
        ("runner", "mine"),
        ("digest", "sha256:00"),
        ("method", "GET"),
        ("scheme", "https"),
        ("host", "a.example"),
        ("path", "/v1"),
        ("verdict", "allowed"),
        ("rule", "https://a.example"),
        ("rule_from", "in `allow`"),
        ("outcome", "complete"),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    for (field, value) in [
        ("attempt", 1),
        ("port", 443),
        ("status", 200),
        ("sent", 3),
        ("received", 5),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    assert_eq!(line["secrets"], serde_json::json!(["api_key"]));
    assert!(line["duration_ms"].is_u64() && line.get("section").is_none());
}

#[test]
fn what_nobody_ended_is_written_as_what_the_call_came_to() {
    let sink = Sink::with_room(usize::MAX);
    let (_log, run) = begin(&sink);
    let open = || {
        let mut attempt = run.attempt(get);
        attempt.sends().unwrap();
        attempt
    };
    let call = run.call();
    drop(open());
    let attempt = open();
    call.ended(CallEnd::Returned);
    drop(attempt);
    for end in [CallEnd::Stopped, CallEnd::Deadline] {
        let call = run.call();
        let attempt = open();
        call.ended(end);
        drop(attempt);
    }
    let call = run.call();
    let attempt = open();
    drop(call);
    drop(attempt);
    // The next call knows nothing of it.
    let _call = run.call();
    drop(open());
    let expected = [
        "abandoned",
        "abandoned",
        "stopped",
        "deadline",
        "cancelled",
        "abandoned",
    ];
    assert_eq!(ends(&sink), expected);
}

#[test]
fn nothing_that_a_guest_says_makes_a_line_or_a_field() {
    let hostile =
        "x\",\"verdict\":\"allowed\"}\n{\"time\":\"\r\n\u{1b}[2J\u{9b}\u{2028}\u{202e}\0\\";
    let long = format!("{hostile}{}", "\u{1f642}".repeat(100_000));
    let sink = Sink::with_room(usize::MAX);
    let log = AuditLog::to(sink.clone(), "the log", clock);
    let of = RunOf {
        runner: long.clone(),
        digest: long.clone(),
        section: Some(long.clone()),
        exposed: vec![long.clone(); 500],
    };
    let run = RunAudit::begin(&log, of, 7).unwrap();
    let mut attempt = run.attempt(|| Asked::Target {
        method: long.clone(),
        scheme: long.clone(),
        host: long.clone(),
        port: 1,
        path: long.clone(),
    });
    attempt.permitted(|| (long.clone(), long.clone()));
    attempt
        .exchange()
        .carries((0..200).map(|n| format!("{n}{long}")));
    attempt.sends().unwrap();
    attempt.ends(Outcome::CutOff, Some(long.clone()));
    let invalid = run.attempt(|| Asked::Invalid {
        method: long.clone(),
        url: long.clone(),
    });
    invalid.refused(Verdict::Invalid, &long, long.clone());
    let text = sink.text();
    assert_eq!(text.lines().count(), 4);
    assert!(!text.chars().any(|c| c != '\n' && is_hidden(c)));
    assert!(text.lines().all(|line| line.len() < MAX_LINE_BYTES));
    let lines = sink.lines();
    assert_eq!(lines[3]["verdict"], "invalid");
    assert!(lines[3].get("host").is_none());
    // Nor does it reach a terminal when a reader undoes JSON's escapes.
    let path = lines[2]["path"].as_str().unwrap();
    assert!(!path.chars().any(is_hidden) && path.ends_with('…'));
}

#[test]
fn what_is_refused_while_it_goes_out_says_so() {
    let sink = Sink::with_room(usize::MAX);
    let (_log, run) = begin(&sink);
    let mut attempt = run.attempt(get);
    attempt.sends().unwrap();
    attempt.exchange().sends(10);
    attempt
        .exchange()
        .refuses(Verdict::Denied, "secret-place", "the first");
    attempt
        .exchange()
        .refuses(Verdict::Limit, "request", "the second");
    attempt.ends(Outcome::Failed, Some("broken".to_owned()));
    let line = &sink.lines()[2];
    assert_eq!(line["verdict"], "denied");
    assert_eq!(line["code"], "secret-place");
    assert_eq!(line["reason"], "the first");
    assert_eq!(line["outcome"], "cut-off");
    assert_eq!(line["sent"], 10);
}

#[test]
fn once_a_line_is_lost_nothing_leaves_any_more() {
    let sink = Sink::with_room(usize::MAX);
    let (log, run) = begin(&sink);
    let mut under_way = run.attempt(get);
    under_way.sends().unwrap();
    *sink.room.lock().unwrap() = 10;
    let failure = run.attempt(get).sends().unwrap_err();
    assert!(failure.to_string().contains("the log") && failure.to_string().contains("--audit"));
    // There is room again, but a line is missing.
    *sink.room.lock().unwrap() = usize::MAX;
    assert!(run.attempt(get).sends().is_err());
    assert_eq!(log.failure(), Some(&failure));
    assert!(RunAudit::begin(&log, of(), 8).is_err());
    // What was under way is written all the same, on a line of its own.
    under_way.ends(Outcome::Complete, None);
    let text = sink.text();
    let whole = text
        .lines()
        .filter(|line| serde_json::from_str::<Value>(line).is_ok());
    assert!(whole.clone().next_back().unwrap().contains("\"complete\""));
    assert_eq!(text.lines().count() - whole.count(), 1, "{text}");
}

#[test]
fn a_guest_cannot_fill_the_disk_with_refusals() {
    let sink = Sink::with_room(usize::MAX);
    let (_log, run) = begin(&sink);
    let flood = MAX_UNSENT + 234;
    for number in 0..flood {
        match number % 3 {
            0 => run
                .attempt(get)
                .refused(Verdict::Denied, "no-rule", "no rule"),
            1 => drop(run.attempt(get)),
            _ => run
                .attempt(get)
                .refused(Verdict::Limit, "requests", "too many"),
        }
    }
    let mut sent = run.attempt(get);
    sent.sends().unwrap();
    sent.ends(Outcome::Complete, None);
    drop(run);
    let lines = sink.lines();
    let attempts = lines.iter().filter(|line| line["event"] == "attempt");
    assert_eq!(attempts.count() as u64, MAX_UNSENT + 1);
    let last = lines.last().unwrap();
    assert_eq!(last["event"], "omitted");
    assert_eq!(last["attempts"], 234);
}

#[test]
fn a_clock_that_is_wrong_stops_nothing() {
    for (clock, time) in [
        (
            (|| UNIX_EPOCH - Duration::from_secs(1)) as fn() -> SystemTime,
            "1970-01-01T00:00:00.000Z",
        ),
        (
            || UNIX_EPOCH + Duration::from_secs(1 << 40),
            "9999-12-31T23:59:59.000Z",
        ),
    ] {
        let sink = Sink::with_room(usize::MAX);
        let log = AuditLog::to(sink.clone(), "the log", clock);
        let _run = RunAudit::begin(&log, of(), 7).unwrap();
        assert_eq!(sink.lines()[0]["time"], time);
    }
}

#[test]
fn runs_on_many_threads_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    // Opened twice, as by two processes.
    let logs = [(); 2].map(|()| AuditLog::open(&path, Links::Followed).unwrap());
    thread::scope(|scope| {
        for id in 0..8 {
            let log = &logs[id % 2];
            scope.spawn(move || {
                let run = RunAudit::begin(log, of(), id as u128).unwrap();
                for _ in 0..100 {
                    let mut attempt = run.attempt(get);
                    attempt.sends().unwrap();
                    attempt.ends(Outcome::Failed, Some("x".repeat(id * 500)));
                }
            });
        }
    });
    let lines = lines(&std::fs::read_to_string(&path).unwrap());
    assert_eq!(lines.len(), 8 * 201);
    let attempts: HashSet<String> = lines
        .iter()
        .map(|line| format!("{}{}{}", line["run"], line["event"], line["attempt"]))
        .collect();
    assert_eq!(attempts.len(), lines.len());
}

#[cfg(unix)]
mod files {
    use super::*;
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
        path::Path,
    };

    fn open(path: &Path) -> Result<Arc<AuditLog>, OpenError> {
        AuditLog::open(path, Links::Followed)
    }

    #[test]
    fn a_file_is_made_for_its_user_alone_and_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        for _ in 0..2 {
            let log = open(&path).unwrap();
            let _run = RunAudit::begin(&log, of(), 7).unwrap();
        }
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(lines(&fs::read_to_string(&path).unwrap()).len(), 2);
    }

    #[test]
    fn a_line_without_end_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        fs::write(&path, "{\"time\":\"2026").unwrap();
        let log = open(&path).unwrap();
        let _run = RunAudit::begin(&log, of(), 7).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let (torn, rest) = text.split_once('\n').unwrap();
        assert_eq!(torn, "{\"time\":\"2026");
        assert_eq!(lines(rest).len(), 1);
    }

    #[test]
    fn only_regular_files_that_are_logs_are_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let pipe = at("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        for odd in [
            pipe.as_path(),
            folder.path(),
            &at("socket"),
            Path::new("/dev/null"),
            Path::new("/dev/full"),
        ] {
            assert!(
                matches!(open(odd), Err(OpenError::NotRegular(_))),
                "{odd:?}"
            );
        }
        for other in ["#!/bin/sh\n", "{}", "{\"time\":1}\n", "\n"] {
            fs::write(at("other"), other).unwrap();
            assert!(matches!(open(&at("other")), Err(OpenError::NotALog(_))));
            assert_eq!(fs::read_to_string(at("other")).unwrap(), other);
        }
        let missing = open(&at("none/audit.jsonl")).unwrap_err().to_string();
        assert!(missing.contains("folder"), "{missing}");
        symlink(at("elsewhere"), at("link")).unwrap();
        let refused = AuditLog::open(&at("link"), Links::Refused);
        assert!(matches!(refused, Err(OpenError::Link(_))));
        assert!(!at("elsewhere").exists());
        open(&at("link")).unwrap();
        assert!(at("elsewhere").exists());
    }
}
