//! Why the sandbox stopped a run, told apart from what the runner itself reports.

use super::{memory::Exceeded, refusal, state::RunState};
use crate::{escape::printable, limits::Limit};
use std::{fmt, io::ErrorKind, time::Duration};
use wasmtime::{
    PoolConcurrencyLimitError, Store, Trap, WasmBacktrace, component::ResourceTableError,
};
use wasmtime_wasi::I32Exit;

/// Why the sandbox stopped a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// A limit was met.
    #[error(
        "it met its limit `{limit}`: {detail}\n  help: if the runner needs more, give it with `--limit {limit}=…` or `limits: {{{limit}: …}}`"
    )]
    Limit {
        /// Which.
        limit: Limit,
        /// The bound and the figure reached.
        detail: String,
    },
    /// The deadline passed.
    #[error("it took longer than {}\n  help: give it more time with `--timeout TIME`", humantime::format_duration(*.0))]
    Deadline(Duration),
    /// The deadline passed before there was room for it.
    #[error("it waited {} for its turn: it counts for {needed} of the pool's {all} instances, and other runs had them\n  help: give it more time with `--timeout TIME`, or the pool more `instances` in `engine:`", show(*waited))]
    Full {
        /// How long it waited.
        waited: Duration,
        /// How many instances of the pool it counts for.
        needed: u32,
        /// How many there are.
        all: u32,
    },
    /// The pool had nothing left of what it needs.
    #[error(
        "the pool had none left of what it needs: {0}\n  help: run it again when less runs at once, or give the pool more `instances` in `engine:`"
    )]
    Exhausted(String),
    /// The system gave the process no memory, or no mapping of any, where the run needed it.
    #[error(
        "the system has no memory for it: {0}\n  help: run it again when less runs at once; what bounds a process is `ulimit -v`, its container, and vm.max_map_count"
    )]
    Machine(String),
    /// The deadline passed while a runner that streams owed something.
    #[error("it took longer than {}: {what}\n  help: give it more time with `--timeout TIME`", humantime::format_duration(*time))]
    Owed {
        /// What had not come.
        what: &'static str,
        /// The time that it was given.
        time: Duration,
    },
    /// The guest did what WebAssembly forbids, or gave up.
    #[error("it trapped: {0}")]
    Trap(String),
    /// The guest asked to exit.
    #[error("it called exit({0}) instead of returning")]
    Exit(i32),
}

/// The longest text of a guest in a reason, in characters.
const SHOWN: usize = 1_000;

impl Stop {
    /// The deadline passed, `time` after the call began.
    pub(super) fn late(time: Duration, state: &RunState) -> Self {
        match state.owed {
            Some(what) => Self::Owed { what, time },
            None => Self::Deadline(time),
        }
    }
}

/// Marks the error with which the epoch callback ends a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutOfCpu {
    pub(super) spent: Duration,
    pub(super) bound: Duration,
}

impl fmt::Display for OutOfCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of CPU time")
    }
}

impl std::error::Error for OutOfCpu {}

/// The text of wasmtime's error for a call that moves more data than the store allows. The type is
/// private to wasmtime; a test holds the text.
const TOO_MUCH_DATA: &str = "fuel allocated for hostcalls";

/// What else wasmtime says in words alone when a store's limit is met; tests hold these texts too.
const TEXTS: [(&str, Limit); 5] = [
    ("instance count too high", Limit::Instances),
    ("memory count too high", Limit::Memories),
    ("table count too high", Limit::Tables),
    ("store handle limit exceeded", Limit::Handles),
    ("requested len", Limit::Random),
];

/// Reads out of an error of wasmtime why the run ended.
pub(super) fn reason(error: &wasmtime::Error, store: &Store<RunState>) -> Stop {
    if let Some(OutOfCpu { spent, bound }) = error.downcast_ref() {
        let detail = format!("{} allowed, {} used", show(*bound), show(*spent));
        return Stop::Limit {
            limit: Limit::Cpu,
            detail,
        };
    }
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return Stop::Exit(*code);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return met(Limit::Resources, store);
    }
    if let Some(none_left) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return Stop::Exhausted(none_left.to_string());
    }
    if let Some(refusal) = out_of_memory(error) {
        return Stop::Machine(refusal);
    }
    for cause in error.chain().map(ToString::to_string) {
        if cause.contains(TOO_MUCH_DATA) {
            let most = Limit::Output.show(store.hostcall_fuel() as u64);
            let detail =
                format!("more than {most} in one call, as its result or given to the host");
            return Stop::Limit {
                limit: Limit::Output,
                detail,
            };
        }
        if let Some((_, limit)) = TEXTS.iter().find(|(text, _)| cause.contains(text)) {
            return met(*limit, store);
        }
    }
    // A guest that is refused memory gives up in its own way, mostly by a trap: the refusal is the reason.
    if let Some(exceeded) = store.data().limiter.exceeded() {
        return exceeded.into();
    }
    Stop::Trap(trap_text(error))
}

/// What the system said when it gave no memory.
fn out_of_memory(error: &wasmtime::Error) -> Option<String> {
    let refused = refusal::of_system(error)?;
    (refused.kind() == ErrorKind::OutOfMemory)
        .then(|| printable(&error.root_cause().to_string(), SHOWN).into_owned())
}

fn met(limit: Limit, store: &Store<RunState>) -> Stop {
    let detail = format!(
        "{} allowed, and the runner asked for more",
        limit.show(store.data().limits.get(limit))
    );
    Stop::Limit { limit, detail }
}

impl From<Exceeded> for Stop {
    fn from(exceeded: Exceeded) -> Self {
        let Exceeded {
            limit,
            bound,
            wanted,
        } = exceeded;
        let detail = format!(
            "{} allowed, {} wanted",
            limit.show(bound),
            limit.show(wanted)
        );
        Self::Limit { limit, detail }
    }
}

fn show(time: Duration) -> String {
    humantime::format_duration(Duration::from_millis(
        u64::try_from(time.as_millis()).unwrap_or(0),
    ))
    .to_string()
}

fn trap_text(error: &wasmtime::Error) -> String {
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return trap.to_string();
    }
    // The outermost context is a backtrace with the guest's own names in it: the innermost cause says why.
    printable(&error.root_cause().to_string(), SHOWN).into_owned()
}

/// The guest's stack at the trap, innermost first, for its author; escaped.
pub(super) fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    backtrace
        .frames()
        .iter()
        .map(|frame| match frame.func_name() {
            Some(name) => printable(name, 200).into_owned(),
            None => format!("function {}", frame.func_index()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn memory_that_the_system_refuses_is_no_fault_of_the_guest() {
        let refused = wasmtime::Error::from(rustix::io::Errno::NOMEM).context("mmap failed");
        let told = out_of_memory(&refused).unwrap();
        assert!(told.contains("Cannot allocate memory"), "{told}");
        let io = std::io::Error::from(std::io::ErrorKind::OutOfMemory);
        assert!(out_of_memory(&wasmtime::Error::from(io)).is_some());
        let other = wasmtime::Error::from(rustix::io::Errno::PERM);
        assert_eq!(out_of_memory(&other), None);
        let said = wasmtime::Error::msg("Cannot allocate memory (os error 12)");
        assert_eq!(out_of_memory(&said), None);
    }

    #[test]
    fn a_reason_is_escaped_and_cut() {
        let hostile = wasmtime::Error::msg(format!("\u{1b}[2J{}", "x".repeat(SHOWN)));
        let text = trap_text(&hostile.context("a backtrace"));
        assert!(
            text.starts_with(r"\x1b[2J") && text.ends_with('…'),
            "{text}"
        );
        assert_eq!(text.chars().count(), SHOWN);
    }
    #[test]
    fn a_full_pool_is_told_with_the_wait_and_the_turns() {
        let stop = Stop::Full {
            waited: Duration::from_micros(1_234_567),
            needed: 2,
            all: 3,
        };
        let told = stop.to_string();
        assert!(
            told.contains("waited 1s 234ms") && told.contains("2 of the pool's 3 instances"),
            "{told}"
        );
    }
}
