//! The checks, in the order in which they are made.

mod describe;
mod failures;
mod inputs;
mod results;
mod whole;

use super::{
    asked::Asked,
    catalogue::ROWS,
    inputs::USUAL,
    report::{Check, Report, Verdict},
    subject::{Subject, Way},
};
use crate::{
    engine::{LoadError, Usage},
    escape::printable,
};

/// After so many calls that did not end in time, nothing more is asked: a report should come before the evening.
const PATIENCE: usize = 3;

pub(super) async fn run(mut subject: Subject) -> Report {
    let mut checks = vec![Check::new("component.contract", Verdict::Passed(None))];
    describe::check(&mut subject, &mut checks).await;
    if subject.described.is_err() {
        let reason = "the host runs no runner whose `describe` fails";
        return finish(&subject, checks, reason);
    }
    let usual = subject.ask("spec.valid", USUAL, &Way::default()).await;
    let good = results::check(&mut subject, &usual, &mut checks).await;
    if !good {
        // What is read is known also of a run that fails.
        whole::config(&mut subject, &mut checks).await;
        whole::said(&subject, &mut checks);
        return finish(
            &subject,
            checks,
            "a usual description does not become a valid spec",
        );
    }
    inputs::descriptions(&mut subject, &usual, &mut checks).await;
    inputs::specs(&mut subject, &mut checks).await;
    failures::check(&mut subject, &usual, &mut checks).await;
    whole::config(&mut subject, &mut checks).await;
    whole::said(&subject, &mut checks);
    finish(&subject, checks, "it was not reached")
}

/// The report, with what is missing skipped, in the order of the catalogue.
fn finish(subject: &Subject, checks: Vec<Check>, reason: &str) -> Report {
    subject.report(complete(checks, reason))
}

fn complete(mut checks: Vec<Check>, reason: &str) -> Vec<Check> {
    ROWS.iter()
        .map(|row| {
            let at = checks.iter().position(|check| check.row.id == row.id);
            match at {
                Some(at) => checks.swap_remove(at),
                None => Check::new(row.id, Verdict::Skipped(reason.to_owned())),
            }
        })
        .collect()
}

pub(super) fn unfit(name: &str, error: &LoadError) -> Option<Report> {
    use crate::engine::ShapeError;
    let contract = match error {
        LoadError::Shape { error, .. } => {
            matches!(
                error,
                ShapeError::NoGenerate { .. } | ShapeError::NotGiven { .. }
            )
        }
        LoadError::Imports { .. } | LoadError::Exports { .. } => true,
        LoadError::Source(_) | LoadError::Compile { .. } | LoadError::CompileLimit { .. } => false,
    };
    if !contract {
        return None;
    }
    let seen = printable(&error.to_string(), 2_000).into_owned();
    let checks = vec![Check::new("component.contract", Verdict::Failed(seen))];
    Some(Report {
        runner: name.to_owned(),
        checks: complete(checks, "it is no runner"),
        made_up: Vec::new(),
        from_cassette: false,
        usage: Usage::default(),
    })
}

/// Whether nothing more should be asked; then `id` is skipped.
fn tired(subject: &Subject, id: &'static str, checks: &mut Vec<Check>) -> bool {
    let tired = subject.so_far.late >= PATIENCE;
    if tired {
        let reason = format!("{PATIENCE} calls did not end in time, and no more are made");
        checks.push(Check::new(id, Verdict::Skipped(reason)));
    }
    tired
}

/// Passed if there is nothing to blame.
fn judged(blame: Option<String>) -> Verdict {
    blame.map_or(Verdict::Passed(None), Verdict::Failed)
}

/// Why this is no valid spec, if it is none.
fn no_spec(asked: &Asked) -> Option<String> {
    match asked.spec() {
        Some(Ok(_)) => None,
        Some(Err(_)) | None => Some(asked.told()),
    }
}
