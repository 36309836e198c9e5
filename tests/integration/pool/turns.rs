//! More runs than a pool has instances: each waits for its turn.

use super::{LONG, Loaded, engine, made, on_two_threads};
use crate::guests::PLAIN;
use arborist::{engine::Source, runner::RunClass};
use futures_util::future::{join_all, poll_immediate};
use std::{path::Path, pin::pin, sync::Mutex};

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
            told.contains("other runs took all instances of the pool for 300ms")
                && told.contains("help:"),
            "{told}"
        );
        occupant.abort();
        assert!(occupant.await.unwrap_err().is_cancelled());
        assert!(plain.ask(GOOD).await.unwrap().starts_with("name: alive"));
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
