//! Steps before they are named, and how many of them there are to be.

use crate::text;
use crate::verbs::Kind;

/// How much of a clause a step repeats, in characters.
pub(crate) const MAX_CLAUSE: usize = 200;

/// A step that is not yet named.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Steps of one stage run side by side, after those of the stage before.
    pub(crate) stage: usize,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) filler: Option<Filler>,
}

/// A step that the description does not ask for, in the order in which they are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Filler {
    CleanUp,
    Inputs,
    Report,
    Prepare,
    /// Runs beside the work and is joined by the check.
    Baseline,
    Check,
}

/// A branch beside the first work.
pub(crate) fn add_baseline(drafts: &mut Vec<Draft>, subject: &str) {
    let work = drafts
        .iter()
        .find(|draft| draft.kind == Kind::Work && draft.filler.is_none());
    let stage = work.map_or(1, |draft| draft.stage);
    drafts.push(filler(Filler::Baseline, stage, subject));
}

/// Gives up steps until `most` are left: fillers first, then clauses are put together.
pub(crate) fn shrink(drafts: &mut Vec<Draft>, most: usize) {
    while drafts.len() > most {
        let least = drafts.iter().filter_map(|draft| draft.filler).min();
        match least {
            Some(least) if least < Filler::Baseline => {
                drafts.retain(|draft| draft.filler != Some(least));
            }
            _ => merge_last(drafts),
        }
    }
}

/// Puts two neighbouring clauses together, the last two of one kind if that leaves the parallel branches,
/// else the last two.
fn merge_last(drafts: &mut Vec<Draft>) {
    let asked: Vec<usize> = (0..drafts.len())
        .filter(|&at| drafts.get(at).is_some_and(|draft| draft.filler.is_none()))
        .collect();
    let alike = |a: usize, b: usize| match (drafts.get(a), drafts.get(b)) {
        (Some(a), Some(b)) => {
            let beside = drafts.iter().filter(|draft| draft.stage == a.stage).count();
            a.kind == b.kind && (a.stage != b.stage || beside > 2)
        }
        _ => false,
    };
    let pairs = || {
        asked
            .iter()
            .copied()
            .zip(asked.iter().copied().skip(1))
            .rev()
    };
    let pair = pairs()
        .find(|&(a, b)| alike(a, b))
        .or_else(|| pairs().next());
    let Some((first, second)) = pair else {
        // Nothing asked for is left to merge.
        drafts.pop();
        return;
    };
    let second = drafts.remove(second);
    if let Some(first) = drafts.get_mut(first) {
        first.text = text::line(&format!("{}, {}", first.text, second.text), MAX_CLAUSE);
    }
}

/// Adds steps until there are `least`.
pub(crate) fn grow(drafts: &mut Vec<Draft>, least: usize, subject: &str) {
    for kind in [Filler::Baseline, Filler::Inputs, Filler::CleanUp] {
        if drafts.len() < least && !drafts.iter().any(|draft| draft.filler == Some(kind)) {
            let stage = match kind {
                Filler::CleanUp => last_stage(drafts, |_| true),
                _ => 1,
            };
            drafts.push(filler(kind, stage, subject));
        }
    }
}

/// A step that the description does not ask for; `subject` is what it is about.
pub(crate) fn filler(filler: Filler, stage: usize, subject: &str) -> Draft {
    let (name, text, kind) = match filler {
        Filler::Prepare => ("prepare", format!("Prepare: {subject}"), Kind::Work),
        Filler::Baseline => (
            "record-starting-state",
            format!("Record the state before: {subject}"),
            Kind::Work,
        ),
        Filler::Inputs => (
            "list-inputs",
            format!("List what is needed: {subject}"),
            Kind::Work,
        ),
        Filler::Check => (
            "check-results",
            format!("Check the results: {subject}"),
            Kind::Verify,
        ),
        Filler::CleanUp => (
            "clean-up",
            format!("Clean up after: {subject}"),
            Kind::Report,
        ),
        Filler::Report => ("report", format!("Report: {subject}"), Kind::Report),
    };
    Draft {
        stage,
        kind,
        name: name.to_owned(),
        text: text::line(&text, MAX_CLAUSE),
        filler: Some(filler),
    }
}

/// Whether two steps run side by side and another waits for both.
pub(crate) fn branches_join(drafts: &[Draft]) -> bool {
    let last = last_stage(drafts, |_| true);
    let beside = |stage| drafts.iter().filter(|draft| draft.stage == stage).count();
    drafts
        .iter()
        .any(|draft| draft.stage < last && beside(draft.stage) > 1)
}

/// The last stage that has such a step.
pub(crate) fn last_stage(drafts: &[Draft], which: impl Fn(&Draft) -> bool) -> usize {
    drafts
        .iter()
        .filter(|draft| which(draft))
        .map(|draft| draft.stage)
        .max()
        .unwrap_or(0)
}

/// Puts the drafts in the order of their stages, a baseline before the work beside it. Inserts one by
/// one: they are at most a few dozen, and the library's sorts are a tenth of the component.
pub(crate) fn sort(drafts: &mut Vec<Draft>) {
    let key = |draft: &Draft| (draft.stage, draft.filler != Some(Filler::Baseline));
    let mut sorted: Vec<Draft> = Vec::with_capacity(drafts.len());
    for draft in drafts.drain(..) {
        let at = sorted
            .iter()
            .take_while(|other| key(other) <= key(&draft))
            .count();
        sorted.insert(at, draft);
    }
    *drafts = sorted;
}
