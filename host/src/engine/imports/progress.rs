//! `arborist:runner/progress`.

use crate::engine::{bindings::runner::arborist::runner::progress::Host, state::RunState};

/// What one call may emit, as the contract says: 1 MiB.
const CHUNK: usize = 1024 * 1024;

impl Host for RunState {
    fn emit(&mut self, chunk: String) -> wasmtime::Result<()> {
        if chunk.len() > CHUNK {
            wasmtime::bail!("progress.emit was given more than 1 MiB in one call");
        }
        self.voice.progress(&chunk);
        Ok(())
    }
}
