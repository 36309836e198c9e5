//! Reading a request.

use super::{Connection, Over, of};
use crate::service::{
    journal::What,
    request::{self, Framing, KEPT_BODY, LONGEST_HEAD, Seen},
};
use std::sync::Arc;

/// The longest line within a chunked body.
const LONGEST_LINE: usize = 1 << 16;

/// The most trailers.
const MOST_TRAILERS: usize = 1000;

impl Connection {
    /// Reads the next head and takes the request into the books.
    pub(super) fn read_head(&mut self) -> Result<Seen, Over> {
        let end = self.read_until(b"\r\n\r\n", LONGEST_HEAD);
        let (raw, too_long) = match end {
            Ok(end) => (self.rest.drain(..end).collect(), false),
            Err(Over::Fault) => (std::mem::take(&mut self.rest), true),
            Err(over) => return Err(over),
        };
        let (mut seen, framing) = request::parse(raw, self.number);
        if too_long {
            seen.fault = Some(format!("a head of more than {LONGEST_HEAD} bytes"));
        }
        self.framing = Some(framing);
        let head = seen.clone();
        self.request = Some(self.shared.change(|state| {
            state.seen.push(seen);
            state.seen.len() - 1
        }));
        self.in_progress = Some(self.shared.begin());
        self.note(What::Head);
        Ok(head)
    }

    /// Reads the body, if that is not yet done, and gives the whole request.
    pub(super) fn read_body(&mut self) -> Result<Seen, Over> {
        let request = self.request.ok_or(Over::Fault)?;
        let Some(framing) = self.framing.take() else {
            return Ok(of(&self.shared, request));
        };
        if framing != Framing::None {
            let expects = of(&self.shared, request);
            if expects
                .header("expect")
                .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
            {
                self.send(b"HTTP/1.1 100 Continue\r\n\r\n", false)?;
            }
        }
        let read = match framing {
            Framing::None => Ok(()),
            Framing::Length(length) => self.read_exactly(length),
            Framing::Chunked => self.read_chunks(),
        };
        if read == Err(Over::Fault) {
            let fault = Some("a body that is not framed as it says".to_owned());
            self.shared
                .change(|state| state.seen[request].fault = fault);
        }
        read?;
        self.shared
            .change(|state| state.seen[request].complete = true);
        self.note(What::Body);
        Ok(of(&self.shared, request))
    }

    fn read_chunks(&mut self) -> Result<(), Over> {
        loop {
            let line = self.read_line()?;
            let size = request::chunk_size(&line).ok_or(Over::Fault)?;
            if size == 0 {
                break;
            }
            self.read_exactly(size)?;
            if !self.read_line()?.is_empty() {
                return Err(Over::Fault);
            }
        }
        for _ in 0..MOST_TRAILERS {
            let line = self.read_line()?;
            if line.is_empty() {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&line).into_owned();
            let trailer = request::header(&line).ok_or(Over::Fault)?;
            let request = self.request.ok_or(Over::Fault)?;
            self.shared
                .change(|state| state.seen[request].trailers.push(trailer));
        }
        Err(Over::Fault)
    }

    /// A line without its end.
    fn read_line(&mut self) -> Result<Vec<u8>, Over> {
        let end = self.read_until(b"\r\n", LONGEST_LINE)?;
        let mut line: Vec<u8> = self.rest.drain(..end).collect();
        line.truncate(end - 2);
        Ok(line)
    }

    /// Reads so much of a body into the books.
    fn read_exactly(&mut self, length: u64) -> Result<(), Over> {
        let mut left = length;
        while left > 0 {
            if self.rest.is_empty() {
                self.fill()?;
            }
            let here = self
                .rest
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX));
            let piece: Vec<u8> = self.rest.drain(..here).collect();
            left -= here as u64;
            self.keep(&piece)?;
        }
        Ok(())
    }

    fn keep(&mut self, piece: &[u8]) -> Result<(), Over> {
        let request = self.request.ok_or(Over::Fault)?;
        let shared = Arc::clone(&self.shared);
        let first = shared.change(|state| {
            let seen = &mut state.seen[request];
            let first = seen.body_length == 0;
            seen.body_length += piece.len() as u64;
            let room = KEPT_BODY.saturating_sub(seen.body.len());
            seen.body.extend_from_slice(&piece[..piece.len().min(room)]);
            first
        });
        if first {
            self.note(What::BodyFirst);
        }
        Ok(())
    }

    /// Reads until those bytes are there; where they end.
    fn read_until(&mut self, mark: &[u8], most: usize) -> Result<usize, Over> {
        let mut searched = 0_usize;
        loop {
            let from = searched.saturating_sub(mark.len() - 1);
            let found = self.rest[from..]
                .windows(mark.len())
                .position(|at| at == mark);
            if let Some(found) = found {
                return Ok(from + found + mark.len());
            }
            searched = self.rest.len();
            if searched > most {
                return Err(Over::Fault);
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), Over> {
        let mut some = vec![0; 1 << 16];
        let length = self.receive(&mut some)?;
        self.rest.extend_from_slice(&some[..length]);
        Ok(())
    }
}
