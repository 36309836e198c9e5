//! One process meets attacks of every kind, many times over: afterwards a good run answers as ever, and the
//! memory is back. In a test binary of its own, since resident memory is the whole process's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should panic"
)]

use arborist::{
    config::{self, Environment, Folders, Invocation},
    engine::{Compiler, CompilerCommand, Engine, EngineOptions, Ignore, Source},
    runner::{self, Description, Operation, Outside, Parameters, RunError, Runner},
};
use arborist_tests::{
    host,
    service::{Behaviour, Listener, Service},
};
use std::{path::Path, sync::Arc};
use tokio::time::Instant;

mod guests {
    #![allow(dead_code, reason = "the other test binaries use the rest")]
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

/// Attacks of one round, as the guest `plain` is told them. Each ends as an error or as a spec; which, the hostile set says.
const ATTACKS: [&str; 14] = [
    "loop",
    "recursion",
    "panic",
    "trap",
    "exit 3",
    "emit-forever",
    "memory",
    "memory-try 200",
    "handles",
    "random-huge",
    "log-flood 20000",
    "stderr-flood 20000",
    "emit-huge",
    "answer 4000000",
];
/// Rounds that warm allocators, thread pools and connections up.
const FIRST: usize = 2;
/// Rounds that must leave nothing behind.
const MORE: usize = 6;
/// What resident memory may differ by afterwards: allocators keep some, and one run alone takes 200 MiB and more.
const SLACK: u64 = 48 * 1024 * 1024;

const GOOD: &str = "spec {name: alive, steps: [{name: a, command: b}]}";

#[test]
fn attacks_leave_no_memory_behind() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let endless = Service::start(Behaviour::text(200, "x".repeat(8 << 20)));
    let silent = Listener::silent();
    let runner = runtime.block_on(load(&[endless.origin(), silent.origin()]));
    let mut attacks: Vec<String> = ATTACKS.map(str::to_owned).into();
    for door in ["http", "wasi"] {
        attacks.push(format!("{door} GET {}", endless.url("/")));
    }
    for door in ["leave", "leave-wasi"] {
        attacks.push(format!("{door} trap GET {}", endless.url("/")));
    }
    let waiting = format!("http GET {}", silent.url("/"));
    let round = || runtime.block_on(round(&runner, &attacks, &waiting));
    (0..FIRST).for_each(|_| round());
    let before = resident();
    (0..MORE).for_each(|_| round());
    let after = resident();
    assert!(
        after < before + SLACK,
        "{} MiB before, {} MiB after",
        before >> 20,
        after >> 20
    );
}

/// All attacks at once, and those that would never end cancelled in the middle, with good runs beside and after them.
async fn round(runner: &Arc<Runner>, attacks: &[String], waiting: &str) {
    let endless = ["sleep", "sleep", waiting].map(|ask| tokio::spawn(run(runner.clone(), ask)));
    let attacks: Vec<_> = attacks
        .iter()
        .map(|ask| tokio::spawn(run(runner.clone(), ask)))
        .collect();
    for _ in 0..4 {
        assert_eq!(run(runner.clone(), GOOD).await.unwrap(), "alive");
    }
    for attack in attacks {
        // How it ends is the hostile set's matter: here, that it ends.
        drop(attack.await.expect("the host did not panic"));
    }
    for attack in endless {
        assert!(!attack.is_finished(), "what waits for ever has ended");
        attack.abort();
        assert!(attack.await.unwrap_err().is_cancelled());
    }
    assert_eq!(run(runner.clone(), GOOD).await.unwrap(), "alive");
}

/// The name of the spec that comes of a description.
fn run(
    runner: Arc<Runner>,
    description: &str,
) -> impl Future<Output = Result<String, RunError>> + Send + use<> {
    let description = Description::new(description).unwrap();
    async move {
        let running = runner.start(Parameters::default(), Arc::new(Ignore), Instant::now());
        let spec = running.unwrap().task_spec(&description).await?;
        Ok(spec.value.name().to_owned())
    }
}

async fn load(origins: &[String]) -> Arc<Runner> {
    let invocation = Invocation {
        folder: Path::new("/").to_owned(),
        component: Some(guests::PLAIN.into()),
        allow: origins.to_vec(),
        limits: ["cpu=300ms", "response=4MiB"].map(str::to_owned).into(),
        ..Invocation::default()
    };
    let settings = config::resolve(&invocation, &Environment::default(), &Folders::default());
    let settings = settings.unwrap_or_else(|faults| panic!("{}", faults.render(false)));
    let worker = CompilerCommand::new(host::command().get_program().into(), ["compile-component"]);
    let engine = Engine::new(EngineOptions {
        cache: Some(host::target().join("test-cache/arborist/aot")),
        compiler: Compiler::Child(worker),
        ..EngineOptions::default()
    });
    let source = Source::read(Path::new(guests::PLAIN)).unwrap();
    let deadline = Operation::TaskSpec.deadline(&settings, Instant::now());
    let engine = engine.unwrap();
    let component = runner::load(&engine, &source, &settings.limits, deadline).await;
    let outside = Outside::default();
    let runner = Runner::new(component.unwrap(), settings, outside, deadline).await;
    Arc::new(runner.unwrap())
}

/// What this process has resident, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.expect("a number of KiB") * 1024
}
