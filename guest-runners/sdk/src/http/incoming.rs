//! An answer that is read piece by piece.

use super::response::service_failure;
use super::{Event, Events, Failure, HttpError, Lines};
use crate::Error;
use crate::bindings::arborist::runner::http::{self as host, Header};
use std::fmt::Display;

/// What is read of an answer without success, for its message, in bytes.
const MAX_FAULT: usize = 4096;
/// The most that one read of the host gives.
const MAX_READ: u32 = 64 << 10;

/// An answer whose head has come. Dropping it closes the connection.
#[derive(Debug)]
pub struct Incoming {
    origin: String,
    inner: host::Incoming,
    headers: Vec<Header>,
}

impl Incoming {
    pub(super) fn new(origin: String, inner: host::Incoming) -> Self {
        let headers = inner.headers();
        Self {
            origin,
            inner,
            headers,
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.inner.status()
    }

    /// What stands in the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let is = |header: &&Header| header.name.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(is)
            .map(|header| header.value.as_str())
    }

    /// The scheme, host and port that the request went to, for messages.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The answer, if its status is one of success (2xx).
    ///
    /// # Errors
    /// [`Error::Service`], as [`Response::success`](super::Response::success) says.
    pub fn success(mut self) -> Result<Self, Error> {
        let status = self.status();
        if (200..300).contains(&status) {
            return Ok(self);
        }
        // The status tells more than a body that broke off.
        let (body, _) = self.read_up_to(MAX_FAULT);
        let later = self.header("retry-after");
        Err(service_failure(&self.origin, status, later, &body))
    }

    /// The next piece, as soon as there is one; `None` at the end of a complete answer.
    ///
    /// # Errors
    /// [`Failure`] where the answer broke off or met a bound.
    pub fn read(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        self.inner
            .read(MAX_READ)
            .map_err(|error| self.failure(error))
    }

    /// The rest of the answer.
    ///
    /// # Errors
    /// [`Failure`] where the answer broke off; [`Error::InvalidResponse`] beyond `max` bytes.
    pub fn read_all(mut self, max: usize) -> Result<Vec<u8>, Error> {
        match self.read_up_to(max.saturating_add(1)) {
            (_, Err(failure)) => Err(failure.into()),
            (body, Ok(())) if body.len() > max => {
                Err(self.invalid(format_args!("is larger than {max} bytes")))
            }
            (body, Ok(())) => Ok(body),
        }
    }

    /// What comes until there are `enough` bytes or the answer ends, and how it ended.
    fn read_up_to(&mut self, enough: usize) -> (Vec<u8>, Result<(), Failure>) {
        let mut body = Vec::new();
        while body.len() < enough {
            match self.read() {
                Ok(Some(piece)) => body.extend(piece),
                Ok(None) => break,
                Err(failure) => return (body, Err(failure)),
            }
        }
        (body, Ok(()))
    }

    /// The lines, each as soon as it is complete and without its end; the last one need not have one.
    /// `max` bounds a line, in bytes. Dropping the iterator closes the connection.
    ///
    /// An item is an error, and the last one, where the answer broke off ([`Failure`]) or a line is
    /// beyond `max` ([`Error::InvalidResponse`]).
    pub fn lines(self, max: usize) -> impl Iterator<Item = Result<String, Error>> {
        self.cut(Lines::new(max))
    }

    /// The server-sent events, each as soon as it is complete. `max` bounds an event, in bytes. Dropping
    /// the iterator closes the connection.
    ///
    /// An item is an error, and the last one, where the answer broke off ([`Failure`]) or an event is
    /// beyond `max` ([`Error::InvalidResponse`]).
    pub fn events(self, max: usize) -> impl Iterator<Item = Result<Event, Error>> {
        self.cut(Events::new(max))
    }

    fn cut<C: Cut>(mut self, cutter: C) -> impl Iterator<Item = Result<C::Item, Error>> {
        let mut cutter = Some(cutter);
        std::iter::from_fn(move || {
            let found = self.advance(&mut cutter);
            if found.is_err() {
                cutter = None;
            }
            found.transpose()
        })
    }

    /// The next item; the cutter is taken at the end.
    fn advance<C: Cut>(&mut self, cutter: &mut Option<C>) -> Result<Option<C::Item>, Error> {
        while let Some(cutting) = cutter {
            if let Some(item) = cutting.cut().map_err(|fault| self.invalid(fault))? {
                return Ok(Some(item));
            }
            match self.read()? {
                Some(piece) => cutting.add(&piece),
                None => return Ok(cutter.take().and_then(C::rest)),
            }
        }
        Ok(None)
    }

    /// The error for an answer that cannot be used: `the answer of ORIGIN: {why}`.
    pub fn invalid(&self, why: impl Display) -> Error {
        Error::InvalidResponse(format!("the answer of {}: {why}", self.origin))
    }

    fn failure(&self, error: HttpError) -> Failure {
        Failure {
            origin: self.origin.clone(),
            error,
        }
    }
}

/// What makes items out of pieces.
trait Cut {
    type Item;
    type TooLong: Display;
    fn add(&mut self, piece: &[u8]);
    fn cut(&mut self) -> Result<Option<Self::Item>, Self::TooLong>;
    /// What the end of the answer completes.
    fn rest(self) -> Option<Self::Item>;
}

impl Cut for Lines {
    type Item = String;
    type TooLong = super::LineTooLong;

    fn add(&mut self, piece: &[u8]) {
        self.push(piece);
    }

    fn cut(&mut self) -> Result<Option<String>, Self::TooLong> {
        self.next()
    }

    fn rest(self) -> Option<String> {
        self.finish()
    }
}

impl Cut for Events {
    type Item = Event;
    type TooLong = super::EventTooLong;

    fn add(&mut self, piece: &[u8]) {
        self.push(piece);
    }

    fn cut(&mut self) -> Result<Option<Event>, Self::TooLong> {
        self.next()
    }

    fn rest(self) -> Option<Event> {
        None
    }
}
