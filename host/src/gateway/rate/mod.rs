//! The rate limit: at most so many attempts in any window of a certain length, whoever's runs of the runner they are.

mod ring;
mod state_file;

use crate::{clock, pace::RateLimit};
use ring::{Ring, Taken, Words};
use state_file::StateFile;
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};
use tokio::time::Instant;

/// The longest wait where no deadline bounds it: a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long another process may have the state locked.
const LOCKED: Duration = Duration::from_secs(10);
/// How long to wait before the lock is tried again.
const AGAIN: Duration = Duration::from_millis(2);

/// Gives turns: at most as many in any window as the rate says, in the order in which they are asked for.
#[derive(Debug)]
pub struct RateLimiter {
    rate: RateLimit,
    times: Times,
}

#[derive(Clone, Debug)]
enum Times {
    /// Of this process alone.
    Memory(Arc<Mutex<Vec<u64>>>),
    /// Of all processes that name this file.
    File(StateFile),
}

/// A turn, given back if it is dropped before its time has come.
#[derive(Debug)]
pub(super) struct Turn {
    limiter: Arc<RateLimiter>,
    taken: Option<Taken>,
    at: Instant,
}

/// Why there is no turn.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTurn {
    /// The next one comes too late.
    #[error(
        "its next turn is in {}, and the run has {} left",
        humantime::format_duration(*.wait),
        humantime::format_duration(*.left)
    )]
    TooLate {
        /// How long it would take, in whole seconds.
        wait: Duration,
        /// How long there is, in whole seconds.
        left: Duration,
    },
    /// What other processes have sent cannot be known.
    #[error("its state cannot be kept: {0}")]
    State(io::Error),
}

impl RateLimiter {
    /// A limiter for the runs of this process.
    #[must_use]
    pub fn in_process(rate: RateLimit) -> Arc<Self> {
        Arc::new(Self {
            rate,
            times: Times::Memory(Arc::default()),
        })
    }

    /// A limiter for the runs of all processes that name this file. The file is made with its folder, for this user alone, when the
    /// first turn is asked for.
    #[must_use]
    pub fn across_processes(rate: RateLimit, file: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            rate,
            times: Times::File(StateFile::new(file)),
        })
    }

    /// The rate.
    #[must_use]
    pub fn rate(&self) -> RateLimit {
        self.rate
    }

    /// Takes the next turn.
    ///
    /// # Errors
    /// It comes after the deadline, or the state cannot be kept. Nothing is taken then.
    pub(super) async fn turn(self: &Arc<Self>, deadline: Option<Instant>) -> Result<Turn, NoTurn> {
        let left = left(deadline);
        let now = now();
        let until = now.saturating_add(clock::millis(left));
        let turn = match &self.times {
            Times::Memory(words) => {
                let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
                self.take(&mut *words, now, until)
            }
            Times::File(file) => self.take_from(file, now, until).await,
        };
        turn.map_err(NoTurn::State)?.map_err(|at| {
            let wait = Duration::from_millis(at.saturating_sub(now));
            NoTurn::TooLate {
                wait: Duration::from_secs(wait.as_secs() + 1),
                left: Duration::from_secs(left.as_secs()),
            }
        })
    }

    /// The next turn, unless it comes after `until`: then when it would be.
    fn take<W: Words>(
        self: &Arc<Self>,
        words: &mut W,
        now: u64,
        until: u64,
    ) -> io::Result<Result<Turn, u64>> {
        let taken = Ring::open(words, self.rate, now)?.take(now, until)?;
        Ok(taken.map(|taken| Turn {
            limiter: Arc::clone(self),
            at: Instant::now() + Duration::from_millis(taken.at.saturating_sub(now)),
            taken: Some(taken),
        }))
    }

    /// [`RateLimiter::take`] from a file, for whose lock others are not kept waiting: whoever has it has it for a few words.
    async fn take_from(
        self: &Arc<Self>,
        file: &StateFile,
        now: u64,
        until: u64,
    ) -> io::Result<Result<Turn, u64>> {
        let patience = Duration::from_millis(until.saturating_sub(now)).min(LOCKED);
        let give_up = Instant::now() + patience;
        loop {
            let (limiter, file) = (Arc::clone(self), file.clone());
            // It gives a turn, not what was written: where nobody waits for it any more, the turn is given back.
            let once = move || match file.try_lock()? {
                Some(mut words) => limiter.take(&mut words, now, until).map(Some),
                None => Ok(None),
            };
            match tokio::task::spawn_blocking(once)
                .await
                .map_err(io::Error::other)??
            {
                Some(taken) => return Ok(taken),
                None if Instant::now() < give_up => tokio::time::sleep(AGAIN).await,
                None => return Err(io::Error::other("another process keeps it locked")),
            }
        }
    }

    /// Without waiting for anybody: a turn that cannot be given back at once is lost, and others wait a little longer.
    fn give_back(&self, taken: Taken) {
        // Nobody is harmed by a turn that is lost.
        let _ = match &self.times {
            Times::Memory(words) => {
                let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
                give_back(&mut *words, self.rate, taken)
            }
            Times::File(file) => match file.try_lock() {
                Ok(Some(mut words)) => give_back(&mut words, self.rate, taken),
                Ok(None) | Err(_) => Ok(()),
            },
        };
    }
}

fn give_back<W: Words>(words: &mut W, rate: RateLimit, taken: Taken) -> io::Result<()> {
    Ring::open(words, rate, now())?.give_back(taken)
}

impl Turn {
    /// How long it is until the turn comes; none where it is less than a tenth of a second.
    pub(super) fn wait(&self) -> Option<Duration> {
        let wait = self.at.saturating_duration_since(Instant::now());
        (wait >= Duration::from_millis(100)).then_some(wait)
    }

    /// Waits until the turn has come. It is used then.
    pub(super) async fn come(mut self) {
        // A timer counts whole milliseconds: it would take one of them also where the turn is now.
        if self.at > Instant::now() {
            tokio::time::sleep_until(self.at).await;
        }
        self.taken = None;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(taken) = self.taken.take() {
            self.limiter.give_back(taken);
        }
    }
}

/// How long a wait may be.
pub(super) fn left(deadline: Option<Instant>) -> Duration {
    let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
    left.unwrap_or(LONGEST).min(LONGEST)
}

/// Milliseconds of the clock that all processes have.
fn now() -> u64 {
    clock::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, clock::millis)
}
