//! `arborist:runner/progress`.

use crate::engine::{bindings::runner::arborist::runner::progress::Host, state::RunState};

impl Host for RunState {
    fn emit(&mut self, chunk: String) -> wasmtime::Result<()> {
        self.voice.show(&chunk)?;
        Ok(())
    }
}
