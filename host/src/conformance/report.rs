//! What was seen.

use super::catalogue::{self, Row};
use crate::clock;
use crate::engine::Usage;
use serde_json::{Value, json};

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the contract asks; with what there is to say of it.
    Passed(Option<String>),
    /// It is allowed, and should be looked at.
    Warned(String),
    /// Not as the contract asks: what was seen.
    Failed(String),
    /// It could not be checked; why.
    Skipped(String),
}

/// A check and how it ended. Its texts can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub row: Row,
    /// How it ended.
    pub verdict: Verdict,
}

/// What was seen of a runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The runner.
    pub runner: String,
    /// The checks, in the order of the catalogue.
    pub checks: Vec<Check>,
    /// Fields that were given made-up values.
    pub made_up: Vec<String>,
    /// Whether a cassette answered, rather than the check's own service.
    pub from_cassette: bool,
    /// The most that a call used.
    pub usage: Usage,
}

impl Verdict {
    /// Its word in reports.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "pass",
            Self::Warned(_) => "warn",
            Self::Failed(_) => "fail",
            Self::Skipped(_) => "skip",
        }
    }

    /// What there is to say.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Passed(text) => text.as_deref(),
            Self::Warned(text) | Self::Failed(text) | Self::Skipped(text) => Some(text),
        }
    }
}

impl Check {
    pub(super) fn new(id: &str, verdict: Verdict) -> Self {
        Self {
            row: catalogue::of(id),
            verdict,
        }
    }
}

impl Report {
    /// Whether no check failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.count("fail") == 0
    }

    /// How many checks ended with this word.
    #[must_use]
    pub fn count(&self, word: &str) -> usize {
        let of_word = |check: &&Check| check.verdict.word() == word;
        self.checks.iter().filter(of_word).count()
    }

    /// For programs. Keys are only ever added.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|check| {
                let (row, failed) = (check.row, matches!(check.verdict, Verdict::Failed(_)));
                let mut entry = json!({
                    "id": row.id,
                    "title": row.title,
                    "verdict": check.verdict.word(),
                    "detail": check.verdict.text(),
                });
                if let Some(entry) = entry.as_object_mut().filter(|_| failed) {
                    entry.insert("contract".to_owned(), row.asks.into());
                    entry.insert("help".to_owned(), row.next.into());
                }
                entry
            })
            .collect();
        json!({
            "version": 1,
            "runner": self.runner,
            "passed": self.passed(),
            "counts": {
                "pass": self.count("pass"),
                "warn": self.count("warn"),
                "fail": self.count("fail"),
                "skip": self.count("skip"),
            },
            "made_up": self.made_up,
            "answers": if self.from_cassette { "cassette" } else { "service" },
            "used": {
                "memory_bytes": self.usage.memory,
                "cpu_ms": clock::millis(self.usage.cpu),
            },
            "checks": checks,
        })
    }
}
