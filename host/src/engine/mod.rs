//! The sandbox: the only module that names wasmtime.
//!
//! An [`Engine`] is one a process. It loads a [`Source`] into a [`Component`], compiled once and linked
//! once. Every call on it ([`Component::generate_task_spec`] and its siblings) gets a fresh store and a
//! fresh instance under the limits of its [`Call`], and everything of it is gone when the call ends.

mod about;
mod allocation;
mod aot;
mod backend;
mod bindings;
mod bomb;
mod call;
mod compile;
mod component;
mod cpu;
mod digest;
mod epoch;
mod events;
mod imports;
mod known;
mod linker;
mod machine;
mod memory;
mod native;
mod refusal;
mod report;
mod settings;
mod shape;
mod signature;
mod slots;
mod source;
mod state;
mod stdio;
mod stop;
mod streaming;

pub use allocation::{Allocated, Allocation, Kept, MAPPINGS, Pool, PoolError};
pub use aot::{Discard, Discarded, FolderError, KeptComponent, KeptComponents};
pub use call::{Call, CallError, Parameter};
pub use compile::{CompileOrder, Compiler, CompilerCommand, compile_as_child};
pub use component::{Component, LoadError, Origin};
pub use digest::Digest;
pub use events::{Event, Ignore, Level, Observer, Usage};
pub use known::KnownFiles;
pub use machine::Machine;
pub use report::{ConfigField, RunnerError, RunnerInfo};
pub use shape::{Shape, ShapeError, World};
pub use source::{MAX_FILE, MAX_TEXT, Source, SourceError};
pub use stdio::{STDERR, STDOUT};
pub use stop::Stop;

use crate::limits::CacheSize;
use aot::AotCache;
use backend::Backends;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;

/// The version of wasmtime; a test compares it with the lock file.
pub const WASMTIME: &str = "48.0.8";

/// The engine of a process: wasmtime with its settings, the linked imports, the epoch ticker and the
/// cache of compiled components. Components keep what they need of it, so it may be dropped before them.
pub struct Engine(Arc<Parts>);

struct Parts {
    backends: Backends,
    cache: Option<AotCache>,
    cache_problem: Option<FolderError>,
    compiler: Compiler,
    alone: bool,
    /// Held while a component compiles.
    compiling: Mutex<()>,
}

/// What an engine is made with.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Where instances get their memory.
    pub allocation: Allocation,
    /// The folder that keeps compiled components; without one none is kept.
    pub cache: Option<PathBuf>,
    /// How much of them it keeps.
    pub cache_size: CacheSize,
    /// Where components are compiled.
    pub compiler: Compiler,
    /// Whether this process has nothing else to do while a component is loaded: then one that was compiled before is mapped by the
    /// thread that asks for it, and no other one is started for that.
    pub alone: bool,
}

impl Default for EngineOptions {
    /// For a process that makes many runs: out of a pool, where this machine has room for one.
    fn default() -> Self {
        Self {
            allocation: Allocation::Automatic,
            cache: None,
            cache_size: CacheSize::default(),
            compiler: Compiler::default(),
            alone: false,
        }
    }
}

/// The engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A fault of this build or this machine, not of any input.
    #[error("the WebAssembly engine does not start on this machine: {0}")]
    Start(String),
    /// The pool that was asked for cannot be.
    #[error(transparent)]
    Pool(#[from] PoolError),
}

impl Engine {
    /// Starts an engine.
    ///
    /// A folder for compiled components that cannot be used is no error: see [`Engine::cache_problem`]. Neither is it that there is no
    /// room for a pool where none was asked for: see [`Engine::allocated`].
    ///
    /// # Errors
    /// wasmtime refuses the settings on this machine, the system gives no thread for the ticker, or there is no room for a pool that
    /// was asked for.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let backends = Backends::new(options.allocation)?;
        let inner = &backends.first().inner;
        let (cache, cache_problem) = match options
            .cache
            .map(|path| AotCache::open(&path, options.cache_size, inner))
        {
            None => (None, None),
            Some(Ok(cache)) => (Some(cache), None),
            Some(Err(problem)) => (None, Some(problem)),
        };
        Ok(Self(Arc::new(Parts {
            backends,
            cache,
            cache_problem,
            compiler: options.compiler,
            alone: options.alone,
            compiling: Mutex::new(()),
        })))
    }

    /// Where instances get their memory on this machine.
    #[must_use]
    pub fn allocated(&self) -> &Allocated {
        self.0.backends.allocated()
    }

    /// Why compiled components are not kept, where a folder was given for them.
    #[must_use]
    pub fn cache_problem(&self) -> Option<&FolderError> {
        self.0.cache_problem.as_ref()
    }

    /// The folder in which compiled components are kept; none where this engine keeps none.
    #[must_use]
    pub fn cache_folder(&self) -> Option<&Path> {
        self.0.cache.as_ref().map(AotCache::path)
    }

    /// Where components are compiled.
    #[must_use]
    pub fn compiler(&self) -> &Compiler {
        &self.0.compiler
    }

    /// The compiled components that are kept; none where this engine keeps none.
    ///
    /// It looks at the files of the folder, and may be waited for: not for a thread that serves others.
    #[must_use]
    pub fn kept(&self) -> Option<KeptComponents> {
        self.0.cache.as_ref().map(AotCache::list)
    }

    /// Throws kept components away; those that are in use stay so in their processes. Files that the cache did not write stay.
    ///
    /// It removes files, and may be waited for: not for a thread that serves others.
    #[must_use]
    pub fn discard(&self, which: Discard) -> Discarded {
        let cache = self.0.cache.as_ref();
        cache.map(|cache| cache.discard(which)).unwrap_or_default()
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cache = self.cache_folder();
        f.debug_struct("Engine")
            .field("cache", &cache)
            .finish_non_exhaustive()
    }
}
