//! `arborist cache`.

use super::{CACHE, entries, home, plan, run};
use arborist_tests::service::{Behaviour, Service};
use serde_json::Value;
use std::fs;

#[test]
fn lists_what_is_there_and_throws_it_away() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = home(&service, CACHE);
    let folder = host.home().join("cached");
    assert!(
        run(&host, &["cache", "ls", "--only", "results"])
            .succeeded()
            .contains("cached: 0 entries")
    );
    for input in ["x", "y"] {
        let _spec = run(&host, &["run", input, "--dagu", "dag.yaml"]).succeeded();
    }
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    fs::write(
        folder.join(format!("{}.result", "0".repeat(64))),
        "arborist result 1 ",
    )
    .unwrap();
    // Without the key that runs need: looking needs none.
    let listed = host.run(&["cache", "ls", "--only", "results"]).succeeded();
    let lines: Vec<_> = listed
        .lines()
        .filter(|line| line.contains("custom"))
        .collect();
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("task spec"))
            .count(),
        2,
        "{listed}"
    );
    assert_eq!(
        lines.iter().filter(|line| line.contains("DAG")).count(),
        1,
        "{listed}"
    );
    assert!(
        lines.iter().all(|line| line.contains("expires in 23h")),
        "{listed}"
    );
    assert!(listed.contains("and 1 that no run would take"), "{listed}");
    let listed: Value = serde_json::from_str(
        &host
            .run(&["cache", "ls", "--only", "results", "--format", "json"])
            .succeeded(),
    )
    .unwrap();
    let cached = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|listed| listed["unknown"] == 1)
        .unwrap();
    assert_eq!(cached["entries"].as_array().unwrap().len(), 3);
    assert!(
        cached["entries"][0]["ttl_ms"] == 86_400_000 && cached["entries"][0]["expired"] == false
    );

    let cleared = host
        .run(&["cache", "clear", "--only", "results"])
        .succeeded();
    assert!(cleared.contains("cached: removed 1 entry"), "{cleared}");
    assert_eq!(entries(&folder).len(), 3);
    let cleared = host
        .run(&["cache", "clear", "--all", "--only", "results"])
        .succeeded();
    assert!(cleared.contains("cached: removed 3 entries"), "{cleared}");
    assert!(entries(&folder).is_empty() && folder.join("notes.txt").exists());
}

#[test]
fn a_found_files_folder_stays_beneath_it() {
    let service = Service::start(Behaviour::json(200, &plan()));
    let host = home(&service, "  cache: {dir: link/cached}\n");
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), host.home().join("link")).unwrap();
    for args in [
        &["run", "x"][..],
        &["cache", "ls", "--only", "results"],
        &["cache", "clear", "--all", "--only", "results"],
    ] {
        let error = run(&host, args).failed(3);
        assert!(error.contains("`cache.dir` leads out"), "{error}");
    }
    let _spec = run(&host, &["run", "x", "-c", "agent-arborist.yaml"]).succeeded();
    assert_eq!(entries(&outside.path().join("cached")).len(), 1);
    assert_eq!(service.requests().len(), 1);
}
