//! An answer that is read piece by piece.

use super::response::service_failure;
use super::{Failure, HttpError, Lines};
use crate::Error;
use crate::bindings::arborist::runner::http as host;

/// What is read of an answer without success, for its message, in bytes.
const MAX_FAULT: usize = 4096;
/// The most that one read of the host gives.
const MAX_READ: u32 = 64 << 10;

/// An answer whose head has come. Dropping it closes the connection.
#[derive(Debug)]
pub struct Incoming {
    origin: String,
    inner: host::Incoming,
}

impl Incoming {
    pub(super) fn new(origin: String, inner: host::Incoming) -> Self {
        Self { origin, inner }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.inner.status()
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
        let mut body = Vec::new();
        while body.len() < MAX_FAULT {
            // The status tells more than a body that broke off.
            let Ok(Some(piece)) = self.read() else { break };
            body.extend(piece);
        }
        Err(service_failure(&self.origin, status, &body))
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

    /// Hands each line to `take` as soon as it is complete, without its line end; the last one need not
    /// have one. `max` bounds a line, in bytes.
    ///
    /// # Errors
    /// What `take` returns; [`Failure`] where the answer broke off; [`Error::InvalidResponse`] for a line
    /// beyond `max`.
    pub fn each_line(
        mut self,
        max: usize,
        mut take: impl FnMut(&str) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut lines = Lines::new(max);
        while let Some(piece) = self.read()? {
            lines.push(&piece);
            while let Some(line) = lines.next().map_err(|fault| self.invalid(fault))? {
                take(&line)?;
            }
        }
        lines.finish().map_or(Ok(()), |line| take(&line))
    }

    fn invalid(&self, why: impl std::fmt::Display) -> Error {
        Error::InvalidResponse(format!("the answer of {}: {why}", self.origin))
    }

    fn failure(&self, error: HttpError) -> Failure {
        Failure {
            origin: self.origin.clone(),
            error,
        }
    }
}
