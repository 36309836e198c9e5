//! wasmtime's settings. What guests do not need is off: less to compile, less to trust.

use super::allocation;
use wasmtime::Config;

/// The settings for a process that makes a few calls: memory is mapped when an instance asks for it.
pub(super) fn on_demand() -> Config {
    let mut config = common();
    allocation::on_demand(&mut config);
    config
}

/// The settings for a process that makes many calls: at most `instances` at once, out of a pool.
pub(super) fn pooling(instances: u32) -> Config {
    let mut config = common();
    allocation::pooling(&mut config, instances);
    config
}

fn common() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        // Every guest can be interrupted: see `epoch` and `cpu`.
        .epoch_interruption(true)
        // No language needs them, and each is one more way to take memory.
        .wasm_memory64(false)
        .wasm_shared_everything_threads(false)
        .shared_memory(false)
        // The same answer on every machine.
        .relaxed_simd_deterministic(true);
    config
}
