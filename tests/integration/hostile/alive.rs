//! Whether the host is still in order: one engine for all attempts, and a good component that was loaded before the first.

use super::guest;
use arborist::{
    config::{self, Environment, Folders, Invocation},
    engine::{Allocation, Compiler, CompilerCommand, Engine, EngineOptions, Ignore, Pool, Source},
    runner::{self, Description, Operation, Outside, Parameters, Runner},
};
use arborist_tests::host;
use std::{
    path::Path,
    sync::{Arc, OnceLock},
};
use tokio::time::Instant;

/// Twice as many as attempts run at once.
const INSTANCES: u32 = 16;

/// The engine of this process.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        // The folder that the binary uses too, so that each guest compiles once.
        let cache = host::target().join("test-cache/arborist/aot");
        // The binary's own hidden command, as it uses it itself.
        let worker =
            CompilerCommand::new(host::command().get_program().into(), ["compile-component"]);
        let options = EngineOptions {
            // Small, so that attempts meet the slots that others left.
            allocation: Allocation::Pooling(Pool {
                instances: Some(INSTANCES),
            }),
            cache: Some(cache),
            compiler: Compiler::Child(worker),
            ..EngineOptions::default()
        };
        let engine = Engine::new(options).expect("the engine starts");
        assert_eq!(engine.allocated().instances, Some(INSTANCES));
        engine
    })
}

/// Runs the good component.
///
/// # Errors
/// It does not answer as ever.
pub(crate) fn check() -> Result<(), String> {
    static GOOD: OnceLock<Arc<Runner>> = OnceLock::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let good = GOOD.get_or_init(|| runtime.block_on(load()));
    let answer = runtime.block_on(async {
        let description = Description::new("spec {name: alive, steps: [{name: a, command: b}]}");
        let running = good.start(Parameters::default(), Arc::new(Ignore), Instant::now());
        let running = running.map_err(|error| error.to_string())?;
        let spec = running.task_spec(&description.unwrap()).await;
        spec.map_err(|error| error.to_string())
    });
    let name = answer.map(|spec| spec.value.to_yaml());
    match name {
        Ok(yaml) if yaml.starts_with("name: alive\n") => Ok(()),
        other => Err(format!("afterwards a good component gives {other:?}")),
    }
}

async fn load() -> Arc<Runner> {
    let path = guest::built("plain");
    let invocation = Invocation {
        folder: Path::new("/").to_owned(),
        component: Some(path.into()),
        ..Invocation::default()
    };
    let settings = config::resolve(&invocation, &Environment::default(), &Folders::default())
        .unwrap_or_else(|faults| panic!("{}", faults.render(false)));
    let source = Source::read(Path::new(path)).expect("the guest can be read");
    let deadline = Operation::TaskSpec.deadline(&settings, Instant::now());
    let component = runner::load(engine(), &source, &settings.limits, deadline).await;
    let component = component.expect("the guest is a runner");
    let runner = Runner::new(component, settings, Outside::default(), deadline).await;
    Arc::new(runner.expect("the guest can be started"))
}
