//! Turns: of many who are about to do the same, in this process and others, one does it and the others wait.
//!
//! A turn is a lock that the system holds for an open file, so it ends with its process, however that ends. The file is there as long as
//! somebody has or wants the turn: who had it removes it, and who finds that the file he has locked is no longer the one at the path
//! takes the next.

use crate::private;
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// The first pause before a turn is tried for again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// How often a file may vanish between opening and locking it.
const TRIES: usize = 100;

/// The right to do something, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    /// None where there is nothing to lock, and everybody has a turn.
    _held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    path: PathBuf,
    /// Dropped after the file is removed.
    _file: File,
}

/// The time was up before the turn came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another run has been asking the same for that long")]
pub struct Late;

impl Turn {
    /// Waits for the turn at `path`. Where no lock can be had, nobody waits.
    pub(crate) async fn wait(path: &Path, deadline: Instant) -> Result<Self, Late> {
        let mut pause = FIRST_PAUSE;
        loop {
            match take(path) {
                Taken::Mine(held) => return Ok(Self { _held: Some(held) }),
                Taken::Nobodys => return Ok(Self { _held: None }),
                Taken::Anothers => {}
            }
            let now = Instant::now();
            if now >= deadline {
                return Err(Late);
            }
            sleep_until(deadline.min(now + pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

enum Taken {
    Mine(Held),
    Anothers,
    Nobodys,
}

fn take(path: &Path) -> Taken {
    for _ in 0..TRIES {
        let Some(file) = private::open_or_make(path) else {
            return Taken::Nobodys;
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Taken::Anothers,
            Err(TryLockError::Error(_)) => return Taken::Nobodys,
        }
        if private::is_still_at(&file, path) {
            return Taken::Mine(Held {
                path: path.to_path_buf(),
                _file: file,
            });
        }
    }
    Taken::Anothers
}

impl Drop for Held {
    fn drop(&mut self) {
        // While the lock is held: nobody else can have taken this very file meanwhile.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Removes a lock's file that nobody holds. Whether it was removed.
pub(crate) fn remove_unheld(path: &Path) -> bool {
    match take(path) {
        Taken::Mine(held) => {
            drop(held);
            true
        }
        Taken::Anothers | Taken::Nobodys => false,
    }
}
