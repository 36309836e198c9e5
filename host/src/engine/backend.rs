//! wasmtime with one way of allocating, and everything that is set up for it once.

use super::{
    EngineError,
    allocation::{self, Allocated, Allocation, Pool, PoolError, TABLE_ELEMENTS},
    aot::Unusable,
    epoch::EpochTicker,
    machine::Machine,
    settings,
    shape::Shape,
    slots::Slots,
};
use crate::limits::{Limit, Limits};
use std::{
    io,
    sync::{Arc, OnceLock},
};
use wasmtime::component::Component;

/// One wasmtime with its ticker.
pub(super) struct Backend {
    pub(super) inner: wasmtime::Engine,
    /// The turns of its runs; `None` where there is no pool, and nobody waits. What runs on demand beside a pool takes its turns there
    /// too: `instances` bounds the process.
    pub(super) slots: Option<Arc<Slots>>,
    /// Whether instances come out of the pool.
    pub(super) pooled: bool,
    _epoch: EpochTicker,
}

/// The ways in which an engine can run a component: first the one that it was made for, then on demand for what does not fit.
pub(super) struct Backends {
    first: Arc<Backend>,
    fallback: OnceLock<Arc<Backend>>,
    allocated: Allocated,
}

/// What decides whether a component can run out of a pool, and cannot be read out of its native code.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    table_elements: u64,
    many_stacks: bool,
}

impl Needs {
    /// Those of a component of that shape, for calls under `limits`.
    pub(super) fn new(limits: &Limits, shape: &Shape) -> Self {
        Self {
            table_elements: limits.get(Limit::TableElements),
            many_stacks: shape.takes_many_stacks(),
        }
    }

    /// A table of a pool cannot grow further than its slot, and a run that takes more stacks than its turn counts would take them from
    /// others.
    fn are_of_a_pool(self) -> bool {
        self.table_elements <= TABLE_ELEMENTS && !self.many_stacks
    }
}

impl Backend {
    fn new(
        config: &wasmtime::Config,
        slots: Option<Arc<Slots>>,
        pooled: bool,
    ) -> Result<Arc<Self>, EngineError> {
        let fail = |error: wasmtime::Error| EngineError::Start(format!("{error:#}"));
        let inner = wasmtime::Engine::new(config).map_err(fail)?;
        let epoch =
            EpochTicker::start(&inner).map_err(|error| EngineError::Start(error.to_string()))?;
        Ok(Arc::new(Self {
            inner,
            slots,
            pooled,
            _epoch: epoch,
        }))
    }

    /// Elements that a table has room for in its slot; `None` where it has no slot.
    pub(super) fn table_slot_end(&self) -> Option<u64> {
        self.pooled.then_some(TABLE_ELEMENTS)
    }

    /// How many turns an instance of `component` counts for; `None` where it never fits the pool.
    pub(super) fn slots_for(&self, component: &Component) -> Option<u32> {
        match &self.slots {
            Some(slots) if self.pooled => slots.needed(component),
            Some(slots) => Some(slots.counted(component)),
            None => Some(0),
        }
    }
}

impl Backends {
    /// Sets up what `wanted` says.
    ///
    /// # Errors
    /// There is no room for a pool that was asked for, or wasmtime does not start.
    pub(super) fn new(wanted: Allocation) -> Result<Self, EngineError> {
        let machine = Machine::here();
        match wanted {
            Allocation::OnDemand => Self::on_demand(None),
            Allocation::Pooling(pool) => {
                let instances = pool.size(&machine)?;
                Self::pooling(instances).map_err(|error| {
                    PoolError::address_space(instances, &machine, &error, |instances| {
                        wasmtime::Engine::new(&settings::pooling(instances)).is_ok()
                    })
                    .into()
                })
            }
            Allocation::Automatic => {
                let instances = Pool::default().size(&machine)?;
                Self::pooling(instances).or_else(|error| {
                    let notice = format!(
                        "a pool of {instances} instances cannot be set up, so memory is mapped on demand, which is slower: {error}"
                    );
                    tracing::warn!(target: "arborist", "{notice}");
                    Self::on_demand(Some(notice))
                })
            }
        }
    }

    fn pooling(instances: u32) -> Result<Self, EngineError> {
        let slots = Arc::new(Slots::new(instances));
        Ok(Self {
            first: Backend::new(&settings::pooling(instances), Some(slots), true)?,
            fallback: OnceLock::new(),
            allocated: Allocated {
                instances: Some(instances),
                kept: Some(allocation::KEPT),
                pagemap_scan: Machine::scans_pages(),
                notice: None,
            },
        })
    }

    fn on_demand(notice: Option<String>) -> Result<Self, EngineError> {
        Ok(Self {
            first: Backend::new(&settings::on_demand(), None, false)?,
            fallback: OnceLock::new(),
            allocated: Allocated {
                instances: None,
                kept: None,
                pagemap_scan: false,
                notice,
            },
        })
    }

    /// What it allocates by.
    pub(super) fn allocated(&self) -> &Allocated {
        &self.allocated
    }

    /// The one that decides on artefacts: what one compiles, all can load.
    pub(super) fn first(&self) -> &Backend {
        &self.first
    }

    /// What `load` gives on the first backend with what a component `needs` that takes it.
    ///
    /// # Errors
    /// None takes it, or the system has no room for it now.
    pub(super) fn load<T>(
        &self,
        needs: Needs,
        load: impl Fn(&Backend) -> Result<T, Unusable>,
    ) -> Result<(Arc<Backend>, T), Unusable> {
        let pooled = self.first.pooled;
        if !pooled || needs.are_of_a_pool() {
            match load(&self.first) {
                Ok(loaded) => return Ok((Arc::clone(&self.first), loaded)),
                // What is too large for a pool is refused like what is damaged.
                Err(Unusable::Refused(_)) if pooled => {}
                Err(error) => return Err(error),
            }
        }
        let fallback = self.fallback()?;
        let loaded = load(&fallback)?;
        Ok((fallback, loaded))
    }

    /// The one for components that do not fit the pool.
    fn fallback(&self) -> Result<Arc<Backend>, Unusable> {
        if let Some(fallback) = self.fallback.get() {
            return Ok(Arc::clone(fallback));
        }
        let made = Backend::new(&settings::on_demand(), self.first.slots.clone(), false);
        let made = made.map_err(|error| Unusable::System(io::Error::other(error)))?;
        Ok(Arc::clone(self.fallback.get_or_init(|| made)))
    }
}
