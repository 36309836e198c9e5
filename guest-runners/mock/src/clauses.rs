//! A description split into the things that it asks for.

use crate::pieces::{self, Piece};
use crate::verbs::{self, Kind};
use crate::words;

/// How much of a description is read, in bytes: a plan of seven steps needs no more.
const MAX_READ: usize = 8 << 10;
/// How many clauses are told apart; a plan has fewer steps than that, so the rest is not read.
const MAX_CLAUSES: usize = 32;

/// How a clause stands to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Side by side, unless what they do says otherwise.
    And,
    /// After it.
    Then,
    /// Before it: "deploy after running the tests".
    Before,
}

/// One thing that a description asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause<'a> {
    /// The words, without what only leads to them.
    pub(crate) text: &'a str,
    /// How it stands to the clause before it; never [`Link::Before`] once they are in order.
    pub(crate) link: Link,
    /// What it does.
    pub(crate) kind: Kind,
    /// Where its verb stands in the usual order of work.
    pub(crate) rank: Option<usize>,
    /// A word that its name needs in front, since its own first word is no verb.
    pub(crate) prefix: Option<&'static str>,
}

/// The clauses of a description, in the order in which they are to happen. Empty where nothing in it
/// says what to do.
pub(crate) fn split(description: &str) -> Vec<Clause<'_>> {
    let text = head(description);
    // Where no verb is known the language is not either, and every conjunction counts.
    let known = text
        .split_whitespace()
        .any(|word| verbs::verb(&words::bare(word)).is_some());
    let mut merged: Vec<Piece> = Vec::new();
    for piece in pieces::of(text, known) {
        match merged.last_mut() {
            // "Anna, Bob and Carol": the comma stands within a clause.
            Some(last)
                if piece.soft
                    && known
                    && !begins_clause(piece.text(text))
                    && !is_lead(last.text(text)) =>
            {
                last.range.end = piece.range.end;
            }
            _ => merged.push(piece),
        }
    }
    let mut clauses: Vec<Clause<'_>> = Vec::new();
    for piece in merged.into_iter().take(MAX_CLAUSES) {
        let Some(clause) = clause(piece.text(text), piece.link) else {
            continue;
        };
        if clause.link == Link::Before {
            insert_before_last(&mut clauses, clause);
        } else {
            clauses.push(clause);
        }
    }
    for index in 1..clauses.len() {
        let waited_for = clauses
            .get(index - 1)
            .is_some_and(|before| before.prefix == Some(AWAIT));
        if let Some(clause) = clauses.get_mut(index).filter(|_| waited_for) {
            clause.link = Link::Then;
        }
    }
    clauses
}

/// The prefix of a condition.
const AWAIT: &str = "await";

fn head(description: &str) -> &str {
    description
        .get(..description.floor_char_boundary(MAX_READ))
        .unwrap_or_default()
}

/// "Deploy after running the tests": the tests take the place of the deployment, which follows them.
fn insert_before_last<'a>(clauses: &mut Vec<Clause<'a>>, mut clause: Clause<'a>) {
    match clauses.last_mut() {
        Some(last) => clause.link = std::mem::replace(&mut last.link, Link::Then),
        None => clause.link = Link::And,
    }
    clauses.insert(clauses.len().saturating_sub(1), clause);
}

/// Whether a piece after a comma is a clause of its own: it has a verb in front, or a condition.
fn begins_clause(text: &str) -> bool {
    let (rest, sure) = without_lead(text);
    let first = words::bare(first_word(rest));
    sure || words::is_condition(&first) || verbs::verb(&first).is_some()
}

/// Whether a piece only leads to the next: "Every night," or "When a file arrives,".
fn is_lead(text: &str) -> bool {
    let (rest, _) = without_lead(text);
    words::is_condition(&words::bare(first_word(rest))) || words::name_words(rest).next().is_none()
}

/// One clause out of a piece; `None` where it says nothing that could be done.
fn clause(text: &str, link: Link) -> Option<Clause<'_>> {
    let (rest, sure) = without_lead(text);
    let first = words::bare(first_word(rest));
    if words::is_condition(&first) {
        let (_, rest) = rest.split_once(char::is_whitespace)?;
        let clause = clause(rest, link)?;
        return Some(Clause {
            text: rest.trim(),
            kind: Kind::Work,
            prefix: Some(AWAIT),
            ..clause
        });
    }
    if !rest.chars().any(char::is_alphanumeric) {
        return None;
    }
    // A schedule alone is nothing to do. (What has no ASCII letters may well be.)
    if rest.is_ascii() && words::name_words(rest).next().is_none() {
        return None;
    }
    let verb = verbs::verb(&first);
    let back = rest
        .split_whitespace()
        .skip(1)
        .any(|word| words::points_back(&words::bare(word)));
    Some(Clause {
        text: rest,
        link: if back && link == Link::And {
            Link::Then
        } else {
            link
        },
        kind: if sure {
            Kind::Verify
        } else {
            verb.unwrap_or(Kind::Work)
        },
        rank: verbs::rank(&first),
        prefix: (sure && verb.is_none()).then_some("check"),
    })
}

/// The text from its first telling word on, and whether "make sure" led to it.
fn without_lead(text: &str) -> (&str, bool) {
    let mut rest = trim(text);
    let mut sure = false;
    // Each turn takes a word off.
    while let Some((word, after)) = rest.split_once(char::is_whitespace) {
        let word = words::bare(word);
        let next = words::bare(first_word(after));
        if word == "make" && next == "sure" {
            sure = true;
            rest = after
                .trim_start()
                .split_once(char::is_whitespace)
                .map_or("", |(_, rest)| rest);
        } else if words::is_filler(&word)
            || words::is_and(&word)
            || words::is_then(&word)
            || (word == "after" && next == "that")
        {
            rest = after;
        } else {
            break;
        }
        rest = trim(rest);
    }
    (rest, sure)
}

/// Without bullets, quotes and punctuation around it.
fn trim(text: &str) -> &str {
    let opens = |c: char| matches!(c, '(' | '[' | '"' | '“' | '„' | '«' | '/' | '$' | '<' | '@');
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric() && !opens(c));
    text.trim_end_matches(|c: char| c.is_whitespace() || ".,;:!?。，、；！？".contains(c))
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}
