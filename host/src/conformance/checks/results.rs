//! What a usual description becomes.

use super::{Asked, Check, Subject, Verdict, judged, no_spec};
use crate::{
    conformance::{inputs::USUAL, service::COMMANDS, subject::Way},
    runner::Parameters,
    spec::TaskSpec,
};

/// A parameter that no runner knows.
const UNKNOWN: &str = "arborist-check-unknown=1";

/// Checks the result of the usual description, and says whether it is a spec.
pub(super) async fn check(subject: &mut Subject, usual: &Asked, checks: &mut Vec<Check>) -> bool {
    let blame = no_spec(usual);
    let good = blame.is_none();
    checks.push(Check::new("spec.valid", judged(blame)));
    let Some(Ok(spec)) = usual.spec() else {
        return good;
    };
    checks.push(Check::new("spec.answer", answered(subject, usual, &spec)));
    let way = Way {
        parameters: Parameters::parse(&[UNKNOWN]).ok(),
        ..Way::default()
    };
    let given = subject.ask("spec.parameters", USUAL, &way).await;
    checks.push(Check::new("spec.parameters", judged(no_spec(&given))));

    let other = subject
        .ask("same.result", "Something else entirely", &Way::default())
        .await;
    drop(other);
    let again = subject.ask("same.result", USUAL, &Way::default()).await;
    let same = matches!(again.spec(), Some(Ok(again)) if again == spec);
    let blame = (!same).then(|| match again.spec() {
        Some(Ok(again)) => first_difference(&spec, &again),
        _ => format!("the second time {}", again.told()),
    });
    checks.push(Check::new("same.result", judged(blame)));
    let verdict = if usual.seen.requests.is_empty() {
        Verdict::Skipped("it makes no requests".to_owned())
    } else {
        judged((usual.seen.requests != again.seen.requests).then(|| {
            format!(
                "{} requests the first time and {} the second, or not the same ones",
                usual.seen.requests.len(),
                again.seen.requests.len()
            )
        }))
    };
    checks.push(Check::new("same.requests", verdict));
    good
}

fn answered(subject: &Subject, usual: &Asked, spec: &TaskSpec) -> Verdict {
    if usual.seen.requests.is_empty() {
        return Verdict::Skipped("it makes no requests".to_owned());
    }
    if subject.has_answers() {
        return Verdict::Skipped("the answers are not the check's own".to_owned());
    }
    let kept = COMMANDS.iter().all(|command| {
        let mut steps = spec.steps().iter();
        steps.any(|step| step.command().contains(command))
    });
    judged((!kept).then(|| {
        format!(
            "the service answered with two steps, and the spec, of {}, has not both",
            spec.steps().len()
        )
    }))
}

fn first_difference(one: &TaskSpec, other: &TaskSpec) -> String {
    let (one, other) = (one.to_yaml(), other.to_yaml());
    let differing = one
        .lines()
        .zip(other.lines())
        .find(|(one, other)| one != other);
    match differing {
        Some((one, other)) => format!(
            "first `{}`, then `{}`",
            crate::escape::printable(one, 100),
            crate::escape::printable(other, 100)
        ),
        None => "the second spec is longer or shorter".to_owned(),
    }
}
