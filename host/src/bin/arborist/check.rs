//! `arborist check`: the conformance suite.

mod checked;

use crate::{
    args::{CheckArgs, Report as Format},
    exit::{Exit, Failure},
    host, output,
    paint::Paint,
    settings::{self, Surroundings},
    talk::Talk,
};
use arborist::{
    config::{Laid, Settings},
    conformance::{self, Check, Report, Subject, SubjectOptions, Verdict},
    engine::{Component, Ignore, Source},
    escape::printable,
    runner::{self, Deadline, Parameters, StartError},
};
use checked::Checked;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a call may take unless `--timeout` says otherwise.
const TIME: Duration = Duration::from_secs(30);
/// How long it may take to compile.
const MOST: Duration = Duration::from_secs(86_400);

pub(crate) async fn check(args: CheckArgs, talk: &Talk) -> Result<(), Failure> {
    let surroundings = Surroundings::of_process();
    let mut checked = Checked::of(&args);
    let mut invocation = checked::invocation(&args, &checked)?;
    let mut resolved = surroundings.resolve(&invocation);
    if let (Err(_), Some(folder)) = (&resolved, checked.or_folder()) {
        checked = folder;
        invocation = checked::invocation(&args, &checked)?;
        resolved = surroundings.resolve(&invocation);
    }
    let plain = resolved?;
    let project = checked.project(&plain)?;
    let parameters = Parameters::parse(&args.params)?;
    let answers = checked::answers(args.answers.as_deref()).await?;
    let source = settings::source(&plain, &surroundings.folders).await?;
    if !matches!(checked, Checked::Component(_)) {
        host::tell_stale(&plain, talk).await?;
    }
    let report = match load(&source, &plain, &surroundings, talk).await? {
        Loaded::Unfit(report) => report,
        Loaded::Runner(component) => {
            let time = args.timeout.unwrap_or(TIME);
            let deadline = Deadline::after(Instant::now(), time);
            let described = {
                let observer = Arc::new(Ignore);
                runner::describe(&component, &plain.limits, deadline, observer).await
            };
            let declared = match &described {
                Ok(Some(info)) => info.config.clone(),
                Ok(None) | Err(_) => Vec::new(),
            };
            let mut candidates = Vec::new();
            for fields in conformance::made_up(&declared, &plain) {
                let pairs = fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()));
                let settings = surroundings.resolve_over(&invocation, &Laid::of_fields(pairs))?;
                let names = fields.iter().map(|(name, _)| name.clone()).collect();
                candidates.push((settings, names));
            }
            talk.waiting_for(&format!("checking {}", printable(source.name(), 200)));
            let options = SubjectOptions {
                component: *component,
                described,
                candidates,
                parameters,
                answers,
                time,
            };
            let mut subject = Subject::new(options).await?;
            if args.answers.is_none()
                && !subject.understands_answers()
                && let Some(exchanges) = checked::reserve(project.as_deref()).await?
            {
                subject = subject.answered_by(exchanges).await;
            }
            conformance::run(subject).await
        }
    };
    talk.done();
    match args.format {
        Format::Text => output::print(&text(&report, Paint::of_stdout()))?,
        Format::Json => output::print_json(&report.to_json())?,
    }
    if report.passed() {
        Ok(())
    } else {
        Err(Failure::told(Exit::Check))
    }
}

enum Loaded {
    Runner(Box<Component>),
    Unfit(Report),
}

async fn load(
    source: &Source,
    settings: &Settings,
    surroundings: &Surroundings,
    talk: &Talk,
) -> Result<Loaded, Failure> {
    let engine = host::engine(&surroundings.folders, settings.engine, talk)?;
    talk.waiting_for(&format!("loading {}", printable(source.name(), 200)));
    let deadline = Deadline::after(Instant::now(), MOST);
    match runner::load(&engine, source, &settings.limits, deadline).await {
        Ok(component) => Ok(Loaded::Runner(Box::new(component))),
        Err(StartError::Component(error)) => conformance::unfit(source.name(), &error)
            .map(Loaded::Unfit)
            .ok_or_else(|| Failure::new(Exit::Component, error)),
        Err(error) => Err(error.into()),
    }
}

fn text(report: &Report, paint: Paint) -> String {
    let mut lines = vec![paint.bold(&printable(&report.runner, 200))];
    if !report.made_up.is_empty() {
        let names: Vec<String> = report
            .made_up
            .iter()
            .map(|name| format!("`{}`", printable(name, 60)))
            .collect();
        lines.push(format!("with made-up values for {}", names.join(", ")));
    }
    if report.from_cassette {
        lines.push("answered by a cassette".to_owned());
    }
    lines.push(String::new());
    for check in &report.checks {
        lines.extend(lines_of(check, paint));
    }
    let mut counts = vec![format!("{} passed", report.count("pass"))];
    for (word, said) in [
        ("warn", "with a warning"),
        ("fail", "failed"),
        ("skip", "skipped"),
    ] {
        if report.count(word) > 0 {
            counts.push(format!("{} {said}", report.count(word)));
        }
    }
    lines.push(String::new());
    lines.push(format!(
        "{} checks: {}",
        report.checks.len(),
        counts.join(", ")
    ));
    lines.join("\n") + "\n"
}

fn lines_of(check: &Check, paint: Paint) -> Vec<String> {
    let word = match check.verdict {
        Verdict::Passed(_) => paint.good("ok  "),
        Verdict::Warned(_) => paint.bold("warn"),
        Verdict::Failed(_) => paint.bad("FAIL"),
        Verdict::Skipped(_) => "skip".to_owned(),
    };
    let row = check.row;
    let head = format!("  {word}  {:<19}{}", row.id, row.title);
    if let Verdict::Skipped(reason) = &check.verdict {
        return vec![format!("{head} ({reason})")];
    }
    let mut lines = vec![head];
    let failed = matches!(check.verdict, Verdict::Failed(_));
    for (index, line) in check.verdict.text().unwrap_or_default().lines().enumerate() {
        let lead = if failed && index == 0 { "seen: " } else { "" };
        lines.push(format!("        {lead}{line}"));
    }
    if failed {
        lines.push(format!("        contract: {}", row.asks));
        lines.push(format!("        next: {}", row.next));
    }
    lines
}
