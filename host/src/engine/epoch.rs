//! The epoch ticker: one thread a process that interrupts running guests.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// How often a running guest is interrupted to look at its account of CPU time and to let others run.
/// Short enough that a run ends within one period of its limit, long enough to cost nothing.
const PERIOD: Duration = Duration::from_millis(10);

/// Ticks the epoch of an engine until it is dropped.
#[derive(Debug)]
pub(crate) struct EpochTicker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl EpochTicker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(engine: &wasmtime::Engine) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::Builder::new().name("epoch".into()).spawn({
            let stop = Arc::clone(&stop);
            let engine = engine.weak();
            move || {
                while !stop.load(Ordering::Acquire) {
                    thread::park_timeout(PERIOD);
                    let Some(engine) = engine.upgrade() else {
                        break;
                    };
                    engine.increment_epoch();
                }
            }
        })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for EpochTicker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A ticker that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}
