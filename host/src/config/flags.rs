//! What the command line sets.

use super::environment::Environment;
use super::fault::shown;
use super::keys::{Scope, reserved};
use super::node::{At, Node, Scalar, Value};
use super::overlay;
use super::report::Report;
use super::settings::Invocation;
use crate::secrets::is_secret_name;

const SET: &str = "--set";
const SET_ENV: &str = "--set-env";

/// Lays `--set` and `--set-env` over a section. The later of two for one field counts.
pub(super) fn lay_over(
    section: &mut Node,
    invocation: &Invocation,
    environment: &Environment,
    report: &mut Report,
) {
    for argument in &invocation.set {
        let Some((key, value)) = field(argument, SET, "KEY=VALUE, such as model=small", report)
        else {
            continue;
        };
        let at = At::Flag(SET);
        let scalar = Scalar {
            plain: true,
            ..Scalar::literal(value)
        };
        if is_secret_name(key) && !scalar.is_no_string() {
            let key = shown(key);
            let help =
                format!("give the name of a variable that holds it: --set-env {key}=VARIABLE");
            report.fault(
                &at,
                format!(
                    "`{key}` is a secret, and here everybody could read it in the list of processes"
                ),
                help,
            );
            continue;
        }
        overlay::flag(
            section,
            key,
            Node {
                value: Value::Scalar(scalar),
                at,
            },
            report,
        );
    }
    for argument in &invocation.set_env {
        let form = "KEY=VARIABLE, such as api_key=CUSTOM_API_KEY";
        let Some((key, variable)) = field(argument, SET_ENV, form, report) else {
            continue;
        };
        let at = At::Flag(SET_ENV);
        let Some(scalar) = value_of(variable, key, invocation.replay, environment, &at, report)
        else {
            continue;
        };
        overlay::flag(
            section,
            key,
            Node {
                value: Value::Scalar(scalar),
                at,
            },
            report,
        );
    }
}

fn value_of(
    variable: &str,
    key: &str,
    replay: bool,
    environment: &Environment,
    at: &At,
    report: &mut Report,
) -> Option<Scalar> {
    // A value in the place of the name is a secret, most likely: it is not repeated.
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !variable.starts_with(first) || !variable.chars().all(|c| first(c) || c.is_ascii_digit()) {
        let help = "--set-env takes KEY=VARIABLE, the name of a variable and not its value";
        report.fault(
            at,
            format!(
                "what stands after `{}=` is no name of a variable",
                shown(key)
            ),
            help,
        );
        return None;
    }
    let uses = vec![variable.to_owned()];
    if let Some(value) = environment.get(variable) {
        return Some(Scalar {
            uses,
            ..Scalar::literal(value)
        });
    }
    if !environment.is_text(variable) {
        report.fault(
            at,
            format!("the variable for `{}` is not UTF-8", shown(key)),
            None,
        );
        return None;
    }
    if replay && (is_secret_name(key) || is_secret_name(variable)) {
        return Some(Scalar {
            uses,
            unset: true,
            ..Scalar::literal("")
        });
    }
    // Nor is what may be a value that happens to look like a name.
    let known = variable.len() <= 64 && !variable.chars().any(|c| c.is_ascii_lowercase());
    let name = if known {
        format!(" `{variable}`")
    } else {
        String::new()
    };
    let help = "--set-env takes KEY=VARIABLE, the name of a variable and not its value; an empty one counts as unset";
    report.fault(
        at,
        format!("the variable{name} for `{}` is not set", shown(key)),
        help,
    );
    None
}

fn field<'a>(
    argument: &'a str,
    flag: &'static str,
    form: &str,
    report: &mut Report,
) -> Option<(&'a str, &'a str)> {
    let at = At::Flag(flag);
    let Some((key, value)) = argument.split_once('=') else {
        report.fault(&at, format!("it takes {form}"), None);
        return None;
    };
    let key = key.trim();
    let reserved = key
        .split('.')
        .next()
        .and_then(|first| reserved(Scope::Section, first));
    if let Some(known) = reserved {
        let help = match known.name {
            "allow" => "use --allow RULE",
            "limits" => "use --limit NAME=VALUE",
            "component" => "use --component FILE",
            "models" => "use --param model=MODEL",
            _ => "write it into the configuration file",
        };
        report.fault(
            &at,
            format!(
                "`{}` is a key of Arborist's, no field of the runner's",
                known.name
            ),
            help,
        );
        return None;
    }
    Some((key, value))
}
