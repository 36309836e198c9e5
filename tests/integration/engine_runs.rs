//! What Arborist prints, the real engine validates and runs, in the order that the spec means.

use arborist_tests::{Host, dagu::Dagu};
use std::fs;

#[test]
fn a_description_becomes_a_dag_that_the_engine_runs() {
    let host = Host::new();
    let dagu = Dagu::new().unwrap();
    let path = dagu.work().join("dag.yaml");
    let description = "Back up the orders database every night and check the copy";
    let _spec = host
        .run(&["run", description, "--dagu", path.to_str().unwrap()])
        .succeeded();
    let validated = dagu.validate(&path).unwrap();
    assert!(validated.status.success(), "{validated:?}");
    let started = dagu.start(&path).unwrap();
    assert!(started.status.success(), "{started:?}");
}

#[test]
fn independent_steps_overlap_and_dependent_ones_do_not() {
    let host = Host::new();
    let dagu = Dagu::new().unwrap();
    let spec = host.file(
        "spec.yaml",
        "name: overlap\nsteps:\n\
         - {name: left, command: sleep 1}\n\
         - {name: right, command: sleep 1}\n\
         - {name: join, command: sleep 0.1, depends_on: [left, right]}\n",
    );
    let dag = host.run(&["dagu", spec.to_str().unwrap()]).succeeded();
    let path = dagu.work().join("overlap.yaml");
    fs::write(&path, dag).unwrap();
    let started = dagu.start(&path).unwrap();
    assert!(started.status.success(), "{started:?}");
    let [left, right, join] =
        ["left", "right", "join"].map(|step| dagu.step("overlap", step).unwrap());
    // Dagu records whole seconds, which compare as text; two sleeps of a second that overlap each start
    // no later than the other ends.
    assert!(left.started_at <= right.finished_at && right.started_at <= left.finished_at);
    assert!(
        left.started_at < right.finished_at && right.started_at < left.finished_at,
        "they ran one after the other"
    );
    assert!(join.started_at >= left.finished_at && join.started_at >= right.finished_at);
}

#[test]
fn a_runner_may_make_the_dag_itself_but_not_say_anything_it_likes() {
    let host = Host::new();
    let spec = host.file(
        "spec.yaml",
        "name: a\nsteps: [{name: s, command: echo hello}]\n",
    );
    let with = |dag: &str| {
        let param = format!("dagu={dag}");
        host.run(&[
            "dagu",
            spec.to_str().unwrap(),
            "--component",
            crate::guests::PLAIN,
            "--param",
            &param,
        ])
    };
    let old_dialect = with(
        "{name: a, tasks: [{name: one, command: echo 1}, {name: two, command: echo 2, depends_on: [one]}]}",
    );
    let dag = old_dialect.succeeded();
    assert!(
        dag.contains("type: graph") && dag.contains("steps:") && dag.contains("depends:"),
        "{dag}"
    );
    let handler =
        with("{name: a, handlerOn: {exit: {command: x}}, steps: [{name: one, command: echo 1}]}");
    assert!(handler.failed(7).contains("handlerOn"));
    let executor = with("{name: a, steps: [{name: one, command: echo 1, executor: {type: ssh}}]}");
    let error = executor.failed(7);
    assert!(
        error.contains("executor") && error.contains("one"),
        "{error}"
    );
}
