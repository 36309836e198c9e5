//! Inputs of many kinds.

use super::{Asked, Check, Subject, Verdict, judged, tired};
use crate::{
    conformance::{inputs, subject::Way},
    engine::{CallError, RunnerError},
    escape::printable,
    spec::{Dag, TaskSpec},
};

pub(super) async fn descriptions(subject: &mut Subject, usual: &Asked, checks: &mut Vec<Check>) {
    // A runner that asks nobody, or packs what it asks in some way of its own, is not looked at there.
    let shows = usual.seen.got(inputs::USUAL);
    for (id, text, whole) in inputs::descriptions() {
        if tired(subject, id, checks) {
            continue;
        }
        let asked = subject.ask(id, &text, &Way::default()).await;
        let got = !shows || !whole || asked.seen.got(&text);
        checks.push(Check::new(id, judged(description(&asked, got))));
    }
}

fn description(asked: &Asked, got: bool) -> Option<String> {
    if let Some(malformed) = &asked.seen.malformed {
        return Some(malformed.clone());
    }
    match (asked.spec(), asked.error()) {
        (None, Some(RunnerError::InvalidInput(_))) => None,
        (Some(Ok(_)), _) if got => None,
        (Some(Ok(_)), _) => Some(
            "no request holds the description as it was given: it was cut, altered or escaped twice"
                .to_owned(),
        ),
        _ => Some(asked.told()),
    }
}

pub(super) async fn specs(subject: &mut Subject, checks: &mut Vec<Check>) {
    for (id, spec) in inputs::specs() {
        let Some(spec) = spec else { continue };
        if tired(subject, id, checks) {
            continue;
        }
        let asked = subject.ask_dag(id, &spec).await;
        checks.push(Check::new(id, dag(&asked, &spec)));
    }
}

fn dag(asked: &Asked, spec: &TaskSpec) -> Verdict {
    match &asked.outcome {
        Err(CallError::Runner(RunnerError::Unsupported)) => {
            Verdict::Passed(Some("left to the host".to_owned()))
        }
        Err(_) => Verdict::Failed(asked.told()),
        Ok(text) => match Dag::parse(text) {
            Err(error) => Verdict::Failed(format!(
                "it returned what is no valid DAG: {}",
                printable(&error.to_string(), 300)
            )),
            Ok(dag) => {
                let steps = dag.value.steps().count();
                let wanted = spec.steps().len();
                judged(
                    (steps < wanted)
                        .then(|| format!("the DAG has {steps} steps, and the spec has {wanted}")),
                )
            }
        },
    }
}
