//! From a component's bytes to something that can be called: checked, compiled or mapped, linked.

use super::{
    Engine,
    bindings::{about::DescribedPre, runner::RunnerPre},
    bomb,
    epoch::EpochTicker,
    shape::{Shape, ShapeError, World},
    signature,
    source::{Digest, Source},
    state::RunState,
};
use crate::escape::printable;
use std::{
    sync::Arc,
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
    pub(super) engine: wasmtime::Engine,
    pub(super) runner: RunnerPre<RunState>,
    pub(super) about: Option<DescribedPre<RunState>>,
    shape: Shape,
    world: World,
    digest: Digest,
    name: String,
    size: usize,
    origin: Origin,
    not_kept: Option<String>,
    _epoch: Arc<EpochTicker>,
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
    /// Compiling is done on a thread of its own; dropping the future leaves it to end by itself.
    ///
    /// # Errors
    /// The component is no runner, or cannot be compiled or linked.
    pub async fn load(&self, source: &Source) -> Result<Component, LoadError> {
        let name = || source.name().to_owned();
        let shape = Shape::read(source.bytes()).map_err(|error| LoadError::Shape {
            name: name(),
            error,
        })?;
        let world = shape.world().map_err(|error| LoadError::Shape {
            name: name(),
            error,
        })?;
        let (compiled, origin, not_kept) = self.compiled(source).await?;
        let pre = self
            .linker
            .instantiate_pre(&compiled)
            .map_err(|error| LoadError::Imports {
                name: name(),
                reason: explain(&error),
            })?;
        let mismatch = |interface| {
            move |error: wasmtime::Error| LoadError::Exports {
                name: source.name().to_owned(),
                interface,
                reason: explain(&error),
            }
        };
        let about = match shape.describes() {
            true => Some(DescribedPre::new(pre.clone()).map_err(mismatch("about"))?),
            false => None,
        };
        signature::check(&self.inner, &compiled).map_err(|mismatch| LoadError::Exports {
            name: name(),
            interface: mismatch.interface,
            reason: mismatch.to_string(),
        })?;
        let runner = RunnerPre::new(pre).map_err(mismatch("generate"))?;
        Ok(Component {
            engine: self.inner.clone(),
            runner,
            about,
            shape,
            world,
            digest: source.digest(),
            name: name(),
            size: source.bytes().len(),
            origin,
            not_kept,
            _epoch: Arc::clone(&self.epoch),
        })
    }

    async fn compiled(
        &self,
        source: &Source,
    ) -> Result<(Compiled, Origin, Option<String>), LoadError> {
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
        let fail = |reason: String| LoadError::Compile {
            name: name(),
            reason,
        };
        let turn = Arc::clone(&self.compiling).acquire_owned().await;
        // Whoever waited for a turn may find that the same component was compiled meanwhile.
        if let Some(compiled) = cached() {
            return Ok((compiled, Origin::Cached, None));
        }
        let began = Instant::now();
        let compiled = tokio::task::spawn_blocking({
            let engine = self.inner.clone();
            let source = source.clone();
            move || {
                let _turn = turn;
                Compiled::from_binary(&engine, source.bytes())
            }
        })
        .await
        .map_err(|_panic| fail("the compiler panicked".to_owned()))?
        .map_err(|error| fail(explain(&error)))?;
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
