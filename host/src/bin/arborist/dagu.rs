//! `arborist dagu`: a task spec goes in, a DAG for Dagu comes out.

use crate::{
    args::{DaguArgs, Format},
    events::{self, Product},
    exit::{Exit, Failure},
    host::{self, Plan},
    output::{self, Staged},
    talk::Talk,
};
use arborist::{
    runner::Operation,
    spec::{TaskSpec, limits::MAX_TEXT_BYTES},
};
use std::{io::IsTerminal as _, path::Path, sync::Arc};

pub(crate) async fn dagu(args: DaguArgs, talk: &Arc<Talk>) -> Result<(), Failure> {
    let plan = Plan::new(&args.runner, Operation::Dagu, talk).await?;
    plan.keeps_apart(&[&args.output])?;
    let text = read(args.spec.as_deref()).await?;
    let spec = TaskSpec::parse(&text).map_err(|error| {
        Failure::new(Exit::Spec, format!("the task spec is not valid:\n{error}"))
    })?;
    spec.warnings.iter().for_each(|warning| talk.warn(warning));
    if args.dry_run {
        host::refuse_dry_events(args.format)?;
        return output::print(&plan.show());
    }
    let name = plan.runner().to_owned();
    let (running, tape) = plan.start(Operation::Dagu, talk).await?;
    talk.waiting_for(&format!("{name}: making a DAG"));
    let dag = running.dag(&spec.value).await;
    let taped = tape.finish(talk).await;
    let dag = dag.map_err(|error| host::failed(error, &running))?;
    host::tell(&dag, talk);
    taped?;
    host::sum_up(&running, talk);
    let text = match args.format {
        Format::Yaml => dag.value.to_yaml(),
        Format::Json => dag.value.to_json(),
        Format::Ndjson => {
            let product = Product {
                text: dag.value.to_yaml(),
                path: args.output,
                age: dag.age,
            };
            return events::deliver(talk, &running, None, Some(product)).await;
        }
    };
    Staged::new(args.output.as_deref(), text)?.deliver().await
}

async fn read(spec: Option<&Path>) -> Result<String, Failure> {
    match spec {
        Some(path) if path != Path::new("-") => {
            output::read_file(path, "a task spec", MAX_TEXT_BYTES).await
        }
        None if std::io::stdin().is_terminal() => Err(Failure::new(
            Exit::Usage,
            "there is no task spec\n  help: name its file, or pipe it in: arborist run \"…\" | arborist dagu",
        )),
        _ => output::read_stdin("a task spec", MAX_TEXT_BYTES).await,
    }
}
