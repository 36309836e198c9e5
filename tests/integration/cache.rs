//! Results that are used again, and the questions that are asked anew.

mod commands;

use crate::guests::{DESCRIBED, PLAIN};
use arborist_tests::{
    Host, Ran, host,
    service::{Behaviour, Gate, Service},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const KEY: &str = "sk-live-0123456789abcdef";

/// The two doors, as the guest `plain` is told to use them.
const DOORS: [&str; 2] = ["http", "wasi"];

fn plan() -> Value {
    json!({"name": "rotate", "steps": [{"name": "one", "command": "echo 1", "extra": "x"}]})
}

/// A home whose runner `custom` asks `service` and whose section goes on with `more`.
fn home(service: &Service, more: &str) -> Host {
    let host = Host::new();
    write(&host, service, more);
    host
}

fn write(host: &Host, service: &Service, more: &str) {
    host.file(
        "agent-arborist.yaml",
        format!(
            "runner: custom\ncustom:\n  api_key: ${{CUSTOM_API_KEY}}\n  endpoint: {}\n{more}",
            service.url("/v1")
        ),
    );
}

fn command(host: &Host, args: &[&str]) -> Command {
    let mut command = host.command();
    command.args(args).env("CUSTOM_API_KEY", KEY);
    command
}

fn run(host: &Host, args: &[&str]) -> Ran {
    host::run(&mut command(host, args), b"")
}

/// The files of entries in a folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let ends = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "result");
    all.map(|entry| entry.path()).filter(ends).collect()
}

const CACHE: &str = "  cache: {dir: cached, ttl: 1d}\n";

#[test]
fn a_result_is_used_again_and_nothing_is_asked() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = home(&service, CACHE);
    let first = run(&host, &["run", "-v", "x"]);
    assert!(!first.stderr.contains("ago"), "{}", first.stderr);
    let again = run(&host, &["run", "-v", "x"]);
    assert!(
        again.stderr.contains("made") && again.stderr.contains("ago; --no-cache"),
        "{}",
        again.stderr
    );
    assert!(
        again.stderr.contains("network: no request"),
        "{}",
        again.stderr
    );
    // With what there was to say of it.
    let warned = |ran: &Ran| {
        ran.stderr
            .lines()
            .find(|line| line.contains("`extra`"))
            .map(str::to_owned)
    };
    assert!(warned(&first).is_some(), "{}", first.stderr);
    assert_eq!(warned(&first), warned(&again));
    assert_eq!(first.succeeded(), again.succeeded());
    // The other call is another question; its answer is kept too.
    for _ in 0..2 {
        let spec = run(
            &host,
            &["run", "x", "--format", "json", "--dagu", "dag.yaml"],
        )
        .succeeded();
        assert!(serde_json::from_str::<Value>(&spec).is_ok());
        assert!(
            fs::read_to_string(host.home().join("dag.yaml"))
                .unwrap()
                .contains("echo 1")
        );
    }
    assert_eq!(service.requests().len(), 1);
    assert_eq!(entries(&host.home().join("cached")).len(), 2);
}

#[test]
fn a_runner_on_either_door_has_it_by_the_key_alone() {
    for door in DOORS {
        let service = Service::start(Behaviour::text(200, "hello"));
        let host = Host::new();
        fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
        // The older form.
        let text = format!(
            "runner: mine\nmine:\n  component: plain.wasm\n  endpoint: {}\n  cache_dir: cached\n",
            service.url("/")
        );
        host.file("agent-arborist.yaml", text);
        let ask = format!("{door} GET {}", service.url("/"));
        let specs: Vec<_> = (0..3)
            .map(|_| run(&host, &["run", &ask]).succeeded())
            .collect();
        assert!(specs[0].contains("hello") && specs.iter().all(|spec| *spec == specs[0]));
        assert_eq!(service.requests().len(), 1);
    }
}

#[test]
fn whatever_could_change_the_result_is_another_question() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = home(&service, CACHE);
    let mut made = 0;
    let mut ask = |args: &[&str], key: &str, anew: bool| {
        let mut command = host.command();
        command.args(["run"]).args(args).env("CUSTOM_API_KEY", key);
        let _spec = host::run(&mut command, b"").succeeded();
        made += usize::from(anew);
        assert_eq!(service.requests().len(), made, "{args:?}");
    };
    ask(&["x"], KEY, true);
    ask(&["x"], KEY, false);
    ask(&["y"], KEY, true);
    ask(&["x"], "sk-live-fedcba9876543210", true);
    ask(&["x", "--param", "a=1"], KEY, true);
    ask(&["x", "--param", "a=2"], KEY, true);
    ask(&["x", "--set", "model=small"], KEY, true);
    ask(&["x", "--allow", "https://b.example"], KEY, true);
    ask(&["x", "--limit", "memory=64MiB"], KEY, true);
    // What decides only when there is a result, or what is told of it.
    ask(&["x", "--timeout", "60", "-v"], KEY, false);
    ask(&["x", "--audit", "audit.jsonl"], KEY, false);
    ask(&["x", "--limit", "compile-cpu=100s"], KEY, false);
    ask(&["x", "--no-cache"], KEY, true);
    for more in [
        "  models: {task_spec: small}\n",
        "  networks: [10.0.0.0/8]\n",
        "  secrets: {api_key: {in: [header, body]}}\n",
    ] {
        write(&host, &service, &format!("{CACHE}{more}"));
        ask(&["x"], KEY, true);
        ask(&["x"], KEY, false);
    }
    write(&host, &service, CACHE);
    ask(&["x"], KEY, false);
}

#[test]
fn two_runs_with_the_same_question_make_one_call() {
    let gate = Gate::new();
    let service = Service::start(Behaviour::json(200, &plan()).behind(&gate));
    let host = home(&service, CACHE);
    let start = || -> Child {
        command(&host, &["run", "x"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let first = start();
    service.expect_requests(1);
    // These find the turn taken, or, if they are slow to start, the result.
    let others = [start(), start(), start()];
    // One whose time is up says why, and asks nothing.
    let error = run(&host, &["run", "x", "--timeout", "1"]).failed(6);
    assert!(
        error.contains("another run") && error.contains("--no-cache"),
        "{error}"
    );
    gate.open();
    let specs: Vec<_> = [first]
        .into_iter()
        .chain(others)
        .map(|child| child.wait_with_output().unwrap())
        .inspect(|output| assert!(output.status.success(), "{output:?}"))
        .map(|output| output.stdout)
        .collect();
    assert!(
        specs
            .iter()
            .all(|spec| *spec == specs[0] && !spec.is_empty())
    );
    assert_eq!(service.requests().len(), 1);
    let left = fs::read_dir(host.home().join("cached")).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().contains("lock")),
        "{left:?}"
    );
}

#[test]
fn a_run_that_is_killed_holds_nobody_up() {
    let never = Behaviour::json(200, &plan()).behind(&Gate::new());
    let service = Service::start(Behaviour::sequence([never, Behaviour::json(200, &plan())]));
    let host = home(&service, CACHE);
    let mut first = command(&host, &["run", "x"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    service.expect_requests(1);
    first.kill().unwrap();
    first.wait().unwrap();
    let _spec = run(&host, &["run", "x"]).succeeded();
    assert_eq!(service.requests().len(), 2);
}

#[test]
fn what_is_damaged_foreign_or_too_old_is_asked_for_anew() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = home(&service, CACHE);
    let expect = |requests: usize| {
        let _spec = run(&host, &["run", "x"]).succeeded();
        assert_eq!(service.requests().len(), requests);
    };
    expect(1);
    let [entry] = entries(&host.home().join("cached")).try_into().unwrap();
    let whole = fs::read_to_string(&entry).unwrap();
    for (requests, text) in [
        (2, whole.replace("echo 1", "evil 1")),
        (3, whole[..whole.len() / 2].to_owned()),
        (4, String::new()),
        (5, "x".repeat(8 << 20)),
    ] {
        fs::write(&entry, text).unwrap();
        expect(requests);
        expect(requests);
    }
    // Somebody else's, as it would come with a repository: under another key.
    let state = host.home().join(".local/state/arborist/cache.key");
    fs::write(&state, [7; 32]).unwrap();
    expect(6);
    expect(6);
    write(&host, &service, "  cache: {dir: cached, ttl: 1ms}\n");
    expect(7);
    expect(8);
}

#[test]
fn only_a_checked_result_of_a_whole_run_is_kept() {
    let gone = Behaviour::text(503, "later");
    let cycle = json!({"name": "n", "steps": [{"name": "a", "command": "x", "depends_on": ["a"]}]});
    let service = Service::start(Behaviour::sequence([
        gone,
        Behaviour::json(200, &cycle),
        Behaviour::json(200, &plan()),
    ]));
    let host = home(&service, CACHE);
    let folder = host.home().join("cached");
    let _service = run(&host, &["run", "x"]).failed(5);
    // What the service itself is told of, or what the host finds.
    assert_ne!(run(&host, &["run", "x"]).code, Some(0));
    assert!(entries(&folder).is_empty());
    let _spec = run(&host, &["run", "x"]).succeeded();
    assert_eq!(entries(&folder).len(), 1);
    // One that was refused something may be less than it could be, and its refusal is worth a word each time.
    let text = "runner: mine\nmine:\n  component: plain.wasm\n  cache_dir: cached\n";
    fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    host.file("agent-arborist.yaml", text);
    for _ in 0..2 {
        let ran = run(&host, &["run", "http GET https://nowhere.example/"]);
        assert!(ran.stderr.contains("no rule"), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("not cached: the run was refused"),
            "{}",
            ran.stderr
        );
        assert!(ran.succeeded().contains("denied"));
    }
    assert_eq!(entries(&folder).len(), 1);
}

#[test]
fn a_cassette_is_made_of_real_exchanges_and_its_results_are_nobodys() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = home(&service, CACHE);
    let first = run(&host, &["run", "x"]).succeeded();
    assert_eq!(
        run(&host, &["run", "x", "--record", "tape.yaml"]).succeeded(),
        first
    );
    assert_eq!(service.requests().len(), 2);
    fs::remove_dir_all(host.home().join("cached")).unwrap();
    assert_eq!(
        run(&host, &["run", "x", "--replay", "tape.yaml"]).succeeded(),
        first
    );
    assert!(!host.home().join("cached").exists() && service.requests().len() == 2);
}

#[test]
fn a_cache_that_cannot_be_used_costs_a_word() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = home(&service, CACHE);
    host.file("cached", "a file");
    let ran = run(&host, &["run", "x"]);
    assert!(
        ran.stderr.contains("warning") && ran.stderr.contains("not cached"),
        "{}",
        ran.stderr
    );
    let _spec = ran.succeeded();
    fs::remove_file(host.home().join("cached")).unwrap();
    let key = host.home().join(".local/state/arborist/cache.key");
    fs::remove_file(&key).unwrap();
    fs::create_dir(&key).unwrap();
    let ran = run(&host, &["run", "x"]);
    assert!(
        ran.stderr.contains("nothing is cached") && ran.stderr.contains("cache.key"),
        "{}",
        ran.stderr
    );
    let _spec = ran.succeeded();
    assert_eq!(service.requests().len(), 2);
}

/// Every file below a folder, with its name.
fn all_below(folder: &Path, found: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        found.extend_from_slice(entry.file_name().as_encoded_bytes());
        if entry.path().is_dir() {
            all_below(&entry.path(), found);
        } else {
            found.extend(fs::read(entry.path()).unwrap());
        }
    }
}

#[test]
fn nothing_that_is_kept_holds_a_secret() {
    // The service shows what it was sent, and the runner what it reads: the placeholder.
    let host = Host::with_own_cache();
    let service = Service::start(Behaviour::by_request(|seen| {
        Behaviour::text(
            200,
            seen.header("authorization").unwrap_or("none").to_owned(),
        )
    }));
    fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    let section = |more: &str| {
        let text = format!(
            "runner: mine\nmine:\n  component: plain.wasm\n  endpoint: {}\n  api_key: ${{CUSTOM_API_KEY}}\n  cache: {{ttl: 1d}}\n{more}",
            service.url("/")
        );
        host.file("agent-arborist.yaml", text);
    };
    section("");
    let ask = format!("http GET {}", service.url("/"));
    let args = [
        "run",
        &ask,
        "--param",
        "header:authorization=Bearer {api_key}",
        "-vv",
    ];
    let specs = [0, 1].map(|_| run(&host, &args).succeeded());
    assert!(
        specs[0].contains("[secret api_key]") && specs[0] == specs[1],
        "{}",
        specs[0]
    );
    assert_eq!(service.requests().len(), 1);
    assert_eq!(
        service.request().header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    assert_eq!(entries(&host.cache().join("arborist/results")).len(), 1);
    let mut kept = Vec::new();
    all_below(host.home(), &mut kept);
    let kept = String::from_utf8_lossy(&kept).into_owned();
    for form in crate::spellings(KEY) {
        assert!(!kept.contains(&form), "{form}");
    }
    assert!(!kept.contains("arb_secret_"), "a placeholder");
    // The user's own description says it, and the runner repeats that.
    let ask = format!("spec {{name: a, steps: [{{name: b, command: 'echo {KEY}'}}]}}");
    let ran = run(&host, &["run", &ask]);
    assert!(
        ran.stderr.contains("not cached: the value of a secret"),
        "{}",
        ran.stderr
    );
    assert!(ran.succeeded().contains(KEY));
    assert_eq!(entries(&host.cache().join("arborist/results")).len(), 1);
    // Who gets it raw may print it.
    section("  expose: [api_key]\n");
    for requests in [2, 3] {
        let ran = run(&host, &args);
        assert!(
            ran.stderr.contains("not cached: the runner gets `api_key`"),
            "{}",
            ran.stderr
        );
        assert_eq!(service.requests().len(), requests);
    }
    assert_eq!(entries(&host.cache().join("arborist/results")).len(), 1);
}

#[test]
fn what_a_runner_says_of_itself_is_asked_once() {
    let host = Host::with_own_cache();
    let inspect = || {
        host.run(&["inspect", DESCRIBED, "--format", "json"])
            .succeeded()
    };
    let asked = inspect();
    assert!(asked.contains("1.2.3"), "{asked}");
    let folder = host.cache().join("arborist/aot");
    let about = || {
        let all = fs::read_dir(&folder)
            .unwrap()
            .flatten()
            .map(|entry| entry.path());
        all.filter(|path| path.extension().is_some_and(|ending| ending == "about"))
            .collect::<Vec<_>>()
    };
    let [file] = about().try_into().unwrap();
    let said = fs::read_to_string(&file).unwrap();
    fs::write(&file, said.replace("1.2.3", "4.5.6")).unwrap();
    assert!(inspect().contains("4.5.6"), "it was asked again");
    fs::write(&file, &said[..said.len() / 2]).unwrap();
    assert_eq!(inspect(), asked);
    // One that failed is asked again, and says why again.
    let error = host.run(&["inspect", DESCRIBED, "--limit", "memory=64KiB"]);
    assert_ne!(error.code, Some(0), "{}", error.stdout);
    assert_eq!(about().len(), 1);
}
