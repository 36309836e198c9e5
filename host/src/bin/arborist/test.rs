//! `arborist test`: a runner's own tests, without a network.

mod find;
mod record;
mod report;

use crate::{args::TestArgs, exit::Failure, host, output, settings::Surroundings, talk::Talk};
use arborist::{
    config::{Folders, RunnerOrigin},
    escape::printable,
    testing::{Suite, Tester},
};
use record::Record;
use report::Report;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a test may take unless `--timeout` says otherwise; compiling counts.
const TIME: Duration = Duration::from_secs(120);

pub(crate) async fn test(args: TestArgs, talk: &Talk) -> Result<(), Failure> {
    let paths = args.paths.clone();
    let suites = output::aside(move || {
        let files = find::find(&paths)?;
        find::read(&files)
    })
    .await?;
    let surroundings = Surroundings::of_process();
    let folders = &surroundings.folders;
    let time = args.timeout.unwrap_or(TIME);
    let engine = host::engine(folders, surroundings.engine()?, talk)?;
    let mut tester = Tester::new(&engine, folders, time);
    let mut report = Report::new(args.format);
    let wanted = |name: &str| args.filter.as_ref().is_none_or(|part| name.contains(part));
    let mut told = BTreeSet::new();
    for suite in &suites {
        tell_stale(suite, folders, &mut told, talk).await?;
        let mut record = Record::open(suite)?;
        for test in &suite.tests {
            if !wanted(&test.name) {
                report.leave_out();
                continue;
            }
            talk.waiting_for(&format!(
                "{}: {}",
                shown(&suite.path),
                printable(&test.name, 100)
            ));
            let tested = tester.run(suite, test).await;
            let ended = record.judge(test, &tested, args.update);
            report.take(suite, test, &tested, &ended);
        }
        talk.done();
        if args.update {
            record.keep().await?;
        }
        report.end_of(suite)?;
    }
    report.sum_up(args.filter.as_deref())
}

/// [`host::tell_stale`] for the component of a file's tests, once for each component. Faults of the settings are the tests' own.
async fn tell_stale(
    suite: &Suite,
    folders: &Folders,
    told: &mut BTreeSet<PathBuf>,
    talk: &Talk,
) -> Result<(), Failure> {
    let first = suite.tests.first();
    let Some(Ok(settings)) = first.map(|test| suite.settings(test, folders)) else {
        return Ok(());
    };
    match &settings.runner.origin {
        RunnerOrigin::File(component) if told.insert(component.clone()) => {
            host::tell_stale(&settings, talk).await
        }
        _ => Ok(()),
    }
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 400).into_owned()
}
