//! The sandbox: the only module that names wasmtime.
//!
//! An [`Engine`] is one a process. It loads a [`Source`] into a [`Component`], compiled once and linked
//! once. Every call on it ([`Component::generate_task_spec`] and its siblings) gets a fresh store and a
//! fresh instance under the limits of its [`Call`], and everything of it is gone when the call ends.

mod about;
mod aot;
mod bindings;
mod bomb;
mod call;
mod compile;
mod component;
mod cpu;
mod epoch;
mod events;
mod imports;
mod linker;
mod memory;
mod report;
mod settings;
mod shape;
mod signature;
mod source;
mod state;
mod stdio;
mod stop;
mod streaming;

pub use aot::{Discard, Discarded, FolderError, KeptComponent, KeptComponents};
pub use call::{Call, CallError, Parameter};
pub use compile::{CompileOrder, Compiler, CompilerCommand, compile_as_child};
pub use component::{Component, LoadError, Origin};
pub use events::{Event, Ignore, Level, Observer, Usage};
pub use report::{ConfigField, RunnerError, RunnerInfo};
pub use shape::{Shape, ShapeError, World};
pub use source::{Digest, MAX_FILE, MAX_TEXT, Source, SourceError};
pub use stdio::STDOUT;
pub use stop::Stop;

use crate::limits::CacheSize;
use aot::AotCache;
use epoch::EpochTicker;
use state::RunState;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;
use wasmtime::component::Linker;

/// The engine of a process: wasmtime with its settings, the linked imports, the epoch ticker and the
/// cache of compiled components. Components keep what they need of it, so it may be dropped before them.
pub struct Engine(Arc<Parts>);

struct Parts {
    inner: wasmtime::Engine,
    linker: Linker<RunState>,
    cache: Option<AotCache>,
    cache_problem: Option<FolderError>,
    compiler: Compiler,
    /// Held while a component compiles.
    compiling: Mutex<()>,
    _epoch: EpochTicker,
}

/// What an engine is made with.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// The folder that keeps compiled components; without one none is kept.
    pub cache: Option<PathBuf>,
    /// How much of them it keeps.
    pub cache_size: CacheSize,
    /// Where components are compiled.
    pub compiler: Compiler,
}

/// The engine could not be made: a fault of this build or this machine, not of any input.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine does not start on this machine: {0}")]
pub struct EngineError(String);

impl Engine {
    /// Starts an engine.
    ///
    /// A folder for compiled components that cannot be used is no error: see [`Engine::cache_problem`].
    ///
    /// # Errors
    /// wasmtime refuses the settings on this machine, or the system gives no thread for the ticker.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let fail = |error: wasmtime::Error| EngineError(format!("{error:#}"));
        let inner = wasmtime::Engine::new(&settings::on_demand()).map_err(fail)?;
        let linker = linker::linker(&inner).map_err(fail)?;
        let epoch = EpochTicker::start(&inner).map_err(|error| EngineError(error.to_string()))?;
        let (cache, cache_problem) = match options
            .cache
            .map(|path| AotCache::open(&path, options.cache_size, &inner))
        {
            None => (None, None),
            Some(Ok(cache)) => (Some(cache), None),
            Some(Err(problem)) => (None, Some(problem)),
        };
        Ok(Self(Arc::new(Parts {
            inner,
            linker,
            cache,
            cache_problem,
            compiler: options.compiler,
            compiling: Mutex::new(()),
            _epoch: epoch,
        })))
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
