//! `arborist test`: a runner's own tests, without a network.

use crate::{
    args::TestArgs,
    exit::{Exit, Failure},
    host, output,
    paint::Paint,
    settings::{self, Surroundings},
    talk::Talk,
};
use arborist::{
    config::Faults,
    escape::printable,
    runner::RunClass,
    testing::{Accepted, Diff, DiffLine, Failing, Suite, Test, Tested, Tester, Verdict},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a test may take unless `--timeout` says otherwise; compiling counts.
const TIME: Duration = Duration::from_secs(120);
/// Most files of tests in a run.
const MAX_FILES: usize = 1_000;
/// Most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 100_000;

pub(crate) async fn test(args: TestArgs, talk: &Talk) -> Result<(), Failure> {
    let paths = args.paths.clone();
    let suites = output::aside(move || {
        let files = find(&paths)?;
        read(&files)
    })
    .await?;
    let surroundings = Surroundings::of_process();
    let folders = &surroundings.folders;
    let time = args.timeout.unwrap_or(TIME);
    let engine = host::engine(folders, surroundings.engine()?, talk)?;
    let mut tester = Tester::new(&engine, folders, time);
    let mut tally = Tally::default();
    let paint = Paint::of_stdout();
    for suite in &suites {
        let mut lines = vec![paint.bold(&shown(&suite.path))];
        let mut record = Record::open(suite)?;
        let mut ran = 0;
        for test in &suite.tests {
            if args
                .filter
                .as_ref()
                .is_some_and(|part| !test.name.contains(part.as_str()))
            {
                tally.left_out += 1;
                continue;
            }
            ran += 1;
            talk.waiting_for(&format!(
                "{}: {}",
                shown(&suite.path),
                printable(&test.name, 100)
            ));
            let tested = tester.run(suite, test).await;
            let verdict = record.judge(test, &tested, args.update);
            lines.extend(tally.told(test, &tested, &verdict, &paint));
        }
        talk.done();
        if args.update {
            record.keep().await?;
        }
        if ran > 0 {
            output::print(&(lines.join("\n") + "\n"))?;
        }
    }
    tally.sum_up(args.filter.as_deref(), &paint)
}

/// What was accepted of a file's tests, and what is accepted now.
struct Record {
    path: PathBuf,
    before: BTreeMap<String, Accepted>,
    now: BTreeMap<String, Accepted>,
}

/// How a test ended for the user.
enum Ended {
    Passed,
    Accepted,
    Failed(Vec<Failing>),
}

impl Record {
    fn open(suite: &Suite) -> Result<Self, Failure> {
        let path = Accepted::path(&suite.path);
        let before = Accepted::read(&path).map_err(|error| Failure::new(Exit::Config, error))?;
        let names: BTreeSet<&str> = suite.tests.iter().map(|test| test.name.as_str()).collect();
        let mut now = before.clone();
        now.retain(|name, _| names.contains(name.as_str()));
        Ok(Self { path, before, now })
    }

    fn judge(&mut self, test: &Test, tested: &Tested, update: bool) -> Ended {
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
    async fn keep(self) -> Result<(), Failure> {
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

#[derive(Default)]
struct Tally {
    passed: usize,
    accepted: usize,
    failed: usize,
    left_out: usize,
    /// Why a test did not come to begin, the last time.
    unready: Option<String>,
}

impl Tally {
    fn told(&mut self, test: &Test, tested: &Tested, ended: &Ended, paint: &Paint) -> Vec<String> {
        let name = printable(&test.name, 200);
        let reasons = match ended {
            Ended::Passed => {
                self.passed += 1;
                return vec![format!("  {}  {name}", paint.good("ok  "))];
            }
            Ended::Accepted => {
                self.accepted += 1;
                return vec![format!("  {}  {name}", paint.good("new "))];
            }
            Ended::Failed(reasons) => reasons,
        };
        self.failed += 1;
        let place = format!("line {}", test.place.line());
        let mut lines = vec![format!("  {}  {name} ({place})", paint.bad("FAIL"))];
        if self.told_before(tested, reasons) {
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

    /// Whether the test did not come to begin, for a reason that was told already: what is wrong with the component is so for all.
    fn told_before(&mut self, tested: &Tested, reasons: &[Failing]) -> bool {
        let told = |message: &str| {
            reasons
                .iter()
                .any(|reason| reason.message.contains(message))
        };
        let now = match &tested.outcome {
            Err(failed) if failed.class.is_none() && told(&failed.message) => {
                Some(failed.message.clone())
            }
            _ => None,
        };
        let before = std::mem::replace(&mut self.unready, now);
        before.is_some() && before == self.unready
    }

    fn sum_up(self, filter: Option<&str>, paint: &Paint) -> Result<(), Failure> {
        let ran = self.passed + self.accepted + self.failed;
        if ran == 0 {
            let message = match filter {
                Some(filter) => format!("no test's name holds `{}`", printable(filter, 200)),
                None => "there are no tests in these files".to_owned(),
            };
            return Err(Failure::new(Exit::Usage, message));
        }
        let mut parts = vec![format!("{} passed", self.passed)];
        if self.accepted > 0 {
            parts.push(format!("{} accepted", self.accepted));
        }
        if self.failed > 0 {
            parts.push(paint.bad(&format!("{} failed", self.failed)));
        }
        if self.left_out > 0 {
            parts.push(format!("{} left out by --filter", self.left_out));
        }
        let ran = output::counted(ran, "test");
        output::print(&format!("\n{ran}: {}\n", parts.join(", ")))?;
        match self.failed {
            0 => Ok(()),
            _ => Err(Failure::told(Exit::Check)),
        }
    }
}

fn difference(line: &DiffLine, paint: &Paint) -> String {
    let shown = |text: &str| printable(text, 1_000).into_owned();
    match line {
        DiffLine::Same(text) => format!("          {}", shown(text)),
        DiffLine::Expected(text) => format!("        {}", paint.bad(&format!("- {}", shown(text)))),
        DiffLine::Came(text) => format!("        {}", paint.good(&format!("+ {}", shown(text)))),
        DiffLine::Gap => "          …".to_owned(),
    }
}

/// The files of tests below these paths.
fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for folder in [path.clone(), path.join("tests")] {
            files.extend(tests_in(&folder)?);
        }
        if files.len() == before {
            let message = format!(
                "there is no *.test.yaml in {} and in its folder `tests`\n  help: docs/testing.md says how one is written; `arborist new` makes a project that has one",
                shown(path)
            );
            return Err(Failure::new(Exit::Usage, message));
        }
    }
    if files.len() > MAX_FILES {
        let message = format!(
            "there are {} files of tests, and a run takes at most {MAX_FILES}",
            files.len()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(files)
}

fn tests_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unread = |error: std::io::Error| {
        Failure::new(
            Exit::Usage,
            format!("cannot read {}: {error}", shown(folder)),
        )
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)?.take(MAX_ENTRIES) {
        let path = entry.map_err(unread)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".test.yaml") && path.is_file() {
            // `./x` is what nobody wrote.
            files.push(
                path.strip_prefix(".")
                    .map_or(path.clone(), Path::to_path_buf),
            );
        }
    }
    files.sort();
    Ok(files)
}

/// All files, or the faults of all of them.
fn read(files: &[PathBuf]) -> Result<Vec<Suite>, Failure> {
    let mut suites = Vec::with_capacity(files.len());
    let mut faults = Vec::new();
    for file in files {
        match Suite::read(file) {
            Ok(suite) => suites.push(suite),
            Err(found) => faults.push(found),
        }
    }
    if faults.is_empty() {
        return Ok(suites);
    }
    let texts: Vec<String> = faults
        .iter()
        .map(|faults: &Faults| settings::failure(faults).message)
        .collect();
    Err(Failure::rendered(Exit::Config, texts.join("\n")))
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 400).into_owned()
}
