//! Runs out of a pool: what a run leaves in its slot, how turns are taken, and what does not fit.

mod fits;
#[cfg(target_os = "linux")]
mod mappings;
mod reuse;
mod turns;

use arborist::{
    config::{self, Environment, Folders, Invocation},
    engine::{
        Allocation, Compiler, CompilerCommand, Engine, EngineOptions, Event, Observer, Pool, Source,
    },
    runner::{self, Description, Operation, Outside, Parameters, RunError, Runner},
};
use arborist_tests::host;
use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};

const MIB: usize = 1 << 20;

/// An engine with a pool of so many instances.
fn engine(instances: u32) -> Engine {
    let worker = CompilerCommand::new(host::command().get_program().into(), ["compile-component"]);
    let engine = Engine::new(EngineOptions {
        allocation: Allocation::Pooling(Pool {
            instances: Some(instances),
        }),
        cache: Some(host::target().join("test-cache/arborist/aot")),
        compiler: Compiler::Child(worker),
        ..EngineOptions::default()
    });
    let engine = engine.unwrap();
    assert_eq!(engine.allocated().instances, Some(instances));
    engine
}

/// A component with its settings, how many slots of the pool it takes, and how many turns.
struct Loaded {
    runner: Arc<Runner>,
    slots: Option<u32>,
    turns: Option<u32>,
}

impl Loaded {
    async fn new(engine: &Engine, source: &Source, limits: &[&str], timeout: u64) -> Self {
        let invocation = Invocation {
            folder: Path::new("/").to_owned(),
            // What it runs is `source`: this only has to be there.
            component: Some(crate::guests::PLAIN.into()),
            limits: limits.iter().map(|limit| (*limit).to_owned()).collect(),
            timeout: Some(Duration::from_millis(timeout)),
            ..Invocation::default()
        };
        let settings = config::resolve(&invocation, &Environment::default(), &Folders::default());
        let settings = settings.unwrap_or_else(|faults| panic!("{}", faults.render(false)));
        let deadline = Operation::TaskSpec.deadline(&settings, Instant::now() + PATIENCE);
        let component = runner::load(engine, source, &settings.limits, deadline).await;
        let component = component.unwrap();
        let (slots, turns) = (component.slots(), component.turns());
        let runner = Runner::new(component, settings, Outside::default(), deadline).await;
        Self {
            runner: Arc::new(runner.unwrap()),
            slots,
            turns,
        }
    }

    /// A guest that `build.rs` built.
    async fn built(engine: &Engine, path: &str, limits: &[&str]) -> Self {
        Self::new(
            engine,
            &Source::read(Path::new(path)).unwrap(),
            limits,
            LONG,
        )
        .await
    }

    /// What it makes of a description.
    fn ask(&self, description: &str) -> impl Future<Output = Result<String, RunError>> + use<> {
        self.watched(description, Said(Mutex::new(None)))
    }

    /// A run that has begun to do what it is asked, which logs `dirtied` then.
    async fn begun(&self, description: &str) -> tokio::task::JoinHandle<Result<String, RunError>> {
        let (said, begun) = oneshot::channel();
        let run = tokio::spawn(self.watched(description, Said(Mutex::new(Some(said)))));
        begun.await.expect("it says that it has begun");
        run
    }

    fn watched(
        &self,
        description: &str,
        observer: Said,
    ) -> impl Future<Output = Result<String, RunError>> + Send + use<> {
        let description = Description::new(description).unwrap();
        let began = Instant::now();
        let running =
            Arc::clone(&self.runner).start(Parameters::default(), Arc::new(observer), began);
        let running = running.unwrap();
        async move {
            let spec = running.task_spec(&description).await?;
            Ok(spec.value.to_yaml())
        }
    }
}

/// Longer than anything here takes, in milliseconds.
const LONG: u64 = 300_000;
const PATIENCE: Duration = Duration::from_secs(600);

/// Says once when a guest logs anything.
struct Said(Mutex<Option<oneshot::Sender<()>>>);

impl Observer for Said {
    fn event(&self, event: Event<'_>) {
        if let (Event::Log { .. }, Some(said)) = (event, self.0.lock().unwrap().take()) {
            said.send(()).unwrap();
        }
    }
}

/// A runner in the text format that works but for these parts of it, which stand there as `;; @NAME`.
fn made(parts: &[(&str, &str)]) -> Source {
    let usual = [
        ("memory", "17"),
        ("answer", r#""\00\00\00\00\00\04\00\00\36\00\00\00""#),
        (
            "realloc",
            "(local.set $at (i32.and
               (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
               (i32.sub (i32.const 0) (local.get $align))))
             (global.set $next (i32.add (local.get $at) (local.get $size)))
             (local.get $at)",
        ),
        ("spec", "i32.const 16"),
    ];
    let mut text = include_str!("hostile/parts.wat").to_owned();
    for (name, part) in parts.iter().chain(&usual) {
        text = text.replace(&format!(";; @{name}\n"), &format!("{part}\n"));
    }
    Source::from_bytes("made", wat::parse_str(text).unwrap()).unwrap()
}

fn on_two_threads() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}
