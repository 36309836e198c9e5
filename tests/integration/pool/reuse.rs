//! A pool of one instance: whatever a run did, and however it ended, the next one in its slot finds nothing of it.

use super::{LONG, Loaded, MIB, engine, made, on_two_threads};
use crate::guests::PLAIN;
use arborist::engine::{Engine, Source};
use std::path::Path;

const LIMITS: &[&str] = &["memory=64MiB", "cpu=2s"];

/// That the slot can be had, and that all of its memory is as new.
async fn is_as_new(plain: &Loaded, after: &str) {
    assert_eq!(plain.slots, Some(1));
    let spec = plain.ask("fresh").await.unwrap();
    let number = |name: &str| {
        let rest = spec.split_once(&format!("name: {name}\n")).unwrap().1;
        let command = rest.trim_start().strip_prefix("command: ").unwrap();
        let line = command.lines().next().unwrap().trim_matches('"');
        line.parse::<usize>().unwrap()
    };
    assert!(number("taken") > 60 * MIB, "after {after}: {spec}");
    assert_eq!(number("found"), 0, "after {after}: {spec}");
}

async fn plain(engine: &Engine, timeout: u64) -> Loaded {
    let source = Source::read(Path::new(PLAIN)).unwrap();
    Loaded::new(engine, &source, LIMITS, timeout).await
}

#[test]
fn nothing_of_a_run_is_left_in_its_slot() {
    on_two_threads().block_on(async {
        let engine = engine(1);
        let good = plain(&engine, LONG).await;
        is_as_new(&good, "nothing").await;
        for (ask, reason) in [
            ("dirty spec", None),
            ("memory", Some("`memory`")),
            ("dirty trap", Some("`memory`")),
            ("trap", Some("trapped")),
            ("panic", Some("trapped")),
            ("recursion", Some("trapped")),
            ("dirty recursion", Some("`memory`")),
            ("dirty exit 3", Some("it called exit(")),
            ("dirty loop", Some("`cpu`")),
            ("dirty random-huge", Some("`random`")),
            ("answer 2000000", Some("`output`")),
            ("handles", Some("`resources`")),
        ] {
            match (good.ask(ask).await, reason) {
                (Ok(_), None) => {}
                (Err(error), Some(reason)) => {
                    let error = error.to_string();
                    assert!(error.contains(reason), "{ask}: {error}");
                }
                (ended, _) => panic!("{ask}: {ended:?}"),
            }
            is_as_new(&good, ask).await;
        }
    });
}

#[test]
fn a_stack_that_overflowed_is_as_good_as_new() {
    on_two_threads().block_on(async {
        let engine = engine(1);
        let good = plain(&engine, LONG).await;
        let items = "(func $deeper (param i64) (result i64)
            (i64.add (local.get 0) (call $deeper (i64.add (local.get 0) (i64.const 1)))))";
        let spec = "(drop (call $deeper (i64.const 0))) i32.const 16";
        let deep = made(&[("items", items), ("spec", spec)]);
        let deep = Loaded::new(&engine, &deep, &[], LONG).await;
        // As often as there are stacks, and once more.
        for _ in 0..3 {
            let error = deep.ask("x").await.unwrap_err().to_string();
            assert!(error.contains("call stack exhausted"), "{error}");
            is_as_new(&good, "a stack overflow").await;
        }
    });
}

#[test]
fn a_deadline_gives_the_slot_back() {
    on_two_threads().block_on(async {
        let engine = engine(1);
        let (good, short) = (plain(&engine, LONG).await, plain(&engine, 1_500).await);
        for ask in ["dirty sleep", "dirty loop"] {
            let error = short.ask(ask).await.unwrap_err().to_string();
            assert!(
                error.contains("longer than") || error.contains("`cpu`"),
                "{error}"
            );
            is_as_new(&good, ask).await;
        }
    });
}

/// While it waits in the host and while it computes.
#[test]
fn a_cancelled_run_gives_the_slot_back() {
    on_two_threads().block_on(async {
        let engine = engine(1);
        let source = Source::read(Path::new(PLAIN)).unwrap();
        let limits = ["memory=64MiB", "cpu=1h"];
        let good = Loaded::new(&engine, &source, &limits, LONG).await;
        for ask in ["dirty sleep", "dirty loop", "dirty emit-forever"] {
            let run = good.begun(ask).await;
            run.abort();
            assert!(run.await.unwrap_err().is_cancelled(), "{ask}");
            is_as_new(&good, ask).await;
        }
    });
}

/// Grows its table to its end and fills it (`dirty`), or looks for anything in it, in what it has from the start and in what it gets.
const TABLE: &str = "
    (local $at i32)
    (if (i32.eq (i32.load8_u (local.get 0)) (i32.const 100)) (then
      (drop (table.grow $t (ref.func $f) (i32.sub (i32.const 200000) (table.size $t))))
      (if (i32.ne (table.size $t) (i32.const 200000)) (then unreachable))
      (table.fill $t (i32.const 0) (ref.func $f) (table.size $t))
      (return (i32.const 16))))
    (loop $next
      (if (i32.eqz (ref.is_null (table.get $t (local.get $at)))) (then unreachable))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (table.size $t))))
    i32.const 16";

#[test]
fn nothing_of_a_table_is_left_in_its_slot() {
    on_two_threads().block_on(async {
        let engine = engine(1);
        let table = |from: u32| {
            let items =
                format!("(table $t {from} 200000 funcref) (func $f) (elem declare func $f)");
            made(&[("items", &items), ("spec", TABLE)])
        };
        let (small, large) = (table(100), table(200_000));
        // Four tables to a slot: each run can get any of them, so all are dirtied.
        let small = Loaded::new(&engine, &small, &[], LONG).await;
        let large = Loaded::new(&engine, &large, &[], LONG).await;
        assert_eq!((small.slots, large.slots), (Some(1), Some(1)));
        for loaded in [&small, &large] {
            for _ in 0..4 {
                loaded.ask("dirty").await.unwrap();
            }
            for _ in 0..4 {
                small.ask("look").await.unwrap();
                large.ask("look").await.unwrap();
            }
        }
    });
}
