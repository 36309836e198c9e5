//! What this machine offers to an engine.

use wasmtime::PoolingAllocationConfig;

/// What a pool depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// How many memory mappings a process may have (`vm.max_map_count`), where the system says.
    pub mappings: Option<u64>,
    /// How many bytes of address space this process may have (`ulimit -v`); `None` where that is not limited.
    pub address_space: Option<u64>,
}

impl Machine {
    /// This machine, and this process on it.
    #[must_use]
    pub fn here() -> Self {
        Self {
            mappings: mappings(),
            address_space: address_space(),
        }
    }

    /// Whether the kernel tells which pages of a range were written to (Linux 6.7).
    #[must_use]
    pub fn scans_pages() -> bool {
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

#[cfg(unix)]
fn address_space() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::As).current
}

#[cfg(not(unix))]
fn address_space() -> Option<u64> {
    None
}
