//! What a connection does, step by step.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

/// One step of an answer. After the last one the connection serves the next request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends these bytes and notes [`What::AnswerHead`](super::What::AnswerHead).
    Head(Vec<u8>),
    /// Sends these bytes and notes [`What::AnswerPiece`](super::What::AnswerPiece).
    Send(Vec<u8>),
    /// Sends the same bytes again and again. Only the first time is noted.
    Repeat {
        /// What is sent.
        bytes: Vec<u8>,
        /// How often; `None` is until the peer closes or the service stops.
        times: Option<u64>,
        /// How long it waits after each time.
        every: Duration,
    },
    /// Waits.
    Sleep(Duration),
    /// Waits until the gate is open.
    Wait(Gate),
    /// Waits until so many requests have been in progress at once, for [`PATIENCE`](super::PATIENCE) at
    /// most, and goes on in either case: [`Service::most_at_once`](super::Service::most_at_once) tells.
    Meet(usize),
    /// Reads once, whatever comes, and forgets it.
    ReadSome,
    /// Neither reads nor writes until the peer closes or the service stops.
    Hang,
    /// Ends its side in good order (FIN), and reads what still comes so that this does not become a reset.
    Close,
    /// Breaks the connection (RST).
    Reset,
}

impl Step {
    /// Whether it sends anything.
    pub(super) fn writes(&self) -> bool {
        matches!(self, Self::Head(_) | Self::Send(_) | Self::Repeat { .. })
    }

    /// Sends the same bytes until the peer has had enough.
    #[must_use]
    pub fn endless(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Repeat {
            bytes: bytes.into(),
            times: None,
            every: Duration::ZERO,
        }
    }

    /// Sends the same bytes until the peer has had enough, with a pause after each time.
    #[must_use]
    pub fn drip(bytes: impl Into<Vec<u8>>, every: Duration) -> Self {
        Self::Repeat {
            bytes: bytes.into(),
            times: None,
            every,
        }
    }
}

/// Holds a step back until the test opens it. Clones are the same gate, and it stays open.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    inner: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everything through, from now on.
    pub fn open(&self) {
        *self.inner.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.inner.1.notify_all();
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self.inner.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for it; true if it is open.
    pub(super) fn wait(&self, longest: Duration) -> bool {
        let open = self.inner.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .inner
            .1
            .wait_timeout_while(open, longest, |open| !*open);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
