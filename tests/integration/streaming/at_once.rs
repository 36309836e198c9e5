//! Many things at once: requests of one run, and runs of one process.

use super::{start, stream};
use crate::guests::{PLAIN, STREAMING};
use arborist::{
    config::{self, Environment, Folders, Invocation},
    engine::{Engine, EngineOptions, Ignore, Source},
    runner::{self, Description, Operation, Outside, Parameters, Runner},
};
use arborist_tests::{
    Host, host,
    service::{Answer, Behaviour, Gate, Service, Stream, What},
};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::{path::Path, sync::Arc};
use tokio::time::Instant;

/// A service that answers when so many requests are there.
fn together(requests: usize) -> Service {
    Service::start(Behaviour::text(200, "ok").together(requests))
}

#[test]
fn requests_of_one_runner_overlap() {
    let host = Host::new();
    for (component, ask) in [(STREAMING, "many"), (PLAIN, "at-once")] {
        let gate = Gate::new();
        let service = Service::start(Behaviour::text(200, "ok").behind(&gate));
        let ask = format!("{ask} 4 GET {}", service.url("/"));
        let origin = service.origin();
        let args = ["run", &ask, "--component", component, "--allow", &origin];
        let child = start(&host, &args);
        // All four are there before the first is answered.
        service.expect_requests(4);
        let answers = service.events();
        let answers = answers
            .iter()
            .filter(|event| event.what == What::AnswerHead);
        assert_eq!(answers.count(), 0, "{}", service.log());
        gate.open();
        let output = child.wait_with_output().unwrap();
        let spec = String::from_utf8(output.stdout).unwrap();
        assert_eq!(spec.matches("200").count(), 4, "{spec}");
    }
}

#[test]
fn answers_are_shown_in_the_order_in_which_they_come() {
    let (slow, gates) = Stream::gated("text/plain", ["slow"]);
    let gate = gates[0].clone();
    let service = Service::start(Behaviour::by_request(move |seen| {
        if seen.target.ends_with("?0") {
            return slow.clone().into();
        }
        // The last of the others lets the first go on.
        if seen.target.ends_with("?2") {
            gate.open();
        }
        Answer::text(200, "fast").into()
    }));
    let ask = format!("many 3 GET {}", service.url("/"));
    let ran = stream(&Host::new(), &ask, &["--allow", &service.origin()]);
    assert_eq!(ran.stderr.lines().count(), 3, "{}", ran.stderr);
}

#[test]
fn a_body_streams_out_while_the_answer_streams_in() {
    let host = Host::new();
    // More than is kept for a retry, so that it goes out as it comes.
    let service = Service::start(Behaviour::text(200, "x".repeat(3 << 20)));
    let ask = format!("wasi3 POST {}", service.url("/"));
    let flags = [
        "--allow",
        &service.origin(),
        "--param",
        "body=0123456789abcdef",
        "--param",
        "times=200000",
        "--param",
        "no-body=",
    ];
    let spec = stream(&host, &ask, &flags).succeeded();
    let seen = service.request();
    assert_eq!(seen.body.len(), 3_200_000);
    assert!(spec.contains("3145728"), "{spec}");
}

#[test]
fn ten_runs_of_one_process_overlap_on_one_thread() {
    let service = together(10);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // Both kinds of runner, five runs of each: none blocks the only thread.
    let runs = runtime.block_on(async {
        let streaming = runner(STREAMING, &service).await;
        let plain = runner(PLAIN, &service).await;
        let url = service.url("/");
        let asks = (0..10).map(|nth| match nth % 2 {
            0 => (&streaming, format!("wasi3 GET {url}")),
            _ => (&plain, format!("http GET {url}")),
        });
        let runs: FuturesUnordered<_> = asks
            .map(|(runner, ask)| async move {
                let running = runner.start(Parameters::default(), Arc::new(Ignore), Instant::now());
                let description = Description::new(&ask).unwrap();
                let spec = running.unwrap().task_spec(&description).await.unwrap();
                spec.value.to_yaml()
            })
            .collect();
        runs.collect::<Vec<String>>().await
    });
    assert!(
        runs.iter().all(|spec| spec.contains("\"200\"")),
        "{}",
        runs[0]
    );
    assert_eq!(service.most_at_once(), 10, "{}", service.log());
}

#[test]
fn a_run_that_computes_does_not_keep_another_waiting() {
    let service = together(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for ask in ["loop", "nothing"] {
        let ended = runtime.block_on(async {
            let (streaming, plain) = (
                runner(STREAMING, &service).await,
                runner(PLAIN, &service).await,
            );
            let run = async |runner: &Arc<Runner>, ask: &'static str| {
                let running = runner.start(Parameters::default(), Arc::new(Ignore), Instant::now());
                let spec = running.unwrap();
                let spec = spec.task_spec(&Description::new(ask).unwrap()).await;
                (ask, spec.is_ok())
            };
            let mut runs = FuturesUnordered::new();
            runs.push(run(&streaming, ask));
            runs.push(run(&plain, "counter"));
            let mut ended = Vec::new();
            while let Some(run) = runs.next().await {
                ended.push(run);
            }
            ended
        });
        assert_eq!(ended, [("counter", true), (ask, false)]);
    }
}

/// A runner that may go to the service, and compute for two seconds.
pub(super) async fn runner(component: &str, service: &Service) -> Arc<Runner> {
    let invocation = Invocation {
        folder: Path::new("/").to_owned(),
        component: Some(component.into()),
        allow: vec![service.origin()],
        limits: vec!["cpu=2s".to_owned()],
        ..Invocation::default()
    };
    let settings = config::resolve(&invocation, &Environment::default(), &Folders::default())
        .unwrap_or_else(|faults| panic!("{}", faults.render(false)));
    let engine = Engine::new(EngineOptions {
        // The folder that the binary uses too.
        cache: Some(host::target().join("test-cache/arborist/aot")),
        ..EngineOptions::default()
    });
    let source = Source::read(Path::new(component)).unwrap();
    let deadline = Operation::TaskSpec.deadline(&settings, Instant::now());
    let loaded = runner::load(&engine.unwrap(), &source, &settings.limits, deadline).await;
    let runner = Runner::new(loaded.unwrap(), settings, Outside::default(), deadline).await;
    Arc::new(runner.unwrap())
}
