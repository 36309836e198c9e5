//! What is seen in all calls together.

use super::{Check, Subject, Verdict, judged};
use crate::{
    clock,
    conformance::{inputs::USUAL, subject::Way},
    engine::{ConfigField, RunnerError},
    escape::printable,
    limits::Limit,
};

/// Fields that are read and declared, and required ones that are missing.
pub(super) async fn config(subject: &mut Subject, checks: &mut Vec<Check>) {
    let declared: Vec<ConfigField> = match &subject.described {
        Ok(Some(info)) => info.config.clone(),
        Ok(None) | Err(_) => {
            for id in ["config.required", "config.declared", "config.used"] {
                let reason = "it does not declare its fields".to_owned();
                checks.push(Check::new(id, Verdict::Skipped(reason)));
            }
            return;
        }
    };
    required(subject, &declared, checks).await;
    let so_far = &subject.so_far;
    let covers = |field: &ConfigField, read: &str| {
        // A map's fields are read one by one.
        let below = |rest: &str| rest.is_empty() || rest.starts_with('.');
        read.strip_prefix(&field.name).is_some_and(below)
    };
    let undeclared = so_far
        .read
        .iter()
        .filter(|read| !declared.iter().any(|field| covers(field, read)));
    let undeclared: Vec<String> = undeclared
        .map(|name| format!("`{}`", printable(name, 60)))
        .collect();
    let blame = (!undeclared.is_empty())
        .then(|| format!("it read and does not declare {}", undeclared.join(", ")));
    let verdict = match blame {
        None if so_far.read_all && so_far.read.is_empty() => Verdict::Passed(Some(
            "it reads all fields at once, so what it uses cannot be seen".to_owned(),
        )),
        blame => judged(blame),
    };
    checks.push(Check::new("config.declared", verdict));
    let unread = declared
        .iter()
        .filter(|field| !so_far.read.iter().any(|read| covers(field, read)));
    let unread: Vec<String> = unread
        .map(|field| format!("`{}`", printable(&field.name, 60)))
        .collect();
    let verdict = if so_far.read_all || unread.is_empty() {
        Verdict::Passed(None)
    } else {
        Verdict::Warned(format!("it never read {}", unread.join(", ")))
    };
    checks.push(Check::new("config.used", verdict));
}

async fn required(subject: &mut Subject, declared: &[ConfigField], checks: &mut Vec<Check>) {
    let id = "config.required";
    let required = declared
        .iter()
        .filter(|field| field.required && field.default.is_none());
    let mut blames = Vec::new();
    let mut looked = 0;
    for field in required.take(32) {
        looked += 1;
        let way = Way {
            without: Some(field.name.clone()),
            ..Way::default()
        };
        let asked = subject.ask(id, USUAL, &way).await;
        if !matches!(asked.error(), Some(RunnerError::InvalidConfig(_))) {
            let told = asked.told();
            let first = told.lines().next().unwrap_or_default();
            blames.push(format!("without `{}` {first}", printable(&field.name, 60)));
        }
    }
    let verdict = match (looked, blames.is_empty()) {
        (0, _) => Verdict::Skipped("it requires no field".to_owned()),
        (_, true) => Verdict::Passed(None),
        (_, false) => Verdict::Failed(blames.join("; ")),
    };
    checks.push(Check::new(id, verdict));
}

/// Secrets, standard output and limits.
pub(super) fn said(subject: &Subject, checks: &mut Vec<Check>) {
    let so_far = &subject.so_far;
    let seen_in = |list: &[&'static str], what: &str| {
        let first = list.first().copied()?;
        let more = match list.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(format!("{what}, in the check {first}{more}"))
    };
    for (id, list, what) in [
        (
            "secret.result",
            &so_far.leaked,
            "a secret's placeholder was in what it returned",
        ),
        (
            "secret.logs",
            &so_far.logged,
            "a secret's placeholder was in what it logged or showed",
        ),
    ] {
        let verdict = if subject.has_secret() {
            judged(seen_in(list, what))
        } else {
            Verdict::Skipped("it has no secrets".to_owned())
        };
        checks.push(Check::new(id, verdict));
    }
    let blame = seen_in(&so_far.printed, "it printed a spec on standard output");
    checks.push(Check::new("output.stdout", judged(blame)));
    checks.push(Check::new("limits.default", limits(subject)));
}

fn limits(subject: &Subject) -> Verdict {
    let so_far = &subject.so_far;
    if let Some(first) = so_far.limits.first() {
        return Verdict::Failed(printable(first, 400).into_owned());
    }
    if so_far.late > 0 {
        return Verdict::Failed(format!("{} calls did not end in their time", so_far.late));
    }
    if let Some(first) = so_far.silenced.first() {
        return Verdict::Failed(format!(
            "it said more than its limit `logs` allows, in the check {first}"
        ));
    }
    let limits = &subject.settings().limits;
    let of = |limit: Limit, used: u64| {
        format!("{} of {}", limit.show(used), limit.show(limits.get(limit)))
    };
    let cpu = clock::millis(so_far.usage.cpu);
    Verdict::Passed(Some(format!(
        "at most {} memory and {} CPU time in a call",
        of(Limit::Memory, so_far.usage.memory),
        of(Limit::Cpu, cpu)
    )))
}
