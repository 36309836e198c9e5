//! What a runner says of itself.

use super::{Check, Subject, Verdict, judged};
use crate::{
    conformance::made_up::{is_reserved, is_url},
    engine::{ConfigField, RunnerInfo},
    escape::{is_hidden, printable},
};

/// The longest name and version, in characters.
const NAME: usize = 100;
/// The longest description.
const LINE: usize = 400;

pub(super) async fn check(subject: &mut Subject, checks: &mut Vec<Check>) {
    let ids = ["describe.texts", "describe.fields", "describe.same"];
    let info = match &subject.described {
        Ok(Some(info)) => info.clone(),
        Ok(None) => {
            for id in ["describe.answers"].into_iter().chain(ids) {
                let reason = "it does not export `arborist:runner/about`";
                checks.push(Check::new(id, Verdict::Skipped(reason.to_owned())));
            }
            return;
        }
        Err(error) => {
            let seen = printable(&error.to_string(), 500).into_owned();
            // What was remembered of it is only that it failed.
            let (_, noted) = subject.describe(false).await;
            let seen = noted.words.behind_with_advice(&seen);
            checks.push(Check::new("describe.answers", Verdict::Failed(seen)));
            return;
        }
    };
    checks.push(Check::new("describe.answers", Verdict::Passed(None)));
    checks.push(Check::new("describe.texts", judged(texts(&info))));
    let faults: Vec<String> = fields(&info);
    let blame = (!faults.is_empty()).then(|| faults.join("; "));
    checks.push(Check::new("describe.fields", judged(blame)));
    let mut blame = None;
    for configured in [false, true] {
        let (again, _) = subject.describe(configured).await;
        if !matches!(&again, Ok(Some(again)) if *again == info) {
            let when = if configured {
                "with a configuration"
            } else {
                "asked a second time"
            };
            blame = Some(format!("{when} it says something else"));
        }
    }
    checks.push(Check::new("describe.same", judged(blame)));
}

fn texts(info: &RunnerInfo) -> Option<String> {
    let line = |what: &str, text: &str, most: usize| {
        if text.trim().is_empty() {
            Some(format!("its {what} is empty"))
        } else if text.chars().count() > most {
            Some(format!("its {what} has more than {most} characters"))
        } else if text.chars().any(is_hidden) {
            Some(format!(
                "its {what} is more than one line, or holds control characters"
            ))
        } else {
            None
        }
    };
    line("name", &info.name, NAME)
        .or_else(|| line("version", &info.version, NAME))
        .or_else(|| line("description", &info.description, LINE))
}

fn fields(info: &RunnerInfo) -> Vec<String> {
    let fields = info.config.iter().enumerate();
    fields
        .filter_map(|(index, field)| {
            let earlier = info.config.iter().take(index);
            let twice = earlier.into_iter().any(|other| other.name == field.name);
            let fault = if twice {
                Some("is declared twice")
            } else {
                fault(field)
            };
            fault.map(|fault| format!("`{}` {fault}", printable(&field.name, 60)))
        })
        .collect()
}

fn fault(field: &ConfigField) -> Option<&'static str> {
    let bad = |c: char| c.is_whitespace() || is_hidden(c);
    if field.name.is_empty() || field.name.chars().count() > NAME || field.name.contains(bad) {
        return Some("is no name of a field");
    }
    if field.name.split('.').any(str::is_empty) {
        return Some("has an empty part between its dots");
    }
    if is_reserved(&field.name) {
        return Some("is a key of Arborist's own, which no runner reads");
    }
    let text = field.description.trim();
    if text.is_empty() || text.chars().any(is_hidden) || text.chars().count() > LINE {
        return Some("has no description of one line");
    }
    match &field.default {
        Some(_) if field.secret => Some("is a secret and has a default"),
        Some(default) if is_url(&field.name) && !default.is_empty() && !is_http(default) => {
            Some("has a default that is no URL")
        }
        _ => None,
    }
}

fn is_http(text: &str) -> bool {
    let parsed = url::Url::parse(text);
    parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
