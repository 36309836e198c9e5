//! Recording what a run exchanges, and answering it from such a record instead of the network.

use super::{asked::Asked, body::Body, message::HttpError, session::Session, transport::Answer};
use crate::cassette::{self, Place, Player, Recorder, Reply};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::stream;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
};
use std::{
    io,
    sync::{Arc, atomic::Ordering},
};

/// Answers requests in the place of the network: a cassette's player, or what a test makes up.
///
/// It gets requests as a cassette has them, without secrets and placeholders, after the policy has permitted them; `[secret NAME]` in
/// what it gives becomes this run's placeholder again.
pub trait Responder: Send + Sync + std::fmt::Debug {
    /// What this request is answered with.
    ///
    /// # Errors
    /// It has no answer, which fails the run: why, in words that can be shown.
    fn respond(&self, request: &cassette::Request) -> Result<Served, String>;
}

/// What a [`Responder`] serves.
#[derive(Clone, Debug, PartialEq)]
pub enum Served {
    /// What a cassette can hold.
    Reply(Reply),
    /// No answer comes in time.
    TimedOut,
    /// An answer whose body is followed by its own last piece again and again, without an end.
    Endless(cassette::Answer),
}

impl Responder for Player {
    fn respond(&self, request: &cassette::Request) -> Result<Served, String> {
        self.reply(request).map(Served::Reply)
    }
}

/// What a session does with its exchanges besides, or instead.
#[derive(Clone, Debug, Default)]
pub enum Tape {
    /// Nothing.
    #[default]
    None,
    /// It keeps them.
    Record(Arc<Recorder>),
    /// It answers them, and sends nothing.
    Replay(Arc<dyn Responder>),
}

/// An exchange that is being recorded. It goes to the recorder when it is dropped, with as much of the answer as the runner has read.
#[derive(Debug)]
pub(super) struct Recording {
    session: Session,
    recorder: Arc<Recorder>,
    place: Place,
    /// The answer without its body, once its head has come.
    answer: Option<Box<cassette::Answer>>,
    body: Vec<u8>,
    full: bool,
}

impl Session {
    /// Whether nothing is sent, and everything answered from a cassette.
    pub(super) fn replays(&self) -> bool {
        matches!(self.inner.tape, Tape::Replay(_))
    }

    /// Whether the exchanges are recorded or answered from a cassette: bodies must be had whole then, to be written down or compared.
    pub(crate) fn is_taped(&self) -> bool {
        !matches!(self.inner.tape, Tape::None)
    }

    /// Counts what is had whole of streamed bodies for a cassette. All of a run's together are no more than a cassette holds, however
    /// many come at once.
    pub(super) fn tape_takes(&self, bytes: usize) -> Result<(), HttpError> {
        if !self.is_taped() {
            return Ok(());
        }
        let bytes = bytes as u64;
        let before = self.inner.taped.fetch_add(bytes, Ordering::Relaxed);
        let most = cassette::MAX_BYTES as u64;
        if before.saturating_add(bytes) <= most {
            return Ok(());
        }
        let message = format!(
            "the bodies of the run's requests are more than a cassette holds, {} MiB",
            most / 1024 / 1024
        );
        let help = "run it without `--record` or `--replay`, which need bodies whole";
        self.refuse(message, Some(help.to_owned()));
        Err(HttpError::TooLarge(most))
    }

    /// Begins to record an exchange, if the session does.
    pub(super) fn record(&self, taped: Option<&cassette::Request>) -> Option<Recording> {
        let Tape::Record(recorder) = &self.inner.tape else {
            return None;
        };
        Some(Recording {
            session: self.clone(),
            recorder: Arc::clone(recorder),
            place: recorder.begin(taped?.clone()),
            answer: None,
            body: Vec::new(),
            full: false,
        })
    }

    /// What the cassette answers, if there is one.
    pub(super) fn replayed(
        &self,
        taped: Option<&cassette::Request>,
    ) -> Option<Result<Served, HttpError>> {
        let Tape::Replay(responder) = &self.inner.tape else {
            return None;
        };
        Some(
            responder
                .respond(taped?)
                .map_err(|difference| self.deny_unrecorded(difference)),
        )
    }

    /// The request as a cassette has it, without secrets and placeholders; none where there is no tape.
    pub(super) fn taped(&self, asked: &Asked, body: &Body) -> Option<cassette::Request> {
        if !self.is_taped() {
            return None;
        }
        let body: &[u8] = match body {
            // Where there is a tape, `Body::take` lets none stream.
            Body::None | Body::Stream(_) => &[],
            Body::Whole(bytes) => bytes,
        };
        let mut headers: Vec<(String, String)> = asked
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), self.taped_header(name, value)))
            .collect();
        headers.sort();
        Some(cassette::Request {
            method: asked.method().as_str().to_owned(),
            url: self.hide(asked.target.url().as_str()),
            headers: Some(headers),
            body: Some(cassette::Body::of(self.hide_bytes(body))),
        })
    }

    fn taped_header(&self, name: &HeaderName, value: &HeaderValue) -> String {
        let text = String::from_utf8_lossy(value.as_bytes());
        // A placeholder in `Basic` credentials would be another text in every run.
        if *name == AUTHORIZATION
            && let Some((scheme, credentials)) = text.split_once(' ')
            && scheme.eq_ignore_ascii_case("basic")
            && let Ok(decoded) = STANDARD.decode(credentials.trim())
            && let Ok(decoded) = String::from_utf8(decoded)
        {
            let hidden = self.hide(&decoded);
            if hidden != decoded {
                return format!("{scheme} ({hidden})");
            }
        }
        self.hide(&text)
    }

    /// The answer of a cassette as if it came from the network, with this run's placeholders in it.
    pub(super) fn answer_from(&self, answer: &cassette::Answer, endless: bool) -> Option<Answer> {
        let secrets = &self.inner.secrets;
        let mut headers = HeaderMap::new();
        for (name, value) in &answer.headers {
            let value = secrets.unshow(value.as_bytes());
            headers.append(
                name.parse::<HeaderName>().ok()?,
                HeaderValue::from_bytes(&value).ok()?,
            );
        }
        let body = Bytes::from(secrets.unshow(&answer.body.bytes()).into_owned());
        let cut = answer
            .cut_off
            .clone()
            .map(|reason| Err(io::Error::other(reason)));
        let again = std::iter::repeat_n(body.clone(), if endless { usize::MAX } else { 0 });
        let pieces = std::iter::once(Ok(body)).chain(again.map(Ok)).chain(cut);
        Answer::made(answer.status, headers, stream::iter(pieces))
    }
}

impl Recording {
    /// Ends the exchange without an answer. `broken`: the connection broke after the request went out; else there was none.
    pub(super) fn failed(mut self, broken: bool, reason: &str) {
        let reason = self.session.hide(reason);
        let reply = if broken {
            Reply::Broken(reason)
        } else {
            Reply::NotConnected(reason)
        };
        self.answer = None;
        self.recorder.end(self.place, reply);
    }

    /// The head of the answer has come, as the runner gets it.
    pub(super) fn answered(&mut self, status: u16, headers: &[(String, String)]) {
        let kept = headers.iter().filter(|(name, _)| !is_of_the_wire(name));
        let headers = kept
            .map(|(name, value)| (name.clone(), self.session.hide(value)))
            .collect();
        self.answer = Some(Box::new(cassette::Answer {
            status,
            headers,
            body: cassette::Body::None,
            cut_off: None,
        }));
    }

    /// A piece of the body, as the runner gets it.
    pub(super) fn piece(&mut self, piece: &[u8]) {
        self.full = self.full || !self.recorder.reserve(piece.len());
        if !self.full {
            self.body.extend_from_slice(piece);
        }
    }

    /// The answer broke off.
    pub(super) fn cut_off(mut self, reason: &str) {
        let reason = self.session.hide(reason);
        if let Some(answer) = &mut self.answer {
            answer.cut_off = Some(reason);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(mut answer) = self.answer.take() {
            answer.body = cassette::Body::of(self.session.hide_bytes(&self.body));
            self.recorder.end(self.place, Reply::Answer(*answer));
        }
    }
}

/// Headers that say how a body was sent, not what it is.
fn is_of_the_wire(name: &str) -> bool {
    [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION]
        .iter()
        .any(|header| header == name)
}
