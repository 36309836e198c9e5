//! Finds texts in a stream, however their bytes are spelled, in time linear in its length.

use std::collections::VecDeque;
use std::fmt;

use super::spelling::{Coding, Decoder, Unit, is_mark};

/// A deterministic automaton over bytes that says which texts end where.
pub(super) trait Machine {
    /// All that it remembers.
    type State: Copy + PartialEq;
    /// What it tells of a text that it finds.
    type Hit: Copy;

    /// The state in which nothing has been read, or nothing that matters.
    fn start(&self) -> Self::State;
    /// The state after `byte`.
    fn next(&self, state: Self::State, byte: u8) -> Self::State;
    /// Whether a text ends here.
    fn is_match(&self, state: Self::State) -> bool;
    /// The texts that end here, with their lengths in bytes.
    fn hits(&self, state: Self::State) -> impl Iterator<Item = (usize, Self::Hit)>;
    /// Whether the byte leads away from the start.
    fn opens(&self, byte: u8) -> bool;
    /// The length of the longest text in bytes.
    fn longest(&self) -> usize;
}

/// A text that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<H> {
    /// Where it begins in the raw stream.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// How much of the stream had been read when it was found: `end`, or a little more.
    pub(super) seen: usize,
    /// What it is.
    pub(super) hit: H,
}

/// Reads a stream in pieces. What it finds does not depend on where one piece ends and the next begins.
///
/// Beside the stream as it is written, it reads it with each coding undone, with both undone, the one before the other, and with
/// either undone twice: JSON, a URL, a URL in JSON, JSON in a URL, an error that quotes another service's, a URL in the query of
/// another. Each of these [`Lane`]s is followed only where it differs from the stream that it is made of, so that text with few
/// escapes costs little more than text without.
pub(super) struct Finder<M: Machine> {
    machine: M,
    /// The state of what is read as it is written.
    raw: M::State,
    /// Both codings undone once. None before the first escape.
    lanes: Option<[Lane<M::State>; 2]>,
    /// Bytes read.
    at: usize,
}

/// A stream with one coding undone. It is active from an escape on, until it and the stream that it is made of cannot differ any more.
#[derive(Clone)]
struct Lane<S> {
    state: S,
    active: bool,
    decoder: Decoder,
    /// Where the latest decoded bytes begin, since `since`.
    starts: VecDeque<usize>,
    /// Before this, all was as it is written.
    since: usize,
    /// Kept for its memory.
    decoded: Vec<Unit>,
    /// This stream with a coding undone again.
    lanes: Vec<Self>,
}

impl<M: Machine> Finder<M> {
    pub(super) fn new(machine: M) -> Self {
        Self {
            raw: machine.start(),
            machine,
            lanes: None,
            at: 0,
        }
    }

    /// Reads on. Texts are found in the order of their ends, nearly.
    pub(super) fn feed(&mut self, piece: &[u8], found: &mut Vec<Found<M::Hit>>) {
        let mut rest = piece;
        loop {
            if self.is_at_rest() {
                let skipped = rest
                    .iter()
                    .position(|&byte| is_mark(byte) || self.machine.opens(byte))
                    .unwrap_or(rest.len());
                self.at += skipped;
                rest = rest.get(skipped..).unwrap_or_default();
            }
            let Some((&byte, after)) = rest.split_first() else {
                return;
            };
            self.step(byte, found);
            rest = after;
        }
    }

    /// Says what was still undecided at the end of the stream.
    pub(super) fn finish(&mut self, found: &mut Vec<Found<M::Hit>>) {
        let mut reading = Reading {
            machine: &self.machine,
            seen: self.at,
            found,
        };
        for lane in self.lanes.iter_mut().flatten() {
            lane.finish(&mut reading);
        }
    }

    /// Everything in a whole text.
    pub(super) fn find(machine: M, text: &[u8]) -> Vec<Found<M::Hit>> {
        let mut finder = Self::new(machine);
        let mut found = Vec::new();
        finder.feed(text, &mut found);
        finder.finish(&mut found);
        found
    }

    /// Bytes read so far.
    pub(super) const fn read(&self) -> usize {
        self.at
    }

    /// Whether no text that has begun can still end.
    pub(super) fn is_at_rest(&self) -> bool {
        self.raw == self.machine.start() && !self.is_in_lanes()
    }

    /// Whether any escape is being undone.
    pub(super) fn is_in_lanes(&self) -> bool {
        self.lanes.iter().flatten().any(|lane| lane.active)
    }

    fn step(&mut self, byte: u8, found: &mut Vec<Found<M::Hit>>) {
        if is_mark(byte) {
            self.open_lanes(byte);
        }
        let start = self.at;
        self.at += 1;
        self.raw = self.machine.next(self.raw, byte);
        if self.machine.is_match(self.raw) {
            for (length, hit) in self.machine.hits(self.raw) {
                found.push(Found {
                    start: self.at.saturating_sub(length),
                    end: self.at,
                    seen: self.at,
                    hit,
                });
            }
        }
        if !self.is_in_lanes() {
            return;
        }
        let unit = Unit {
            byte,
            start,
            end: self.at,
        };
        let mut reading = Reading {
            machine: &self.machine,
            seen: self.at,
            found,
        };
        for lane in self.lanes.iter_mut().flatten() {
            lane.follow(unit, self.raw, &mut reading);
        }
    }

    fn open_lanes(&mut self, mark: u8) {
        let both = || [Coding::Backslash, Coding::Percent];
        let raw = self.raw;
        let [first, second] = self.lanes.get_or_insert_with(|| {
            both().map(|coding| {
                let inner = both().map(|coding| Lane::new(coding, raw, Vec::new()));
                Lane::new(coding, raw, inner.into())
            })
        });
        first.open_at(mark, second, raw, self.at);
        second.open_at(mark, first, raw, self.at);
    }
}

/// What is passed along while one byte is read.
struct Reading<'a, M: Machine> {
    machine: &'a M,
    /// Raw bytes read.
    seen: usize,
    found: &'a mut Vec<Found<M::Hit>>,
}

impl<S: Copy + PartialEq> Lane<S> {
    const fn new(coding: Coding, state: S, lanes: Vec<Self>) -> Self {
        Self {
            state,
            active: false,
            decoder: Decoder::new(coding),
            starts: VecDeque::new(),
            since: 0,
            decoded: Vec::new(),
            lanes,
        }
    }

    /// Leaves the stream that it is made of, and that has come as far as `state`.
    fn open(&mut self, state: S, starts: &VecDeque<usize>, since: usize) {
        self.active = true;
        self.state = state;
        self.starts.clone_from(starts);
        self.since = since;
    }

    /// Leaves the raw stream, if `mark` begins an escape of this coding. `other` is the raw stream with the other coding undone.
    fn open_at(&mut self, mark: u8, other: &Self, raw: S, at: usize) {
        if self.active || !self.decoder.begins_at(mark) {
            return;
        }
        self.open(raw, &VecDeque::new(), at);
        // So far this was the raw stream, and the other coding undone in either was the same.
        let mut lanes = self.lanes.iter_mut();
        let twin = lanes.find(|inner| inner.decoder.is_like(&other.decoder));
        if let Some(twin) = twin.filter(|_| other.active) {
            *twin = Self {
                lanes: Vec::new(),
                ..other.clone()
            };
        }
    }

    /// Reads the next unit of the stream that it is made of, which is at `outer` after it.
    fn follow<M: Machine<State = S>>(
        &mut self,
        unit: Unit,
        outer: S,
        reading: &mut Reading<'_, M>,
    ) {
        if !self.active {
            return;
        }
        if self.decoder.is_idle() && !self.decoder.begins_at(unit.byte) {
            self.take(unit, reading);
        } else {
            self.decoder.feed(unit, &mut self.decoded);
            self.take_decoded(reading);
        }
        let at_start = outer == reading.machine.start() && self.state == outer;
        if at_start && self.decoder.is_idle() && self.lanes.iter().all(|lane| !lane.active) {
            self.active = false;
        }
    }

    fn finish<M: Machine<State = S>>(&mut self, reading: &mut Reading<'_, M>) {
        if !self.active {
            return;
        }
        self.decoder.finish(&mut self.decoded);
        self.take_decoded(reading);
        for lane in &mut self.lanes {
            lane.finish(reading);
        }
    }

    fn take_decoded<M: Machine<State = S>>(&mut self, reading: &mut Reading<'_, M>) {
        let mut decoded = std::mem::take(&mut self.decoded);
        for unit in decoded.drain(..) {
            self.take(unit, reading);
        }
        self.decoded = decoded;
    }

    /// The next decoded byte.
    fn take<M: Machine<State = S>>(&mut self, unit: Unit, reading: &mut Reading<'_, M>) {
        for lane in &mut self.lanes {
            if !lane.active && lane.decoder.begins_at(unit.byte) {
                lane.open(self.state, &self.starts, self.since);
            }
        }
        let machine = reading.machine;
        self.state = machine.next(self.state, unit.byte);
        if self.starts.len() >= machine.longest() {
            self.starts.pop_front();
        }
        self.starts.push_back(unit.start);
        if machine.is_match(self.state) {
            for (length, hit) in machine.hits(self.state) {
                let start = self.start_of_last(length);
                reading.found.push(Found {
                    start,
                    end: unit.end,
                    seen: reading.seen,
                    hit,
                });
            }
        }
        for lane in &mut self.lanes {
            lane.follow(unit, self.state, reading);
        }
    }

    /// Where the last `length` decoded bytes begin.
    fn start_of_last(&self, length: usize) -> usize {
        let known = self.starts.len();
        let index = known.checked_sub(length);
        let start = index.and_then(|index| self.starts.get(index).copied());
        start.unwrap_or_else(|| self.since.saturating_sub(length.saturating_sub(known)))
    }
}

impl<M: Machine> fmt::Debug for Finder<M> {
    /// The states say how much of a secret has been read, so they are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder")
            .field("read", &self.at)
            .finish_non_exhaustive()
    }
}
