//! More runs than a pool has instances: each waits for its turn.

use super::{LONG, Loaded, engine, made, on_two_threads};
use crate::guests::PLAIN;
use arborist::{engine::Source, runner::RunClass};
use futures_util::future::{join_all, poll_immediate};
use std::{path::Path, pin::pin, sync::Mutex, time::Duration};

const GOOD: &str = "spec {name: alive, steps: [{name: a, command: b}]}";

/// A runner with more tables than a slot has.
fn wide() -> Source {
    made(&[(
        "items",
        "(table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)",
    )])
}

#[test]
fn a_full_pool_is_waited_for_until_the_deadline() {
    on_two_threads().block_on(async {
        let engine = engine(1);
        let plain = Loaded::built(&engine, PLAIN, &["memory=64MiB"]).await;
        let source = Source::read(Path::new(PLAIN)).unwrap();
        let hasty = Loaded::new(&engine, &source, &[], 300).await;
        let occupant = plain.begun("dirty sleep").await;
        let error = hasty.ask(GOOD).await.unwrap_err();
        assert_eq!(error.class(), RunClass::Sandbox);
        let told = error.to_string();
        assert!(
            told.contains("for its turn: it counts for 1 of the pool's 1 instances")
                && told.contains("help:"),
            "{told}"
        );
        // What it did before it asked for its turn is no wait.
        let hasty = hasty.ask(GOOD);
        tokio::time::sleep(Duration::from_millis(400)).await;
        let told = hasty.await.unwrap_err().to_string();
        assert!(
            told.contains("it waited ") && !told.contains("00ms"),
            "{told}"
        );
        occupant.abort();
        assert!(occupant.await.unwrap_err().is_cancelled());
        assert!(plain.ask(GOOD).await.unwrap().starts_with("name: alive"));
    });
}

/// More tables than the pool has at all.
fn vast() -> Source {
    made(&[("items", &"(table 1 funcref) ".repeat(13))])
}

#[test]
fn what_does_not_fit_the_pool_takes_turns_too() {
    on_two_threads().block_on(async {
        let engine = engine(3);
        let plain = Loaded::built(&engine, PLAIN, &["memory=64MiB"]).await;
        let vast_one = Loaded::new(&engine, &vast(), &[], LONG).await;
        let raised =
            Loaded::built(&engine, PLAIN, &["memory=64MiB", "table-elements=400000"]).await;
        let turns = |loaded: &Loaded| (loaded.slots, loaded.turns);
        assert_eq!(turns(&plain), (Some(1), Some(1)));
        assert_eq!(turns(&vast_one), (None, Some(3)));
        assert_eq!(turns(&raised), (None, Some(1)));
        // As many as there are instances, of those that are on demand.
        let mut occupants = Vec::new();
        for _ in 0..3 {
            occupants.push(raised.begun("dirty sleep").await);
        }
        let ended = Mutex::new(Vec::new());
        let mut waiting = Vec::new();
        for (name, loaded) in [("first", &raised), ("all", &vast_one), ("last", &plain)] {
            let (run, ended) = (loaded.ask(GOOD), &ended);
            let mut run = Box::pin(async move {
                run.await.unwrap();
                ended.lock().unwrap().push(name);
            });
            assert!(poll_immediate(&mut run).await.is_none(), "{name}");
            waiting.push(run);
        }
        let hasty = Loaded::new(&engine, &vast(), &[], 300).await;
        let told = hasty.ask("x").await.unwrap_err();
        assert_eq!(told.class(), RunClass::Sandbox);
        let told = told.to_string();
        assert!(
            told.contains("it counts for 3 of the pool's 3 instances"),
            "{told}"
        );
        occupants.iter().for_each(tokio::task::JoinHandle::abort);
        join_all(waiting).await;
        assert_eq!(*ended.lock().unwrap(), ["first", "all", "last"]);
    });
}

#[test]
fn turns_are_taken_in_order() {
    on_two_threads().block_on(async {
        let engine = engine(1);
        let plain = Loaded::built(&engine, PLAIN, &["memory=64MiB"]).await;
        let occupant = plain.begun("dirty sleep").await;
        let ended = Mutex::new(Vec::new());
        let mut waiting = Vec::new();
        for number in 0..8 {
            let (run, ended) = (plain.ask(GOOD), &ended);
            let mut run = Box::pin(async move {
                run.await.unwrap();
                ended.lock().unwrap().push(number);
            });
            assert!(poll_immediate(&mut run).await.is_none());
            waiting.push(run);
        }
        // One that gives up leaves its place to those behind it.
        drop(waiting.remove(3));
        occupant.abort();
        join_all(waiting).await;
        assert_eq!(*ended.lock().unwrap(), [0, 1, 2, 4, 5, 6, 7]);
    });
}

/// With components that take one slot and two, in a pool whose size is no multiple of two.
#[test]
fn many_runs_get_through_a_small_pool() {
    on_two_threads().block_on(async {
        let engine = engine(3);
        let plain = Loaded::built(&engine, PLAIN, &[]).await;
        let wide = Loaded::new(&engine, &wide(), &[], LONG).await;
        assert_eq!((plain.slots, wide.slots), (Some(1), Some(2)));
        let runs = (0..90).map(|number| match number % 3 {
            0 => tokio::spawn(plain.watched(GOOD, super::Said(Mutex::new(None)))),
            1 => tokio::spawn(plain.watched("trap", super::Said(Mutex::new(None)))),
            _ => tokio::spawn(wide.watched("x", super::Said(Mutex::new(None)))),
        });
        let runs: Vec<_> = runs.collect();
        for (number, run) in runs.into_iter().enumerate() {
            match (number % 3, run.await.unwrap()) {
                (1, Err(error)) => assert!(error.to_string().contains("trapped"), "{error}"),
                (1, Ok(spec)) => panic!("{spec}"),
                (_, ended) => drop(ended.unwrap()),
            }
        }
    });
}

/// Those that wait hold nothing: one that was waited for by many, and given up by all, is free.
#[test]
fn turns_that_are_given_up_are_not_lost() {
    on_two_threads().block_on(async {
        let engine = engine(2);
        let plain = Loaded::built(&engine, PLAIN, &["memory=64MiB"]).await;
        let wide = Loaded::new(&engine, &wide(), &[], LONG).await;
        let occupant = plain.begun("dirty sleep").await;
        for _ in 0..20 {
            // It is given one of its two slots at once, and has to give it back.
            let mut waiting = pin!(wide.ask("x"));
            assert!(poll_immediate(&mut waiting).await.is_none());
        }
        assert!(plain.ask(GOOD).await.is_ok());
        occupant.abort();
        assert!(wide.ask("x").await.is_ok());
    });
}
