//! What tests made when somebody accepted it, in a file beside theirs.

use super::run::{Failed, Made};
use crate::escape::printable;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

/// The largest file of what was accepted, in bytes: 8 MiB.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// What stands above it.
const NOTE: &str = "# What the tests beside this made when it was accepted. Written by `arborist test --update`.\n";

/// What a test made, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spec: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dag: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

/// A file of what was accepted that cannot be used. Safe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{file} cannot be used: {reason}\n  help: repair it, or remove it and accept anew by `arborist test --update`"
)]
pub struct AcceptedError {
    file: String,
    reason: String,
}

impl Accepted {
    /// What came out of a test.
    #[must_use]
    pub fn of(outcome: &Result<Made, Failed>) -> Self {
        let parsed = |text: String| serde_json::from_str(&text).ok();
        match outcome {
            Ok(made) => Self {
                spec: made.spec.as_ref().and_then(|spec| parsed(spec.to_json())),
                dag: made.dag.as_ref().and_then(|dag| parsed(dag.to_json())),
                error: None,
            },
            Err(failed) => {
                let mut error = serde_json::json!({"kind": failed.kind, "message": failed.message});
                if let Some(map) = error.as_object_mut() {
                    let status = failed
                        .status
                        .map(|status| ("status".to_owned(), status.into()));
                    let retryable = failed.retryable;
                    let retryable = retryable.map(|it| ("retryable".to_owned(), it.into()));
                    map.extend(status.into_iter().chain(retryable));
                }
                Self {
                    error: Some(error),
                    ..Self::default()
                }
            }
        }
    }

    /// As YAML, to be compared by people.
    #[must_use]
    pub fn text(&self) -> String {
        serde_saphyr::to_string(self).unwrap_or_default()
    }

    /// The file beside a file of tests: `x.expected.yaml` for `x.test.yaml`.
    #[must_use]
    pub fn path(tests: &Path) -> PathBuf {
        let name = tests.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".yaml").map_or(name.as_ref(), |stem| {
            stem.strip_suffix(".test").unwrap_or(stem)
        });
        tests.with_file_name(format!("{stem}.expected.yaml"))
    }

    /// What was accepted of each test; nothing where there is no such file.
    ///
    /// # Errors
    /// It is there and cannot be used.
    pub fn read(path: &Path) -> Result<BTreeMap<String, Self>, AcceptedError> {
        let refused = |reason: String| AcceptedError {
            file: printable(&path.to_string_lossy(), 400).into_owned(),
            reason: printable(&reason, 500).into_owned(),
        };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(refused(error.to_string())),
        };
        let regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let mut text = String::new();
        let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
        read.map_err(|error| refused(error.to_string()))?;
        if !regular || text.len() as u64 > MAX_BYTES {
            let reason = "it is no regular file, or larger than 8 MiB";
            return Err(refused(reason.to_owned()));
        }
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_aliases: 0,
                max_anchors: 0,
                max_depth: 50,
                max_nodes: 500_000,
            },
            with_snippet: false,
        };
        if text.trim().is_empty() {
            return Ok(BTreeMap::new());
        }
        serde_saphyr::from_str_with_options(&text, options)
            .map_err(|error| refused(error.to_string()))
    }

    /// The text of a file for these.
    ///
    /// # Errors
    /// It would be too large to be read again.
    pub fn write(path: &Path, all: &BTreeMap<String, Self>) -> Result<String, AcceptedError> {
        let text = serde_saphyr::to_string(all).map_err(|error| error.to_string());
        let text = text.and_then(|text| {
            let text = format!("{NOTE}{text}");
            let fits = text.len() as u64 <= MAX_BYTES;
            fits.then_some(text)
                .ok_or_else(|| "it would be larger than 8 MiB".to_owned())
        });
        text.map_err(|reason| AcceptedError {
            file: printable(&path.to_string_lossy(), 400).into_owned(),
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = Accepted::path(&folder.path().join("rotate.test.yaml"));
        assert!(path.ends_with("rotate.expected.yaml"));
        assert_eq!(Accepted::read(&path), Ok(BTreeMap::new()));
        let failed = Failed {
            kind: "service",
            status: Some(401),
            retryable: Some(false),
            message: "x: \"y\"\n# 1e3 'z'".to_owned(),
            class: None,
        };
        let accepted = Accepted::of(&Err(failed));
        let all = BTreeMap::from([("a: b".to_owned(), accepted)]);
        std::fs::write(&path, Accepted::write(&path, &all).unwrap()).unwrap();
        assert_eq!(Accepted::read(&path), Ok(all));
        std::fs::write(&path, "x: {speck: 1}").unwrap();
        let error = Accepted::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("speck") && error.contains("--update"),
            "{error}"
        );
    }
}
