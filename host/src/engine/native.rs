//! A component's native code: mapped from the AOT cache or compiled, on the first backend that takes it.

use super::{
    Parts,
    aot::{self, AotCache, Arriving, Code, NotKept, Unusable},
    backend::{Backend, Needs},
    compile::{self, CompileError, Compiler},
    component::{EXPLANATION, LoadError, Origin},
    source::Source,
};
use crate::{escape::printable, limits::Limits};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};
use wasmtime::component::Component as Compiled;

/// Native code, on a backend for which it is not too large.
pub(super) struct Fitted {
    pub(super) compiled: Compiled,
    pub(super) backend: Arc<Backend>,
    /// How many turns one instance counts for.
    pub(super) slots: u32,
}

/// Does `work` on a thread where it keeps nobody waiting. What panics there is the component's fault.
pub(super) async fn aside<T: Send + 'static>(
    parts: &Arc<Parts>,
    source: &Source,
    work: impl FnOnce(&Arc<Parts>, &Source) -> T + Send + 'static,
) -> Result<T, LoadError> {
    let (parts, given) = (Arc::clone(parts), source.clone());
    let done = tokio::task::spawn_blocking(move || work(&parts, &given)).await;
    done.map_err(|_panic| fault(source))
}

/// Does `work`, which takes no time worth a thread, on this one. What panics there is the component's fault.
pub(super) fn here<T>(source: &Source, work: impl FnOnce() -> T) -> Result<T, LoadError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_panic| fault(source))
}

fn fault(source: &Source) -> LoadError {
    LoadError::Compile {
        name: source.name().to_owned(),
        reason: "it brings a fault of the reader to light".to_owned(),
    }
}

impl Parts {
    /// What was compiled before.
    pub(super) fn cached(&self, source: &Source, needs: Needs) -> Option<Fitted> {
        let cache = self.cache.as_ref()?;
        cache.load(source.digest(), |code| self.fit(needs, code))
    }

    /// The component in native code, on the first backend that takes it.
    fn fit(&self, needs: Needs, code: Code<'_>) -> Result<Fitted, Unusable> {
        let loaded = self.backends.load(needs, |backend| {
            let compiled = aot::component(&backend.inner, code)?;
            let slots = backend.slots_for(&compiled);
            let slots = slots.ok_or_else(|| Unusable::Refused("it is too large".to_owned()))?;
            Ok((compiled, slots))
        });
        let (backend, (compiled, slots)) = loaded?;
        Ok(Fitted {
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
        let keep = move |parts: &Arc<Self>, source: &Source| parts.keep(source, needs, code);
        let (fitted, not_kept) = aside(self, source, keep).await?.map_err(|error| {
            let reason = format!("its native code cannot be loaded: {error}");
            refused(source, &reason)
        })?;
        Ok((fitted, Origin::Compiled(took), not_kept))
    }

    /// The component in native code that was made just now, and why it is not kept, if it should be and is not.
    fn keep(
        &self,
        source: &Source,
        needs: Needs,
        mut code: Arriving,
    ) -> Result<(Fitted, Option<String>), Unusable> {
        let open = |code: Code<'_>| self.fit(needs, code);
        let Some(cache) = &self.cache else {
            return Ok((code.load(open)?, None));
        };
        let (fitted, not_kept) = cache.keep(source, code, open)?;
        let not_kept = not_kept.filter(|reason| match reason {
            // That is what was asked for.
            NotKept::TooLarge { most, .. } => most.bytes() > 0,
            NotKept::Io { .. } | NotKept::NoCode { .. } => true,
        });
        Ok((fitted, not_kept.map(|reason| reason.to_string())))
    }

    /// Compiles a component. Its native code goes where it can be kept as it comes.
    async fn native_code(
        self: &Arc<Self>,
        source: &Source,
        limits: &Limits,
    ) -> Result<Arriving, LoadError> {
        let cache = self.cache.as_ref();
        let mut code = cache.map_or_else(Arriving::in_memory, AotCache::arriving);
        match &self.compiler {
            Compiler::Child(worker) => compile::in_child(worker, source, limits, code)
                .await
                .map_err(|error| match error {
                    CompileError::Refused(reason) => refused(source, &reason),
                    CompileError::Limit(limit) => LoadError::CompileLimit {
                        name: source.name().to_owned(),
                        limit,
                        bound: limit.show(limits.get(limit)),
                    },
                }),
            Compiler::InProcess => {
                let compiled = aside(self, source, move |parts, source| {
                    let engine = &parts.backends.first().inner;
                    let bytes = source.bytes().map_err(wasmtime::Error::new)?;
                    code.take(&engine.precompile_component(bytes)?)?;
                    Ok(code)
                });
                let compiled: wasmtime::Result<Arriving> = compiled.await?;
                compiled.map_err(|error| refused(source, &format!("{error:#}")))
            }
        }
    }
}

fn refused(source: &Source, reason: &str) -> LoadError {
    LoadError::Compile {
        name: source.name().to_owned(),
        reason: printable(reason, EXPLANATION).into_owned(),
    }
}
