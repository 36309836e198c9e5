//! What runs hold that wait: memory of a process with so many of them.

use super::{Plan, Row, built, runtime};
use crate::{
    bare::{Bare, Setup},
    ours,
    rounds::Compared,
};
use arborist::{
    engine::{Allocation, MAPPINGS, Machine, Pool},
    runner::{Description, Parameters},
};
use std::{fs, process::Command, str::FromStr, sync::Arc, time::Duration};

/// Whose memory is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Arborist's library.
    Ours,
    /// wasmtime alone.
    Bare,
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ours" => Ok(Self::Ours),
            "bare" => Ok(Self::Bare),
            other => Err(format!("{other:?} is neither `ours` nor `bare`")),
        }
    }
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Bare => "bare",
        }
    }
}

/// What a guest does that waits for ever.
const WAIT: &str = "sleep";

pub(super) fn rows(plan: &Plan) -> Vec<Row> {
    let runs = plan.times(permitted());
    // Each in a process of its own, which has nothing else.
    let program = std::env::current_exe().expect("this program");
    let measure = |side: Side| {
        let mut command = Command::new(&program);
        command.args(["--suspended", side.name(), "--runs", &runs.to_string()]);
        let output = command.output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let bytes: f64 = text
            .trim()
            .parse()
            .unwrap_or_else(|_| panic!("{} {}", text, String::from_utf8_lossy(&output.stderr)));
        bytes / 1e6
    };
    let (ours, twin) = (measure(Side::Ours), measure(Side::Bare));
    let ratio = ours / twin;
    vec![Row {
        name: "suspended",
        what: format!("{runs} runs that wait, resident memory of the process"),
        unit: "MB",
        twin: "bare wasmtime at its best settings",
        figures: Compared {
            ours,
            twin,
            ratio,
            low: ratio,
            high: ratio,
        },
        more_is_better: false,
        goal: None,
        goal_ratio: Some(1.15),
    }]
}

/// Ten thousand, or as many as the system's bound on a process' mappings leaves room for.
fn permitted() -> usize {
    let mappings = Machine::here().mappings.unwrap_or(u64::MAX);
    // Some are the program's own.
    let instances = mappings.saturating_sub(6_000) / MAPPINGS;
    usize::try_from(instances.min(10_000)).unwrap_or(10_000)
}

/// Starts `runs` runs that wait, and gives what the process then has resident, in bytes.
///
/// # Panics
/// One of them ends.
#[must_use]
pub fn resident(side: Side, runs: usize) -> u64 {
    let guest = built("test-guests/wasm32-wasip2/release/plain.wasm");
    let instances = u32::try_from(runs).expect("a number of runs");
    runtime().block_on(async {
        let mut waiting = tokio::task::JoinSet::new();
        match side {
            Side::Ours => {
                let runner = ours::load(ours::Setup {
                    allocation: Allocation::Pooling(Pool {
                        instances: Some(instances),
                    }),
                    component: Some(&guest),
                    config: None,
                    limits: &[],
                })
                .await;
                let description = Arc::new(Description::new(WAIT).expect("a description"));
                for _ in 0..runs {
                    let (runner, description) = (Arc::clone(&runner), Arc::clone(&description));
                    waiting.spawn(async move {
                        let running = ours::start(&runner, &Parameters::default());
                        running.answer(&description).await.expect("an answer");
                    });
                }
            }
            Side::Bare => {
                let wasm = fs::read(&guest).expect("the guest is built");
                let bare = Arc::new(Bare::new(Setup::Best, instances, &wasm).expect("it compiles"));
                for _ in 0..runs {
                    let bare = Arc::clone(&bare);
                    waiting.spawn(async move {
                        bare.run(WAIT, &[]).await.expect("an answer");
                    });
                }
            }
        }
        // Until all of them have begun and wait.
        let mut before = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = resident_now();
            if now == before {
                break;
            }
            before = now;
        }
        assert!(
            waiting.try_join_next().is_none(),
            "what waits for ever has ended"
        );
        let resident = resident_now();
        waiting.abort_all();
        resident
    })
}

fn resident_now() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux says it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.expect("a number of KiB") * 1024
}
