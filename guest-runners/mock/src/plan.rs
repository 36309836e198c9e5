//! Clauses put in order, completed to a plan, and written as a spec.

use crate::clauses::{self, Clause, Link};
use crate::drafts::{self, Draft, Filler, MAX_CLAUSE};
use crate::text;
use crate::verbs::Kind;
use crate::words;
use arborist_sdk::{Step, TaskSpec};
use std::ops::RangeInclusive;

/// How many steps a plan may have.
pub(crate) const STEPS: RangeInclusive<usize> = 3..=7;
/// How much of the description the spec repeats, in characters.
const MAX_DESCRIPTION: usize = 500;

/// The plan for a description with at least one visible character: `steps` steps, or as many as it calls
/// for.
pub(crate) fn spec(description: &str, steps: Option<usize>) -> TaskSpec {
    let mut drafts = asked_for(description);
    let subject = drafts
        .first()
        .map(|draft| draft.text.clone())
        .unwrap_or_default();
    let name = spec_name(&drafts, description);
    complete(&mut drafts, &subject);
    let bounds = steps.map_or(STEPS, |steps| steps..=steps);
    drafts::shrink(&mut drafts, *bounds.end());
    if !drafts::branches_join(&drafts) {
        // The branches were merged away.
        drafts::add_baseline(&mut drafts, &subject);
        drafts::shrink(&mut drafts, *bounds.end());
    }
    drafts::grow(&mut drafts, *bounds.start(), &subject);
    drafts::sort(&mut drafts);
    written(
        TaskSpec::new(name, text::line(description, MAX_DESCRIPTION)),
        &drafts,
    )
}

/// What the description itself asks for, in stages from 1 on.
fn asked_for(description: &str) -> Vec<Draft> {
    let mut clauses = clauses::split(description);
    if clauses.is_empty() {
        clauses.push(Clause {
            text: description.trim(),
            link: Link::And,
            kind: Kind::Work,
            rank: None,
            prefix: None,
        });
    }
    let works = clauses.iter().any(|clause| clause.kind == Kind::Work);
    let last = clauses.len() - 1;
    let mut drafts: Vec<Draft> = Vec::new();
    let mut stage = 1;
    let mut rank = None;
    for (number, clause) in clauses.iter().enumerate() {
        let kind = match clause.kind {
            // Somebody is told at the end; a message in the middle is work like any other.
            Kind::Report if number < last || number == 0 => Kind::Work,
            Kind::Verify if !works => Kind::Work,
            kind => kind,
        };
        if let Some(before) = drafts.last() {
            let later = clause.rank.or(rank) > rank && rank.is_some();
            if clause.link == Link::Then || before.kind != kind || (kind == Kind::Work && later) {
                stage += 1;
            }
        }
        rank = if kind == Kind::Work {
            clause.rank.or(rank)
        } else {
            None
        };
        drafts.push(Draft {
            stage,
            kind,
            name: name_of(clause, number),
            text: text::line(clause.text, MAX_CLAUSE),
            filler: None,
        });
    }
    drafts
}

/// The first step's name, where words gave it one.
fn spec_name(drafts: &[Draft], description: &str) -> String {
    let named = text::ascii_words(description).any(|word| !word.is_empty());
    drafts
        .first()
        .filter(|_| named)
        .map_or_else(|| "task".to_owned(), |draft| draft.name.clone())
}

fn name_of(clause: &Clause<'_>, number: usize) -> String {
    let prefix = clause.prefix.map(str::to_owned);
    let words = words::name_words(clause.text);
    // "Back it up" and the like have no telling words besides small ones; any word is better than none.
    text::name(prefix.clone().into_iter().chain(words))
        .or_else(|| text::name(prefix.into_iter().chain(text::ascii_words(clause.text))))
        .unwrap_or_else(|| format!("part-{}", number + 1))
}

/// Adds what a careful person does around the work.
fn complete(drafts: &mut Vec<Draft>, subject: &str) {
    let last_work = drafts::last_stage(drafts, |draft| draft.kind == Kind::Work);
    let checked = drafts
        .iter()
        .any(|draft| draft.kind == Kind::Verify && draft.stage > last_work);
    if !checked {
        // Between the work and the report, which moves on.
        for draft in drafts.iter_mut().filter(|draft| draft.stage > last_work) {
            draft.stage += 1;
        }
        drafts.push(drafts::filler(Filler::Check, last_work + 1, subject));
    }
    if !drafts::branches_join(drafts) {
        drafts::add_baseline(drafts, subject);
    }
    drafts.push(drafts::filler(Filler::Prepare, 0, subject));
    if !drafts.iter().any(|draft| draft.kind == Kind::Report) {
        let stage = drafts::last_stage(drafts, |_| true) + 1;
        drafts.push(drafts::filler(Filler::Report, stage, subject));
    }
}

/// The drafts, sorted by stage, as steps with unique names.
fn written(mut spec: TaskSpec, drafts: &[Draft]) -> TaskSpec {
    let names = unique(drafts);
    let named = || drafts.iter().zip(&names);
    for (draft, name) in named() {
        let before = named()
            .filter(|(other, _)| other.stage < draft.stage)
            .map(|(other, _)| other.stage)
            .max();
        let needs = named().filter(|(other, _)| {
            let joined = other.filler == Some(Filler::Baseline) && joins(drafts, draft, other);
            let next = Some(other.stage) == before && other.filler != Some(Filler::Baseline);
            joined || next
        });
        let step = Step::new(name, text::echo(&draft.text, name))
            .describe(capitalised(&draft.text))
            .after(needs.map(|(_, name)| name));
        spec = spec.step(step);
    }
    spec
}

/// Whether `draft` is in the first stage of checks after `baseline`, or in the last stage if none is.
fn joins(drafts: &[Draft], draft: &Draft, baseline: &Draft) -> bool {
    let later = |other: &&Draft| other.stage > baseline.stage;
    let check = drafts
        .iter()
        .filter(later)
        .find(|other| other.kind == Kind::Verify);
    let stage = check.or_else(|| drafts.last()).map(|other| other.stage);
    Some(draft.stage) == stage && later(&draft)
}

fn unique(drafts: &[Draft]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for draft in drafts {
        let mut name = draft.name.clone();
        for number in 2.. {
            if !names.contains(&name) {
                break;
            }
            let suffix = format!("-{number}");
            let room = text::MAX_NAME - suffix.len();
            let stem = draft
                .name
                .get(..room)
                .unwrap_or(&draft.name)
                .trim_end_matches('-');
            name = format!("{stem}{suffix}");
        }
        names.push(name);
    }
    names
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
