//! Measures the rows of the goals and prints them with their ratios.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should stop, and its result is printed"
)]

use arborist_benches::{
    plot::{self, Line, Picture},
    report,
    rows::{self, Plan, Side},
};
use clap::Parser;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What Arborist costs beside wasmtime alone, `reqwest` alone and Python.
///
/// Every row is measured in turns with its twin, so that the ratio holds on a busy machine too; the figures themselves need a quiet one.
#[derive(Debug, Parser)]
struct Args {
    /// One round of little work: shows that everything can be measured, and nothing else.
    #[arg(long)]
    quick: bool,
    /// Rounds of each comparison.
    #[arg(long, default_value_t = 21)]
    rounds: usize,
    /// Only one group of rows.
    #[arg(long, value_parser = ["run", "cold", "gateway", "suspended", "spec"])]
    only: Option<String>,
    /// Writes the rows to this file as JSON as well.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draws cost against runs at once, threads and steps into this folder, and measures nothing else.
    #[arg(long, value_name = "FOLDER")]
    plot: Option<PathBuf>,
    /// Does runs and nothing else, for a profiler to look at.
    #[arg(long, value_name = "RUNS")]
    profile: Option<usize>,
    /// For the row of that name: holds runs that wait, and prints resident bytes.
    #[arg(long, hide = true)]
    suspended: Option<Side>,
    /// How many of them.
    #[arg(long, hide = true, default_value_t = 1_000)]
    runs: usize,
}

fn main() {
    let args = Args::parse();
    if let Some(side) = args.suspended {
        println!("{}", rows::resident(side, args.runs));
        return;
    }
    if let Some(runs) = args.profile {
        rows::only_runs(runs);
        return;
    }
    let plan = plan(&args);
    if let Some(folder) = &args.plot {
        return draw(&plan, folder);
    }
    println!("{}", report::head());
    let only = args.only.as_deref();
    let rows = rows::all(&plan, only, |row| println!("{}", report::line(row)));
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(&report::json(&rows)).expect("rows are JSON");
        fs::write(file, text + "\n").expect("the file can be written");
    }
}

fn plan(args: &Args) -> Plan {
    let beside = |name: &str| rows::built("release").join(name);
    let large = [
        ("JavaScript", rows::built("test-guests/javascript.wasm")),
        ("Python", rows::built("test-guests/python.wasm")),
    ];
    Plan {
        rounds: if args.quick { 1 } else { args.rounds },
        share: if args.quick { 50 } else { 1 },
        arborist: beside("arborist"),
        bare: beside("bare"),
        large: large
            .into_iter()
            .filter(|(_, component)| component.is_file())
            .collect(),
    }
}

#[allow(clippy::cast_precision_loss, reason = "small numbers")]
fn draw(plan: &Plan, folder: &Path) {
    fs::create_dir_all(folder).expect("the folder can be made");
    let at_once = rows::cost_by_runs_at_once(plan, &[1, 3, 10, 30, 100, 300, 1_000]);
    let line = |name, of: fn(&[f64; 2]) -> f64| Line {
        name,
        points: at_once
            .iter()
            .map(|(width, costs)| (*width as f64, of(costs)))
            .collect(),
    };
    let picture = Picture {
        title: "One run of the built-in mock runner",
        across: "runs begun at once",
        up: "µs CPU a run",
        lines: vec![
            line("Arborist", |[ours, _]| *ours),
            line("bare wasmtime", |[_, twin]| *twin),
        ],
    };
    plot::draw(&picture, &folder.join("runs.svg"));
    let steps = rows::cost_by_steps(plan, &[10, 30, 100, 300, 1_000, 3_000, 6_000]);
    let points = steps
        .iter()
        .map(|(steps, cost)| (*steps as f64, cost * 1e3 / *steps as f64));
    let picture = Picture {
        title: "A spec read and checked, its DAG printed",
        across: "steps of the spec",
        up: "µs CPU a step",
        lines: vec![Line {
            name: "Arborist",
            points: points.collect(),
        }],
    };
    plot::draw(&picture, &folder.join("steps.svg"));
}
