//! Makes a cassette.

use super::{CassetteError, Exchange, MAX_BYTES, Reply, Request, form};
use std::sync::{Mutex, PoisonError};

/// Takes the exchanges of a run, in the order in which they began.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    exchanges: Vec<(Request, Option<Reply>)>,
    bytes: usize,
}

/// An exchange that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Place(usize);

impl Recorder {
    /// Begins an exchange. Of one that does not fit any more nothing is held.
    pub fn begin(&self, mut request: Request) -> Place {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_add(size(&request));
        if state.bytes > MAX_BYTES {
            (request.headers, request.body) = (None, None);
        }
        state.exchanges.push((request, None));
        Place(state.exchanges.len() - 1)
    }

    /// Reserves room for this many bytes more, and says whether there is any. Once there is none, the cassette cannot be had.
    pub fn reserve(&self, bytes: usize) -> bool {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_add(bytes);
        state.bytes <= MAX_BYTES
    }

    /// Ends an exchange.
    pub fn end(&self, place: Place, reply: Reply) {
        if let Some((_, slot)) = self.state().exchanges.get_mut(place.0) {
            *slot = Some(reply);
        }
    }

    /// How many exchanges have ended, which are those that the cassette would hold.
    #[must_use]
    pub fn len(&self) -> usize {
        let state = self.state();
        state
            .exchanges
            .iter()
            .filter(|(_, reply)| reply.is_some())
            .count()
    }

    /// Whether none has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cassette's text: the exchanges that have ended.
    ///
    /// # Errors
    /// It is too large.
    pub fn text(&self) -> Result<String, CassetteError> {
        let state = self.state();
        if state.bytes > MAX_BYTES {
            return Err(CassetteError::TooLarge);
        }
        let ended = state.exchanges.iter().filter_map(|(request, reply)| {
            let (request, reply) = (request.clone(), reply.clone()?);
            Some(Exchange { request, reply })
        });
        form::write(&ended.collect::<Vec<_>>())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(request: &Request) -> usize {
    let headers = request.headers.iter().flatten();
    let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
    let body = request.body.as_ref().map_or(0, |body| body.bytes().len());
    request.url.len() + headers + body
}
