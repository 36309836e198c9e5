//! What this machine offers to an engine.

use wasmtime::PoolingAllocationConfig;

/// What a pool's size depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    /// How many memory mappings a process may have, where the system says.
    pub(super) mappings: Option<u64>,
}

impl Machine {
    /// This machine.
    pub(super) fn here() -> Self {
        Self {
            mappings: mappings(),
        }
    }

    /// Whether the kernel tells which pages of a range were written to (Linux 6.7).
    pub(super) fn scans_pages() -> bool {
        PoolingAllocationConfig::is_pagemap_scan_available()
    }
}

#[cfg(target_os = "linux")]
fn mappings() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?;
    text.trim().parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn mappings() -> Option<u64> {
    None
}
