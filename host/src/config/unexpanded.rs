//! Values that were meant to be a variable's: `$NAME` and `NAME`, where only `${NAME}` is one.

use super::environment::Environment;
use super::fault::shown;
use super::report::Report;
use super::section::Own;
use crate::secrets::is_secret_name;

/// Longest name of a variable that is looked for, in bytes.
const MAX_NAME: usize = 200;

/// What a value looks like.
enum Looks<'a> {
    /// `$NAME`.
    Dollar(&'a str),
    /// `NAME`.
    Bare(&'a str),
}

/// Says where a field holds what looks like a variable and is none. A secret that is `$NAME` is a fault: nobody has such a key, and
/// it would be sent as it stands. Gives whether the field can be used.
///
/// What could be a value rather than a name is not repeated: a name is one that the environment has, or that ends as a secret's does.
pub(super) fn check(
    own: &Own,
    is_secret: bool,
    environment: &Environment,
    report: &mut Report,
) -> bool {
    let value = &own.value;
    // What a variable or a flag gave, and what has a reference in it, is what it was meant to be.
    if value.literal || !value.uses.is_empty() {
        return true;
    }
    let known = |name: &str| is_secret_name(name) || environment.get(name).is_some();
    let field = shown(&own.name);
    match looks(&value.text) {
        Some(Looks::Dollar(name)) if is_secret => {
            let name = if known(name) { name } else { "NAME" };
            let help = format!(
                "write `{field}: ${{{name}}}` for the value of the variable; a secret that begins with `$` itself is kept in a variable too"
            );
            let message = format!(
                "`{field}` is a `$` and a name without braces, which would be sent as it stands"
            );
            report.fault(&own.at, message, help);
            false
        }
        Some(Looks::Dollar(name)) if known(name) => {
            let message = format!(
                "`{field}` is the text `${name}` as it stands; for the value of the variable write `${{{name}}}`"
            );
            report.warn(Some(&own.at), message);
            true
        }
        Some(Looks::Bare(name)) if is_secret && known(name) => {
            let message = format!(
                "`{field}` is the text `{name}`, which is sent as it stands; for the value of the variable write `${{{name}}}`"
            );
            report.warn(Some(&own.at), message);
            true
        }
        _ => true,
    }
}

fn looks(text: &str) -> Option<Looks<'_>> {
    let first = |c: char| c.is_ascii_uppercase() || c == '_';
    let is_name = |name: &str| {
        name.len() <= MAX_NAME
            && name.starts_with(first)
            && name.chars().all(|c| first(c) || c.is_ascii_digit())
    };
    match text.strip_prefix('$') {
        Some(name) => is_name(name).then_some(Looks::Dollar(name)),
        None => is_name(text).then_some(Looks::Bare(text)),
    }
}
