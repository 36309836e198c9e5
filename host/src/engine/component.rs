//! From a component's bytes to something that can be called: checked, compiled or mapped, linked.

use super::{
    Engine, Parts,
    bindings::{about::DescribedPre, runner::RunnerPre, streaming::StreamingPre},
    bomb,
    compile::{self, Artefact, CompileError, Compiler},
    shape::{Shape, ShapeError, World},
    signature,
    source::{Digest, Source},
    state::RunState,
};
use crate::{
    escape::printable,
    limits::{Limit, Limits},
};
use std::{
    io::Write as _,
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

/// A component that is compiled and linked: every call on it costs one instantiation. Clones share the code.
#[derive(Clone)]
pub struct Component {
    /// The engine's own parts: a guest must be interrupted as long as it can run.
    pub(super) parts: Arc<Parts>,
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
    world: World,
    /// What was compiled before.
    cached: Option<Compiled>,
}

impl Engine {
    /// Whether a component was compiled before, so that loading it takes no time. Compiles nothing.
    ///
    /// # Errors
    /// It is no runner.
    pub async fn is_compiled(&self, source: &Source) -> Result<bool, LoadError> {
        let looked = aside(&self.0, source, Parts::look).await??;
        Ok(looked.cached.is_some())
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
        let looked = aside(parts, source, Parts::look).await??;
        let (compiled, origin, not_kept) = match looked.cached {
            Some(compiled) => (compiled, Origin::Cached, None),
            None => parts.compile(source, limits).await?,
        };
        let (shape, world) = (looked.shape, looked.world);
        aside(parts, source, move |parts, source| {
            let linked = parts.link(source, &compiled, &shape)?;
            Ok(Component {
                parts: Arc::clone(parts),
                runner: linked.runner,
                about: linked.about,
                streaming: linked.streaming,
                shape,
                world,
                digest: source.digest(),
                name: source.name().to_owned(),
                size: source.bytes().len(),
                origin,
                not_kept,
            })
        })
        .await?
    }
}

/// Does `work` on a thread where it keeps nobody waiting. What panics there is the component's fault.
async fn aside<T: Send + 'static>(
    parts: &Arc<Parts>,
    source: &Source,
    work: impl FnOnce(&Arc<Parts>, &Source) -> T + Send + 'static,
) -> Result<T, LoadError> {
    let (parts, given) = (Arc::clone(parts), source.clone());
    let done = tokio::task::spawn_blocking(move || work(&parts, &given)).await;
    done.map_err(|_panic| LoadError::Compile {
        name: source.name().to_owned(),
        reason: "it brings a fault of the reader to light".to_owned(),
    })
}

impl Parts {
    /// Looks at a component without compiling anything.
    fn look(self: &Arc<Self>, source: &Source) -> Result<Looked, LoadError> {
        let refused = |error| LoadError::Shape {
            name: source.name().to_owned(),
            error,
        };
        let shape = Shape::read(source.bytes()).map_err(refused)?;
        let world = shape.world().map_err(refused)?;
        let cached = self.cached(source);
        if cached.is_none() {
            bomb::check(source.bytes()).map_err(refused)?;
        }
        Ok(Looked {
            shape,
            world,
            cached,
        })
    }

    fn cached(&self, source: &Source) -> Option<Compiled> {
        let cache = self.cache.as_ref()?;
        cache.load(&self.inner, source.digest())
    }

    /// Compiles a component, and says why the result was not kept, if it was not.
    async fn compile(
        self: &Arc<Self>,
        source: &Source,
        limits: &Limits,
    ) -> Result<(Compiled, Origin, Option<String>), LoadError> {
        // One at a time: a compilation uses every core by itself, and two of them only take memory.
        let _turn = self.compiling.lock().await;
        // Whoever waited for a turn may find that the same component was compiled meanwhile.
        let again = aside(self, source, |parts, source| parts.cached(source));
        if let Some(compiled) = again.await? {
            return Ok((compiled, Origin::Cached, None));
        }
        let began = Instant::now();
        let draft = |parts: &Arc<Self>, _: &Source| Artefact::new(parts.cache.as_ref());
        let (artefact, not_kept) = aside(self, source, draft).await?;
        let artefact = artefact.map_err(|error| LoadError::Compile {
            name: source.name().to_owned(),
            reason: format!("there is no room for its native code: {error}"),
        })?;
        self.write(source, limits, &artefact).await?;
        let took = began.elapsed();
        let kept = aside(self, source, move |parts, source| {
            artefact.open(parts, source)
        });
        let (compiled, problem) = kept.await?;
        let compiled = compiled.ok_or_else(|| LoadError::Compile {
            name: source.name().to_owned(),
            reason: "its native code cannot be loaded".to_owned(),
        })?;
        Ok((compiled, Origin::Compiled(took), not_kept.or(problem)))
    }

    /// Compiles into `artefact`.
    async fn write(
        self: &Arc<Self>,
        source: &Source,
        limits: &Limits,
        artefact: &Artefact,
    ) -> Result<(), LoadError> {
        let name = source.name();
        let refused = |reason: &str| LoadError::Compile {
            name: name.to_owned(),
            reason: printable(reason, EXPLANATION).into_owned(),
        };
        let file = artefact.file();
        let file = file.map_err(|error| refused(&error.to_string()))?;
        match &self.compiler {
            Compiler::Child(worker) => compile::in_child(worker, source, limits, file)
                .await
                .map_err(|error| match error {
                    CompileError::Refused(reason) => refused(&reason),
                    CompileError::Limit(limit) => LoadError::CompileLimit {
                        name: name.to_owned(),
                        limit,
                        bound: limit.show(limits.get(limit)),
                    },
                }),
            Compiler::InProcess => {
                let compiled = aside(self, source, move |parts, source| {
                    let artefact = parts.inner.precompile_component(source.bytes())?;
                    Ok((&file).write_all(&artefact)?)
                });
                let compiled: wasmtime::Result<()> = compiled.await?;
                compiled.map_err(|error| refused(&format!("{error:#}")))
            }
        }
    }

    /// Holds a compiled component against the contract, and links it.
    fn link(
        &self,
        source: &Source,
        compiled: &Compiled,
        shape: &Shape,
    ) -> Result<Linked, LoadError> {
        let name = || source.name().to_owned();
        signature::check(&self.inner, compiled).map_err(|mismatch| LoadError::Exports {
            name: name(),
            interface: mismatch.interface,
            reason: mismatch.to_string(),
        })?;
        let imports = |error| LoadError::Imports {
            name: name(),
            reason: explain(&error),
        };
        let pre = self.linker.instantiate_pre(compiled).map_err(imports)?;
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
