//! A component's native code: mapped from the AOT cache or compiled, on the first backend that takes it.

use super::{
    Parts,
    aot::{self, NotKept},
    backend::{Backend, Needs},
    compile::{self, CompileError, Compiler},
    component::{EXPLANATION, LoadError, Origin},
    source::Source,
};
use crate::{escape::printable, limits::Limits};
use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};
use wasmtime::component::Component as Compiled;

/// Native code, on a backend for which it is not too large.
pub(super) struct Fitted {
    pub(super) compiled: Compiled,
    pub(super) backend: Arc<Backend>,
    /// How much of a pool one instance takes.
    pub(super) slots: u32,
}

/// Does `work` where it keeps nobody waiting: on a thread of its own, unless nobody is there to wait. What panics there is the component's fault.
pub(super) async fn aside<T: Send + 'static>(
    parts: &Arc<Parts>,
    source: &Source,
    work: impl FnOnce(&Arc<Parts>, &Source) -> T + Send + 'static,
) -> Result<T, LoadError> {
    let fault = || LoadError::Compile {
        name: source.name().to_owned(),
        reason: "it brings a fault of the reader to light".to_owned(),
    };
    if parts.alone {
        let done = catch_unwind(AssertUnwindSafe(|| work(parts, source)));
        return done.map_err(|_panic| fault());
    }
    let (parts, given) = (Arc::clone(parts), source.clone());
    let done = tokio::task::spawn_blocking(move || work(&parts, &given)).await;
    done.map_err(|_panic| fault())
}

impl Parts {
    /// What was compiled before.
    pub(super) fn cached(&self, source: &Source, needs: Needs) -> Option<Fitted> {
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
    pub(super) async fn compile(
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
                    engine.precompile_component(source.bytes().map_err(wasmtime::Error::new)?)
                });
                let compiled: wasmtime::Result<Vec<u8>> = compiled.await?;
                compiled.map_err(|error| refused(&format!("{error:#}")))
            }
        }
    }
}
