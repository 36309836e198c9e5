//! The turns of a pool: how many instances there are at once.
//!
//! wasmtime refuses an instance when its pool is full. Here a call waits for its turn instead, until its deadline; and since a
//! component can have many memories and tables, its turn counts as many as it needs, so that what begins also finds room. What runs
//! on demand beside the pool waits in the same line: how many instances there are is bounded for all of them together.

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::component::Component;

/// Tables of the pool for each memory: languages use more of them, and they take no mappings.
pub(super) const TABLES_A_SLOT: u32 = 4;

/// The turns of one pool.
#[derive(Debug)]
pub(super) struct Slots {
    free: Semaphore,
    all: u32,
}

impl Slots {
    pub(super) fn new(all: u32) -> Self {
        Self {
            free: Semaphore::new(usize::try_from(all).unwrap_or(usize::MAX)),
            all,
        }
    }

    /// How many slots there are.
    pub(super) fn all(&self) -> u32 {
        self.all
    }

    /// How many slots an instance of `component` takes; `None` where that cannot be known before, or it never fits.
    pub(super) fn needed(&self, component: &Component) -> Option<u32> {
        slots(component).filter(|slots| *slots <= self.all)
    }

    /// How many slots an instance of `component` counts for that takes none, because it runs on demand: as many as it would take, and all
    /// where that is unknown or more than there are.
    pub(super) fn counted(&self, component: &Component) -> u32 {
        slots(component).map_or(self.all, |slots| slots.min(self.all))
    }

    /// Waits for `slots` to be free, in order. `None` if the pool is gone, which it never is while somebody asks.
    pub(super) async fn turn(&self, slots: u32) -> Option<SemaphorePermit<'_>> {
        self.free.acquire_many(slots).await.ok()
    }
}

fn slots(component: &Component) -> Option<u32> {
    let needs = component.resources_required()?;
    let tables = needs.num_tables.div_ceil(TABLES_A_SLOT);
    Some(needs.num_memories.max(tables).max(1))
}
