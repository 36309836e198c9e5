//! Which runner is meant, and whose section it gets.

use std::path::Path;

use super::environment::Environment;
use super::fault::{shown, shown_path};
use super::keys::nearest;
use super::node::{At, Key, Node};
use super::report::Report;
use super::settings::Invocation;
use super::written::{Written, text};
use crate::builtin;

/// The variable that names a runner.
pub const RUNNER_VARIABLE: &str = "AGENT_ARBORIST_RUNNER";

/// The runner that is meant.
pub(super) struct Choice {
    pub(super) name: String,
    /// Who says so; none is the default.
    pub(super) at: Option<At>,
    /// Whether a section of that name is used, from the file or from variables.
    pub(super) lent: bool,
}

/// Where a component is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// By `--component`.
    ByFlag,
    /// By the section.
    InSection,
    /// Nowhere, so it must be built in.
    Nowhere,
}

/// Chooses the runner: `--runner`, then the variable, then the file, then the default. A component
/// from the command line gets a section only by `--runner`: it is not to run with somebody's key.
pub(super) fn choose(
    invocation: &Invocation,
    environment: &Environment,
    written: &Written,
    report: &mut Report,
) -> Choice {
    let usual = usual(environment, written, report);
    match (&invocation.component, &invocation.runner) {
        (_, Some(name)) => Choice {
            name: name.clone(),
            at: Some(At::Flag("--runner")),
            lent: true,
        },
        (None, None) => {
            if usual.at.is_none() {
                warn_of_unused(written, report);
            }
            usual
        }
        (Some(component), None) => {
            if let Some((key, _)) = written
                .sections
                .iter()
                .find(|(key, _)| key.text == usual.name)
            {
                let name = shown(&key.text);
                report.warn(
                    Some(&key.at),
                    format!(
                        "the section `{name}` is not used for {}; add --runner {name} to lend it",
                        shown_path(component)
                    ),
                );
            }
            let stem = component
                .file_stem()
                .unwrap_or_else(|| Path::new("component").as_os_str());
            Choice {
                name: stem.to_string_lossy().into_owned(),
                at: Some(At::Flag("--component")),
                lent: false,
            }
        }
    }
}

fn usual(environment: &Environment, written: &Written, report: &mut Report) -> Choice {
    if !environment.is_text(RUNNER_VARIABLE) {
        let at = At::Variable(RUNNER_VARIABLE.into());
        report.fault(
            &at,
            "it is not UTF-8, so it names no runner",
            "set it to a name that `arborist runners` lists, or unset it",
        );
    }
    if let Some(name) = environment.get(RUNNER_VARIABLE) {
        return Choice {
            name: name.to_owned(),
            at: Some(At::Variable(RUNNER_VARIABLE.into())),
            lent: true,
        };
    }
    let name = written.runner.as_ref().and_then(|node| {
        let name = text(
            node,
            "runner",
            "the name of a runner, such as `runner: custom`",
            report,
        )?;
        Some(Choice {
            name: name.to_owned(),
            at: Some(node.at.clone()),
            lent: true,
        })
    });
    name.unwrap_or_else(|| Choice {
        name: builtin::DEFAULT.to_owned(),
        at: None,
        lent: true,
    })
}

/// Says that the default runner runs although the file has sections for others: `runner:` was forgotten.
fn warn_of_unused(written: &Written, report: &mut Report) {
    let default = builtin::DEFAULT;
    let mut others = written
        .sections
        .iter()
        .filter(|(key, _)| key.text != default);
    let Some((first, _)) = others.next() else {
        return;
    };
    let name = shown(&first.text);
    let unused = match others.count() {
        0 => format!("the section `{name}` is not used"),
        1 => format!("the section `{name}` and another are not used"),
        more => format!("the section `{name}` and {more} others are not used"),
    };
    report.warn(
        Some(&first.at),
        format!("no `runner:` is written, so `{default}` runs and {unused}; write `runner: {name}` at the top level, or give --runner {name}"),
    );
}

/// Faults a name that is neither built in nor a section that names a component. `variables` is whether variables
/// make a section of that name.
pub(super) fn check_exists(
    choice: &Choice,
    sections: &[(Key, Node)],
    component: Given,
    variables: bool,
    report: &mut Report,
) {
    let section = sections.iter().any(|(key, _)| key.text == choice.name);
    let known = builtin::find(&choice.name).is_some();
    // `--component FILE --runner NAME` asks for NAME's section: there must be one.
    let borrows = choice.lent && component == Given::ByFlag;
    if known && borrows && !section && !variables && matches!(choice.at, Some(At::Flag(_))) {
        let name = shown(&choice.name);
        let message = format!(
            "--component FILE is given, and --runner {name} beside it lends the section `{name}`, which does not exist"
        );
        let help = format!("leave out one of the two, or write a section `{name}`");
        report.fault(&At::Flag("--runner"), message, help);
        return;
    }
    let lends = choice.lent && matches!(choice.at, Some(At::Flag(_)));
    if known || component != Given::Nowhere && (section || !lends) {
        return;
    }
    let name = shown(&choice.name);
    let message = if section {
        format!("the runner `{name}` is not built in, and its section names no `component`")
    } else {
        format!("there is no runner `{name}`")
    };
    let names = builtin::ALL
        .iter()
        .map(|builtin| builtin.name)
        .chain(sections.iter().map(|(key, _)| key.text.as_str()));
    let near = nearest(&choice.name, names.filter(|other| *other != choice.name));
    let near = near
        .map(|near| format!("did you mean `{}`? ", shown(near)))
        .unwrap_or_default();
    let help = format!(
        "{near}Built in are {}; a section with `component: FILE` adds a runner of that name",
        builtin::names()
    );
    match &choice.at {
        Some(at) => report.fault(at, message, help),
        None => report.fault_anywhere(message, help),
    }
}

/// A section that nobody selected but whose name is nearly the selected one's.
pub(super) fn warn_of_near_section(choice: &Choice, sections: &[(Key, Node)], report: &mut Report) {
    if sections.iter().any(|(key, _)| key.text == choice.name) {
        return;
    }
    let near = nearest(
        &choice.name,
        sections.iter().map(|(key, _)| key.text.as_str()),
    );
    if let Some((key, _)) = near.and_then(|near| sections.iter().find(|(key, _)| key.text == near))
    {
        let (name, section) = (shown(&choice.name), shown(&key.text));
        report.warn(
            Some(&key.at),
            format!("the runner `{name}` has no section; did you mean it by `{section}`?"),
        );
    }
}
