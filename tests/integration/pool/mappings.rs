//! How many memory mappings an instance takes out of a pool. The size of pools is bounded by them, and wasmtime decides how many there are.

use super::{Loaded, engine, on_two_threads};
use crate::guests::PLAIN;
use arborist::engine::MAPPINGS;
use arborist_tests::host;
use std::{fs, process::Command};

const BY_ITSELF: &str = "pool::mappings::instances_by_themselves";
const INSTANCES: u32 = 100;
/// Of threads, of the heap and of the component's code.
const OTHERS: u64 = 50;

/// In a process of its own, where nobody else maps anything.
#[test]
fn an_instance_takes_as_many_mappings_as_are_counted() {
    let mut itself = Command::new(std::env::current_exe().unwrap());
    itself.args([BY_ITSELF, "--exact", "--ignored", "--test-threads=1"]);
    let ran = host::run(&mut itself, b"");
    assert!(ran.succeeded().contains("1 passed"));
}

fn mappings() -> u64 {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().count() as u64
}

/// Its memory has its data in the middle and has grown, so it is in as many parts as one can be.
#[test]
#[ignore = "it is run alone, by the test above"]
fn instances_by_themselves() {
    on_two_threads().block_on(async {
        let before = mappings();
        let engine = engine(INSTANCES);
        let plain = Loaded::built(&engine, PLAIN, &["memory=4MiB"]).await;
        let mut runs = Vec::new();
        for _ in 0..INSTANCES {
            runs.push(plain.begun("dirty sleep").await);
        }
        let (taken, instances) = (mappings() - before, u64::from(INSTANCES));
        assert!(taken <= instances * MAPPINGS + OTHERS, "{taken}");
        assert!(taken > instances * (MAPPINGS - 1) + OTHERS, "{taken}");
        runs.iter().for_each(tokio::task::JoinHandle::abort);
    });
}
