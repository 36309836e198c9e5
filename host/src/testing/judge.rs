//! What came out against what was expected.

use super::{
    accepted::Accepted,
    diff::Diff,
    expect::{Expect, ExpectedError, Steps},
    requests::Requests,
    run::{Failed, Made, Tested},
};
use crate::{cassette::Request, escape::printable, runner::RunClass};

/// How a test ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// All is as expected.
    Passed,
    /// It is not; why, at least one reason.
    Failed(Vec<Failing>),
}

/// One reason why a test fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// What is wrong, in words that can be shown.
    pub message: String,
    /// The lines in question.
    pub diff: Option<Diff>,
}

impl Failing {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            diff: None,
        }
    }

    fn differs(message: &str, expected: &str, came: &str) -> Self {
        Self {
            message: message.to_owned(),
            diff: Some(Diff::of(expected, came)),
        }
    }
}

impl Tested {
    /// Holds this against `expect`, or where a test expects nothing of its own against what was accepted before.
    /// `code` gives the exit code of a failed run; none is a component that cannot be used.
    #[must_use]
    pub fn judge(
        &self,
        expect: Option<&Expect>,
        accepted: Option<&Accepted>,
        code: impl Fn(Option<RunClass>) -> u8,
    ) -> Verdict {
        let mut found = Vec::new();
        for difference in &self.unanswered {
            found.push(Failing::new(difference.clone()));
        }
        if self.unused > 0 {
            let (count, verb) = (self.unused, if self.unused == 1 { "was" } else { "were" });
            found.push(Failing::new(format!(
                "{count} of the exchanges {verb} never asked for"
            )));
        }
        match (expect, accepted) {
            (Some(expect), _) => self.expected(expect, code, &mut found),
            (None, Some(accepted)) => {
                let came = Accepted::of(&self.outcome);
                if came != *accepted {
                    let message = "what comes out is not what was accepted; if it should be, run `arborist test --update`";
                    found.push(Failing::differs(message, &accepted.text(), &came.text()));
                }
            }
            (None, None) => found.push(Failing::new(
                "nothing is expected of it: write `expect`, or accept what comes out by `arborist test --update`",
            )),
        }
        if found.is_empty() {
            Verdict::Passed
        } else {
            Verdict::Failed(found)
        }
    }

    fn expected(
        &self,
        expect: &Expect,
        code: impl Fn(Option<RunClass>) -> u8,
        found: &mut Vec<Failing>,
    ) {
        let code = self
            .outcome
            .as_ref()
            .err()
            .map_or(0, |failed| code(failed.class));
        if let Some(wanted) = expect.code
            && wanted != code
        {
            found.push(Failing::new(format!(
                "the exit code is {code}, and {wanted} is expected"
            )));
        }
        match (&self.outcome, &expect.error) {
            (Err(failed), Some(wanted)) => error(failed, wanted, found),
            (Err(failed), None) if !expect.fails() || expect.code != Some(code) => {
                // An unmatched request was told already, and is why.
                found.push(Failing::new(format!(
                    "the run failed ({}): {}",
                    failed.kind, failed.message
                )));
            }
            (Err(_), None) => {}
            (Ok(made), Some(_)) => {
                let message = "the run was to fail, and made";
                found.push(Failing::differs(message, "", &text_of(made)));
            }
            (Ok(made), None) => result(made, expect, found),
        }
        if let Some(wanted) = &expect.requests {
            requests(&self.requests, wanted, found);
        }
    }
}

fn error(failed: &Failed, wanted: &ExpectedError, found: &mut Vec<Failing>) {
    let said = &failed.message;
    let mut unlike = |what: &str, came: String, wanted: String| {
        found.push(Failing::new(format!(
            "the error's {what} is {came}, and {wanted} is expected: {said}"
        )));
    };
    if let Some(kind) = &wanted.kind
        && kind != failed.kind
    {
        unlike("kind", failed.kind.to_owned(), kind.clone());
    }
    if wanted.status.is_some() && wanted.status != failed.status {
        unlike("status", shown(failed.status), shown(wanted.status));
    }
    if wanted.retryable.is_some() && wanted.retryable != failed.retryable {
        unlike(
            "retryable",
            shown(failed.retryable),
            shown(wanted.retryable),
        );
    }
    for text in &wanted.contains {
        if !said.contains(text) {
            found.push(Failing::new(format!(
                "the error does not contain {}: {said}",
                printable(text, 200)
            )));
        }
    }
}

fn result(made: &Made, expect: &Expect, found: &mut Vec<Failing>) {
    let spec = made.spec.as_ref();
    if let (Some(wanted), Some(spec)) = (&expect.spec, spec)
        && wanted != spec
    {
        let message = "the task spec differs";
        found.push(Failing::differs(
            message,
            &wanted.to_yaml(),
            &spec.to_yaml(),
        ));
    }
    if let (Some(wanted), Some(dag)) = (&expect.dag, &made.dag)
        && wanted.to_yaml() != dag.to_yaml()
    {
        found.push(Failing::differs(
            "the DAG differs",
            &wanted.to_yaml(),
            &dag.to_yaml(),
        ));
    }
    if let (Some(name), Some(spec)) = (&expect.name, spec)
        && name != spec.name()
    {
        let (came, wanted) = (printable(spec.name(), 200), printable(name, 200));
        let message = format!("the spec's name is {came}, and {wanted} is expected");
        found.push(Failing::new(message));
    }
    if let (Some(wanted), Some(spec)) = (&expect.steps, spec) {
        let names: Vec<&str> = spec.steps().iter().map(|step| step.name()).collect();
        match wanted {
            Steps::Count(count) if *count != names.len() => {
                let message = format!("there are {} steps, and {count} are expected", names.len());
                found.push(Failing::differs(&message, "", &names.join("\n")));
            }
            Steps::Names(wanted) if *wanted != names => {
                let (wanted, names) = (wanted.join("\n"), names.join("\n"));
                found.push(Failing::differs("the steps' names differ", &wanted, &names));
            }
            Steps::Count(_) | Steps::Names(_) => {}
        }
    }
    let text = text_of(made);
    for part in &expect.contains {
        if !text.contains(part) {
            let message = format!("{} is not in what came out", printable(part, 200));
            found.push(Failing::differs(&message, "", &text));
        }
    }
}

fn text_of(made: &Made) -> String {
    let spec = made.spec.as_ref().map(crate::spec::TaskSpec::to_yaml);
    let dag = made.dag.as_ref().map(crate::spec::Dag::to_yaml);
    // Of both, the spec is what the runner made.
    spec.or(dag).unwrap_or_default()
}

fn requests(made: &[Request], wanted: &Requests, found: &mut Vec<Failing>) {
    let asked: Vec<String> = made
        .iter()
        .map(|request| {
            let (method, url) = (printable(&request.method, 20), printable(&request.url, 300));
            format!("{method} {url}")
        })
        .collect();
    let count = match wanted {
        Requests::Count(count) => *count,
        Requests::These(patterns) => {
            for (number, (pattern, request)) in (1..).zip(patterns.iter().zip(made)) {
                let differences = pattern.differences(request).into_iter();
                found.extend(
                    differences.map(|text| Failing::new(format!("request {number}: {text}"))),
                );
            }
            patterns.len()
        }
    };
    if count != made.len() {
        let message = format!("requests made: {}, and {count} are expected", made.len());
        found.push(Failing::differs(&message, "", &asked.join("\n")));
    }
}

fn shown<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}
