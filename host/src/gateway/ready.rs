//! A request as it goes on the wire: the last stage before the transport puts the secrets in.

use super::{
    asked::Asked,
    body::Body,
    message::{BodyStream, HttpError},
    session::Session,
};
use crate::{audit::Exchange, secrets::OutgoingBody};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::HeaderMap;
use std::io;
use url::Url;

/// What the transport sends. Nothing of it may be kept or shown.
pub(super) struct Ready {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

impl Ready {
    /// Puts the run's secrets where the request carries their placeholders.
    ///
    /// # Errors
    /// A secret may not go where the request would take it.
    pub(super) fn new(
        session: &Session,
        asked: &Asked,
        body: Body,
        exchange: &Exchange,
    ) -> Result<Self, HttpError> {
        let secrets = &session.inner.secrets;
        let (whole, streamed) = match body {
            Body::None => (None, None),
            Body::Whole(bytes) => (Some(bytes), None),
            Body::Stream(stream) => (None, Some(stream)),
        };
        let streamed = streamed.map(|stream| {
            let origin = asked.target.origin();
            match secrets.outgoing_body(origin, &asked.headers) {
                Some(through) => filled(session.clone(), through, stream, exchange.clone()),
                None => stream,
            }
        });
        let sent = secrets
            .outgoing(&asked.target, asked.headers.clone(), whole)
            .map_err(|denial| session.denied_secret(exchange, &denial))?;
        exchange.carries(sent.names);
        let body = match (sent.body, streamed) {
            (_, Some(stream)) => Body::Stream(stream),
            (Some(bytes), None) => Body::Whole(bytes),
            (None, None) => Body::None,
        };
        Ok(Self {
            url: sent.url,
            headers: sent.headers,
            body,
        })
    }

    /// Bytes of the body that are known to go out; a stream counts itself.
    pub(super) fn known(&self) -> usize {
        self.body.known()
    }
}

/// A streamed body with the secrets put in as it goes; broken off where one may not go.
fn filled(
    session: Session,
    through: OutgoingBody,
    pieces: BodyStream,
    exchange: Exchange,
) -> BodyStream {
    let state = (Some(through), pieces, session, exchange);
    Box::pin(stream::unfold(
        state,
        |(mut through, mut pieces, session, exchange)| async move {
            let done = through.as_mut()?;
            let refuse = |denial| io::Error::other(session.denied_secret(&exchange, &denial));
            match pieces.next().await {
                Some(Ok(piece)) => {
                    let out = done
                        .push(&piece)
                        .map(Bytes::from)
                        .map_err(|denial| refuse(*denial));
                    exchange.carries(done.names().iter().cloned());
                    Some((out, (through, pieces, session, exchange)))
                }
                Some(Err(broken)) => Some((Err(broken), (None, pieces, session, exchange))),
                None => {
                    let through = through.take()?;
                    let rest = through.finish();
                    let rest = rest.map(Bytes::from).map_err(|denial| refuse(*denial));
                    Some((rest, (None, pieces, session, exchange)))
                }
            }
        },
    ))
}
