//! What a component takes of a pool, and that one which does not fit runs on demand under the same limits.

use super::{LONG, Loaded, Said, engine, made, on_two_threads};
use crate::guests::{PLAIN, STREAMING};
use std::sync::Mutex;

#[test]
fn what_does_not_fit_runs_on_demand_under_the_same_limits() {
    on_two_threads().block_on(async {
        let engine = engine(8);
        let repeat = |part: &str, times: usize| part.repeat(times);
        let memories = format!(
            "(core module $part (memory 1)) {}",
            repeat("(core instance (instantiate $part))", 24)
        );
        let instances = format!(
            "(core module $part) {}",
            repeat("(core instance (instantiate $part))", 120)
        );
        let tables = format!(
            "(core module $part (table 1 funcref)) {}",
            repeat("(core instance (instantiate $part))", 44)
        );
        for (before, limit, default) in [
            (&memories, "memories", "memories=30"),
            (&instances, "instances", "instances=200"),
            (&tables, "tables", "tables=60"),
        ] {
            let source = made(&[("before", before)]);
            let refused = Loaded::new(&engine, &source, &[], LONG).await;
            assert_eq!(refused.slots, None, "{limit}");
            let error = refused.ask("x").await.unwrap_err().to_string();
            assert!(error.contains(&format!("`{limit}`")), "{error}");
            let permitted = Loaded::new(&engine, &source, &[default], LONG).await;
            assert_eq!(permitted.slots, None, "{limit}");
            permitted.ask("x").await.unwrap();
        }
    });
}

#[test]
fn a_raised_limit_on_tables_is_kept_on_demand() {
    const GROW: &str = "
        (if (i32.eq (table.grow $t (ref.null func) (i32.const 300000)) (i32.const -1)) (then unreachable))
        i32.const 16";
    on_two_threads().block_on(async {
        let engine = engine(1);
        let source = made(&[("items", "(table $t 1 funcref)"), ("spec", GROW)]);
        let usual = Loaded::new(&engine, &source, &[], LONG).await;
        assert_eq!(usual.slots, Some(1));
        let error = usual.ask("x").await.unwrap_err().to_string();
        assert!(
            error.contains("`table-elements`: 200000 allowed"),
            "{error}"
        );
        let raised = Loaded::new(&engine, &source, &["table-elements=400000"], LONG).await;
        assert_eq!(raised.slots, None);
        raised.ask("x").await.unwrap();
        let less = Loaded::new(&engine, &source, &["table-elements=250000"], LONG).await;
        assert_eq!(less.slots, None);
        let error = less.ask("x").await.unwrap_err().to_string();
        assert!(
            error.contains("`table-elements`: 250000 allowed"),
            "{error}"
        );
    });
}

#[test]
fn one_that_needs_more_than_the_whole_pool_runs_on_demand() {
    on_two_threads().block_on(async {
        let five = "(table 1 funcref) ".repeat(5);
        let source = made(&[("items", &five)]);
        let one = Loaded::new(&engine(1), &source, &[], LONG).await;
        assert_eq!(one.slots, None);
        one.ask("x").await.unwrap();
        let two = Loaded::new(&engine(2), &source, &[], LONG).await;
        assert_eq!(two.slots, Some(2));
        two.ask("x").await.unwrap();
    });
}

/// All memory that a 32-bit guest can have, and the largest limit there is.
#[test]
fn a_slot_holds_as_much_memory_as_a_guest_can_have() {
    const GROW: &str = "
        (drop (memory.grow (i32.sub (i32.const 65536) (memory.size))))
        (if (i32.ne (memory.size) (i32.const 65536)) (then unreachable))
        (i32.store8 (i32.const -1) (i32.const 1))
        i32.const 16";
    on_two_threads().block_on(async {
        let engine = engine(1);
        let source = made(&[("spec", GROW)]);
        let all = Loaded::new(&engine, &source, &["memory=4GiB"], LONG).await;
        assert_eq!(all.slots, Some(1));
        all.ask("x").await.unwrap();
        let usual = Loaded::new(&engine, &source, &[], LONG).await;
        let error = usual.ask("x").await.unwrap_err().to_string();
        assert!(error.contains("`memory`"), "{error}");
    });
}

#[test]
fn runners_that_stream_run_out_of_a_pool() {
    on_two_threads().block_on(async {
        let engine = engine(2);
        let streaming = Loaded::built(&engine, STREAMING, &["cpu=1s"]).await;
        let plain = Loaded::built(&engine, PLAIN, &[]).await;
        assert_eq!(streaming.slots, Some(1));
        let asks = [
            "words one two",
            "trap",
            "result-first one",
            "emit one two",
            "drop-future",
        ];
        let runs: Vec<_> = (0..25)
            .map(|number| {
                let ask = asks[number % asks.len()];
                tokio::spawn(streaming.watched(ask, Said(Mutex::new(None))))
            })
            .collect();
        for (number, run) in runs.into_iter().enumerate() {
            let ended = run.await.unwrap();
            let fails = ["trap", "drop-future"].contains(&asks[number % asks.len()]);
            assert_eq!(ended.is_err(), fails, "{number}: {ended:?}");
        }
        let spec = plain
            .ask("spec {name: alive, steps: [{name: a, command: b}]}")
            .await;
        assert!(spec.unwrap().starts_with("name: alive"));
    });
}
