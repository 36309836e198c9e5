//! What a `case.yaml` may say. Every key is known, and every other one is a fault of the case.

use super::{guest::Guest, service::Service};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A case, or a variant of one: what a variant says is added to, or taken in place of, what its case says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Entry {
    /// Rows of the catalogue. Only in a case.
    pub(crate) rows: Vec<String>,
    /// What is attacked and what must hold, in a sentence.
    pub(crate) about: String,
    /// Only in a variant: its name.
    pub(crate) name: Option<String>,
    /// Words in braces and what stands for them.
    pub(crate) with: BTreeMap<String, String>,
    /// Runs once for each; `{door}` is its name.
    pub(crate) doors: Option<Vec<String>>,
    /// The component.
    pub(crate) guest: Option<Guest>,
    /// The command line in place of `run ASK`.
    pub(crate) command: Option<Vec<String>>,
    /// The description.
    pub(crate) ask: Option<String>,
    /// Parameters: `--param NAME=VALUE`.
    pub(crate) params: BTreeMap<String, String>,
    /// Egress rules: `--allow RULE`.
    pub(crate) allow: Vec<String>,
    /// Further arguments.
    pub(crate) args: Vec<String>,
    /// Environment variables.
    pub(crate) env: BTreeMap<String, String>,
    /// The text of `agent-arborist.yaml`, in which `component: guest.wasm` names the guest.
    pub(crate) config: Option<String>,
    /// Files in the home folder, where the binary is started.
    pub(crate) files: BTreeMap<String, String>,
    /// Standard input.
    pub(crate) stdin: Option<String>,
    /// How the service at `{service}` answers.
    pub(crate) service: Option<Service>,
    /// How the service at `{second}` answers.
    pub(crate) second: Option<Service>,
    /// Whether compiled components are kept in a folder of the case's own, which is then searched for the key.
    pub(crate) own_cache: bool,
    /// What must come of it.
    pub(crate) expect: Expect,
    /// A variant for each; `{each}` is its text.
    pub(crate) each: Vec<String>,
    /// Variants. Only in a case.
    pub(crate) variants: Vec<Entry>,
}

/// What must come of an attempt, beside what must of every one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Expect {
    /// The exit code.
    pub(crate) exit: Option<i32>,
    /// Standard output.
    pub(crate) stdout: Texts,
    /// Standard error.
    pub(crate) stderr: Texts,
    /// How many requests the service read.
    pub(crate) requests: Option<usize>,
    /// How many requests the second service read.
    pub(crate) second_requests: Option<usize>,
    /// The service's requests as they came over the wire.
    pub(crate) wire: Texts,
    /// The second service's.
    pub(crate) second_wire: Texts,
    /// The most memory that the host may take, in MiB.
    pub(crate) peak_mib: Option<u64>,
    /// Where the key may be: `nowhere`, which still lets the service have it.
    pub(crate) key: Option<Key>,
}

/// What a text must and must not hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Texts {
    pub(crate) has: Vec<String>,
    pub(crate) lacks: Vec<String>,
}

/// Where the key may be.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Key {
    /// In no output and no file, and on the wire only to the service.
    Nowhere,
}

/// A folder of the hostile set.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) case: Entry,
}

/// One run of a case: a variant, by a door.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// `CASE::VARIANT::DOOR`, as far as there are any.
    pub(crate) name: String,
    pub(crate) entry: Entry,
}

impl Folder {
    /// Reads a case. The fault begins with the folder's name and a colon.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let fault = |fault: String| format!("{name}: {fault}");
        let text = fs::read_to_string(path.join("case.yaml"))
            .map_err(|error| fault(format!("case.yaml: {error}")))?;
        let case: Entry =
            serde_saphyr::from_str(&text).map_err(|error| fault(format!("case.yaml: {error}")))?;
        if !case.each.is_empty() && !text.contains("{each}") {
            return Err(fault("`each` is there, and `{each}` is nowhere".to_owned()));
        }
        case.sound().map_err(fault)?;
        Ok(Self {
            path: path.to_owned(),
            name,
            case,
        })
    }

    /// Every run of the case.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        let mut variants: Vec<Entry> = self.case.variants.clone();
        variants.extend(self.case.each.iter().map(|each| Entry {
            name: Some(shown(each)),
            with: BTreeMap::from([("each".to_owned(), each.clone())]),
            ..Entry::default()
        }));
        if variants.is_empty() {
            variants.push(Entry::default());
        }
        let mut attempts = Vec::new();
        for variant in &variants {
            let entry = self.case.with(variant);
            let mut name = self.name.clone();
            if let Some(variant) = &variant.name {
                name = format!("{name}::{variant}");
            }
            let doors = entry.doors.clone().unwrap_or_default();
            for door in &doors {
                let mut entry = entry.clone();
                entry.with.insert("door".to_owned(), door.clone());
                let name = format!("{name}::{door}");
                attempts.push(Attempt { name, entry });
            }
            if doors.is_empty() {
                attempts.push(Attempt { name, entry });
            }
        }
        attempts
    }
}

impl Entry {
    /// What only a case or only a variant may say, and what a case must.
    fn sound(&self) -> Result<(), String> {
        if self.rows.is_empty() || self.about.len() < 10 || self.name.is_some() {
            return Err("a case has `rows` and `about`, and no `name`".to_owned());
        }
        let nested = |it: &Self| {
            !it.rows.is_empty()
                || !it.each.is_empty()
                || !it.variants.is_empty()
                || it.name.is_none()
        };
        if self.variants.iter().any(nested) {
            return Err("a variant has a `name`, and neither `rows` nor variants".to_owned());
        }
        let decided = |it: &Self| self.with(it).expect.exit.is_some();
        if self.expect.exit.is_none()
            && (self.variants.is_empty() || !self.variants.iter().all(decided))
        {
            return Err("no exit code is expected".to_owned());
        }
        Ok(())
    }

    /// The case with what a variant says: lists and maps in addition, anything else instead.
    fn with(&self, variant: &Self) -> Self {
        let mut entry = self.clone();
        let other = variant.clone();
        entry.with.extend(other.with);
        entry.params.extend(other.params);
        entry.env.extend(other.env);
        entry.files.extend(other.files);
        entry.allow.extend(other.allow);
        entry.args.extend(other.args);
        entry.doors = other.doors.or(entry.doors);
        entry.guest = other.guest.or(entry.guest);
        entry.command = other.command.or(entry.command);
        entry.ask = other.ask.or(entry.ask);
        entry.config = other.config.or(entry.config);
        entry.stdin = other.stdin.or(entry.stdin);
        entry.service = other.service.or(entry.service);
        entry.second = other.second.or(entry.second);
        entry.own_cache |= other.own_cache;
        entry.expect = entry.expect.with(other.expect);
        entry
    }
}

impl Expect {
    fn with(mut self, other: Self) -> Self {
        let add = |texts: &mut Texts, other: Texts| {
            texts.has.extend(other.has);
            texts.lacks.extend(other.lacks);
        };
        add(&mut self.stdout, other.stdout);
        add(&mut self.stderr, other.stderr);
        add(&mut self.wire, other.wire);
        add(&mut self.second_wire, other.second_wire);
        Self {
            exit: other.exit.or(self.exit),
            requests: other.requests.or(self.requests),
            second_requests: other.second_requests.or(self.second_requests),
            peak_mib: other.peak_mib.or(self.peak_mib),
            key: other.key.or(self.key),
            ..self
        }
    }
}

/// A text as part of a test's name: printable and short.
fn shown(text: &str) -> String {
    let printable: String = text.escape_debug().take(60).collect();
    printable.replace("::", ":")
}
