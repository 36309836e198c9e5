//! The dialect of Dagu 1.30: which keys a workflow has there, and how a shell text gets through it unchanged.

mod command;

use std::borrow::Cow;

use self::command::Lowered;
use super::dag::{ContinueOn, Dag, DagStep, Retry, Run};
use super::report::Report;
use super::text::Tree;

/// The document that Dagu reads.
pub(super) fn tree(dag: &Dag) -> Tree<'_> {
    let mut fields = vec![("name", Tree::line(&dag.name))];
    if !dag.description.trim().is_empty() {
        fields.push(("description", Tree::text(&dag.description)));
    }
    // Without it Dagu runs the steps one after another, whatever they depend on.
    fields.push(("type", Tree::line("graph")));
    if dag.posix {
        // Without it Dagu uses the shell of whoever starts it, which may be fish.
        fields.push(("shell", Tree::line("sh")));
    }
    if let Some(seconds) = dag.timeout_sec {
        fields.push(("timeoutSec", Tree::Number(seconds)));
    }
    fields.push((
        "steps",
        Tree::List(
            dag.steps
                .iter()
                .map(|step| step_tree(step, dag.posix))
                .collect(),
        ),
    ));
    Tree::Map(fields)
}

fn step_tree(step: &DagStep, posix: bool) -> Tree<'_> {
    let mut fields = vec![("name", Tree::line(&step.name))];
    if let Some(description) = &step.description {
        fields.push(("description", Tree::text(description)));
    }
    run_fields(&step.run, posix, &mut fields);
    if !step.depends.is_empty() {
        fields.push(("depends", Tree::lines(&step.depends)));
    }
    if let Some(seconds) = step.timeout_sec {
        fields.push(("timeoutSec", Tree::Number(seconds)));
    }
    if let Some(retry) = &step.retry {
        fields.push(("retryPolicy", retry_tree(retry)));
    }
    let continue_on = continue_tree(&step.continue_on);
    if !continue_on.is_empty() {
        fields.push(("continueOn", Tree::Map(continue_on)));
    }
    Tree::Map(fields)
}

fn run_fields<'a>(run: &'a Run, posix: bool, fields: &mut Vec<(&'static str, Tree<'a>)>) {
    let text = match run {
        Run::Script(text) => return fields.push(("script", Tree::text(text))),
        Run::Command(text) => return fields.push(("command", Tree::Text(command::native(text)))),
        Run::Posix(text) => text,
    };
    let lowered = command::lower(text);
    // Dagu adds `-e` to a shell that it chose itself, but not to a step's own; a step's own keeps it from looking for an
    // interpreter in the first line. Either way the text ends at its first failing command: the rest of a
    // backup must not run as if the dump had been made.
    let own_shell = match lowered {
        Lowered::Interpreted(_) => false,
        Lowered::Lines(_) => true,
        Lowered::Line(_) | Lowered::File(_) => !posix,
    };
    if own_shell {
        fields.push(("shell", Tree::line("sh -e")));
    }
    fields.push(match lowered {
        Lowered::Line(line) => ("command", Tree::Text(line)),
        // Several lines in one string would become a file in the working directory, which the text itself could
        // come upon (`for f in *`). As the only element of a list they go to `sh -e -c`.
        Lowered::Lines(lines) => ("command", Tree::List(vec![Tree::Text(lines)])),
        Lowered::Interpreted(text) | Lowered::File(text) => ("script", Tree::Text(text)),
    });
}

fn retry_tree(retry: &Retry) -> Tree<'static> {
    let mut fields = vec![
        ("limit", Tree::Number(retry.limit)),
        ("intervalSec", Tree::Number(retry.interval_sec)),
    ];
    if retry.backoff {
        fields.push(("backoff", Tree::Bool(true)));
    }
    Tree::Map(fields)
}

fn continue_tree(on: &ContinueOn) -> Vec<(&'static str, Tree<'static>)> {
    [
        ("failure", on.failure),
        ("skipped", on.skipped),
        ("markSuccess", on.mark_success),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, Tree::Bool(value?))))
    .collect()
}

/// Says what Dagu would do to a text that is meant for the shell, or does to it after all.
pub(super) fn warn_about(report: &mut Report, run: &Run, step: &str) {
    let text = match run {
        Run::Posix(text) | Run::Command(text) => text,
        // Dagu runs nothing of a script itself, and its author wrote it for Dagu.
        Run::Script(_) => return,
    };
    if command::is_interpreted(text) {
        if command::has_reference(text) {
            let names = command::KNOWN_NAMES
                .map(|name| format!("${name}"))
                .join(", ");
            let message = format!(
                "Dagu replaces {names} in a script before it runs, also where they are meant literally"
            );
            report.warn(message, Some(step), None);
        }
    } else if command::has_live_backtick(text) {
        let message = "uses backticks, which Dagu itself would run, even between single quotes; \
                       the DAG says the same without them. Write `$(…)` to be safe elsewhere too";
        report.warn(message, Some(step), None);
    }
}

/// How a step of a workflow that was read says what it runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    /// As `script`, not `command`.
    pub(super) script: bool,
    /// With the step's own `shell: sh -e`.
    pub(super) own_shell: bool,
    /// Under the workflow's `shell: sh`.
    pub(super) posix: bool,
}

/// What such a step means. What [`tree`] writes is read as what it was written from.
pub(super) fn run(text: String, written: Written) -> Run {
    let Written {
        script,
        own_shell,
        posix,
    } = written;
    let several_lines = text.trim().contains('\n');
    let as_it_is = !script && !several_lines;
    let interpreted = script && command::is_interpreted(&text);
    if own_shell || posix && (as_it_is || interpreted) {
        Run::Posix(text)
    } else if script || several_lines {
        Run::Script(text)
    } else {
        Run::Command(text)
    }
}

/// A command that is borrowed or made.
type Text<'a> = Cow<'a, str>;

/// Whether Dagu leaves the lowered text alone, for tests.
#[cfg(test)]
pub(super) fn survives(text: &str) -> bool {
    command::survives(text)
}
