//! Standard error, written by a thread of its own: nobody who speaks has to wait until it is read.

use std::{
    io::Write as _,
    sync::{
        Arc, Condvar, Mutex, OnceLock, PoisonError,
        mpsc::{self, Sender},
    },
    thread,
    time::Duration,
};

/// How long the end of a command waits for a reader that takes nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes texts in their order. What a guest says is bounded before it comes here, and so is what waits.
#[derive(Default)]
pub(crate) struct Writer {
    queue: OnceLock<Option<Sender<String>>>,
    counts: Arc<(Mutex<Counts>, Condvar)>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    given: u64,
    written: u64,
}

impl Writer {
    /// Gives a text to be written as it is. Where standard error is closed, there is nobody to tell.
    pub(crate) fn put(&self, text: String) {
        let queue = self.queue.get_or_init(|| {
            let (sender, texts) = mpsc::channel::<String>();
            let counts = Arc::clone(&self.counts);
            let writer = thread::Builder::new().name("stderr".into()).spawn(move || {
                for text in texts {
                    drop(anstream::stderr().write_all(text.as_bytes()));
                    let (lock, changed) = &*counts;
                    lock.lock().unwrap_or_else(PoisonError::into_inner).written += 1;
                    changed.notify_all();
                }
            });
            writer.ok().map(|_| sender)
        });
        match queue {
            Some(sender) => {
                self.counts
                    .0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .given += 1;
                // The thread ends only with this process.
                drop(sender.send(text));
            }
            None => drop(anstream::stderr().write_all(text.as_bytes())),
        }
    }

    /// Waits until everything is written, as long as somebody reads.
    pub(crate) fn flush(&self) {
        let (lock, changed) = &*self.counts;
        let mut counts = lock.lock().unwrap_or_else(PoisonError::into_inner);
        while counts.written < counts.given {
            let before = *counts;
            let waited = changed.wait_timeout(counts, PATIENCE);
            let (now, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            counts = now;
            if timeout.timed_out() && *counts == before {
                return;
            }
        }
    }
}
