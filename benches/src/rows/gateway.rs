//! One loopback request through the gateway, from a warm instance.

use super::{Plan, Row, built, runtime};
use crate::{
    clock::{self, Processor},
    ours, rounds, service,
};
use arborist::{
    engine::{Allocation, Pool},
    runner::{Description, Parameters, Runner},
};
use std::{fs, path::Path, sync::Arc, thread};

/// Requests of one run.
const REQUESTS: usize = 400;

pub(super) fn rows(plan: &Plan) -> Vec<Row> {
    // The service is on another processor, as one in the world would be.
    let measured = || {
        clock::stay_on(Processor::First);
        measure(plan)
    };
    thread::scope(|scope| scope.spawn(measured).join()).expect("no fault on that thread")
}

fn measure(plan: &Plan) -> Vec<Row> {
    let url = service::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let audited = load(folder.path(), &url, true);
    let unaudited = load(folder.path(), &url, false);
    // It wants one, though nothing here is encrypted.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().build();
    let client = client.expect("a client");
    let runtime = runtime();
    let direct = || {
        let total = clock::cpu(|| {
            runtime.block_on(async {
                for _ in 0..REQUESTS {
                    let request = client
                        .get(&url)
                        .header("authorization", "Bearer sk-measured-0123456789abcdef");
                    let answer = request.send().await.expect("an answer");
                    assert_eq!(answer.bytes().await.expect("a body").len(), 24);
                }
            });
        });
        each(total)
    };
    let through = |runner: &Arc<Runner>, behaviour: &str| {
        let runner = Arc::clone(runner);
        let with = description(behaviour, REQUESTS, &url);
        let without = description(behaviour, 0, &url);
        let runtime = &runtime;
        move || {
            let run = |text| clock::cpu(|| runtime.block_on(requests(&runner, text)));
            // What the run costs by itself is not the request's.
            each(run(&with) - run(&without))
        }
    };
    let row = |name, what: &str, goal_ratio, figures| Row {
        name,
        what: what.to_owned(),
        unit: "µs CPU",
        twin: "`reqwest` alone, with keep-alive",
        figures,
        more_is_better: false,
        goal: None,
        goal_ratio: Some(goal_ratio),
    };
    vec![
        row(
            "http-send",
            "gateway, `http.send`, warm instance, all stages on",
            1.25,
            rounds::compare(plan.rounds, through(&audited, "requests"), direct),
        ),
        row(
            "wasi-http",
            "gateway, `wasi:http`, warm instance, all stages on",
            1.5,
            rounds::compare(plan.rounds, through(&audited, "wasi-requests"), direct),
        ),
        row(
            "http-unaudited",
            "`http.send` with all stages but the audit log's two lines",
            1.25,
            rounds::compare(plan.rounds, through(&unaudited, "requests"), direct),
        ),
        row(
            "wasi-unaudited",
            "`wasi:http` with all stages but the audit log's two lines",
            1.5,
            rounds::compare(plan.rounds, through(&unaudited, "wasi-requests"), direct),
        ),
    ]
}

/// A runner for which every stage has something to do.
fn load(folder: &Path, url: &str, audited: bool) -> Arc<Runner> {
    let log = folder.join("audit.jsonl");
    let log = if audited {
        format!("audit: {}\n", log.display())
    } else {
        String::new()
    };
    let config = folder.join("agent-arborist.yaml");
    let text = format!(
        "{log}measured:\n  endpoint: {url}\n  api_key: ${{KEY}}\n  retry: {{attempts: 3, delay: 1s}}\n  rate_limit: 100000/s\n"
    );
    fs::write(&config, text).expect("the folder takes a file");
    let guest = built("test-guests/wasm32-wasip2/release/plain.wasm");
    runtime().block_on(ours::load(ours::Setup {
        allocation: Allocation::Pooling(Pool::default()),
        component: Some(&guest),
        config: Some(&config),
        limits: &["requests=100000", "cpu=60s"],
    }))
}

fn description(behaviour: &str, requests: usize, url: &str) -> Description {
    Description::new(&format!("{behaviour} {requests} GET {url}")).expect("a description")
}

async fn requests(runner: &Arc<Runner>, description: &Description) {
    let header = ["header:authorization=Bearer {api_key}"];
    let parameters = Parameters::parse(&header).expect("parameters");
    let answer = ours::answer(runner, description, &parameters).await;
    assert!(
        !answer.contains(" x ") || answer.contains(" x 200"),
        "{answer}"
    );
}

#[allow(clippy::cast_precision_loss, reason = "a few hundred")]
fn each(total: f64) -> f64 {
    total / REQUESTS as f64
}
