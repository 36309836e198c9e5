//! `engine: {profile: …}` and `arborist inspect --engine`, by the binary.

use crate::guests::PLAIN;
use arborist::engine::{Engine, EngineOptions};
use arborist_tests::{Host, host};
use serde_json::Value;
use std::process::Command;

const POOLING: &str = "AGENT_ARBORIST_ENGINE__PROFILE";
const INSTANCES: &str = "AGENT_ARBORIST_ENGINE__INSTANCES";

fn with(host: &Host, variables: &[(&str, &str)], args: &[&str]) -> arborist_tests::Ran {
    let mut command = host.command();
    command.args(args).envs(variables.iter().copied());
    host::run(&mut command, b"")
}

fn engine(host: &Host, variables: &[(&str, &str)], args: &[&str]) -> Value {
    let mut all = vec!["inspect", "--engine", "--format", "json"];
    all.extend(args);
    let json = with(host, variables, &all).succeeded();
    serde_json::from_str::<Value>(&json).unwrap()["engine"].take()
}

#[test]
fn the_engine_is_shown_with_the_reason() {
    let host = Host::with_own_cache();
    let told = engine(&host, &[], &[]);
    assert_eq!(
        (&told["profile"], &told["asked_by"]),
        (&"on-demand".into(), &"default".into())
    );
    assert_eq!(told["instances"], Value::Null);
    assert_eq!(told["cache"]["most_bytes"], 2_u64 << 30);
    assert_eq!(told["cache"]["components"], 0);
    let lock = include_str!("../../Cargo.lock");
    let version = told["wasmtime"].as_str().unwrap();
    assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{version}\"\n")));

    let file = host.file("pool.yaml", "engine: {profile: pooling, instances: 3}\n");
    let file = file.to_str().unwrap();
    let told = engine(&host, &[], &["-c", file]);
    assert_eq!(
        (&told["profile"], &told["instances"]),
        (&"pooling".into(), &3.into())
    );
    assert!(
        told["asked_by"].as_str().unwrap().contains("pool.yaml:1"),
        "{told}"
    );
    assert_eq!(told["kept"]["memory_bytes"], 2 << 20);
    let told = engine(&host, &[(INSTANCES, "2")], &["-c", file, "mock"]);
    assert_eq!(
        (&told["instances"], &told["instances_by"]),
        (&2.into(), &"$AGENT_ARBORIST_ENGINE__INSTANCES".into())
    );
    assert_eq!(told["component"]["slots"], 1);

    let text = with(&host, &[(POOLING, "pooling")], &["inspect", "--engine"]).succeeded();
    for part in [
        "wasmtime ",
        "pooling ($AGENT_ARBORIST_ENGINE__PROFILE)",
        "vm.max_map_count",
        "PAGEMAP_SCAN",
        "of at most 2.0 GiB",
        "in a child process",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // It has to be asked for something.
    assert!(host.run(&["inspect"]).failed(2).contains("FILE|NAME"));
}

#[test]
fn a_run_out_of_a_pool_ends_as_any_other() {
    let host = Host::new();
    let pool = [(POOLING, "pooling"), (INSTANCES, "1")];
    let run = |ask: &str| with(&host, &pool, &["run", ask, "--component", PLAIN]);
    assert!(run("counter").succeeded().contains("command: \"1\""));
    assert!(run("memory").failed(6).contains("`memory`"));
    assert!(run("sleep 0").code == Some(0));
}

#[test]
fn a_pool_that_cannot_be_is_a_fault_of_the_configuration() {
    let host = Host::new();
    for (variables, reason) in [
        ([(POOLING, "pooling"), (INSTANCES, "0")], "from 1 to 30000"),
        (
            [(POOLING, "pooled"), (INSTANCES, "1")],
            "`on-demand` or `pooling`",
        ),
    ] {
        let told = with(&host, &variables, &["run", "x"]).failed(3);
        assert!(told.contains(reason), "{told}");
    }
}

/// Runs the binary with 11.4 GiB of address space, as `ulimit -v` and some containers have it.
fn narrow(host: &Host, variables: &[(&str, &str)], args: &[&str]) -> arborist_tests::Ran {
    with_address_space("12000000", host, variables, args)
}

fn with_address_space(
    kib: &str,
    host: &Host,
    variables: &[(&str, &str)],
    args: &[&str],
) -> arborist_tests::Ran {
    let mut command = host.command();
    command.envs(variables.iter().copied());
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v \"$0\" && exec \"$@\"", kib]);
    shell.arg(command.get_program()).args(args);
    shell.current_dir(host.home()).env_clear();
    let set = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    host::run(shell.envs(set), b"")
}

#[test]
fn a_pool_without_the_address_space_is_a_fault_of_the_configuration() {
    let host = Host::new();
    let pooling = (POOLING, "pooling");
    for (variables, instances) in [
        (&[pooling][..], "1000"),
        (&[pooling, (INSTANCES, "50")], "50"),
    ] {
        let told = narrow(&host, variables, &["run", "alive"]).failed(3);
        for part in [
            &format!("a pool of {instances} instances cannot be set up"),
            "11.4 GiB of address space",
            "ulimit -v unlimited",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        // What it says helps.
        let (_, fitting) = told.split_once("ask for at most ").unwrap();
        let fitting = fitting.split(' ').next().unwrap();
        let ran = narrow(&host, &[pooling, (INSTANCES, fitting)], &["run", "alive"]);
        assert!(ran.succeeded().starts_with("name: alive"));
    }
    let told = narrow(&host, &[pooling], &["inspect", "--engine"]).failed(3);
    assert!(told.contains("cannot be set up"), "{told}");
    // Who asks for no pool needs no room for one.
    let ran = narrow(&host, &[], &["run", "alive"]);
    assert_eq!(ran.stderr, "");
    assert!(ran.succeeded().starts_with("name: alive"));
}

#[test]
fn a_system_without_memory_is_no_fault_of_the_guest() {
    let host = Host::new();
    drop(host.run(&["run", "alive"]).succeeded());
    // The program starts in less than this, and one linear memory reserves more.
    let told = with_address_space("4200000", &host, &[], &["run", "alive"]).failed(6);
    for part in ["the system has no memory for it", "`ulimit -v`"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("trapped"), "{told}");
}

const BY_ITSELF: &str = "engine_profiles::without_room_nobody_asked_for_a_pool";

/// The library's default, in a process of its own: the limit is for all of it.
#[test]
fn where_nobody_asked_for_a_pool_it_does_without() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v 12000000 && exec \"$@\"", "sh"]);
    shell.arg(std::env::current_exe().unwrap());
    shell.args([BY_ITSELF, "--exact", "--ignored", "--test-threads=1"]);
    let ran = host::run(&mut shell, b"");
    assert!(ran.succeeded().contains("1 passed"));
}

#[test]
#[ignore = "it is run with little address space, by the test above"]
fn without_room_nobody_asked_for_a_pool() {
    let engine = Engine::new(EngineOptions::default()).unwrap();
    let allocated = engine.allocated();
    assert_eq!(allocated.instances, None);
    let notice = allocated.notice.as_deref().unwrap();
    assert!(
        notice.contains("a pool of 1000 instances cannot be set up, so memory is mapped on demand"),
        "{notice}"
    );
}
