//! What to look for in the answers of one origin: each value that is bound to it, plain and in base64.

use std::fmt;
use std::sync::Arc;

use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};
use zeroize::Zeroizing;

use super::base64_form::{Alphabet, interior};
use super::finder::Machine;
use super::run::Entry;
use super::value::MIN_SECRET_BYTES;
use crate::policy::Origin;

/// Raw bytes that one byte may be spelled with: `\u002f`.
const LONGEST_SPELLING: usize = 6;
/// The hold-back is a multiple of this, so that it tells little of a value's length.
const HOLD_STEP: usize = 256;
/// How much of the stream is needed around a text before it can be replaced: what surrounds it in base64, and escapes that have begun.
pub(super) const MARGIN: usize = 128;
/// Longest name of an authentication scheme before a value.
const MAX_SCHEME_BYTES: usize = 16;

/// The secrets are too many or too long for the automaton: gigabytes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secrets are too large to be searched for")]
pub(super) struct TooMuch;

/// What a pattern stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// The secret's place in the set.
    pub(super) secret: usize,
    pub(super) shape: Shape,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it is.
    Plain,
    /// As part of a base64 text.
    Base64 {
        /// How many bytes are before it in the first group of three that it is in: 0, 1 or 2.
        before: usize,
        /// The value's length modulo 3.
        length: usize,
        /// In which alphabet the text is.
        alphabet: Alphabet,
    },
}

/// All forms of the secrets that are bound to one origin, as an automaton.
pub(super) struct Patterns {
    automaton: NFA,
    start: StateID,
    /// By the number that the automaton gives a pattern.
    forms: Vec<Form>,
    opens: [bool; 256],
    longest: usize,
    hold: usize,
}

impl Patterns {
    /// The forms of those secrets that are bound to `origin`. Where two have the same value, the first is meant.
    pub(super) fn new(entries: &[Entry], origin: &Origin) -> Result<Self, TooMuch> {
        Self::of(entries, |entry| entry.goes_to(origin))
    }

    /// The forms of those secrets that are `wanted`.
    pub(super) fn of(entries: &[Entry], wanted: impl Fn(&Entry) -> bool) -> Result<Self, TooMuch> {
        let mut list = List::default();
        let mut longest_value = 0;
        for (secret, entry) in entries.iter().enumerate() {
            if wanted(entry) && !entry.value.is_unset() {
                longest_value = longest_value.max(entry.value.reveal().len());
                list.add_value(secret, entry.value.reveal());
            }
        }
        let automaton = NFA::builder()
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(list.texts.iter().map(|text| text.as_slice()))
            .map_err(|_| TooMuch)?;
        let start = automaton.start_state(Anchored::No).map_err(|_| TooMuch)?;
        let mut opens = [false; 256];
        for (byte, slot) in (0..=u8::MAX).zip(&mut opens) {
            *slot = automaton.next_state(Anchored::No, start, byte) != start;
        }
        Ok(Self {
            longest: list.texts.iter().map(|text| text.len()).max().unwrap_or(0),
            hold: (longest_value * LONGEST_SPELLING + MARGIN).next_multiple_of(HOLD_STEP),
            automaton,
            start,
            forms: list.forms,
            opens,
        })
    }

    /// How many bytes of a stream are held back, whatever they are.
    pub(super) const fn hold(&self) -> usize {
        self.hold
    }
}

/// Patterns in the making.
#[derive(Default)]
struct List {
    texts: Vec<Zeroizing<Vec<u8>>>,
    forms: Vec<Form>,
}

impl List {
    fn add_value(&mut self, secret: usize, value: &str) {
        self.add_text(secret, value);
        // A service quotes the credential and not its scheme: "no such key: sk-…" where it got `Bearer sk-…`.
        if let Some((scheme, credential)) = value.split_once(' ')
            && scheme.len() <= MAX_SCHEME_BYTES
            && credential.len() >= MIN_SECRET_BYTES
        {
            self.add_text(secret, credential);
        }
    }

    fn add_text(&mut self, secret: usize, text: &str) {
        self.add(secret, Shape::Plain, text.as_bytes().to_vec());
        if text.contains(' ') {
            // As forms have it.
            self.add(secret, Shape::Plain, text.replace(' ', "+").into_bytes());
        }
        for before in 0..3 {
            for alphabet in [Alphabet::Standard, Alphabet::UrlSafe] {
                let shape = Shape::Base64 {
                    before,
                    length: text.len() % 3,
                    alphabet,
                };
                self.add(secret, shape, interior(text.as_bytes(), before, alphabet));
            }
        }
    }

    fn add(&mut self, secret: usize, shape: Shape, text: Vec<u8>) {
        let text = Zeroizing::new(text);
        if !self.texts.contains(&text) {
            self.texts.push(text);
            self.forms.push(Form { secret, shape });
        }
    }
}

impl Machine for Arc<Patterns> {
    type State = StateID;
    type Hit = Form;

    fn start(&self) -> StateID {
        self.start
    }

    fn next(&self, state: StateID, byte: u8) -> StateID {
        self.automaton.next_state(Anchored::No, state, byte)
    }

    fn is_match(&self, state: StateID) -> bool {
        self.automaton.is_match(state)
    }

    fn hits(&self, state: StateID) -> impl Iterator<Item = (usize, Form)> {
        (0..self.automaton.match_len(state)).filter_map(move |index| {
            let pattern = self.automaton.match_pattern(state, index);
            let form = self.forms.get(pattern.as_usize())?;
            Some((self.automaton.pattern_len(pattern), *form))
        })
    }

    fn opens(&self, byte: u8) -> bool {
        self.opens.get(usize::from(byte)).copied().unwrap_or(true)
    }

    fn longest(&self) -> usize {
        self.longest
    }
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Patterns")
    }
}
