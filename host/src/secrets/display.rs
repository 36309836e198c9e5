//! How placeholders are shown to people.

use std::borrow::Cow;
use std::sync::Arc;

use super::finder::Finder;
use super::placeholder::PlaceholderForm;
use super::run::{Run, RunSecrets};
use crate::escape::printable;

/// Longest name that is shown, in characters.
const MAX_SHOWN_NAME: usize = 64;

impl RunSecrets {
    /// `text` with `[secret api_key]` for each placeholder of this run, in whatever case or escapes it is written: for results, logs,
    /// errors and audit lines. Borrows where there is none.
    #[must_use]
    pub fn show<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.show_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // What is replaced begins and ends with ASCII, so the rest is still UTF-8.
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// [`RunSecrets::show`] for what is kept, such as audit lines: with `[secret api_key]` also for each value, in every spelling in
    /// which answers are searched for it, whatever the secret is bound to, and where it is exposed to the runner too. Never give what
    /// comes out to a guest: whoever may have any text searched for a secret can guess it. Empty where the secrets are too large to be
    /// searched for.
    #[must_use]
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.hide_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// [`RunSecrets::hide`] for bytes, as cassettes keep them.
    #[must_use]
    pub fn hide_bytes<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let shown = self.show_bytes(text);
        let Some(run) = self.run() else {
            return shown;
        };
        let Ok(patterns) = run.set.all_patterns() else {
            return Cow::Owned(Vec::new());
        };
        let mut found = Finder::find(Arc::clone(patterns), &shown);
        if found.is_empty() {
            return shown;
        }
        found.sort_by_key(|found| (found.start, std::cmp::Reverse(found.end)));
        let mut out = Vec::with_capacity(shown.len());
        let mut done = 0;
        for found in found {
            if found.start >= done {
                out.extend(shown.get(done..found.start).unwrap_or_default());
                out.extend(label(run.set.name(found.hit.secret)).into_bytes());
            }
            done = done.max(found.end);
        }
        out.extend(shown.get(done..).unwrap_or_default());
        Cow::Owned(out)
    }

    /// The opposite of [`RunSecrets::show_bytes`], for what a cassette answers: this run's placeholder for each `[secret api_key]`. One
    /// that the runner has raw stays as it stands, since the value is in no cassette.
    #[must_use]
    pub fn unshow<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(run) = self.run() else {
            return Cow::Borrowed(text);
        };
        let held: Vec<(String, &str)> = run
            .held()
            .map(|(name, placeholder)| (label(name), placeholder))
            .collect();
        let found = aho_corasick::AhoCorasick::new(held.iter().map(|(label, _)| label));
        match found {
            Ok(labels) if labels.is_match(text) => {
                let placeholders: Vec<_> =
                    held.iter().map(|(_, placeholder)| placeholder).collect();
                Cow::Owned(labels.replace_all_bytes(text, &placeholders))
            }
            Ok(_) | Err(_) => Cow::Borrowed(text),
        }
    }

    /// [`RunSecrets::show`] for bytes.
    #[must_use]
    pub fn show_bytes<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        self.run()
            .map_or(Cow::Borrowed(text), |run| run.show_bytes(text))
    }
}

/// How a secret is shown.
fn label(name: &str) -> String {
    format!("[secret {}]", printable(name, MAX_SHOWN_NAME))
}

impl Run {
    /// [`RunSecrets::show`].
    pub(super) fn show(&self, text: &str) -> String {
        // What is replaced begins and ends with ASCII, so the rest is still UTF-8.
        String::from_utf8_lossy(&self.show_bytes(text.as_bytes())).into_owned()
    }

    fn show_bytes<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut found = Finder::find(PlaceholderForm, text);
        found.retain(|found| self.by_id(found.hit).is_some());
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_by_key(|found| found.start);
        let mut out = Vec::with_capacity(text.len());
        let mut done = 0;
        for found in found {
            if found.start >= done
                && let Some((entry, _)) = self.by_id(found.hit)
            {
                out.extend(text.get(done..found.start).unwrap_or_default());
                out.extend(label(&entry.name).into_bytes());
                done = found.end;
            }
        }
        out.extend(text.get(done..).unwrap_or_default());
        Cow::Owned(out)
    }
}
