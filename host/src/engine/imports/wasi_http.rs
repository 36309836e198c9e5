//! `wasi:http`: the second door to the gateway. wasmtime-wasi-http is built without its own sender, so this
//! hook is the only way out.

use crate::gateway::{BodyStream, HttpError, Incoming, Session, StreamedRequest};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderName, HeaderValue, Request, Response, header::CONTENT_LENGTH};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use std::{io, sync::Arc, time::Duration};
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

/// The largest piece of an answer that is handed over at once.
const PIECE: usize = 64 * 1024;

/// Hands every request of one run to its session.
#[derive(Debug)]
pub(crate) struct SecondDoor(pub(crate) Session);

/// The largest piece of a request's body that waits in the host for each body that a guest has begun.
const OUTGOING_CHUNK: usize = 32 * 1024;

type Transmission = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = wasmtime_wasi_http::Result<(Response<WasiBody>, Transmission)>;

impl WasiHttpHooks for SecondDoor {
    /// None: the gateway judges headers, by either door in the same way.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|_| false)
    }

    /// The gateway sets it.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        OUTGOING_CHUNK
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        OUTGOING_CHUNK
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _received: Transmission,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let session = self.0.clone();
        let patience = options.and_then(|options| options.first_byte_timeout);
        Box::new(async move {
            let sent = session.stream(lift(request));
            let answer = match patience {
                Some(patience) => within(patience, sent).await?,
                None => sent.await.map_err(|error| lower_error(&error))?,
            };
            Ok((lower(answer)?, Box::new(async { Ok(()) }) as Transmission))
        })
    }
}

async fn within(
    patience: Duration,
    sent: impl Future<Output = Result<Incoming, HttpError>>,
) -> Result<Incoming, Error> {
    let answer = tokio::time::timeout(patience, sent).await;
    answer
        .map_err(|_elapsed| Error::ConnectionReadTimeout)?
        .map_err(|error| lower_error(&error))
}

/// The request in the gateway's terms. Trailers are left behind: no service that runners speak to wants any.
fn lift(request: Request<WasiBody>) -> StreamedRequest {
    let (head, body) = request.into_parts();
    let pieces = body.into_data_stream();
    let pieces = pieces.map(|piece| piece.map_err(|error| io::Error::other(format!("{error:?}"))));
    let length = head.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    StreamedRequest {
        method: head.method.as_str().to_owned(),
        scheme: head.uri.scheme_str().map(str::to_owned),
        authority: head
            .uri
            .authority()
            .map(|authority| authority.as_str().to_owned()),
        path_and_query: head
            .uri
            .path_and_query()
            .map(|path| path.as_str().to_owned()),
        headers: head.headers,
        body: match length {
            Some(length) => whole(Box::pin(pieces), length),
            None => Box::pin(pieces),
        },
    }
}

/// A body that breaks off where it has another length than the guest gave. By 0.3 wasmtime-wasi-http lets a shorter one end as if it
/// were whole, and half of what was meant must not be sent for all of it.
fn whole(pieces: BodyStream, length: u64) -> BodyStream {
    let next = |state: Option<(BodyStream, u64)>| async {
        let (mut pieces, left) = state?;
        let wrong = || Some((Err(io::Error::other("another length than it said")), None));
        match pieces.next().await {
            Some(Ok(piece)) => match left.checked_sub(piece.len() as u64) {
                Some(left) => Some((Ok(piece), Some((pieces, left)))),
                None => wrong(),
            },
            Some(Err(broken)) => Some((Err(broken), None)),
            None if left > 0 => wrong(),
            None => None,
        }
    };
    Box::pin(stream::unfold(Some((pieces, length)), next))
}

/// The answer in wasmtime's terms.
fn lower(incoming: Incoming) -> Result<Response<WasiBody>, Error> {
    let mut response = Response::builder().status(incoming.status());
    for (name, value) in incoming.headers() {
        let pair = (name.parse::<HeaderName>(), HeaderValue::from_str(value));
        // What HTTP let through and is no header value here (odd bytes, replaced) is left out.
        if let (Ok(name), Ok(value)) = pair {
            response = response.header(name, value);
        }
    }
    // After an error there is nothing more.
    let pieces = stream::unfold(Some(incoming), |incoming| async {
        let mut incoming = incoming?;
        match incoming.read(PIECE).await {
            Ok(Some(piece)) => Some((Ok(Frame::data(Bytes::from(piece))), Some(incoming))),
            Ok(None) => None,
            Err(HttpError::Connection(_)) => Some((Err(Error::ConnectionTerminated), None)),
            Err(error) => Some((Err(lower_error(&error)), None)),
        }
    });
    let body = StreamBody::new(pieces).boxed_unsync();
    response.body(body).map_err(|_| Error::HttpProtocolError)
}

/// What the guest reads of an error: the case that wasi:http has for it.
fn lower_error(error: &HttpError) -> Error {
    match error {
        HttpError::Denied(_) => Error::HttpRequestDenied,
        HttpError::Timeout => Error::HttpResponseTimeout,
        HttpError::TooLarge(bytes) => Error::HttpResponseBodySize(Some(*bytes)),
        HttpError::RateLimited => Error::ConnectionLimitReached,
        HttpError::InvalidRequest(_) => Error::HttpRequestUriInvalid,
        // There was no connection: the one case with room for a reason, which may be what the user must do about it.
        HttpError::Connection(text) | HttpError::BudgetExhausted(text) => {
            Error::InternalError(Some(text.clone()))
        }
    }
}
