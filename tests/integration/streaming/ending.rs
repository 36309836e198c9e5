//! What is left of a stream that ends in the middle.

use super::{at_once::runner, gated, read_until, start, stream};
use crate::guests::{PLAIN, STREAMING};
use arborist::{
    engine::Ignore,
    runner::{Description, Parameters},
};
use arborist_tests::{
    Host,
    service::{End, PATIENCE, Service, Stream, What},
};
use serde_json::Value;
use std::{fs, sync::Arc};
use tokio::time::Instant;

/// The outcome of the only attempt of a log.
fn outcome(host: &Host) -> String {
    let log = fs::read_to_string(host.home().join("audit.jsonl")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let attempts: Vec<Value> = lines
        .filter(|line: &Value| line["event"] == "attempt")
        .collect();
    assert_eq!(attempts.len(), 1, "{log}");
    attempts[0]["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn an_interruption_in_mid_stream_leaves_nothing_behind() {
    for (component, ask) in [(STREAMING, "stream"), (PLAIN, "open")] {
        let host = Host::new();
        let (service, _gate) = gated();
        let ask = format!("{ask} GET {}", service.url("/"));
        let origin = service.origin();
        let args = [
            "run",
            &ask,
            "--component",
            component,
            "--stream",
            "--allow",
            &origin,
            "--audit",
            "audit.jsonl",
            "-o",
            "spec.yaml",
        ];
        let mut child = start(&host, &args);
        let mut stderr = child.stderr.take().unwrap();
        assert_eq!(read_until(&mut stderr, "first "), "first ");
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(read_until(&mut stderr, "never"), "\nerror: interrupted\n");
        assert!(service.quiet(PATIENCE), "{}", service.log());
        assert_eq!(outcome(&host), "cancelled");
        let left = fs::read_dir(host.home()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(
            left.iter()
                .all(|name| !name.to_string_lossy().contains("spec")
                    && !name.to_string_lossy().starts_with(".arborist-")),
            "{left:?}"
        );
    }
}

#[test]
fn dropping_the_future_closes_the_connection() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    for (component, ask) in [(STREAMING, "stream"), (PLAIN, "open")] {
        let (service, _gate) = gated();
        let runner = runtime.block_on(runner(component, &service));
        let ask = format!("{ask} GET {}", service.url("/"));
        let call = runtime.spawn(async move {
            let running = runner.start(Parameters::default(), Arc::new(Ignore), Instant::now());
            let description = Description::new(&ask).unwrap();
            running.unwrap().task_spec(&description).await.map(drop)
        });
        service.expect(&What::AnswerPiece(0));
        call.abort();
        assert!(service.quiet(PATIENCE), "{}", service.log());
        assert!(runtime.block_on(call).unwrap_err().is_cancelled());
    }
}

#[test]
fn an_answer_that_breaks_in_the_middle_is_an_error() {
    for end in [End::Cut, End::Reset] {
        let host = Host::new();
        let (half, gates) = Stream::gated("text/plain", ["half"]);
        gates[0].open();
        let service = Service::start(half.end(end).into());
        let ask = format!("stream GET {}", service.url("/"));
        let flags = [
            "--allow",
            &service.origin(),
            "--audit",
            "audit.jsonl",
            "-o",
            "spec.yaml",
            "--param",
            "on-error=fail",
        ];
        let shown = stream(&host, &ask, &flags).failed(5);
        assert!(shown.contains("ConnectionTerminated"), "{shown}");
        assert_eq!(outcome(&host), "cut-off");
        assert!(!host.home().join("spec.yaml").exists());
    }
}
