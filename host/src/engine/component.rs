//! From a component's bytes to something that can be called: checked, compiled or mapped, linked.

use super::{
    Engine, Parts,
    bindings::{about::DescribedPre, runner::RunnerPre},
    bomb,
    shape::{Shape, ShapeError, World},
    signature,
    source::{Digest, Source},
    state::RunState,
};
use crate::escape::printable;
use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};
use wasmtime::component::Component as Compiled;

/// How much of wasmtime's explanation a message shows.
const EXPLANATION: usize = 600;

/// Where a component's native code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was compiled now, in this time.
    Compiled(Duration),
    /// It was compiled earlier and mapped from the AOT cache.
    Cached,
}

/// A component that is compiled and linked: every call on it costs one instantiation.
pub struct Component {
    /// The engine's own parts: a guest must be interrupted as long as it can run.
    pub(super) parts: Arc<Parts>,
    pub(super) runner: RunnerPre<RunState>,
    pub(super) about: Option<DescribedPre<RunState>>,
    shape: Shape,
    world: World,
    digest: Digest,
    name: String,
    size: usize,
    origin: Origin,
    not_kept: Option<String>,
}

/// Why a component cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is no runner.
    #[error("{name} is no runner: {error}")]
    Shape {
        /// The component.
        name: String,
        /// What is wrong with it.
        error: ShapeError,
    },
    /// wasmtime does not compile it.
    #[error("{name} does not compile: {reason}")]
    Compile {
        /// The component.
        name: String,
        /// What wasmtime says.
        reason: String,
    },
    /// An import has another type than the host's, or is one function too many.
    #[error(
        "{name} was built against another version of an interface that it imports: {reason}\n  help: build it against Arborist's `wit` folder of this version"
    )]
    Imports {
        /// The component.
        name: String,
        /// What wasmtime says.
        reason: String,
    },
    /// An export of the contract lacks a function or has another type.
    #[error(
        "{name} exports `arborist:runner/{interface}@0.1.0`, but not as the contract has it: {reason}\n  help: build it against Arborist's `wit` folder of this version"
    )]
    Exports {
        /// The component.
        name: String,
        /// The interface.
        interface: &'static str,
        /// What wasmtime says.
        reason: String,
    },
}

impl Engine {
    /// Checks, compiles and links a component. What was compiled before comes from the AOT cache.
    ///
    /// The work is done on a thread of its own. Dropping the future leaves a compilation to end by itself;
    /// its result is kept all the same.
    ///
    /// # Errors
    /// The component is no runner, or cannot be compiled or linked.
    pub async fn load(&self, source: &Source) -> Result<Component, LoadError> {
        let parts = Arc::clone(&self.0);
        let source = source.clone();
        let name = source.name().to_owned();
        let loaded = tokio::task::spawn_blocking(move || parts.load(&source)).await;
        loaded.unwrap_or_else(|_panic| {
            Err(LoadError::Compile {
                name,
                reason: "the compiler panicked".to_owned(),
            })
        })
    }
}

impl Parts {
    fn load(self: Arc<Self>, source: &Source) -> Result<Component, LoadError> {
        let name = || source.name().to_owned();
        let shape = |error| LoadError::Shape {
            name: name(),
            error,
        };
        let found = Shape::read(source.bytes()).map_err(shape)?;
        let world = found.world().map_err(shape)?;
        let (compiled, origin, not_kept) = self.compiled(source)?;
        signature::check(&self.inner, &compiled).map_err(|mismatch| LoadError::Exports {
            name: name(),
            interface: mismatch.interface,
            reason: mismatch.to_string(),
        })?;
        let imports = |error| LoadError::Imports {
            name: name(),
            reason: explain(&error),
        };
        let pre = self.linker.instantiate_pre(&compiled).map_err(imports)?;
        let exports = |interface| {
            move |error| LoadError::Exports {
                name: name(),
                interface,
                reason: explain(&error),
            }
        };
        let about = match found.describes() {
            true => Some(DescribedPre::new(pre.clone()).map_err(exports("about"))?),
            false => None,
        };
        let runner = RunnerPre::new(pre).map_err(exports("generate"))?;
        Ok(Component {
            runner,
            about,
            shape: found,
            world,
            digest: source.digest(),
            name: name(),
            size: source.bytes().len(),
            origin,
            not_kept,
            parts: self,
        })
    }

    fn compiled(&self, source: &Source) -> Result<(Compiled, Origin, Option<String>), LoadError> {
        let cached = || {
            self.cache
                .as_ref()
                .and_then(|cache| cache.load(&self.inner, source.digest()))
        };
        if let Some(compiled) = cached() {
            return Ok((compiled, Origin::Cached, None));
        }
        let name = || source.name().to_owned();
        bomb::check(source.bytes()).map_err(|error| LoadError::Shape {
            name: name(),
            error,
        })?;
        // One at a time: a compilation uses every core by itself, and two of them only take memory.
        let _turn = self
            .compiling
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Whoever waited for a turn may find that the same component was compiled meanwhile.
        if let Some(compiled) = cached() {
            return Ok((compiled, Origin::Cached, None));
        }
        let began = Instant::now();
        let compiled = Compiled::from_binary(&self.inner, source.bytes()).map_err(|error| {
            LoadError::Compile {
                name: name(),
                reason: explain(&error),
            }
        })?;
        let took = began.elapsed();
        let kept = self
            .cache
            .as_ref()
            .map_or(Ok(()), |cache| cache.store(source.digest(), &compiled));
        Ok((
            compiled,
            Origin::Compiled(took),
            kept.err().map(|error| error.to_string()),
        ))
    }
}

impl Component {
    /// What the component is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it imports and exports.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The best world of the contract that it belongs to.
    #[must_use]
    pub fn world(&self) -> World {
        self.world
    }

    /// The digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where its native code came from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Why the AOT cache did not keep what was compiled, if it did not.
    #[must_use]
    pub fn not_kept(&self) -> Option<&str> {
        self.not_kept.as_deref()
    }
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Component")
            .field("name", &self.name)
            .field("digest", &self.digest)
            .field("world", &self.world)
            .finish_non_exhaustive()
    }
}

/// wasmtime's explanation on one line. It may quote names out of the component: escaped and cut.
pub(super) fn explain(error: &wasmtime::Error) -> String {
    printable(&format!("{error:#}"), EXPLANATION).into_owned()
}
