//! What happened, in order, and what the service knows of itself.

use super::request::Seen;
use std::{
    net::{Shutdown, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

/// Events beyond this are not kept, so that a flood cannot fill the memory of the test.
const MOST_EVENTS: usize = 200_000;

/// What happened on a connection.
///
/// What the service sends is noted just *before* it is sent: whatever the peer has seen is in the log, and
/// what is not in the log the peer cannot have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A connection was accepted.
    Accepted,
    /// The TLS handshake succeeded; the name that the peer asked for, if it gave one.
    Secured(Option<String>),
    /// The TLS handshake failed, and why.
    HandshakeFailed(String),
    /// A request's head was read; it is in [`Service::requests`](super::Service::requests) from here on.
    Head,
    /// The first byte of a request's body was read.
    BodyFirst,
    /// The request was read to its end.
    Body,
    /// An answer's head is about to be sent.
    AnswerHead,
    /// The n-th piece of an answer's body, counted from 0, is about to be sent.
    AnswerPiece(usize),
    /// The last bytes of an answer are about to be sent.
    AnswerLast,
    /// The peer closed or broke the connection.
    PeerClosed,
    /// The service closed or broke the connection.
    Closed,
}

/// One line of the log.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its place in the log.
    pub order: usize,
    /// Which connection, counted from 0.
    pub connection: usize,
    /// Which request: its index in [`Service::requests`](super::Service::requests).
    pub request: Option<usize>,
    /// What happened.
    pub what: What,
    /// When, for messages; tests judge by `order`.
    pub at: Instant,
}

/// What all threads of a service share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) stopping: bool,
    pub(super) events: Vec<Event>,
    pub(super) seen: Vec<Seen>,
    pub(super) connections: usize,
    pub(super) open: usize,
    pub(super) most_at_once: usize,
    pub(super) sent: u64,
    in_progress: usize,
    sockets: Vec<Weak<TcpStream>>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stopping(&self) -> bool {
        self.state().stopping
    }

    /// Changes the state and wakes whoever waits for a change.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changed.notify_all();
        result
    }

    /// Waits until the state is as wanted; what it was found to be, or `None` when the time is over.
    pub(super) fn wait<T>(
        &self,
        longest: Duration,
        mut wanted: impl FnMut(&State) -> Option<T>,
    ) -> Option<T> {
        let began = Instant::now();
        let mut state = self.state();
        loop {
            if let Some(found) = wanted(&state) {
                return Some(found);
            }
            let left = longest.checked_sub(began.elapsed())?;
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(super) fn note(&self, connection: usize, request: Option<usize>, what: What) {
        self.change(|state| {
            let order = state.events.len();
            if order < MOST_EVENTS {
                state.events.push(Event {
                    order,
                    connection,
                    request,
                    what,
                    at: Instant::now(),
                });
            }
        });
    }

    /// Takes a connection into the books; its number, or `None` if the service is stopping.
    pub(super) fn admit(&self, socket: &Arc<TcpStream>) -> Option<usize> {
        self.change(|state| {
            if state.stopping {
                return None;
            }
            let number = state.connections;
            state.connections += 1;
            state.open += 1;
            state.sockets.retain(|socket| socket.strong_count() > 0);
            state.sockets.push(Arc::downgrade(socket));
            Some(number)
        })
    }

    /// From here on every read and write ends at once.
    pub(super) fn stop(&self) {
        self.change(|state| {
            state.stopping = true;
            for socket in state.sockets.drain(..).filter_map(|weak| weak.upgrade()) {
                // A socket that is closed already is as it should be.
                let _ = socket.shutdown(Shutdown::Both);
            }
        });
    }

    /// Counts a request as in progress until the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InProgress {
        self.change(|state| {
            state.in_progress += 1;
            state.most_at_once = state.most_at_once.max(state.in_progress);
        });
        InProgress(Arc::clone(self))
    }
}

/// A request that is being answered.
pub(super) struct InProgress(Arc<Shared>);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.change(|state| state.in_progress -= 1);
    }
}
