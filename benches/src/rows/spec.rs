//! Specs: read, checked, turned into a DAG, printed.

use super::{Plan, Row};
use crate::{clock, rounds};
use arborist::spec::{Dag, TaskSpec};
use std::{fmt::Write as _, hint::black_box};

pub(super) fn rows(plan: &Plan) -> Vec<Row> {
    let [hundred, thousand] = [100, 1_000].map(text);
    let often = plan.times(10);
    let cost = |text: &str, often: usize| {
        let total = clock::cpu(|| (0..often).for_each(|_| work(text)));
        #[allow(clippy::cast_precision_loss, reason = "a few dozen")]
        let often = often as f64;
        total / often / 1e3
    };
    let figures = rounds::compare(
        plan.rounds,
        || cost(&thousand, often),
        // Ten times the cost of a tenth: what it is where the cost is linear.
        || 10.0 * cost(&hundred, often * 10),
    );
    vec![Row {
        name: "spec",
        what: "validating a spec of 1,000 steps and printing its DAG".to_owned(),
        unit: "ms CPU",
        twin: "ten times one of 100 steps",
        figures,
        more_is_better: false,
        goal: Some(2.0),
        goal_ratio: Some(1.2),
    }]
}

/// What a spec costs by its number of steps, in milliseconds.
#[must_use]
pub fn cost_by_steps(plan: &Plan, steps: &[usize]) -> Vec<(usize, f64)> {
    let cost = |steps: usize| {
        let text = text(steps);
        let often = plan.times(2_000).div_ceil(steps);
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        let each = 1e3 * often as f64;
        [clock::cpu(|| (0..often).for_each(|_| work(&text))) / each]
    };
    let costs = rounds::each(plan.rounds, steps, cost);
    costs
        .into_iter()
        .map(|(steps, [cost])| (steps, cost))
        .collect()
}

fn work(text: &str) {
    let spec = TaskSpec::parse(text).expect("a spec").value;
    black_box(Dag::from_spec(&spec).value.to_yaml());
}

/// A spec of so many steps, each waiting for the one before it.
#[must_use]
pub fn text(steps: usize) -> String {
    let mut text = String::from("name: big\ndescription: a plan with many steps\nsteps:\n");
    for step in 0..steps {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "  - name: step-{step}\n    command: pg_dump orders > /backup/{step}.sql\n    description: Dump part {step} of the orders database\n"
        );
        if let Some(before) = step.checked_sub(1) {
            let _ = writeln!(text, "    depends_on: [step-{before}]");
        }
    }
    text
}
