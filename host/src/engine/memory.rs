//! Limits on what a store allocates, counted as sums.
//!
//! `StoreLimits` of wasmtime compares each memory and each table with the limit by itself, so that ninety
//! memories just under it pass. Here the limit is on the sum over all of a run's memories and tables.

use crate::limits::{Limit, Limits};
use wasmtime::ResourceLimiter;

/// The limiter of one store.
#[derive(Debug)]
pub(crate) struct SumLimiter {
    memory: Sum,
    table_elements: Sum,
    instances: usize,
    memories: usize,
    tables: usize,
    /// Elements that a table has room for in its slot, where tables come out of a pool.
    slot_end: Option<u64>,
}

/// One sum with its limit.
#[derive(Debug)]
struct Sum {
    limit: Limit,
    bound: u64,
    used: u64,
    refused: Option<Exceeded>,
}

/// A growth that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) limit: Limit,
    pub(crate) bound: u64,
    pub(crate) wanted: u64,
}

impl SumLimiter {
    /// The limiter of a store whose tables end at `slot_end` elements, where they come out of a pool.
    pub(crate) fn new(limits: &Limits, slot_end: Option<u64>) -> Self {
        Self {
            memory: Sum::new(Limit::Memory, limits),
            table_elements: Sum::new(Limit::TableElements, limits),
            instances: limits.size(Limit::Instances),
            memories: limits.size(Limit::Memories),
            tables: limits.size(Limit::Tables),
            slot_end,
        }
    }

    /// What the linear memories come to, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.memory.used
    }

    /// The first growth that was refused, if any was.
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        self.memory.refused.or(self.table_elements.refused)
    }
}

impl Sum {
    fn new(limit: Limit, limits: &Limits) -> Self {
        Self {
            limit,
            bound: limits.get(limit),
            used: 0,
            refused: None,
        }
    }

    /// Whether it may grow. A growth beyond the memory's or table's own maximum fails by itself: it is not counted.
    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return false;
        }
        let delta = desired.saturating_sub(current) as u64;
        let wanted = self.used.saturating_add(delta);
        if wanted > self.bound {
            self.refused.get_or_insert(Exceeded {
                limit: self.limit,
                bound: self.bound,
                wanted,
            });
            return false;
        }
        self.used = wanted;
        true
    }
}

impl ResourceLimiter for SumLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.memory.grow(current, desired, maximum))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Where a pool's slot ends is no maximum of the table's own: no limit that runs out of a pool is beyond it.
        let own = maximum.filter(|maximum| Some(*maximum as u64) != self.slot_end);
        Ok(self.table_elements.grow(current, desired, own))
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(memory: &str) -> SumLimiter {
        let mut limits = Limits::default();
        limits.set("memory", memory).unwrap();
        SumLimiter::new(&limits, None)
    }

    #[test]
    fn memories_are_counted_together() {
        let mut limiter = limiter("100B");
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap());
        assert_eq!(
            limiter.exceeded(),
            Some(Exceeded {
                limit: Limit::Memory,
                bound: 100,
                wanted: 120
            })
        );
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert_eq!(limiter.memory.used, 100);
    }

    #[test]
    fn tables_are_counted_together() {
        let mut limits = Limits::default();
        limits.set("table-elements", "100").unwrap();
        let mut limiter = SumLimiter::new(&limits, None);
        assert!(limiter.table_growing(0, 60, None).unwrap());
        assert!(!limiter.table_growing(0, 60, None).unwrap());
        assert_eq!(
            limiter.exceeded(),
            Some(Exceeded {
                limit: Limit::TableElements,
                bound: 100,
                wanted: 120
            })
        );
        assert!(limiter.table_growing(60, 100, None).unwrap());
    }

    #[test]
    fn the_end_of_a_slot_is_the_limit_and_not_the_tables_own() {
        let slot = 200_000;
        let mut limiter = SumLimiter::new(&Limits::default(), Some(slot as u64));
        assert!(!limiter.table_growing(0, slot + 1, Some(slot)).unwrap());
        let refused = limiter.exceeded().map(|exceeded| exceeded.limit);
        assert_eq!(refused, Some(Limit::TableElements));
    }

    #[test]
    fn a_growth_beyond_the_memorys_own_maximum_is_not_counted() {
        let mut limiter = limiter("100B");
        assert!(!limiter.memory_growing(0, 95, Some(92)).unwrap());
        assert_eq!(limiter.memory.used, 0);
        assert_eq!(limiter.exceeded(), None);
    }

    #[test]
    fn a_failure_reported_for_a_growth_never_asked_for_uncounts_nothing() {
        let mut limiter = limiter("100B");
        assert!(limiter.memory_growing(0, 90, None).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("overflow"))
            .unwrap();
        assert!(!limiter.memory_growing(90, 180, None).unwrap());
    }
}
