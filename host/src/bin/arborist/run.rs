//! `arborist run`: a description goes in, a task spec and a DAG come out.

use crate::{
    args::{Format, RunArgs},
    events::{self, Product},
    exit::{Exit, Failure},
    host::{self, Plan},
    output::{self, Staged},
    talk::Talk,
};
use arborist::{
    runner::{Description, MAX_DESCRIPTION, Made, Operation, Running},
    spec::{Dag, TaskSpec},
};
use std::{io::IsTerminal as _, path::Path, sync::Arc};

pub(crate) async fn run(args: RunArgs, talk: &Arc<Talk>) -> Result<(), Failure> {
    let stdout = Path::new("-");
    let events = args.format == Format::Ndjson;
    if !events
        && args.dagu.as_deref() == Some(stdout)
        && args.output.as_deref().is_none_or(|path| path == stdout)
    {
        let message = "the task spec and the DAG cannot both go to standard output\n  help: name a file for one of them with -o or --dagu";
        return Err(Failure::new(Exit::Usage, message));
    }
    if let (Some(spec), Some(dag)) = (&args.output, &args.dagu)
        && output::same_file(spec, dag)
    {
        let message = "the task spec and the DAG cannot go to the same file\n  help: name another one with -o or --dagu";
        return Err(Failure::new(Exit::Usage, message));
    }
    let plan = Plan::new(&args.runner, Operation::TaskSpec, talk).await?;
    plan.keeps_apart(&[&args.output, &args.dagu])?;
    let description = Description::new(&describe(args.description).await?)?;
    if args.dry_run {
        host::refuse_dry_events(args.format)?;
        return output::print(&plan.show());
    }
    let name = plan.runner().to_owned();
    let (running, tape) = plan.start(Operation::TaskSpec, talk).await?;
    let made = make(&running, &name, &description, args.dagu.is_some(), talk).await;
    let taped = tape.finish(talk).await;
    let (spec, dag) = made?;
    taped?;
    host::sum_up(&running, talk);
    let text = match args.format {
        Format::Yaml => spec.value.to_yaml(),
        Format::Json => spec.value.to_json(),
        Format::Ndjson => {
            let spec = Product {
                text: spec.value.to_yaml(),
                path: args.output,
                age: spec.age,
            };
            let dag = dag.map(|dag| Product {
                text: dag.value.to_yaml(),
                path: args.dagu,
                age: dag.age,
            });
            return events::deliver(talk, &running, Some(spec), dag).await;
        }
    };
    // Both are ready before either is there: a run that fails leaves nothing half done.
    let spec = Staged::new(args.output.as_deref(), text)?;
    if let (Some(path), Some(dag)) = (&args.dagu, dag) {
        Staged::new(Some(path), dag.value.to_yaml())?
            .deliver()
            .await?;
    }
    spec.deliver().await
}

/// The runner's part: the task spec, and the DAG where one is wanted.
async fn make(
    running: &Running,
    name: &str,
    description: &Description,
    with_dag: bool,
    talk: &Talk,
) -> Result<(Made<TaskSpec>, Option<Made<Dag>>), Failure> {
    talk.waiting_for(&format!("{name}: making a task spec"));
    let failed = |error| host::failed(error, running);
    let spec = running.task_spec(description).await.map_err(failed)?;
    host::tell(&spec, talk);
    if !with_dag {
        return Ok((spec, None));
    }
    talk.waiting_for(&format!("{name}: making a DAG"));
    let dag = running.dag(&spec.value).await.map_err(failed)?;
    host::tell(&dag, talk);
    Ok((spec, Some(dag)))
}

/// The description as typed, or from standard input.
async fn describe(argument: Option<String>) -> Result<String, Failure> {
    match argument.as_deref() {
        Some("-") => output::read_stdin("a description", MAX_DESCRIPTION).await,
        Some(text) => Ok(text.to_owned()),
        None if !std::io::stdin().is_terminal() => {
            output::read_stdin("a description", MAX_DESCRIPTION).await
        }
        None => Err(Failure::new(
            Exit::Usage,
            "there is no description\n  help: say what the task should do: arborist run \"Back up the orders database every night\"",
        )),
    }
}
