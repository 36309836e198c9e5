//! One run through the library, and many on two threads.

use super::{Plan, Row, runtime};
use crate::{
    bare::{self, Bare},
    clock, ours,
    rounds::{self, Compared},
};
use arborist::{
    builtin,
    engine::{Allocation, Pool},
    runner::{Description, Parameters, Runner},
};
use std::{sync::Arc, thread};

/// Instances of the twin's pool: those of ours.
const INSTANCES: u32 = 1_000;
const TEXT: &str = "Back up the orders database, then tell the team";

struct Sides {
    ours: Arc<Runner>,
    description: Description,
    parameters: Parameters,
}

impl Sides {
    fn new(allocation: Allocation) -> Self {
        Self {
            ours: runtime().block_on(ours::load(ours::Setup::mock(allocation))),
            description: Description::new(TEXT).expect("a description"),
            parameters: Parameters::parse(&["model=small", "style=short"]).expect("parameters"),
        }
    }

    async fn answer(&self) {
        ours::answer(&self.ours, &self.description, &self.parameters).await;
    }

    async fn task_spec(&self) {
        ours::task_spec(&self.ours, &self.description, &self.parameters).await;
    }
}

fn mock() -> &'static [u8] {
    builtin::find("mock").expect("it comes with the host").bytes
}

fn bare(setup: bare::Setup) -> Bare {
    Bare::new(setup, INSTANCES, mock()).expect("wasmtime takes it")
}

pub(super) fn rows(plan: &Plan) -> Vec<Row> {
    let pooled = Sides::new(Allocation::Pooling(Pool::default()));
    let best = bare(bare::Setup::Best);
    let one = |name, what: &str, goal, goal_ratio, figures| Row {
        name,
        what: what.to_owned(),
        unit: "µs CPU",
        twin: "bare wasmtime at its best settings",
        figures,
        more_is_better: false,
        goal,
        goal_ratio,
    };
    let often = plan.times(1_000);
    let each = |total: f64| total / count(often);
    let runtime = runtime();
    let on_bare = || {
        let parameters = pooled.parameters.as_slice();
        each(clock::cpu(|| {
            runtime.block_on(async {
                for _ in 0..often {
                    best.run(TEXT, parameters).await.expect("it answers");
                }
            });
        }))
    };
    let sandboxed = || {
        each(clock::cpu(|| {
            runtime.block_on(async {
                for _ in 0..often {
                    pooled.answer().await;
                }
            });
        }))
    };
    let checked = || {
        each(clock::cpu(|| {
            runtime.block_on(async {
                for _ in 0..often {
                    pooled.task_spec().await;
                }
            });
        }))
    };
    let mut rows = vec![
        one(
            "run",
            "one sandboxed run through the library (mock)",
            Some(18.0),
            Some(1.25),
            rounds::compare(plan.rounds, sandboxed, on_bare),
        ),
        one(
            "run-checked",
            "the same, with its spec of 5 steps read, checked and printed",
            None,
            None,
            rounds::compare(plan.rounds, checked, on_bare),
        ),
    ];
    rows.extend(throughput(plan, &pooled, &best));
    rows
}

/// Runs a second on two threads.
fn throughput(plan: &Plan, pooled: &Sides, best: &Bare) -> [Row; 2] {
    // Half a second and more of each: the threads meet in the kernel, and what they meet in differs from moment to moment.
    let [often, seldom] = [12_000, 3_000].map(|often| plan.times(often));
    let rate = |often: usize, work: &(dyn Fn() + Sync)| {
        let micros = clock::wall(|| on_threads(2, |_| work()));
        count(often * 2) / micros * 1e6
    };
    let ours = || rate(often, &|| repeat(often, || pooled.answer()));
    let parameters = pooled.parameters.as_slice();
    let on = |bare: &Bare, often: usize| {
        let once = || async {
            bare.run(TEXT, parameters).await.expect("it answers");
        };
        rate(often, &|| repeat(often, once))
    };
    let defaults = bare(bare::Setup::OnDemand);
    let row = |name, twin, goal, goal_ratio, figures: Compared| Row {
        name,
        what: "runs a second on 2 threads".to_owned(),
        unit: "runs/s",
        twin,
        figures,
        more_is_better: true,
        goal,
        goal_ratio: Some(goal_ratio),
    };
    [
        row(
            "rate",
            "bare wasmtime at its best settings",
            Some(100_000.0),
            0.8,
            rounds::compare(plan.rounds, ours, || on(best, often)),
        ),
        row(
            "rate-on-demand",
            "bare wasmtime, on-demand defaults",
            None,
            10.0,
            rounds::compare(plan.rounds, ours, || on(&defaults, seldom)),
        ),
    ]
}

/// What one run costs, in microseconds of CPU time, with so many of them under way at once: ours and the twin's.
#[must_use]
pub fn cost_by_runs_at_once(plan: &Plan, at_once: &[usize]) -> Vec<(usize, [f64; 2])> {
    let pooled = Sides::new(Allocation::Pooling(Pool::default()));
    let best = bare(bare::Setup::Best);
    let runtime = runtime();
    let parameters = pooled.parameters.as_slice();
    let waves = |width: usize| plan.times(1_000).div_ceil(width);
    let ours = |width: usize| {
        let total = clock::cpu(|| {
            runtime.block_on(async {
                for _ in 0..waves(width) {
                    // All begin before any goes on.
                    let started = (0..width).map(|_| ours::start(&pooled.ours, &pooled.parameters));
                    let started: Vec<_> = started.collect();
                    for running in &started {
                        let answer = running.answer(&pooled.description).await;
                        answer.expect("an answer");
                    }
                }
            });
        });
        total / count(waves(width) * width)
    };
    let twin = |width: usize| {
        let total = clock::cpu(|| {
            runtime.block_on(async {
                for _ in 0..waves(width) * width {
                    best.run(TEXT, parameters).await.expect("it answers");
                }
            });
        });
        total / count(waves(width) * width)
    };
    rounds::each(plan.rounds, at_once, |width| [ours(width), twin(width)])
}

/// Does runs on this thread and nothing else.
pub fn only_runs(runs: usize) {
    let pooled = Sides::new(Allocation::Pooling(Pool::default()));
    repeat(runs, || pooled.task_spec());
}

fn repeat<F: Future<Output = ()>>(often: usize, once: impl Fn() -> F) {
    runtime().block_on(async {
        for _ in 0..often {
            once().await;
        }
    });
}

fn on_threads(threads: usize, work: impl Fn(usize) + Sync) {
    let work = &work;
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || work(thread));
        }
    });
}

#[allow(clippy::cast_precision_loss, reason = "a few thousand")]
fn count(often: usize) -> f64 {
    often as f64
}
