//! Bodies on their way out: whole ones, and ones that stream.

use super::{
    message::{BodyStream, HttpError},
    session::Session,
};
use crate::limits::Limit;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use std::io;

/// A streamed body up to this size is sent whole, with a length, as the first door sends it: 1 MiB.
const WHOLE: usize = 1024 * 1024;

/// A body that is sent once.
pub(super) enum Body {
    None,
    Whole(Bytes),
    Stream(BodyStream),
}

impl Body {
    /// Takes a streamed body: whole where it is small, else bounded while it goes out.
    ///
    /// # Errors
    /// The guest broke it off, or there is a cassette and it is too large for that.
    pub(super) async fn take(session: &Session, mut stream: BodyStream) -> Result<Self, HttpError> {
        let mut begun = BytesMut::new();
        // A cassette keeps and compares whole bodies.
        let whole = if session.is_taped() {
            usize::try_from(session.inner.largest_request).unwrap_or(usize::MAX)
        } else {
            WHOLE
        };
        while begun.len() <= whole {
            match stream.next().await {
                Some(Ok(piece)) => {
                    session.tape_takes(piece.len())?;
                    begun.extend_from_slice(&piece);
                }
                Some(Err(_broken)) => {
                    let reason = "the body of the request was not finished";
                    return Err(HttpError::InvalidRequest(reason.to_owned()));
                }
                None if begun.is_empty() => return Ok(Self::None),
                None => {
                    let bound = session.inner.largest_request;
                    if begun.len() as u64 > bound {
                        return Err(session.too_large(
                            "the body of a request",
                            Limit::Request,
                            bound,
                        ));
                    }
                    return Ok(Self::Whole(begun.freeze()));
                }
            }
        }
        if session.is_taped() {
            let bound = session.inner.largest_request;
            return Err(session.too_large("the body of a request", Limit::Request, bound));
        }
        Ok(Self::Stream(bounded(
            session.clone(),
            begun.freeze(),
            stream,
        )))
    }

    /// What to send again, if that can be done: nothing that streams, and nothing larger than 1 MiB.
    pub(super) fn spare(&self) -> Option<Option<Bytes>> {
        match self {
            Self::None => Some(None),
            Self::Whole(bytes) => (bytes.len() <= WHOLE).then(|| Some(bytes.clone())),
            Self::Stream(_) => None,
        }
    }

    /// Bytes that are known to go out; a stream counts itself.
    pub(super) fn known(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::None | Self::Stream(_) => 0,
        }
    }
}

/// What has begun and what follows, broken off where it passes the limit.
fn bounded(session: Session, begun: Bytes, rest: BodyStream) -> BodyStream {
    let mut left = session.inner.largest_request;
    let pieces = futures_util::stream::once(async { Ok(begun) }).chain(rest);
    Box::pin(pieces.map(move |piece| {
        let piece = piece?;
        let Some(after) = left.checked_sub(piece.len() as u64) else {
            let bound = session.inner.largest_request;
            let error = session.too_large("the body of a request", Limit::Request, bound);
            return Err(io::Error::other(error));
        };
        left = after;
        session.count_sent(piece.len());
        Ok(piece)
    }))
}

impl From<Option<Bytes>> for Body {
    fn from(body: Option<Bytes>) -> Self {
        body.map_or(Self::None, Self::Whole)
    }
}
