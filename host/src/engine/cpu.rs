//! The account of CPU time: what a run computes, not what it waits for.
//!
//! Time counts while the run's future is being polled. A guest that waits for HTTP, a clock or its turn
//! is not polled, so waiting is free; a host call that computes is charged to the guest that made it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

/// Marks that no poll is under way.
const IDLE: u64 = u64::MAX;

/// The account of one run, shared by its future and its epoch callback.
#[derive(Clone, Debug)]
pub(crate) struct CpuAccount(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    opened: Instant,
    /// Nanoseconds of the polls that have ended.
    spent: AtomicU64,
    /// When the poll under way began, in nanoseconds since `opened`, or `IDLE`.
    polling_since: AtomicU64,
}

impl CpuAccount {
    pub(crate) fn open() -> Self {
        Self(Arc::new(Inner {
            opened: Instant::now(),
            spent: AtomicU64::new(0),
            polling_since: AtomicU64::new(IDLE),
        }))
    }

    /// What the run has used so far, the poll under way included.
    pub(crate) fn spent(&self) -> Duration {
        let ended = self.0.spent.load(Ordering::Relaxed);
        let running = match self.0.polling_since.load(Ordering::Relaxed) {
            IDLE => 0,
            since => self.now().saturating_sub(since),
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

    fn now(&self) -> u64 {
        u64::try_from(self.0.opened.elapsed().as_nanos()).unwrap_or(IDLE - 1)
    }
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
        let since = self.account.now();
        self.account.0.polling_since.store(since, Ordering::Relaxed);
        let polled = self.future.as_mut().poll(cx);
        let inner = &self.account.0;
        inner.polling_since.store(IDLE, Ordering::Relaxed);
        inner
            .spent
            .fetch_add(self.account.now().saturating_sub(since), Ordering::Relaxed);
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computes for `time`.
    fn burn(time: Duration) {
        let since = Instant::now();
        while since.elapsed() < time {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn waiting_is_free_and_computing_is_not() {
        let account = CpuAccount::open();
        account
            .charge(async {
                tokio::time::sleep(Duration::from_millis(200)).await;
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
