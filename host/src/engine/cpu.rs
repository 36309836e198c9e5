//! The account of CPU time: what a run computes, not what it waits for.
//!
//! The clock is the CPU time of the thread, read while the run's future is being polled. A guest that waits
//! for HTTP, a clock or its turn is not polled, so waiting is free, and so is the time in which the system
//! runs something else or the user's terminal is not read. A host call that computes is charged.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

/// Marks that no poll is under way.
const IDLE: u64 = u64::MAX;

/// The account of one run, shared by its future and its epoch callback.
#[derive(Clone, Debug)]
pub(crate) struct CpuAccount(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Nanoseconds of the polls that have ended.
    spent: AtomicU64,
    /// The clock of its thread when the poll under way began, or `IDLE`.
    polling_since: AtomicU64,
}

impl CpuAccount {
    pub(crate) fn open() -> Self {
        Self(Arc::new(Inner {
            spent: AtomicU64::new(0),
            polling_since: AtomicU64::new(IDLE),
        }))
    }

    /// What the run has used so far, the poll under way included.
    pub(crate) fn spent(&self) -> Duration {
        let ended = self.0.spent.load(Ordering::Relaxed);
        let running = match self.0.polling_since.load(Ordering::Relaxed) {
            IDLE => 0,
            since => clock().saturating_sub(since),
        };
        Duration::from_nanos(ended.saturating_add(running))
    }

    /// Charges this account for `future`.
    pub(crate) fn charge<F>(&self, future: F) -> Charged<F> {
        Charged {
            account: self.clone(),
            future: Box::pin(future),
        }
    }
}

/// Nanoseconds of CPU time of this thread. A poll, and the epoch callback within it, stay on one thread.
#[cfg(unix)]
fn clock() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let nanoseconds = i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
    u64::try_from(nanoseconds).unwrap_or(IDLE - 1)
}

/// Where there is no such clock, time that passes within a poll counts as computed.
#[cfg(not(unix))]
fn clock() -> u64 {
    use std::{sync::LazyLock, time::Instant};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(IDLE - 1)
}

/// A future whose polls are charged to an account.
#[derive(Debug)]
pub(crate) struct Charged<F> {
    account: CpuAccount,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Charged<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let since = clock();
        self.account.0.polling_since.store(since, Ordering::Relaxed);
        let polled = self.future.as_mut().poll(cx);
        let inner = &self.account.0;
        inner.polling_since.store(IDLE, Ordering::Relaxed);
        inner
            .spent
            .fetch_add(clock().saturating_sub(since), Ordering::Relaxed);
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computes for `time`.
    fn burn(time: Duration) {
        let since = clock();
        while Duration::from_nanos(clock() - since) < time {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn waiting_is_free_and_computing_is_not() {
        let account = CpuAccount::open();
        account
            .charge(async {
                tokio::time::sleep(Duration::from_millis(200)).await;
                // Also a host call that blocks its thread: the guest does not compute meanwhile.
                std::thread::park_timeout(Duration::from_millis(200));
                burn(Duration::from_millis(20));
            })
            .await;
        assert!(account.spent() >= Duration::from_millis(20));
        assert!(
            account.spent() < Duration::from_millis(200),
            "{:?}",
            account.spent()
        );
    }

    #[tokio::test]
    async fn a_poll_under_way_is_counted_as_it_runs() {
        let account = CpuAccount::open();
        let seen = account
            .charge(async {
                burn(Duration::from_millis(20));
                account.spent()
            })
            .await;
        assert!(seen >= Duration::from_millis(20));
    }
}
