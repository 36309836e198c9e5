//! What tests made against what was accepted of them.

use crate::{
    exit::{Exit, Failure},
    output,
};
use arborist::{
    runner::RunClass,
    testing::{Accepted, Failing, Suite, Test, Tested, Verdict},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// What was accepted of a file's tests, and what is accepted now.
pub(super) struct Record {
    path: PathBuf,
    before: BTreeMap<String, Accepted>,
    now: BTreeMap<String, Accepted>,
}

/// How a test ended for the user.
pub(super) enum Ended {
    Passed,
    Accepted,
    Failed(Vec<Failing>),
}

impl Record {
    pub(super) fn open(suite: &Suite) -> Result<Self, Failure> {
        let path = Accepted::path(&suite.path);
        let before = Accepted::read(&path).map_err(|error| Failure::new(Exit::Config, error))?;
        let names: BTreeSet<&str> = suite.tests.iter().map(|test| test.name.as_str()).collect();
        let mut now = before.clone();
        now.retain(|name, _| names.contains(name.as_str()));
        Ok(Self { path, before, now })
    }

    pub(super) fn judge(&mut self, test: &Test, tested: &Tested, update: bool) -> Ended {
        // A run that was not answered, or did not come to begin, has made nothing that could be accepted.
        let ran = !matches!(&tested.outcome, Err(failed) if failed.class.is_none());
        let kept = (update && test.expect.is_none() && ran && tested.unanswered.is_empty())
            .then(|| Accepted::of(&tested.outcome));
        let accepted = kept.as_ref().or(self.before.get(&test.name));
        match tested.judge(test.expect.as_ref(), accepted, code) {
            Verdict::Failed(reasons) => Ended::Failed(reasons),
            Verdict::Passed => {
                let changed = kept.filter(|kept| self.before.get(&test.name) != Some(kept));
                if test.expect.is_some() {
                    self.now.remove(&test.name);
                }
                match changed {
                    Some(kept) => {
                        self.now.insert(test.name.clone(), kept);
                        Ended::Accepted
                    }
                    None => Ended::Passed,
                }
            }
        }
    }

    /// Writes what is accepted now.
    pub(super) async fn keep(self) -> Result<(), Failure> {
        if self.now == self.before {
            return Ok(());
        }
        let text = Accepted::write(&self.path, &self.now);
        let text = text.map_err(|error| Failure::new(Exit::Config, error))?;
        output::Staged::new(Some(&self.path), text)?.deliver().await
    }
}

/// The exit code of a run that failed so.
fn code(class: Option<RunClass>) -> u8 {
    class.map_or(Exit::Component, Exit::of) as u8
}
