//! What a file that was found would send where, and what the user agreed to.
//!
//! A file that somebody named is the user's word. One that lay in a cloned repository may be a
//! stranger's, and could aim any variable of the environment at a service of its own.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fault::{shown, shown_path};
use super::folders::Folders;
use super::settings::{Field, FieldValue, Settings, Source};
use crate::policy::{PolicyRule, RuleSource};
use crate::private::{self, Others};

/// Where the user's answers are kept, in the state folder.
const FILE: &str = "consent.jsonl";
/// Largest file of answers that is read, in bytes: some ten thousand answers.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The target of a value that the runner gets as it is.
const THE_RUNNER: &str = "the runner as it is, and so to what it prints";

/// One variable that one file sends to one target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Disclosure {
    /// The configuration file.
    pub file: PathBuf,
    /// The variable's name.
    pub variable: String,
    /// An origin, or a wildcard such as `https://*.example.com`.
    pub target: String,
}

impl Disclosure {
    /// Whether it is the runner that gets the value, and so also where nothing is sent.
    #[must_use]
    pub fn is_to_runner(&self) -> bool {
        self.target == THE_RUNNER
    }
}

impl std::fmt::Display for Disclosure {
    /// `CUSTOM_API_KEY → https://api.example.com`, safe to show.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} → {}",
            shown(&self.variable),
            crate::escape::printable(&self.target, 300)
        )
    }
}

impl Settings {
    /// What the run may send where by the word of a file that was found: each variable in a field, with
    /// the origins that a secret is bound to, or with every target that the rules permit for a value
    /// that the runner gets itself. Empty where the file was named, or where neither the variable
    /// nor the target is its choice.
    #[must_use]
    pub fn disclosures(&self) -> Vec<Disclosure> {
        let Some(file) = self
            .file
            .as_ref()
            .filter(|file| !file.named && self.runner.section_used)
        else {
            return Vec::new();
        };
        let mut found = BTreeSet::new();
        for field in &self.fields {
            for (target, aimed) in self.targets(field) {
                if !aimed && !is_file(&field.source) {
                    continue;
                }
                for variable in &field.variables {
                    let (file, variable, target) =
                        (file.path.clone(), variable.clone(), target.clone());
                    found.insert(Disclosure {
                        file,
                        variable,
                        target,
                    });
                }
            }
        }
        found.into_iter().collect()
    }

    /// Where a field's value may go, and whether the file says so.
    fn targets(&self, field: &Field) -> Vec<(String, bool)> {
        let binding = self.binding(&field.name).filter(|binding| !binding.exposed);
        match (&field.value, binding) {
            (FieldValue::Secret(_), Some(binding)) => {
                let written = self.binder.origins_are_written(&field.name);
                let aimed = |origin| {
                    let mut fields = self.binder.fields_at(origin).peekable();
                    if written || fields.peek().is_none() {
                        true
                    } else {
                        fields.any(|name| self.is_from_file(name))
                    }
                };
                binding
                    .to
                    .iter()
                    .map(|origin| (origin.to_string(), aimed(origin)))
                    .collect()
            }
            _ => {
                let rules = self.policy.rules().iter();
                let mut targets: Vec<_> = rules
                    .map(|rule| (target_of(rule), self.is_aimed(rule)))
                    .collect();
                // The runner reads it as it is, and may print it where others read: no rule is needed for that.
                if targets.is_empty() || matches!(field.value, FieldValue::Secret(_)) {
                    targets.push((THE_RUNNER.to_owned(), is_file(&field.source)));
                }
                targets
            }
        }
    }

    fn is_aimed(&self, rule: &PolicyRule) -> bool {
        match rule.source() {
            RuleSource::Explicit => self.allow_from_file,
            RuleSource::Implied { field } => self.is_from_file(field),
            RuleSource::CommandLine => false,
        }
    }

    fn is_from_file(&self, field: &str) -> bool {
        self.fields
            .iter()
            .any(|other| other.name == field && is_file(&other.source))
    }

    /// The disclosures that the user has not agreed to yet.
    #[must_use]
    pub fn pending(&self, folders: &Folders) -> Vec<Disclosure> {
        let wanted = self.disclosures();
        if wanted.is_empty() {
            return wanted;
        }
        let known = folders.state.as_deref().map(remembered).unwrap_or_default();
        wanted
            .into_iter()
            .filter(|disclosure| !known.contains(disclosure))
            .collect()
    }
}

fn is_file(source: &Source) -> bool {
    matches!(source, Source::File { .. })
}

/// Scheme, host and port of a rule.
fn target_of(rule: &PolicyRule) -> String {
    if let Some(origin) = rule.rule().origin() {
        return origin.to_string();
    }
    let text = rule.rule().to_string();
    let url = text.rsplit(' ').next().unwrap_or(&text);
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url
        .get(host..)
        .and_then(|rest| rest.find('/'))
        .map_or(url.len(), |path| host + path);
    url.get(..end).unwrap_or(url).to_owned()
}

/// Why an answer could not be kept. The run can go on; the question will come again.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The environment names no folder for it.
    #[error("there is no folder to remember it in: neither XDG_STATE_HOME nor HOME is set")]
    NoFolder,
    /// The folder is not the user's alone.
    #[error("{} belongs to or is writable by others; make it yours alone (chmod 700)", shown_path(.0))]
    NotPrivate(PathBuf),
    /// The system refuses.
    #[error("{} cannot be written: {source}", shown_path(path))]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Remembers that the user agreed to these.
///
/// # Errors
/// They could not be kept; nothing was changed then.
pub fn remember(disclosures: &[Disclosure], folders: &Folders) -> Result<(), ConsentError> {
    let folder = folders.state.as_deref().ok_or(ConsentError::NoFolder)?;
    let failed = |source| ConsentError::Io {
        path: folder.to_path_buf(),
        source,
    };
    private::make_folder(folder).map_err(failed)?;
    if private::flaw(folder, Others::Look)
        .map_err(failed)?
        .is_some()
    {
        return Err(ConsentError::NotPrivate(folder.to_path_buf()));
    }
    // Two at a time may lose one answer of the other's: it is asked for again.
    let mut all = remembered(folder);
    all.extend(disclosures.iter().cloned());
    write(folder, &all).map_err(failed)
}

fn write(folder: &Path, all: &BTreeSet<Disclosure>) -> io::Result<()> {
    // Created with mode 0600, and renamed into place: a reader sees the old file or the new one.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    for disclosure in all {
        serde_json::to_writer(&mut file, disclosure)?;
        file.write_all(b"\n")?;
    }
    file.as_file().sync_all()?;
    file.persist(folder.join(FILE))
        .map_err(|error| error.error)?;
    Ok(())
}

/// What the file says. One that others may write says nothing; nor does a line that is damaged.
fn remembered(folder: &Path) -> BTreeSet<Disclosure> {
    let is_private = matches!(private::flaw(folder, Others::Look), Ok(None));
    let Some(file) = private::open(&folder.join(FILE)).filter(|_| is_private) else {
        return BTreeSet::new();
    };
    let mut text = Vec::new();
    if file.take(MAX_BYTES).read_to_end(&mut text).is_err() {
        return BTreeSet::new();
    }
    text.split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}
