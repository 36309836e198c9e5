//! `${NAME}` in the selected section becomes the variable's value: once, after YAML was read, so
//! that a value can be neither YAML nor another reference.

use super::environment::Environment;
use super::fault::shown;
use super::node::{At, Node, Scalar, Value};
use super::report::Report;
use crate::secrets::is_secret_name;

/// Longest value after expansion, in bytes.
const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Most bytes that a section's values may have after expansion.
const MAX_SECTION_BYTES: usize = 1024 * 1024;

/// Expands the values of one section.
pub(super) struct Expander<'a> {
    environment: &'a Environment,
    /// Whether an unset secret is no fault, since nothing will be sent.
    replay: bool,
    bytes: usize,
}

impl<'a> Expander<'a> {
    pub(super) const fn new(environment: &'a Environment, replay: bool) -> Self {
        Self {
            environment,
            replay,
            bytes: 0,
        }
    }

    /// Expands every value below `node`, which stands under `key`. Where a reserved key's value is
    /// shown and compared, a secret has no place.
    pub(super) fn expand(
        &mut self,
        node: &mut Node,
        key: &str,
        reserved: bool,
        report: &mut Report,
    ) {
        match &mut node.value {
            Value::Scalar(scalar) => {
                if !scalar.literal {
                    self.scalar(scalar, &node.at, key, report);
                }
                if let Some(name) = scalar
                    .uses
                    .iter()
                    .find(|name| reserved && is_secret_name(name))
                {
                    report.fault(
                        &node.at,
                        format!("`{}` may not hold the secret `{}`", shown(key), shown(name)),
                        "a secret stands in a field of the runner's own",
                    );
                }
            }
            Value::List(list) => {
                list.iter_mut()
                    .for_each(|item| self.expand(item, key, reserved, report));
            }
            Value::Map(map) => {
                map.iter_mut()
                    .for_each(|(inner, value)| self.expand(value, &inner.text, reserved, report));
            }
        }
    }

    fn scalar(&mut self, scalar: &mut Scalar, at: &At, key: &str, report: &mut Report) {
        if !scalar.text.contains("${") {
            return;
        }
        let text = std::mem::take(&mut scalar.text);
        let mut rest = text.as_str();
        while let Some(start) = rest.find("${") {
            let (before, reference) = rest.split_at(start);
            if let Some(literal) = before.strip_suffix('$') {
                scalar.text.push_str(literal);
                scalar.text.push_str("${");
                rest = reference.get(2..).unwrap_or_default();
                continue;
            }
            scalar.text.push_str(before);
            let Some((name, after)) = variable(reference) else {
                report.fault(
                    at,
                    format!("`{}` has a `${{` that no variable follows", shown(key)),
                    "write ${NAME} with letters, digits and `_`; for a literal `${` write `$${`",
                );
                scalar.unset = true;
                return;
            };
            self.value(scalar, name, at, key, report);
            if scalar.text.len() > MAX_VALUE_BYTES || self.bytes > MAX_SECTION_BYTES {
                let limit = MAX_VALUE_BYTES / 1024;
                let message = format!("`{}` is too large with its variables in place", shown(key));
                report.fault(
                    at,
                    message,
                    format!("a value takes {limit} KiB, all of them 1 MiB"),
                );
                scalar.text.clear();
                scalar.unset = true;
                return;
            }
            rest = after;
        }
        scalar.text.push_str(rest);
        scalar.literal = true;
    }

    fn value(&mut self, scalar: &mut Scalar, name: &str, at: &At, key: &str, report: &mut Report) {
        scalar.plain = false;
        scalar.uses.push(name.to_owned());
        if let Some(value) = self.environment.get(name) {
            scalar.text.push_str(value);
            self.bytes += value.len();
            return;
        }
        scalar.unset = true;
        let secret = is_secret_name(name) || is_secret_name(key);
        if self.replay && secret && self.environment.is_text(name) {
            return;
        }
        let name = shown(name);
        if self.environment.is_text(&name) {
            let help = format!("set it, as in `export {name}=…`; an empty one counts as unset");
            report.fault(at, format!("the variable `{name}` is not set"), help);
        } else {
            report.fault(at, format!("the variable `{name}` is not UTF-8"), None);
        }
    }
}

/// The name in `${NAME}…` and what follows.
fn variable(reference: &str) -> Option<(&str, &str)> {
    let (name, after) = reference.strip_prefix("${")?.split_once('}')?;
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let good = name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit());
    good.then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str, replay: bool) -> (Result<(), String>, Scalar) {
        let environment = Environment::from_iter([
            ("A", "one"),
            ("B_KEY", "${A} & x: y"),
            ("EMPTY", ""),
            ("HUGE", &"x".repeat(40_000)),
        ]);
        let mut report = Report::default();
        let scalar = Scalar {
            text: text.to_owned(),
            plain: true,
            ..Scalar::default()
        };
        let mut node = Node {
            value: Value::Scalar(scalar),
            at: At::Flag("x"),
        };
        Expander::new(&environment, replay).expand(&mut node, "field", false, &mut report);
        let Value::Scalar(scalar) = node.value else {
            panic!("no scalar")
        };
        (
            report
                .finish()
                .map(drop)
                .map_err(|faults| faults.to_string()),
            scalar,
        )
    }

    #[test]
    fn once_and_only_references() {
        for (text, becomes) in [
            ("${A}", "one"),
            ("-${A}${A}-", "-oneone-"),
            ("${B_KEY}", "${A} & x: y"),
            ("$A $$ $ {A} }", "$A $$ $ {A} }"),
            ("$${A}", "${A}"),
            ("$$${A}", "$${A}"),
            ("$${${A}", "${one"),
            ("ключ ${A} ключ", "ключ one ключ"),
        ] {
            let (result, scalar) = expand(text, false);
            result.unwrap();
            assert_eq!(scalar.text, becomes, "{text}");
            assert_eq!(scalar.plain, scalar.uses.is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_no_reference_or_unset_is_a_fault() {
        for text in [
            "${",
            "${}",
            "${A",
            "${A:-b}",
            "${A:-${B}}",
            "${1A}",
            "${ A }",
            "${ключ}",
            "${a-b}",
        ] {
            assert!(
                expand(text, false)
                    .0
                    .unwrap_err()
                    .contains("no variable follows"),
                "{text}"
            );
        }
        for text in ["${ABSENT}", "${EMPTY}", "x${ABSENT}y"] {
            assert!(
                expand(text, true).0.unwrap_err().contains("is not set"),
                "{text}"
            );
        }
        assert!(
            expand("${HUGE}${HUGE}", false)
                .0
                .unwrap_err()
                .contains("too large")
        );
    }

    #[test]
    fn a_replay_needs_no_secret() {
        assert!(expand("Bearer ${ABSENT_KEY}", false).0.is_err());
        let (result, scalar) = expand("Bearer ${ABSENT_KEY}", true);
        result.unwrap();
        assert!(scalar.unset);
    }
}
