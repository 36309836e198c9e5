//! How tests ended, for people as it happens and for programs at the end.

use super::{record::Ended, shown};
use crate::{
    args::Report as Format,
    exit::{Exit, Failure},
    output,
    paint::Paint,
};
use arborist::{
    escape::printable,
    runner::RunClass,
    testing::{Diff, DiffLine, Failing, Suite, Test, Tested},
};
use serde_json::{Value, json};

/// A report on its way.
pub(super) struct Report {
    format: Format,
    paint: Paint,
    /// The lines of the file that is at work.
    lines: Vec<String>,
    /// The tests, for JSON.
    tests: Vec<Value>,
    passed: usize,
    accepted: usize,
    failed: usize,
    left_out: usize,
    /// Why the test before did not come to begin, if it did not.
    unready: Option<String>,
}

impl Report {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            paint: Paint::of_stdout(),
            lines: Vec::new(),
            tests: Vec::new(),
            passed: 0,
            accepted: 0,
            failed: 0,
            left_out: 0,
            unready: None,
        }
    }

    /// A test was not run.
    pub(super) fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// A test has ended.
    pub(super) fn take(&mut self, suite: &Suite, test: &Test, tested: &Tested, ended: &Ended) {
        match ended {
            Ended::Passed => self.passed += 1,
            Ended::Accepted => self.accepted += 1,
            Ended::Failed(_) => self.failed += 1,
        }
        match self.format {
            Format::Text => {
                let lines = self.lines_of(test, tested, ended);
                self.lines.extend(lines);
            }
            Format::Json => self.tests.push(entry(suite, test, tested, ended)),
        }
    }

    /// A file's tests have ended.
    pub(super) fn end_of(&mut self, suite: &Suite) -> Result<(), Failure> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let lines = std::mem::take(&mut self.lines);
        let head = self.paint.bold(&shown(&suite.path));
        output::print(&format!("{head}\n{}\n", lines.join("\n")))
    }

    /// All tests have ended.
    pub(super) fn sum_up(self, filter: Option<&str>) -> Result<(), Failure> {
        let ran = self.passed + self.accepted + self.failed;
        if ran == 0 {
            let message = match filter {
                Some(filter) => format!("no test's name holds `{}`", printable(filter, 200)),
                None => "there are no tests in these files".to_owned(),
            };
            return Err(Failure::new(Exit::Usage, message));
        }
        match self.format {
            Format::Text => {
                let ran = output::counted(ran, "test");
                output::print(&format!("\n{ran}: {}\n", self.counts()))?;
            }
            Format::Json => output::print_json(&json!({
                "version": 1,
                "passed": self.failed == 0,
                "counts": {
                    "pass": self.passed,
                    "new": self.accepted,
                    "fail": self.failed,
                    "left_out": self.left_out,
                },
                "tests": self.tests,
            }))?,
        }
        match self.failed {
            0 => Ok(()),
            _ => Err(Failure::told(Exit::Check)),
        }
    }

    fn counts(&self) -> String {
        let mut parts = vec![format!("{} passed", self.passed)];
        if self.accepted > 0 {
            parts.push(format!("{} accepted", self.accepted));
        }
        if self.failed > 0 {
            parts.push(self.paint.bad(&format!("{} failed", self.failed)));
        }
        if self.left_out > 0 {
            parts.push(format!("{} left out by --filter", self.left_out));
        }
        parts.join(", ")
    }

    fn lines_of(&mut self, test: &Test, tested: &Tested, ended: &Ended) -> Vec<String> {
        let paint = self.paint;
        let name = printable(&test.name, 200);
        let reasons = match ended {
            Ended::Passed => return vec![format!("  {}  {name}", paint.good("ok  "))],
            Ended::Accepted => return vec![format!("  {}  {name}", paint.good("new "))],
            Ended::Failed(reasons) => reasons,
        };
        let place = format!("line {}", test.place.line());
        let mut lines = vec![format!("  {}  {name} ({place})", paint.bad("FAIL"))];
        if self.is_told(tested, reasons) {
            lines.push("        as the test before it".to_owned());
            return lines;
        }
        for reason in reasons {
            for line in reason.message.lines() {
                lines.push(format!("        {line}"));
            }
            if let Some(Diff(diff)) = &reason.diff {
                lines.extend(diff.iter().map(|line| difference(line, paint)));
            }
        }
        if !tested.logs.is_empty() {
            lines.push("        the runner logged:".to_owned());
            let logs = tested.logs.iter();
            lines.extend(logs.map(|line| format!("          {line}")));
        }
        lines
    }

    /// Whether the test did not come to begin, for a reason that was told already: what is wrong with the component or the
    /// configuration is so for all.
    fn is_told(&mut self, tested: &Tested, reasons: &[Failing]) -> bool {
        let now = tested.outcome.as_ref().err().filter(|failed| {
            matches!(failed.class, None | Some(RunClass::Config))
                && reasons
                    .iter()
                    .any(|it| it.message.contains(&failed.message))
        });
        let now = now.map(|failed| failed.message.clone());
        let before = std::mem::replace(&mut self.unready, now);
        before.is_some() && before == self.unready
    }
}

fn difference(line: &DiffLine, paint: Paint) -> String {
    let shown = |text: &str| printable(text, 1_000).into_owned();
    match line {
        DiffLine::Same(text) => format!("          {}", shown(text)),
        DiffLine::Expected(text) => format!("        {}", paint.bad(&format!("- {}", shown(text)))),
        DiffLine::Came(text) => format!("        {}", paint.good(&format!("+ {}", shown(text)))),
        DiffLine::Gap => "          …".to_owned(),
    }
}

/// A test for programs.
fn entry(suite: &Suite, test: &Test, tested: &Tested, ended: &Ended) -> Value {
    let (verdict, reasons) = match ended {
        Ended::Passed => ("pass", Vec::new()),
        Ended::Accepted => ("new", Vec::new()),
        Ended::Failed(reasons) => ("fail", reasons.iter().map(reason).collect()),
    };
    let error = tested.outcome.as_ref().err().map(|failed| {
        json!({
            "kind": failed.kind,
            "status": failed.status,
            "retryable": failed.retryable,
            "message": failed.message,
        })
    });
    json!({
        "file": suite.path.to_string_lossy(),
        "line": test.place.line(),
        "name": test.name,
        "verdict": verdict,
        "reasons": reasons,
        "error": error,
        "requests": tested.requests.len(),
        "logs": tested.logs,
    })
}

fn reason(reason: &Failing) -> Value {
    let diff = reason.diff.as_ref().map(|Diff(lines)| {
        let lines = lines.iter().map(|line| match line {
            DiffLine::Same(text) => json!({"kind": "same", "text": text}),
            DiffLine::Expected(text) => json!({"kind": "expected", "text": text}),
            DiffLine::Came(text) => json!({"kind": "came", "text": text}),
            DiffLine::Gap => json!({"kind": "gap", "text": null}),
        });
        lines.collect::<Vec<_>>()
    });
    json!({"message": reason.message, "diff": diff})
}
