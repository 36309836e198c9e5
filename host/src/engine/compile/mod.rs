//! Compiling: in this process, or in a child that the system bounds.
//!
//! The compiler is the largest program that a stranger's bytes reach, and no limit of a store applies to it: a
//! few kilobytes can cost it gigabytes or minutes. A child can be given a bound on both, and be stopped in the
//! middle.

mod child;
mod worker;

pub use child::CompilerCommand;
pub use worker::{CompileOrder, compile_as_child};

use super::{aot::Arriving, source::Source};
use crate::limits::{Limit, Limits};

/// Where components are compiled.
#[derive(Clone, Debug, Default)]
pub enum Compiler {
    /// On a thread of this process: bounded neither in memory nor in time. For components that are trusted.
    #[default]
    InProcess,
    /// In a child process, under the limits `compile-memory` and `compile-cpu`, ended when nobody waits for it.
    Child(CompilerCommand),
}

/// Why a component was not compiled.
#[derive(Debug)]
pub(super) enum CompileError {
    /// The compiler refuses it, or failed on it; with the reason, which may quote the component.
    Refused(String),
    /// The compiler met a limit.
    Limit(Limit),
}

/// Compiles `source` in a child, and puts the native code where `code` has it.
pub(super) async fn in_child(
    worker: &CompilerCommand,
    source: &Source,
    limits: &Limits,
    code: Arriving,
) -> Result<Arriving, CompileError> {
    let order = CompileOrder::new(limits);
    child::compile(worker, source, &order, code).await
}
