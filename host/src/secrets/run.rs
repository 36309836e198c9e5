//! The secrets of a runner's settings, and what one run has in their place.

use std::fmt;
use std::sync::{Arc, OnceLock};

use zeroize::Zeroizing;

use super::binding::{Places, SecretBinding};
use super::patterns::{Patterns, TooMuch};
use super::placeholder::Placeholder;
use super::value::Secret;
use crate::policy::Origin;

/// The secrets of a runner's settings: what they are and where they may go. Made once and shared by all runs.
///
/// What scrubbing needs is made at the first request to an origin that a secret is bound to, and kept. It holds the values in
/// another form, and unlike [`Secret`] does not overwrite them when it is dropped.
pub struct SecretSet {
    entries: Vec<Entry>,
    /// The origins that anything is bound to.
    origins: Vec<(Origin, OnceLock<Compiled>)>,
    /// The forms of all of them, for [`RunSecrets::hide`].
    all: OnceLock<Compiled>,
}

type Compiled = Result<Arc<Patterns>, TooMuch>;

/// A secret and where it may go.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: Secret,
    pub(super) to: Vec<Origin>,
    pub(super) places: Places,
    pub(super) exposed: bool,
}

impl Entry {
    /// Whether the value goes to this origin, and is kept from the runner.
    pub(super) fn goes_to(&self, origin: &Origin) -> bool {
        !self.exposed && self.to.contains(origin)
    }
}

impl SecretSet {
    /// Takes the secrets with their bindings.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = (SecretBinding, Secret)>) -> Arc<Self> {
        let entries: Vec<Entry> = secrets
            .into_iter()
            .map(|(binding, value)| Entry {
                name: binding.field,
                value,
                to: binding.to,
                places: binding.places,
                exposed: binding.exposed,
            })
            .collect();
        let mut origins: Vec<Origin> = entries
            .iter()
            .filter(|entry| !entry.exposed && !entry.value.is_unset())
            .flat_map(|entry| entry.to.iter().cloned())
            .collect();
        origins.sort();
        origins.dedup();
        Arc::new(Self {
            entries,
            origins: origins
                .into_iter()
                .map(|origin| (origin, OnceLock::new()))
                .collect(),
            all: OnceLock::new(),
        })
    }

    /// Whether there is no secret.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The secrets that go to this origin.
    pub(super) fn bound_to(&self, origin: &Origin) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.goes_to(origin))
    }

    /// What to look for where no secret may be at all, exposed ones included.
    pub(super) fn all_patterns(&self) -> Result<&Arc<Patterns>, TooMuch> {
        let all = self
            .all
            .get_or_init(|| Patterns::of(&self.entries, |_| true).map(Arc::new));
        all.as_ref().map_err(|error| *error)
    }

    /// The name of the secret at this place.
    pub(super) fn name(&self, index: usize) -> &str {
        self.entries.get(index).map_or("", |entry| &entry.name)
    }

    /// What to look for in the answers of this origin; none if nothing is bound to it.
    pub(super) fn patterns(&self, origin: &Origin) -> Result<Option<&Arc<Patterns>>, TooMuch> {
        let Some((origin, patterns)) = self.origins.iter().find(|(bound, _)| bound == origin)
        else {
            return Ok(None);
        };
        let patterns = patterns.get_or_init(|| Patterns::new(&self.entries, origin).map(Arc::new));
        patterns.as_ref().map(Some).map_err(|error| *error)
    }
}

impl fmt::Debug for SecretSet {
    /// Names alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries.iter().map(|entry| entry.name.as_str());
        f.write_str("SecretSet ")?;
        f.debug_list().entries(names).finish()
    }
}

/// One run's secrets: a placeholder for each, which means nothing in another run, and nothing at all when the last clone is dropped.
#[derive(Clone, Default)]
pub struct RunSecrets(Option<Arc<Run>>);

pub(super) struct Run {
    pub(super) set: Arc<SecretSet>,
    /// In the order of the set's entries.
    placeholders: Vec<Placeholder>,
    /// Whether nothing is sent, so that a secret without a value may go where one with a value might.
    rehearsal: bool,
}

impl RunSecrets {
    /// Fresh placeholders for a run. `random` fills a buffer with bytes that nobody can guess, 16 for each secret; it is asked once,
    /// and not where there are no secrets. Outside of tests it is `getrandom::fill`.
    ///
    /// # Errors
    /// Those of `random`.
    pub fn new<E>(
        set: &Arc<SecretSet>,
        random: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        Self::make(set, random, false)
    }

    /// [`RunSecrets::new`] for a run that sends nothing, since a cassette answers it: a secret that is not set may be used too, and is
    /// judged as if it were.
    ///
    /// # Errors
    /// Those of `random`.
    pub fn rehearsal<E>(
        set: &Arc<SecretSet>,
        random: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        Self::make(set, random, true)
    }

    fn make<E>(
        set: &Arc<SecretSet>,
        random: impl FnOnce(&mut [u8]) -> Result<(), E>,
        rehearsal: bool,
    ) -> Result<Self, E> {
        const ID: usize = size_of::<u128>();
        if set.is_empty() {
            return Ok(Self::none());
        }
        let mut bytes = Zeroizing::new(vec![0; set.entries.len() * ID]);
        random(&mut bytes)?;
        let (ids, _) = bytes.as_chunks::<ID>();
        let placeholders = ids
            .iter()
            .map(|id| Placeholder::new(u128::from_ne_bytes(*id)))
            .collect();
        Ok(Self(Some(Arc::new(Run {
            set: Arc::clone(set),
            placeholders,
            rehearsal,
        }))))
    }

    /// A run without secrets.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether there is no secret: nothing here changes anything then.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What the runner reads in its configuration for the secret field `name`: a placeholder, or the value itself where the settings
    /// expose it. None if there is no secret of this name.
    #[must_use]
    pub fn value_for_runner(&self, name: &str) -> Option<&str> {
        let mut all = self.0.as_deref()?.all();
        let (entry, placeholder) = all.find(|(entry, _)| entry.name == name)?;
        Some(if entry.exposed {
            entry.value.reveal()
        } else {
            placeholder.as_str()
        })
    }

    pub(super) fn run(&self) -> Option<&Arc<Run>> {
        self.0.as_ref()
    }
}

impl Run {
    fn all(&self) -> impl Iterator<Item = (&Entry, &Placeholder)> {
        self.set.entries.iter().zip(&self.placeholders)
    }

    /// Whether nothing is sent.
    pub(super) fn is_rehearsal(&self) -> bool {
        self.rehearsal
    }

    /// The names of the secrets that the runner has placeholders for, and the placeholders.
    pub(super) fn held(&self) -> impl Iterator<Item = (&str, &str)> {
        let held = self.all().filter(|(entry, _)| !entry.exposed);
        held.map(|(entry, placeholder)| (entry.name.as_str(), placeholder.as_str()))
    }

    /// The secret whose placeholder in this run has these bits. An exposed one has no placeholder that anybody has seen.
    pub(super) fn by_id(&self, id: u128) -> Option<(&Entry, &Placeholder)> {
        self.all()
            .find(|(entry, placeholder)| !entry.exposed && placeholder.id() == id)
    }

    /// The placeholder of the secret at this place in the set.
    pub(super) fn placeholder(&self, index: usize) -> &str {
        self.placeholders.get(index).map_or("", Placeholder::as_str)
    }
}

impl fmt::Debug for RunSecrets {
    /// Names alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.0.iter().flat_map(|run| &run.set.entries);
        f.write_str("RunSecrets ")?;
        f.debug_list()
            .entries(entries.map(|entry| entry.name.as_str()))
            .finish()
    }
}
