//! From a component's bytes to something that can be called: looked at, given native code (`native.rs`), linked.

use super::{
    Engine, Parts,
    backend::{Backend, Needs},
    bindings::{about::DescribedPre, runner::RunnerPre, streaming::StreamingPre},
    bomb,
    digest::Digest,
    linker::linker,
    native::{Fitted, aside, here},
    shape::{Shape, ShapeError, World},
    signature,
    source::{Source, SourceError},
    state::RunState,
};
use crate::{
    escape::printable,
    limits::{Limit, Limits},
};
use std::{sync::Arc, time::Duration};

/// How much of wasmtime's explanation a message shows.
pub(super) const EXPLANATION: usize = 600;

/// Where a component's native code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was compiled now, in this time.
    Compiled(Duration),
    /// It was compiled earlier and mapped from the AOT cache.
    Cached,
}

/// A component that is compiled and linked: every call on it costs one instantiation. Clones share the code.
#[derive(Clone)]
pub struct Component {
    pub(super) parts: Arc<Parts>,
    /// What it runs on: a guest must be interrupted as long as it can run.
    pub(super) backend: Arc<Backend>,
    /// How many turns one instance counts for.
    pub(super) slots: u32,
    pub(super) runner: RunnerPre<RunState>,
    pub(super) about: Option<DescribedPre<RunState>>,
    pub(super) streaming: Option<StreamingPre<RunState>>,
    shape: Shape,
    world: World,
    pub(super) digest: Digest,
    name: String,
    size: usize,
    origin: Origin,
    not_kept: Option<String>,
}

/// Why a component cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It was to be read now, and cannot be.
    #[error(transparent)]
    Source(#[from] SourceError),
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
    /// Compiling it takes more than it may.
    #[error(
        "{name} takes more than its limit `{limit}` of {bound} to be compiled\n  help: if you trust it, give it more with `--limit {limit}=…`"
    )]
    CompileLimit {
        /// The component.
        name: String,
        /// The limit.
        limit: Limit,
        /// Its value.
        bound: String,
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

/// A component by each of the contract's interfaces that it exports.
struct Linked {
    runner: RunnerPre<RunState>,
    about: Option<DescribedPre<RunState>>,
    streaming: Option<StreamingPre<RunState>>,
}

/// What is known of a component before it is compiled.
struct Looked {
    shape: Shape,
    /// Whether the AOT cache knows the shape.
    is_kept: bool,
    world: World,
    needs: Needs,
}

/// A component that was looked at.
enum Found {
    /// It was compiled before.
    Ready(Box<Component>),
    /// It must be compiled.
    New(Looked),
}

impl Engine {
    /// Whether a component was compiled before, so that loading it takes no time. Compiles nothing.
    ///
    /// # Errors
    /// It is no runner.
    pub async fn is_compiled(&self, source: &Source) -> Result<bool, LoadError> {
        let looked = aside(&self.0, source, |parts, source| {
            parts.look(source, &Limits::default())
        });
        Ok(looked.await??.1.is_some())
    }

    /// Checks, compiles and links a component. What was compiled before comes from the AOT cache; compiling takes
    /// at most what the `compile-…` limits say, where the engine compiles in a child.
    ///
    /// Dropping the future ends a child that compiles; a compilation in this process ends by itself, and its
    /// result is lost.
    ///
    /// # Errors
    /// The component is no runner, or cannot be compiled or linked.
    pub async fn load(&self, source: &Source, limits: &Limits) -> Result<Component, LoadError> {
        let parts = &self.0;
        if parts.alone
            && let Some(component) = here(source, || parts.find_known(source, limits))?
        {
            return component;
        }
        let bounds = limits.clone();
        let find = move |parts: &Arc<Parts>, source: &Source| {
            let (looked, cached) = parts.look(source, &bounds)?;
            Ok(match cached {
                Some(fitted) => {
                    let component = parts.finish(source, looked, fitted, Origin::Cached, None)?;
                    Found::Ready(Box::new(component))
                }
                None => Found::New(looked),
            })
        };
        let found: Result<Found, LoadError> = aside(parts, source, find).await?;
        let looked = match found? {
            Found::Ready(component) => return Ok(*component),
            Found::New(looked) => looked,
        };
        let (fitted, origin, not_kept) = parts.compile(source, limits, looked.needs).await?;
        let finish = move |parts: &Arc<Parts>, source: &Source| {
            parts.finish(source, looked, fitted, origin, not_kept)
        };
        aside(parts, source, finish).await?
    }
}

impl Parts {
    /// The component, if it is known so well that nothing of it need be read.
    fn find_known(
        self: &Arc<Self>,
        source: &Source,
        limits: &Limits,
    ) -> Option<Result<Component, LoadError>> {
        let (looked, fitted) = self.kept(source, limits)?;
        Some(self.finish(source, looked, fitted, Origin::Cached, None))
    }

    /// What the AOT cache has of a component, if it has all of it.
    fn kept(&self, source: &Source, limits: &Limits) -> Option<(Looked, Fitted)> {
        let shape = self.cache.as_ref()?.shape(source.digest())?;
        let world = shape.world().ok()?;
        let needs = Needs::new(limits, &shape);
        let fitted = self.cached(source, needs)?;
        let looked = Looked {
            shape,
            is_kept: true,
            world,
            needs,
        };
        Some((looked, fitted))
    }

    /// Looks at a component without compiling anything, and finds what was compiled before. A component of which everything is known is
    /// not read.
    fn look(
        &self,
        source: &Source,
        limits: &Limits,
    ) -> Result<(Looked, Option<Fitted>), LoadError> {
        if let Some((looked, fitted)) = self.kept(source, limits) {
            return Ok((looked, Some(fitted)));
        }
        let refused = |error| LoadError::Shape {
            name: source.name().to_owned(),
            error,
        };
        let bytes = source.bytes()?;
        let shape = Shape::read(bytes).map_err(refused)?;
        let world = shape.world().map_err(refused)?;
        let needs = Needs::new(limits, &shape);
        let cached = self.cached(source, needs);
        if cached.is_none() {
            bomb::check(bytes).map_err(refused)?;
        }
        let looked = Looked {
            shape,
            is_kept: false,
            world,
            needs,
        };
        Ok((looked, cached))
    }

    /// Links native code, and remembers of the component what spares the next start the reading.
    fn finish(
        self: &Arc<Self>,
        source: &Source,
        looked: Looked,
        fitted: Fitted,
        origin: Origin,
        not_kept: Option<String>,
    ) -> Result<Component, LoadError> {
        let Looked { shape, world, .. } = looked;
        let linked = link(&fitted, source, &shape)?;
        if let (Some(cache), None, false) = (&self.cache, &not_kept, looked.is_kept) {
            cache.remember_shape(source.digest(), &shape);
        }
        Ok(Component {
            parts: Arc::clone(self),
            backend: fitted.backend,
            slots: fitted.slots,
            runner: linked.runner,
            about: linked.about,
            streaming: linked.streaming,
            shape,
            world,
            digest: source.digest(),
            name: source.name().to_owned(),
            size: source.size(),
            origin,
            not_kept,
        })
    }
}

/// Holds a compiled component against the contract, and links it.
fn link(fitted: &Fitted, source: &Source, shape: &Shape) -> Result<Linked, LoadError> {
    let Fitted {
        compiled, backend, ..
    } = fitted;
    let name = || source.name().to_owned();
    signature::check(&backend.inner, compiled).map_err(|mismatch| LoadError::Exports {
        name: name(),
        interface: mismatch.interface,
        reason: mismatch.to_string(),
    })?;
    let imports = |error| LoadError::Imports {
        name: name(),
        reason: explain(&error),
    };
    let linker = linker(&backend.inner, &shape.imports).map_err(imports)?;
    let pre = linker.instantiate_pre(compiled).map_err(imports)?;
    let exports = |interface| {
        move |error| LoadError::Exports {
            name: name(),
            interface,
            reason: explain(&error),
        }
    };
    let about = shape.describes().then(|| DescribedPre::new(pre.clone()));
    let streaming = shape.streams().then(|| StreamingPre::new(pre.clone()));
    Ok(Linked {
        about: about.transpose().map_err(exports("about"))?,
        streaming: streaming
            .transpose()
            .map_err(exports("generate-streaming"))?,
        runner: RunnerPre::new(pre).map_err(exports("generate"))?,
    })
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

    /// How many instances of the pool one of it counts for; `None` where its memory is mapped on demand.
    #[must_use]
    pub fn slots(&self) -> Option<u32> {
        self.backend.pooled.then_some(self.slots)
    }

    /// How many of the engine's instances one of it counts for, out of the pool or on demand beside it; `None` where there is no pool,
    /// and so no bound.
    #[must_use]
    pub fn turns(&self) -> Option<u32> {
        self.backend.slots.as_ref().map(|_| self.slots)
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
