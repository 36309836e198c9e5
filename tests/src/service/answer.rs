//! Well-formed answers.

use super::script::{Gate, Step};
use std::time::Duration;

/// A well-formed answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    reason: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    chunks: Option<(usize, Duration)>,
}

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            reason: reason(status).to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            chunks: None,
        }
    }

    /// JSON.
    #[must_use]
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status)
            .header("Content-Type", "application/json")
            .body(value.to_string())
    }

    /// `text/plain`.
    #[must_use]
    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status)
            .header("Content-Type", "text/plain; charset=utf-8")
            .body(body)
    }

    /// Adds a header, as it is, even if one of that name is there.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the reason phrase.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Sends the body in chunks of so many bytes instead of with a length, with a pause after each.
    #[must_use]
    pub fn chunked(mut self, size: usize, every: Duration) -> Self {
        self.chunks = Some((size.max(1), every));
        self
    }

    /// Its steps; the answer to a HEAD has no body.
    pub(super) fn steps(&self, head_only: bool) -> Vec<Step> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, self.reason).into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        let bodiless = matches!(self.status, 100..=199 | 204 | 304);
        if !bodiless {
            let framing = match self.chunks {
                Some(_) => "Transfer-Encoding: chunked\r\n".to_owned(),
                None => format!("Content-Length: {}\r\n", self.body.len()),
            };
            head.extend_from_slice(framing.as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        let mut steps = vec![Step::Head(head)];
        if head_only || bodiless {
            return steps;
        }
        match self.chunks {
            None if self.body.is_empty() => {}
            None => steps.push(Step::Send(self.body.clone())),
            Some((size, every)) => {
                for piece in self.body.chunks(size) {
                    steps.push(Step::Send(chunk(piece)));
                    if !every.is_zero() {
                        steps.push(Step::Sleep(every));
                    }
                }
                steps.push(Step::Send(chunk(b"")));
            }
        }
        steps
    }
}

/// A redirect.
#[derive(Clone, Debug)]
pub struct Redirect {
    status: u16,
    location: Vec<u8>,
}

impl Redirect {
    /// A redirect with that status to that location, which is sent as it is.
    #[must_use]
    pub fn to(status: u16, location: impl Into<Vec<u8>>) -> Self {
        let location = location.into();
        Self { status, location }
    }

    pub(super) fn answer(self) -> Answer {
        Answer::text(self.status, "moved").header("Location", self.location)
    }
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// As HTTP wants it.
    #[default]
    Complete,
    /// The connection is closed without the last chunk.
    Cut,
    /// The connection is broken (RST).
    Reset,
    /// Nothing more comes, and the connection stays open.
    Hang,
}

/// A part of a stream.
#[derive(Clone, Debug)]
pub struct Piece {
    /// What is sent.
    pub bytes: Vec<u8>,
    /// What it waits for.
    pub gate: Option<Gate>,
}

/// An answer whose pieces are chunks, each sent by itself.
#[derive(Clone, Debug)]
pub struct Stream {
    content_type: String,
    headers: Vec<(String, String)>,
    pieces: Vec<Piece>,
    last: Option<Gate>,
    end: End,
}

impl Stream {
    /// Sends the pieces one after the other, each as soon as its gate is open.
    #[must_use]
    pub fn new(content_type: &str, pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self {
            content_type: content_type.to_owned(),
            headers: Vec::new(),
            pieces: pieces.into_iter().collect(),
            last: None,
            end: End::default(),
        }
    }

    /// A stream with a gate of its own before each piece, and those gates.
    #[must_use]
    pub fn gated<B: Into<Vec<u8>>>(
        content_type: &str,
        pieces: impl IntoIterator<Item = B>,
    ) -> (Self, Vec<Gate>) {
        let pieces: Vec<Piece> = pieces
            .into_iter()
            .map(|bytes| Piece {
                bytes: bytes.into(),
                gate: Some(Gate::new()),
            })
            .collect();
        let gates = pieces.iter().flat_map(|piece| piece.gate.clone()).collect();
        (Self::new(content_type, pieces), gates)
    }

    /// Adds a header, as it is.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How it ends.
    #[must_use]
    pub fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// What its end waits for: the last chunk, the cut or the reset.
    #[must_use]
    pub fn end_behind(mut self, gate: &Gate) -> Self {
        self.last = Some(gate.clone());
        self
    }

    pub(super) fn steps(self) -> Vec<Step> {
        let mut head = format!("HTTP/1.1 200 OK\r\nContent-Type: {}\r\n", self.content_type);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("Transfer-Encoding: chunked\r\n\r\n");
        let mut steps = vec![Step::Head(head.into_bytes())];
        for piece in self.pieces {
            steps.extend(piece.gate.map(Step::Wait));
            // A chunk of nothing would be the end.
            if !piece.bytes.is_empty() {
                steps.push(Step::Send(chunk(&piece.bytes)));
            }
        }
        steps.extend(self.last.map(Step::Wait));
        steps.push(match self.end {
            End::Complete => Step::Send(chunk(b"")),
            End::Cut => Step::Close,
            End::Reset => Step::Reset,
            End::Hang => Step::Hang,
        });
        steps
    }
}

/// One chunk of a chunked body; an empty one ends it.
pub(super) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}
