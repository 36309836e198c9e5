//! Answers a test's requests, and keeps them.

use crate::{
    cassette::{Player, Request},
    gateway::{Responder, Served},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A player that remembers what it was asked. How much that is, the run's own limits bound.
#[derive(Debug)]
pub(super) struct Script {
    player: Player,
    said: Mutex<Said>,
}

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) requests: Vec<Request>,
    /// What differs, for those that nothing answers.
    pub(super) unanswered: Vec<String>,
}

impl Script {
    pub(super) fn new(player: Player) -> Self {
        Self {
            player,
            said: Mutex::default(),
        }
    }

    /// What was asked for, and how many exchanges were not.
    pub(super) fn ended(&self) -> (Said, usize) {
        (self.said().clone(), self.player.unused().1)
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Responder for Script {
    fn respond(&self, request: &Request) -> Result<Served, String> {
        let reply = self.player.reply(request);
        let mut said = self.said();
        said.requests.push(request.clone());
        reply.map(Served::Reply).inspect_err(|difference| {
            said.unanswered.push(difference.clone());
        })
    }
}
