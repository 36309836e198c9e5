//! Standard error and standard output, each written by a thread of its own: nobody who speaks has to wait until it is read.

use std::{
    io::{self, ErrorKind, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        mpsc::{self, Sender},
    },
    thread,
    time::Duration,
};

/// How long the end of a command waits for a reader that takes nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes texts in their order. What a guest says is bounded before it comes here, and so is what waits.
pub(crate) struct Writer {
    open: fn() -> Box<dyn Write + Send>,
    queue: OnceLock<Option<Sender<String>>>,
    counts: Arc<(Mutex<Counts>, Condvar)>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    given: u64,
    written: u64,
    /// What could not be written; that nobody reads any more is no failure.
    failed: Option<ErrorKind>,
}

impl Writer {
    /// Standard error, with styles where it takes them.
    pub(crate) fn stderr() -> Self {
        Self::to(|| Box::new(anstream::stderr()))
    }

    /// Standard output, as it is.
    pub(crate) fn stdout() -> Self {
        Self::to(|| Box::new(io::stdout()))
    }

    fn to(open: fn() -> Box<dyn Write + Send>) -> Self {
        Self {
            open,
            queue: OnceLock::new(),
            counts: Arc::default(),
        }
    }

    /// Gives a text to be written as it is. Where the output is closed, there is nobody to tell.
    pub(crate) fn put(&self, text: String) {
        let open = self.open;
        let queue = self.queue.get_or_init(|| {
            let (sender, texts) = mpsc::channel::<String>();
            let counts = Arc::clone(&self.counts);
            let writer = thread::Builder::new().name("output".into()).spawn(move || {
                let mut out = open();
                for text in texts {
                    let written = write(&mut out, &text);
                    let (lock, changed) = &*counts;
                    let mut counts = locked(lock);
                    counts.written += 1;
                    counts.failed = counts.failed.or(written.err());
                    changed.notify_all();
                }
            });
            writer.ok().map(|_| sender)
        });
        match queue {
            Some(sender) => {
                locked(&self.counts.0).given += 1;
                // The thread ends only with this process.
                drop(sender.send(text));
            }
            None => {
                if let Err(kind) = write(&mut open(), &text) {
                    locked(&self.counts.0).failed = Some(kind);
                }
            }
        }
    }

    /// Waits until everything is written, as long as somebody reads.
    pub(crate) fn flush(&self) {
        let (lock, changed) = &*self.counts;
        let mut counts = locked(lock);
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

    /// Waits until everything is written, however long its reader takes.
    ///
    /// # Errors
    /// Some of it could not be written.
    pub(crate) fn drain(&self) -> Result<(), ErrorKind> {
        let (lock, changed) = &*self.counts;
        let counts = changed.wait_while(locked(lock), |counts| counts.written < counts.given);
        let counts = counts.unwrap_or_else(PoisonError::into_inner);
        counts.failed.map_or(Ok(()), Err)
    }
}

fn locked(lock: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(out: &mut dyn Write, text: &str) -> Result<(), ErrorKind> {
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written.map_err(|error| error.kind()) {
        Ok(()) | Err(ErrorKind::BrokenPipe) => Ok(()),
        Err(kind) => Err(kind),
    }
}
