//! The child's side: bounds itself, reads a component, writes native code.

use crate::{
    engine::{settings, source::MAX_FILE},
    limits::{Limit, Limits},
};
use std::{
    fmt::Display,
    io::Read as _,
    panic::{AssertUnwindSafe, catch_unwind},
    str::FromStr,
};

/// What a child may use. It travels as one argument, so that parent and child cannot disagree on its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileOrder {
    /// Bytes of memory.
    memory: u64,
    /// Seconds of CPU time, of all threads together.
    cpu: u64,
    /// The process that waits for it.
    parent: u32,
}

impl CompileOrder {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            memory: limits.get(Limit::CompileMemory),
            cpu: limits.get(Limit::CompileCpu).div_ceil(1000),
            parent: std::process::id(),
        }
    }

    /// The bytes of memory that the child may write to.
    pub(super) fn memory(&self) -> u64 {
        self.memory
    }
}

impl Display for CompileOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.memory, self.cpu, self.parent)
    }
}

impl FromStr for CompileOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Option<Vec<u64>> = text.split(':').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some([memory, cpu, parent]) => u32::try_from(*parent).ok().map(|parent| Self {
                memory: *memory,
                cpu: *cpu,
                parent,
            }),
            _ => None,
        }
        .ok_or_else(|| "this is for Arborist's own use".to_owned())
    }
}

/// What a child process does that was started to compile: reads a component from `input`, compiles it for an
/// engine like this library's, and writes the artefact to `output`.
///
/// It bounds the process for good before it reads the first byte, ends with its parent, and is quiet when it panics: never
/// call it in a process that goes on.
///
/// # Errors
/// Why there is no artefact, for the parent to show: it may quote the component. A bound that is met ends the
/// process instead.
pub fn compile_as_child(
    order: &CompileOrder,
    input: impl std::io::Read,
    mut output: impl std::io::Write,
) -> Result<(), String> {
    bound(order).map_err(|error| format!("the compiler cannot be bounded: {error}"))?;
    std::panic::set_hook(Box::new(|_| {}));
    let mut component = Vec::new();
    let read = input.take(MAX_FILE).read_to_end(&mut component);
    read.map_err(|error| {
        out_of_room(error.kind());
        format!("the component did not arrive: {error}")
    })?;
    let compile = || {
        let engine = wasmtime::Engine::new(&settings::on_demand())?;
        engine.precompile_component(&component)
    };
    let artefact = catch_unwind(AssertUnwindSafe(compile))
        .map_err(|_panic| "it brings a fault of the compiler to light".to_owned())?
        .map_err(|error| {
            let causes = error.chain();
            let causes = causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>());
            causes.for_each(|cause| out_of_room(cause.kind()));
            format!("{error:#}")
        })?;
    let written = output.write_all(&artefact).and_then(|()| output.flush());
    written.map_err(|error| format!("the compiled component cannot be written: {error}"))
}

/// Ends as a failed allocation does where that is what failed, so that the parent names the limit.
fn out_of_room(kind: std::io::ErrorKind) {
    if kind == std::io::ErrorKind::OutOfMemory {
        std::alloc::handle_alloc_error(std::alloc::Layout::new::<u8>());
    }
}

/// Bounds memory and CPU time, writes no file, leaves no core dump, and ties this process to its parent.
#[cfg(unix)]
fn bound(order: &CompileOrder) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = |resource, current: u64, maximum: u64| {
        // Who started us may have bounded us more tightly, and that stays.
        let allowed = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limit = Rlimit {
            current: Some(current.min(allowed)),
            maximum: Some(maximum.min(allowed)),
        };
        setrlimit(resource, limit)
    };
    // What is written to, rather than the address space: an allocator reserves much that it never uses.
    limit(Resource::Data, order.memory, order.memory)?;
    limit(Resource::Cpu, order.cpu, order.cpu.saturating_add(1))?;
    limit(Resource::Fsize, 0, 0)?;
    limit(Resource::Core, 0, 0)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before that.
        let parent = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
        if parent != Some(order.parent) {
            return Err(std::io::Error::other("its parent has ended"));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn bound(_: &CompileOrder) -> std::io::Result<()> {
    Err(std::io::Error::other("this system has no resource limits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_arrives_as_it_was_given() {
        let order = CompileOrder::new(&Limits::default());
        assert_eq!(order.to_string().parse(), Ok(order));
        for text in ["", "1:2", "1:2:3:4", "a:b:c", "1:2:-3"] {
            assert!(text.parse::<CompileOrder>().is_err(), "{text}");
        }
    }
}
