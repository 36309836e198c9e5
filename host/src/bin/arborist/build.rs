//! `arborist build`: a project becomes a component that is known to be a runner.

use crate::{
    args::BuildArgs,
    exit::{Exit, Failure},
    host, output,
    settings::Surroundings,
    talk::Talk,
};
use arborist::{
    conformance,
    engine::Source,
    escape::printable,
    limits::Limits,
    project::{self, BuildError, Event, Project},
    runner::{self, Deadline, StartError},
};
use bytesize::ByteSize;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long its first calls may take; what is slower is no fault of its build.
const FIRST_CALLS: Duration = Duration::from_secs(30);

pub(crate) async fn build(args: BuildArgs, talk: &Arc<Talk>) -> Result<(), Failure> {
    let project = Project::find(&args.folder, args.lang.map(Into::into))
        .and_then(|project| match &args.world {
            Some(world) => project.in_world(world),
            None => Ok(project),
        })
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    let time = args.timeout;
    talk.waiting_for(&format!("looking for the tools of {}", project.language()));
    let observe = |event: Event<'_>| match event {
        Event::Step(command) => talk.waiting_for(&printable(command, 1_000)),
        Event::Line(line) => talk.detail(line),
        Event::Warning(warning) => talk.warn(warning),
    };
    let component = project::build(&project, time, &observe)
        .await
        .map_err(|error| failure(&error, talk))?;
    check(&component, time, talk).await
}

/// Loads the component and asks what it is, as a run would: that it is a runner and starts is known then, and the first run
/// finds it compiled.
async fn check(path: &Path, time: Duration, talk: &Arc<Talk>) -> Result<(), Failure> {
    let file = path.to_owned();
    let source = output::aside(move || {
        Source::read(&file).map_err(|error| Failure::new(Exit::Component, error))
    });
    let source = source.await?;
    let surroundings = Surroundings::of_process();
    let engine = host::engine(&surroundings.folders, surroundings.engine()?, talk)?;
    let deadline = Deadline::after(Instant::now(), time);
    let limits = Limits::default();
    let component = host::load(&engine, &source, &limits, deadline, talk).await?;
    let name = printable(&path.to_string_lossy(), 400).into_owned();
    let first = Deadline::after(Instant::now(), FIRST_CALLS.min(time));
    if let Err(unable) = conformance::begin(&component, &limits, first).await {
        talk.done();
        if let Some(missing) = &unable.missing {
            let message = format!("{name} is built, but {unable}\n  help: {missing}");
            return Err(Failure::new(Exit::Component, message));
        }
        talk.warn(format!(
            "{unable}\n  help: it should report an error instead; `arborist check` tries this and more"
        ));
    }
    let observer = host::log_to(talk);
    let info = runner::describe(&component, &limits, deadline, observer).await;
    info.map_err(StartError::Describe)?;
    talk.done();
    let size = ByteSize::b(component.size() as u64).display().iec();
    talk.say(format!(
        "built {name}: {size}, world `{}`; `arborist inspect {name}` shows what it asks for",
        component.world().name()
    ));
    Ok(())
}

/// What is missing or wrong before a tool is run is the user's to put right; what fails then gives no component.
fn failure(error: &BuildError, talk: &Talk) -> Failure {
    let exit = match error {
        BuildError::Project(_) | BuildError::Tool(_) => Exit::Usage,
        BuildError::Process(_) | BuildError::NoComponent { .. } => Exit::Component,
    };
    if let BuildError::Process(error) = error {
        // With -v it has been shown already.
        talk.show_output(error.output());
    }
    Failure::new(exit, error)
}
