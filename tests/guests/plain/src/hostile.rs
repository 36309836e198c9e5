//! What a runner should not do, and a few harmless things that are told apart by where they show.

use crate::bindings::arborist::runner::progress;
use crate::bindings::exports::arborist::runner::generate::RunnerError;
use crate::bindings::wasi::logging::logging::{Level, log};
use crate::{number, spec_with};
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const MIB: usize = 1 << 20;

/// How often this instance has been called, this call included.
pub(crate) fn count() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed) + 1
}

/// Behaves so; `None` where no behaviour has that name.
pub(crate) fn run(behaviour: &str, argument: &str) -> Result<Option<String>, RunnerError> {
    let line = "x".repeat(1023);
    let argument = &crate::asked::filled(argument);
    match behaviour {
        "counter" => return Ok(Some(spec_with("counter", count()))),
        "answer" => return Ok(Some(answer(number(argument, 1 << 30)?))),
        "invalid-utf8" => return Ok(Some(invalid_utf8())),
        "trap" => trap(),
        "panic" => panic!("the guest panics: {argument}"),
        "recursion" => drop(black_box(recurse(1))),
        "exit" => std::process::exit(number(argument, 0)? as i32),
        "loop" => loop {
            black_box(0);
        },
        "sleep" => std::thread::sleep(Duration::from_secs_f64(
            argument.trim().parse().unwrap_or(1e9),
        )),
        "emit-forever" => loop {
            progress::emit("");
        },
        "random-forever" => loop {
            black_box(wasip2::random::random::get_random_u64());
        },
        "zeroes" => {
            let stderr = wasip2::cli::stderr::get_stderr();
            repeat(argument, || {
                drop(stderr.blocking_write_zeroes_and_flush(4096))
            })?;
        }
        "memory" => take_memory(number(argument, u64::MAX)?),
        "memory-try" => {
            return Ok(Some(spec_with(
                "mib",
                try_memory(number(argument, u64::MAX)?),
            )));
        }
        "dirty" => {
            let _ = take_all(0xa5);
            log(Level::Info, "plain", "dirtied");
            return run(
                argument.split(' ').next().unwrap_or_default(),
                argument.split_once(' ').map_or("", |(_, rest)| rest),
            );
        }
        "fresh" => return Ok(Some(fresh())),
        "log-flood" => repeat(argument, || log(Level::Info, "flood", &line))?,
        "stdout-flood" => repeat(argument, || println!("{line}"))?,
        "stderr-flood" => repeat(argument, || eprintln!("{line}"))?,
        "stdout" => println!("{argument}"),
        "stderr" => eprintln!("{argument}"),
        "log" => log(Level::Info, "plain", argument),
        "log-as" => log(Level::Info, argument, "a line in a context"),
        "progress" => argument.split_inclusive(' ').for_each(progress::emit),
        "emit-huge" => progress::emit(&"x".repeat(number(argument, MIB as u64 + 1)? as usize)),
        "handles" => {
            let pollables = (0..number(argument, 2_000_000)?)
                .map(|_| wasip2::clocks::monotonic_clock::subscribe_duration(u64::MAX))
                .collect::<Vec<_>>();
            return Ok(Some(spec_with("handles", pollables.len())));
        }
        "random-huge" => {
            let bytes = wasip2::random::random::get_random_bytes(number(argument, 1 << 30)?);
            return Ok(Some(spec_with("bytes", bytes.len())));
        }
        _ => return Ok(None),
    }
    Ok(Some(spec_with("done", behaviour)))
}

/// Ends, where `how` is a way to end; returns where it is none.
pub(crate) fn leave(how: &str) {
    match how {
        "trap" => trap(),
        "sleep" | "drop later" => std::thread::sleep(Duration::from_secs(1_000_000)),
        _ => {}
    }
}

fn repeat(argument: &str, mut act: impl FnMut()) -> Result<(), RunnerError> {
    (0..number(argument, 100_000)?).for_each(|_| act());
    Ok(())
}

/// A spec whose description has so many bytes; traps where the memory for it is refused.
fn answer(length: u64) -> String {
    let (head, tail) = (
        r#"{"name":"answer","description":""#,
        r#"","steps":[{"name":"a","command":"true"}]}"#,
    );
    let length = length as usize;
    let mut answer = String::with_capacity(head.len() + length + tail.len());
    answer.push_str(head);
    answer.extend(std::iter::repeat_n('x', length));
    answer.push_str(tail);
    answer
}

fn invalid_utf8() -> String {
    // SAFETY: not sound, and that is the point; nothing in the guest reads it as text.
    unsafe { String::from_utf8_unchecked(vec![b'n', 0xff, 0xfe]) }
}

fn trap() {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
}

#[expect(unconditional_recursion, reason = "what it is for")]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 32]);
    black_box(recurse(black_box(depth + 1))) + frame[31]
}

/// Takes and touches so many MiB, and is aborted where they are refused.
fn take_memory(mib: u64) {
    let mut held = Vec::new();
    for _ in 0..mib {
        held.push(black_box(vec![1_u8; MIB]));
    }
}

/// Takes all memory that there is to have, and fills it with `byte`. How much it was, and how many of its bytes were
/// not zero before.
fn take_all(byte: u8) -> (usize, usize) {
    let (mut taken, mut found) = (0, 0);
    // For what is said afterwards.
    let room = black_box(Vec::<u8>::with_capacity(1 << 16));
    #[cfg(target_arch = "wasm32")]
    loop {
        const PAGE: usize = 1 << 16;
        let before = core::arch::wasm32::memory_grow::<0>(1);
        if before == usize::MAX {
            break;
        }
        // SAFETY: a page that was added just now is nobody's.
        let page = unsafe { core::slice::from_raw_parts_mut((before * PAGE) as *mut u8, PAGE) };
        found += page.iter().filter(|byte| **byte != 0).count();
        page.fill(byte);
        taken += PAGE;
    }
    drop(room);
    (taken, found)
}

/// How many bytes it could take and how many of them somebody else had used.
fn fresh() -> String {
    let (taken, found) = take_all(0x5a);
    let mut report = crate::report::Report::new("");
    report.add("taken", taken);
    report.add("found", found);
    report.to_spec()
}

/// Takes and touches up to so many MiB; how many it got.
fn try_memory(mib: u64) -> u64 {
    let mut held: Vec<Vec<u8>> = Vec::new();
    for got in 0..mib {
        let mut block = Vec::new();
        if block.try_reserve_exact(MIB).is_err() {
            return got;
        }
        block.resize(MIB, 1);
        held.push(black_box(block));
    }
    mib
}
