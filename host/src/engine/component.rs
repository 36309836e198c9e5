//! From a component's bytes to something that can be called: checked, compiled or mapped, linked.

use super::{
    Engine, Parts,
    aot::{self, NotKept},
    backend::{Backend, Needs},
    bindings::{about::DescribedPre, runner::RunnerPre, streaming::StreamingPre},
    bomb,
    compile::{self, CompileError, Compiler},
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
    fs::File,
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
    pub(super) parts: Arc<Parts>,
    /// What it runs on: a guest must be interrupted as long as it can run.
    pub(super) backend: Arc<Backend>,
    /// How much of a pool one instance takes.
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
    needs: Needs,
    /// What was compiled before.
    cached: Option<Fitted>,
}

/// Native code, on a backend for which it is not too large.
struct Fitted {
    compiled: Compiled,
    backend: Arc<Backend>,
    slots: u32,
}

impl Engine {
    /// Whether a component was compiled before, so that loading it takes no time. Compiles nothing.
    ///
    /// # Errors
    /// It is no runner.
    pub async fn is_compiled(&self, source: &Source) -> Result<bool, LoadError> {
        let looked = aside(&self.0, source, |parts, source| {
            parts.look(source, &Limits::default())
        })
        .await??;
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
        let bounds = limits.clone();
        let look = move |parts: &Arc<Parts>, source: &Source| parts.look(source, &bounds);
        let looked = aside(parts, source, look).await??;
        let (fitted, origin, not_kept) = match looked.cached {
            Some(fitted) => (fitted, Origin::Cached, None),
            None => parts.compile(source, limits, looked.needs).await?,
        };
        let (shape, world) = (looked.shape, looked.world);
        aside(parts, source, move |parts, source| {
            let linked = link(&fitted, source, &shape)?;
            Ok(Component {
                parts: Arc::clone(parts),
                backend: fitted.backend,
                slots: fitted.slots,
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
    fn look(&self, source: &Source, limits: &Limits) -> Result<Looked, LoadError> {
        let refused = |error| LoadError::Shape {
            name: source.name().to_owned(),
            error,
        };
        let shape = Shape::read(source.bytes()).map_err(refused)?;
        let world = shape.world().map_err(refused)?;
        let needs = Needs::new(limits, &shape);
        let cached = self.cached(source, needs);
        if cached.is_none() {
            bomb::check(source.bytes()).map_err(refused)?;
        }
        Ok(Looked {
            shape,
            world,
            needs,
            cached,
        })
    }

    fn cached(&self, source: &Source, needs: Needs) -> Option<Fitted> {
        let cache = self.cache.as_ref()?;
        let map = |file: &File| self.fit(needs, |engine| aot::map(engine, file));
        cache.load(source.digest(), map)
    }

    /// What `open` makes of native code, on the first backend that takes it.
    fn fit(
        &self,
        needs: Needs,
        open: impl Fn(&wasmtime::Engine) -> Option<Compiled>,
    ) -> Option<Fitted> {
        let loaded = self.backends.load(needs, |backend| {
            let compiled = open(&backend.inner)?;
            let slots = match &backend.slots {
                Some(slots) => slots.needed(&compiled)?,
                None => 0,
            };
            Some((compiled, slots))
        });
        loaded.map(|(backend, (compiled, slots))| Fitted {
            compiled,
            backend,
            slots,
        })
    }

    /// Compiles a component, and says why the result was not kept, if it was not.
    async fn compile(
        self: &Arc<Self>,
        source: &Source,
        limits: &Limits,
        needs: Needs,
    ) -> Result<(Fitted, Origin, Option<String>), LoadError> {
        // Others of this user's may be compiling the same. They are waited for first: meanwhile this process can compile something else.
        let _others = match &self.cache {
            Some(cache) => cache.turn(source.digest()).await,
            None => None,
        };
        // One at a time: a compilation uses every core by itself, and two of them only take memory.
        let _turn = self.compiling.lock().await;
        // Whoever waited for a turn may find that the same component was compiled meanwhile.
        let again = aside(self, source, move |parts, source| {
            parts.cached(source, needs)
        });
        if let Some(fitted) = again.await? {
            return Ok((fitted, Origin::Cached, None));
        }
        let began = Instant::now();
        let code = self.native_code(source, limits).await?;
        let took = began.elapsed();
        let keep = move |parts: &Arc<Self>, source: &Source| parts.keep(source, needs, &code);
        let (fitted, not_kept) = aside(self, source, keep).await?;
        let fitted = fitted.ok_or_else(|| LoadError::Compile {
            name: source.name().to_owned(),
            reason: "its native code cannot be loaded".to_owned(),
        })?;
        Ok((fitted, Origin::Compiled(took), not_kept))
    }

    /// The component in native code that was made just now, and why it is not kept, if it should be and is not.
    fn keep(&self, source: &Source, needs: Needs, code: &[u8]) -> (Option<Fitted>, Option<String>) {
        let in_memory = || self.fit(needs, |engine| aot::in_memory(engine, code));
        let Some(cache) = &self.cache else {
            return (in_memory(), None);
        };
        let map = |file: &File| self.fit(needs, |engine| aot::map(engine, file));
        match cache.keep(source, code, map) {
            Ok(fitted) => (Some(fitted), None),
            // That is what was asked for.
            Err(NotKept::TooLarge { most, .. }) if most.bytes() == 0 => (in_memory(), None),
            Err(reason) => (in_memory(), Some(reason.to_string())),
        }
    }

    /// Compiles a component.
    async fn native_code(
        self: &Arc<Self>,
        source: &Source,
        limits: &Limits,
    ) -> Result<Vec<u8>, LoadError> {
        let name = source.name();
        let refused = |reason: &str| LoadError::Compile {
            name: name.to_owned(),
            reason: printable(reason, EXPLANATION).into_owned(),
        };
        match &self.compiler {
            Compiler::Child(worker) => {
                compile::in_child(worker, source, limits)
                    .await
                    .map_err(|error| match error {
                        CompileError::Refused(reason) => refused(&reason),
                        CompileError::Limit(limit) => LoadError::CompileLimit {
                            name: name.to_owned(),
                            limit,
                            bound: limit.show(limits.get(limit)),
                        },
                    })
            }
            Compiler::InProcess => {
                let compiled = aside(self, source, move |parts, source| {
                    let engine = &parts.backends.first().inner;
                    engine.precompile_component(source.bytes())
                });
                let compiled: wasmtime::Result<Vec<u8>> = compiled.await?;
                compiled.map_err(|error| refused(&format!("{error:#}")))
            }
        }
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
    let pre = backend.linker.instantiate_pre(compiled).map_err(imports)?;
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
        self.backend.slots.is_some().then_some(self.slots)
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
