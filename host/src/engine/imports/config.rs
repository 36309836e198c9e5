//! `wasi:config/store`.

use crate::engine::{
    bindings::runner::wasi::config::store::{Error, Host},
    state::RunState,
};

impl Host for RunState {
    fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, Error>> {
        self.voice.reads(Some(&key));
        let found = self.config.iter().find(|(name, _)| *name == key);
        Ok(Ok(found.map(|(_, value)| value.clone())))
    }

    fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, Error>> {
        self.voice.reads(None);
        Ok(Ok(self.config.to_vec()))
    }
}
