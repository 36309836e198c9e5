//! `wasi:logging/logging`.

use crate::engine::{
    bindings::runner::wasi::logging::logging::{Host, Level as GuestLevel},
    events::Level,
    state::RunState,
};

impl Host for RunState {
    fn log(&mut self, level: GuestLevel, context: String, message: String) -> wasmtime::Result<()> {
        let level = match level {
            GuestLevel::Trace => Level::Trace,
            GuestLevel::Debug => Level::Debug,
            GuestLevel::Info => Level::Info,
            GuestLevel::Warn => Level::Warn,
            GuestLevel::Error => Level::Error,
            GuestLevel::Critical => Level::Critical,
        };
        self.voice.log(level, &context, &message);
        Ok(())
    }
}
