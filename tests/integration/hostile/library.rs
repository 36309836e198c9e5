//! The same attempt by the library, in the process of the tests, which goes on afterwards as if nothing had been.

use super::{alive, stage::Stage};
use arborist::{
    builtin,
    config::{self, Environment, Faults, Folders, Invocation, RunnerOrigin, Settings},
    engine::{Ignore, Source},
    runner::{
        self, Description, Operation, Outside, Parameters, RunClass, RunError, Runner, Running,
        StartError,
    },
};
use arborist_tests::Ran;
use std::{path::PathBuf, sync::Arc};
use tokio::time::Instant;

/// How it ended, in the binary's terms.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs an attempt; `None` where it is about the command line and the library has no part in it.
pub(crate) fn run(stage: &Stage) -> Option<Ran> {
    let invocation = invocation(stage)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = runtime.block_on(attack(stage, &invocation));
    let Ended {
        code,
        stdout,
        stderr,
    } = ended.unwrap_or_else(|ended| ended);
    Some(Ran {
        code: Some(code),
        stdout,
        stderr,
        peak: 0,
    })
}

/// What the command line says. `None` where it says anything else.
fn invocation(stage: &Stage) -> Option<Invocation> {
    stage.description.as_ref()?;
    let mut invocation = Invocation {
        folder: stage.host.home().to_owned(),
        component: stage.component.as_ref().map(PathBuf::from),
        allow: stage.allow.clone(),
        ..Invocation::default()
    };
    let mut args = stage.more.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-v" | "-vv" => {}
            "-c" => invocation.config = Some(args.next()?.into()),
            "--limit" => invocation.limits.push(args.next()?.clone()),
            "--set" => invocation.set.push(args.next()?.clone()),
            "--set-env" => invocation.set_env.push(args.next()?.clone()),
            "--runner" => invocation.runner = Some(args.next()?.clone()),
            "--timeout" => invocation.timeout = Some(config::time(args.next()?)?),
            _ => return None,
        }
    }
    Some(invocation)
}

async fn attack(stage: &Stage, invocation: &Invocation) -> Result<Ended, Ended> {
    let began = Instant::now();
    let environment = Environment::from_iter(stage.environment());
    let folders = Folders::of(&environment);
    let settings = config::resolve(invocation, &environment, &folders).map_err(faults)?;
    let running = start(stage, settings, began).await?;
    let description = stage.description.as_deref().unwrap_or_default();
    let description = Description::new(description).map_err(|error| failed(2, error))?;
    let spec = running.task_spec(&description).await.map_err(run_error)?;
    let refusal = running.session().refusal();
    Ok(Ended {
        code: 0,
        stdout: spec.value.to_yaml(),
        stderr: refusal.map_or_else(String::new, |refusal| format!("warning: {refusal}\n")),
    })
}

async fn start(stage: &Stage, settings: Settings, began: Instant) -> Result<Running, Ended> {
    let source = match &settings.runner.origin {
        RunnerOrigin::File(path) => Source::read(path),
        RunnerOrigin::Builtin => {
            let builtin = builtin::find(&settings.runner.name).expect("a built-in runner");
            Source::from_bytes(builtin.name, builtin.bytes)
        }
    };
    let source = source.map_err(|error| failed(4, error))?;
    let parameters = Parameters::parse(&stage.params).map_err(|error| failed(2, error))?;
    let deadline = Operation::TaskSpec.deadline(&settings, began);
    let loaded = runner::load(alive::engine(), &source, &settings.limits, deadline).await;
    let component = loaded.map_err(start_error)?;
    let runner = Runner::new(component, settings, Outside::default(), deadline).await;
    let runner = Arc::new(runner.map_err(start_error)?);
    let running = runner.start(parameters, Arc::new(Ignore), began);
    Ok(running.expect("random bytes"))
}

fn failed(code: i32, error: impl std::fmt::Display) -> Ended {
    Ended {
        code,
        stdout: String::new(),
        stderr: format!("error: {error}\n"),
    }
}

fn faults(faults: Faults) -> Ended {
    Ended {
        code: if faults.are_usage() { 2 } else { 3 },
        stdout: String::new(),
        stderr: faults.render(false),
    }
}

fn start_error(error: StartError) -> Ended {
    match error {
        StartError::Settings(found) => faults(found),
        StartError::Describe(error) => run_error(error),
        StartError::Component(_) => failed(4, error),
        StartError::Late(_) => failed(6, error),
    }
}

fn run_error(error: RunError) -> Ended {
    let code = match error.class() {
        RunClass::Config => 3,
        RunClass::Runner => 5,
        RunClass::Sandbox => 6,
        RunClass::Spec => 7,
    };
    failed(code, error)
}
