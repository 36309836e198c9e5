//! What comes back from an origin that a secret is bound to, with the placeholder wherever the value was.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue};

use super::base64_form::Spot;
use super::finder::{Finder, Found};
use super::patterns::{Form, MARGIN, Patterns, Shape};
use super::run::{Run, RunSecrets};
use crate::escape::printable;
use crate::policy::Origin;

/// Most characters of a content coding that an error shows.
const MAX_SHOWN_CODING: usize = 40;
/// Most bytes before a base64 interior that belong to the same value: one character, which JSON may write `\/`.
const MAX_HEAD_BYTES: usize = 2;
/// Most bytes after a base64 interior that are looked at.
const MAX_LOOK_AHEAD: usize = 100;
const _: () = assert!(MAX_LOOK_AHEAD + MAX_HEAD_BYTES < MARGIN);

/// An answer that cannot be searched for secrets, so that nobody may have it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableAnswer {
    /// It is compressed.
    #[error(
        "the answer is encoded as {0}, although it was asked for as it is; an answer from an origin that a secret is bound to must not be compressed"
    )]
    Encoded(String),
    /// The secrets are gigabytes.
    #[error("the secrets are too large to be searched for")]
    TooMuch,
}

impl RunSecrets {
    /// Scrubs the headers of an answer from `origin`, and gives what its body must go through; none if nothing is bound to this
    /// origin, and then the headers are untouched too. Only the values that are bound to the origin are looked for: whoever could
    /// have any text scrubbed of any secret could guess secrets.
    ///
    /// `Content-Length` is removed, since it would be the length of what nobody gets; so is a header whose name holds a value.
    ///
    /// # Errors
    /// The answer cannot be searched: give up the request.
    pub fn answer(
        &self,
        origin: &Origin,
        headers: &mut HeaderMap,
    ) -> Result<Option<Scrubber>, UnreadableAnswer> {
        let Some((run, patterns)) = self.bound_to(origin)? else {
            return Ok(None);
        };
        let codings = headers.get_all(CONTENT_ENCODING).iter();
        let encoded = codings
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"));
        if let Some(coding) = encoded {
            let coding = String::from_utf8_lossy(coding);
            let coding = scrub(
                run,
                patterns,
                printable(&coding, MAX_SHOWN_CODING).as_bytes(),
            );
            return Err(UnreadableAnswer::Encoded(
                String::from_utf8_lossy(&coding).into_owned(),
            ));
        }
        headers.remove(CONTENT_LENGTH);
        scrub_headers(run, patterns, headers);
        Ok(Some(Scrubber::new(run, patterns)))
    }

    /// Scrubs a text that an exchange with `origin` gave rise to: an error that quotes it, a URL that it redirects to.
    #[must_use]
    pub fn scrub_text(&self, origin: &Origin, text: &str) -> String {
        match self.bound_to(origin) {
            Ok(Some((run, patterns))) => {
                String::from_utf8_lossy(&scrub(run, patterns, text.as_bytes())).into_owned()
            }
            Ok(None) => text.to_owned(),
            Err(_) => String::new(),
        }
    }

    fn bound_to(&self, origin: &Origin) -> Result<Option<Bound<'_>>, UnreadableAnswer> {
        let Some(run) = self.run() else {
            return Ok(None);
        };
        let patterns = run
            .set
            .patterns(origin)
            .map_err(|_| UnreadableAnswer::TooMuch)?;
        Ok(patterns.map(|patterns| (run, patterns)))
    }
}

/// A run, and what to look for in the answers of one origin.
type Bound<'a> = (&'a Arc<Run>, &'a Arc<Patterns>);

fn scrub_headers(run: &Arc<Run>, patterns: &Arc<Patterns>, headers: &mut HeaderMap) {
    let has_value = |text: &[u8]| !Finder::find(Arc::clone(patterns), text).is_empty();
    let named: Vec<HeaderName> = headers
        .keys()
        .filter(|name| has_value(name.as_str().as_bytes()))
        .cloned()
        .collect();
    for name in named {
        headers.remove(name);
    }
    for value in headers
        .values_mut()
        .filter(|value| has_value(value.as_bytes()))
    {
        let scrubbed = scrub(run, patterns, value.as_bytes());
        *value = HeaderValue::from_bytes(&scrubbed).unwrap_or(HeaderValue::from_static(""));
    }
}

fn scrub(run: &Arc<Run>, patterns: &Arc<Patterns>, text: &[u8]) -> Vec<u8> {
    let mut scrubber = Scrubber::new(run, patterns);
    let mut out = scrubber.push(text);
    out.extend(scrubber.finish());
    out
}

/// Scrubs a body that comes in pieces.
///
/// After any number of bytes, all but the latest N have been dealt with, and N depends on the secrets alone: if it depended on what
/// the bytes are, the delay would tell how a secret begins. Where a value ends that begins before the latest N bytes, it is replaced
/// as a whole. The result does not depend on how the body is cut into pieces.
///
/// If an answer breaks off, drop the scrubber: what it holds back is not to be shown.
pub struct Scrubber {
    run: Arc<Run>,
    patterns: Arc<Patterns>,
    finder: Finder<Arc<Patterns>>,
    found: Vec<Found<Form>>,
    /// What was found and not yet dealt with: by start, the longest first.
    matches: VecDeque<Match>,
    /// What was read and not yet dealt with.
    buffer: Vec<u8>,
    /// Where the buffer begins in the body.
    base: usize,
    /// Up to here the body is part of a value that overlaps with one already replaced.
    hidden: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Match {
    start: usize,
    end: usize,
    form: Form,
}

impl Scrubber {
    fn new(run: &Arc<Run>, patterns: &Arc<Patterns>) -> Self {
        Self {
            run: Arc::clone(run),
            patterns: Arc::clone(patterns),
            finder: Finder::new(Arc::clone(patterns)),
            found: Vec::new(),
            matches: VecDeque::new(),
            buffer: Vec::new(),
            base: 0,
            hidden: 0,
        }
    }

    /// How many bytes are held back: a multiple of 256 that depends on the longest secret.
    #[must_use]
    pub fn held_back(&self) -> usize {
        self.patterns.hold()
    }

    /// Takes the next piece, and gives what is ready; that may be nothing.
    #[must_use]
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.buffer.extend_from_slice(piece);
        self.finder.feed(piece, &mut self.found);
        match self.finder.read().checked_sub(self.patterns.hold()) {
            Some(ready) => self.settle(ready),
            None => Vec::new(),
        }
    }

    /// Gives the rest of a body that is complete.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.finder.finish(&mut self.found);
        let all = self.finder.read();
        self.settle(all)
    }

    /// Deals with everything before `ready`.
    fn settle(&mut self, ready: usize) -> Vec<u8> {
        self.sort_in();
        let mut out = Vec::with_capacity(ready.saturating_sub(self.base));
        loop {
            while let Some(passed) = self.matches.pop_front_if(|next| next.start < self.base) {
                self.hidden = self.hidden.max(passed.end);
            }
            // A base64 text is replaced from the character before it, which must not have gone out.
            let next = self
                .matches
                .pop_front_if(|next| next.start < ready.saturating_add(MAX_HEAD_BYTES));
            match next {
                Some(next) => self.replace(next, &mut out),
                None => break,
            }
        }
        self.show_to(ready, &mut out);
        out
    }

    /// Puts what the finder gave in order. A value that is spelled in more bytes than are held back is replaced as far as it still can
    /// be, whether or not more of it happens to be here.
    fn sort_in(&mut self) {
        let reach = self.patterns.hold().saturating_sub(MARGIN);
        for Found {
            start,
            end,
            seen,
            hit: mut form,
        } in self.found.drain(..)
        {
            let earliest = seen.saturating_sub(reach);
            if start < earliest {
                form.shape = Shape::Plain;
            }
            let start = start.max(earliest);
            if start >= end {
                continue;
            }
            let one = Match { start, end, form };
            let order = |of: &Match| (of.start, std::cmp::Reverse(of.end));
            let mut at = self.matches.len();
            while let Some(before) = at.checked_sub(1).and_then(|index| self.matches.get(index))
                && order(before) > order(&one)
            {
                at -= 1;
            }
            let twin = at.checked_sub(1).and_then(|index| self.matches.get(index));
            if twin != Some(&one) {
                self.matches.insert(at, one);
            }
        }
    }

    fn replace(&mut self, next: Match, out: &mut Vec<u8>) {
        let placeholder = self.run.placeholder(next.form.secret);
        let Shape::Base64 {
            before,
            length,
            alphabet,
        } = next.form.shape
        else {
            let text = placeholder.as_bytes().to_vec();
            self.show_to(next.start, out);
            out.extend(text);
            return self.drop_to(next.end);
        };
        let start = next.start - self.base;
        let (head, head_bytes) = match self.buffer.get(..start) {
            _ if before == 0 => (None, 0),
            Some([.., b'\\', b'/']) => (Some(b'/'), 2),
            Some([.., head]) if alphabet.has(*head) => (Some(*head), 1),
            _ => (None, 0),
        };
        let after = self.buffer.get(next.end - self.base..).unwrap_or_default();
        let spot = Spot {
            before,
            length,
            alphabet,
            head,
            after: after.get(..MAX_LOOK_AHEAD).unwrap_or(after),
        };
        let scrub = |text: &[u8]| match text {
            [] => Vec::new(),
            _ => scrub(&self.run, &self.patterns, text),
        };
        // Where base64 texts run into each other, what is encoded anew could be a value again.
        let replacement = spot
            .encode_anew(placeholder, scrub)
            .filter(|anew| Finder::find(Arc::clone(&self.patterns), &anew.text).is_empty())
            .unwrap_or_else(|| spot.replace(placeholder));
        self.show_to(next.start - head_bytes, out);
        out.extend(replacement.text);
        self.drop_to(next.end + replacement.replaced);
    }

    /// Moves what is before `end` to `out`, except what is hidden.
    fn show_to(&mut self, end: usize, out: &mut Vec<u8>) {
        if end > self.base {
            let from = self.hidden.clamp(self.base, end) - self.base;
            out.extend(self.buffer.get(from..end - self.base).unwrap_or_default());
            self.drop_to(end);
        }
    }

    fn drop_to(&mut self, end: usize) {
        let count = end.saturating_sub(self.base).min(self.buffer.len());
        self.buffer.drain(..count);
        self.base += count;
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrubber")
            .field("held_back", &self.held_back())
            .finish_non_exhaustive()
    }
}
