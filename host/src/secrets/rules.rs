//! May this placeholder stand here, and what stands here in its place?

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::denial::{Place, SecretDenial, SecretReason};
use super::finder::{Finder, Found};
use super::placeholder::PlaceholderForm;
use super::run::{Entry, Run};
use crate::policy::Origin;

/// Most placeholders in one request. A value may be thousands of times as long as its placeholder, so their number bounds what a
/// request grows to.
pub const MAX_PLACEHOLDERS: usize = 64;

/// The rules of one request, and how many placeholders it has had so far.
#[derive(Clone)]
pub(super) struct Rules {
    run: Arc<Run>,
    origin: Origin,
    carried: usize,
    /// The names of those that were replaced.
    names: BTreeSet<String>,
}

impl Rules {
    pub(super) fn new(run: &Arc<Run>, origin: &Origin) -> Self {
        Self {
            run: Arc::clone(run),
            origin: origin.clone(),
            carried: 0,
            names: BTreeSet::new(),
        }
    }

    /// The names of the secrets whose placeholders have been replaced.
    pub(super) const fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// Whether a placeholder has been replaced.
    pub(super) const fn has_carried(&self) -> bool {
        self.carried > 0
    }

    /// Whether anything is bound to the request's origin.
    ///
    /// # Errors
    /// Its answers could not be searched.
    pub(super) fn answers_are_scrubbed(&self) -> Result<bool, Box<SecretDenial>> {
        match self.run.set.patterns(&self.origin) {
            Ok(patterns) => Ok(patterns.is_some()),
            Err(_) => {
                let mut bound = self.run.set.bound_to(&self.origin);
                bound.next().map_or(Ok(false), |entry| {
                    Err(self.denial(entry, Place::Body, SecretReason::TooMuch))
                })
            }
        }
    }

    /// The placeholders of this run in a text, however they are spelled.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Found<u128>> {
        let mut found = Finder::find(PlaceholderForm, text);
        found.retain(|found| self.run.by_id(found.hit).is_some());
        found
    }

    /// Whether a text holds a placeholder that does not go to the request's origin.
    pub(super) fn is_foreign(&self, text: &[u8]) -> bool {
        self.foreign(text).is_some()
    }

    fn foreign(&self, text: &[u8]) -> Option<&Entry> {
        let found = self.find(text);
        let mut entries = found.iter().filter_map(|found| self.run.by_id(found.hit));
        entries
            .find(|(entry, _)| !entry.goes_to(&self.origin))
            .map(|(entry, _)| entry)
    }

    /// Refuses a text that holds a placeholder that does not go to the request's origin.
    pub(super) fn refuse_foreign(
        &self,
        text: &[u8],
        place: Place,
    ) -> Result<(), Box<SecretDenial>> {
        self.foreign(text)
            .map_or(Ok(()), |entry| Err(self.unbound(entry, place)))
    }

    /// Refuses a text that holds a placeholder at all.
    pub(super) fn refuse_any(&self, text: &[u8], place: Place) -> Result<(), Box<SecretDenial>> {
        let found = self.find(text);
        let first = found.first().and_then(|found| self.run.by_id(found.hit));
        first.map_or(Ok(()), |(entry, _)| {
            let reason = SecretReason::Place(entry.places);
            Err(self.denial(entry, place, reason))
        })
    }

    /// The value that goes where `written` stands, which has these random bits in it; none if it is no placeholder of this run.
    pub(super) fn value(
        &mut self,
        id: u128,
        written: Option<&[u8]>,
        place: &Place,
    ) -> Result<Option<&str>, Box<SecretDenial>> {
        let Some((entry, placeholder)) = self.run.by_id(id) else {
            return Ok(None);
        };
        self.carried += 1;
        let reason = if !entry.goes_to(&self.origin) {
            SecretReason::Unbound(entry.to.clone())
        } else if !place.is_in(entry.places) {
            SecretReason::Place(entry.places)
        } else if written != Some(placeholder.as_str().as_bytes()) {
            SecretReason::Spelling
        } else if entry.value.is_unset() && !self.run.is_rehearsal() {
            match entry.value.is_too_short() {
                true => SecretReason::TooShort,
                false => SecretReason::Unset,
            }
        } else if self.carried > MAX_PLACEHOLDERS {
            SecretReason::TooMany
        } else {
            if !self.names.contains(&entry.name) {
                self.names.insert(entry.name.clone());
            }
            return Ok(Some(entry.value.reveal()));
        };
        Err(self.denial(entry, place.clone(), reason))
    }

    /// `text` with every placeholder replaced by what `write` makes of its value; none if it holds no placeholder. One pass: what is
    /// put in is not looked at.
    pub(super) fn replace(
        &mut self,
        text: &[u8],
        place: &Place,
        write: impl Fn(&str, &mut Vec<u8>),
    ) -> Result<Option<Replaced>, Box<SecretDenial>> {
        let mut found = self.find(text);
        found.sort_by_key(|found| found.start);
        let mut out = Vec::new();
        let mut done = 0;
        let mut last = None;
        for one in found {
            if one.end <= done {
                // The same, found in another coding too.
                continue;
            }
            let written = text.get(one.start..one.end).filter(|_| one.start >= done);
            if let Some(value) = self.value(one.hit, written, place)? {
                out.extend(text.get(done..one.start).unwrap_or_default());
                write(value, &mut out);
                done = one.end;
                last = Some(one.hit);
            }
        }
        out.extend(text.get(done..).unwrap_or_default());
        Ok(last.map(|secret| Replaced { text: out, secret }))
    }

    /// A denial of the secret whose placeholder has these bits.
    pub(super) fn refuse(
        &self,
        id: u128,
        place: Place,
        reason: SecretReason,
    ) -> Option<Box<SecretDenial>> {
        let (entry, _) = self.run.by_id(id)?;
        Some(self.denial(entry, place, reason))
    }

    fn unbound(&self, entry: &Entry, place: Place) -> Box<SecretDenial> {
        self.denial(entry, place, SecretReason::Unbound(entry.to.clone()))
    }

    fn denial(&self, entry: &Entry, place: Place, reason: SecretReason) -> Box<SecretDenial> {
        SecretDenial::new(&self.run, entry, &self.origin, place, reason)
    }
}

/// A text with values in it.
pub(super) struct Replaced {
    pub(super) text: Vec<u8>,
    /// One of them, by the bits of its placeholder.
    pub(super) secret: u128,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").finish_non_exhaustive()
    }
}
