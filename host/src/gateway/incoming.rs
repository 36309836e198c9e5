//! An answer, read piece by piece and counted.

use super::{
    message::{HttpError, Response},
    session::Session,
    tape::Recording,
    transport::Answer,
};
use crate::{
    audit::{Attempt, Exchange, Outcome},
    limits::Limit,
    secrets::Scrubber,
};
use bytes::{Buf as _, Bytes};

/// An answer whose body is read piece by piece. Dropping it closes the connection, unless the body was
/// read to its end.
#[derive(Debug)]
pub struct Incoming {
    session: Session,
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    /// What has arrived and was not asked for yet.
    pending: Bytes,
    received: u64,
    /// Takes the secrets out of an answer from an origin that any is bound to.
    scrubber: Option<Scrubber>,
    /// Writes down what the runner gets.
    recording: Option<Recording>,
    attempt: Attempt,
    exchange: Exchange,
}

#[derive(Debug)]
enum Body {
    Coming(Box<Answer>),
    Complete,
    /// Every further read fails in the same way.
    Failed(HttpError),
}

impl Incoming {
    pub(super) fn new(
        session: Session,
        answer: Answer,
        (scrubber, mut recording): (Option<Scrubber>, Option<Recording>),
        attempt: Attempt,
    ) -> Self {
        let headers: Vec<(String, String)> = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        if let Some(recording) = &mut recording {
            recording.answered(answer.status(), &headers);
        }
        Self {
            session,
            status: answer.status(),
            headers,
            body: Body::Coming(Box::new(answer)),
            pending: Bytes::new(),
            received: 0,
            scrubber,
            recording,
            exchange: attempt.exchange(),
            attempt,
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers of the answer, names in lower case. Bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The first header called `name`, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The next piece of the body, 1 to `max` bytes; `None` is the end of a complete answer.
    ///
    /// # Errors
    /// The answer broke off or is larger than the limit `response`; so does every later call.
    pub async fn read(&mut self, max: usize) -> Result<Option<Vec<u8>>, HttpError> {
        if self.pending.is_empty() {
            match self.next().await? {
                Some(piece) => self.pending = piece,
                None => return Ok(None),
            }
        }
        let length = self.pending.len().min(max);
        Ok(Some(self.pending.copy_to_bytes(length).into()))
    }

    /// Says that the answer is not to be read: it redirects.
    pub(super) fn redirects(&mut self) {
        self.attempt.end(Outcome::Redirected, None);
    }

    /// Says that the answer is not to be read: the request is sent again.
    pub(super) fn retries(&mut self) {
        self.attempt.end(Outcome::Retried, None);
    }

    /// The whole answer.
    ///
    /// # Errors
    /// As [`Incoming::read`].
    pub(super) async fn whole(mut self) -> Result<Response, HttpError> {
        let mut body = Vec::new();
        while let Some(piece) = self.next().await? {
            body.extend_from_slice(&piece);
        }
        Ok(Response {
            status: self.status,
            headers: self.headers,
            body,
        })
    }

    /// The next piece with the secrets taken out, never empty.
    async fn next(&mut self) -> Result<Option<Bytes>, HttpError> {
        loop {
            let piece = match (self.arrive().await?, &mut self.scrubber) {
                (piece, None) => {
                    self.note(piece.as_deref());
                    return Ok(piece);
                }
                (Some(piece), Some(scrubber)) => scrubber.push(&piece),
                // The end of a complete answer: what was held back may be had.
                (None, Some(_)) => match self.scrubber.take() {
                    Some(scrubber) => scrubber.finish(),
                    None => return Ok(None),
                },
            };
            if !piece.is_empty() {
                self.note(Some(&piece));
                return Ok(Some(piece.into()));
            }
        }
    }

    fn note(&mut self, piece: Option<&[u8]>) {
        if let (Some(recording), Some(piece)) = (&mut self.recording, piece) {
            recording.piece(piece);
        }
    }

    /// The next piece as it came, never empty, counted.
    async fn arrive(&mut self) -> Result<Option<Bytes>, HttpError> {
        let answer = match &mut self.body {
            Body::Coming(answer) => answer,
            Body::Complete => return Ok(None),
            Body::Failed(error) => return Err(error.clone()),
        };
        let piece = loop {
            match answer.piece().await {
                Ok(Some(piece)) if piece.is_empty() => {}
                Ok(Some(piece)) => break piece,
                Ok(None) => {
                    self.body = Body::Complete;
                    self.attempt.end(Outcome::Complete, None);
                    return Ok(None);
                }
                Err(reason) => {
                    if let Some(recording) = self.recording.take() {
                        recording.cut_off(&reason);
                    }
                    let error = HttpError::Connection(format!("the answer broke off: {reason}"));
                    return Err(self.fail(error, Outcome::CutOff));
                }
            }
        };
        self.received = self.received.saturating_add(piece.len() as u64);
        self.exchange.receives(piece.len());
        let bound = self.session.inner.largest_response;
        if self.received > bound {
            let error = self
                .session
                .too_large("the answer of a service", Limit::Response, bound);
            return Err(self.fail(error, Outcome::TooLarge));
        }
        self.session.count_received(piece.len());
        Ok(Some(piece))
    }

    /// Gives the connection up and fails from here on.
    fn fail(&mut self, error: HttpError, outcome: Outcome) -> HttpError {
        let reason = self.session.hide(&error.to_string());
        self.attempt.end(outcome, Some(reason));
        // What was read of it until then is what the runner has.
        if let Some(recording) = self.recording.take() {
            recording.cut_off(&error.to_string());
        }
        self.body = Body::Failed(error.clone());
        // What is held back of an answer that broke off is not to be shown.
        self.scrubber = None;
        error
    }
}
