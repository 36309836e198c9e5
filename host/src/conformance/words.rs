//! The last words of a runner that gave up: engines and languages say on standard error what WebAssembly's traps do not.

use crate::escape::printable;
use std::collections::VecDeque;

/// Most lines that are kept, the last ones.
const LINES: usize = 3;
/// The longest line that is kept, in characters.
const LINE: usize = 300;

/// The last lines of standard error, without what says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(VecDeque<String>);

impl Words {
    /// Takes a line.
    pub(super) fn push(&mut self, line: &str) {
        let line = line.trim();
        let says_nothing = line.is_empty()
            || line.starts_with("note: run with `RUST_BACKTRACE")
            || line.starts_with("thread '") && line.contains(" panicked at ");
        if says_nothing {
            return;
        }
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        self.0.push_back(printable(line, LINE).into_owned());
    }

    /// What to write, where an engine says that it looked for something that the sources do not export.
    pub(super) fn missing(&self) -> Option<String> {
        self.0.iter().find_map(|line| missing(line))
    }

    /// A reason with the words behind it. Can be shown.
    pub(super) fn behind(&self, reason: &str) -> String {
        if self.0.is_empty() {
            return reason.to_owned();
        }
        let lines: Vec<&str> = self.0.iter().map(String::as_str).collect();
        format!("{reason}; its last words: {}", lines.join(" / "))
    }

    /// The same with the advice on a line of its own, where there is one.
    pub(super) fn behind_with_advice(&self, reason: &str) -> String {
        let advice = self.missing().map(|missing| format!("\n{missing}"));
        self.behind(reason) + &advice.unwrap_or_default()
    }
}

/// What to write where jco's engine misses an export, which it looks for only when it is called.
fn missing(line: &str) -> Option<String> {
    let named = |kind: &str| {
        let (_, rest) = line.split_once(kind)?;
        let (name, rest) = rest.split_once('\'')?;
        rest.starts_with(" not found").then(|| name.to_owned())
    };
    if let Some(interface) = named("interface '") {
        // `arborist:runner/generate@0.1.0` is exported as `generate`.
        let name = interface.rsplit('/').next().unwrap_or(&interface);
        let name = camel(name.split('@').next().unwrap_or(name));
        return Some(format!(
            "the sources do not export `{name}`: write `export const {name} = {{ {} }}`",
            functions(&name)
        ));
    }
    let function = named("function '")?;
    Some(format!(
        "what the sources export has no function `{function}`: add it, spelled like that"
    ))
}

fn functions(interface: &str) -> &'static str {
    match interface {
        "generate" => {
            "generateTaskSpec(description, parameters) {…}, generateDaguConfig(spec, parameters) {…}"
        }
        "generateStreaming" => "async generateTaskSpec(description, parameters) {…}",
        "about" => "describe() {…}",
        _ => "…",
    }
}

fn camel(kebab: &str) -> String {
    let mut words = kebab.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let head = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &head.into_iter().chain(letters).collect::<String>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_engine_misses_is_told_with_what_to_write() {
        let mut words = Words::default();
        for line in [
            "",
            "thread '<unnamed>' (1) panicked at crates/runtime/src/interpreter.rs:35:35:",
            "interface 'arborist:runner/generate-streaming@0.1.0' not found: FromJs { \u{1b}[2J }",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
        ] {
            words.push(line);
        }
        let told = words.behind_with_advice("it trapped");
        assert!(told.starts_with("it trapped; its last words: interface 'arborist:"));
        assert!(!told.contains('\u{1b}') && !told.contains("RUST_BACKTRACE"));
        assert!(
            told.ends_with("\nthe sources do not export `generateStreaming`: write `export const generateStreaming = { async generateTaskSpec(description, parameters) {…} }`"),
            "{told}"
        );
        let mut words = Words::default();
        words.push("function 'describe' not found: FromJs");
        assert!(words.missing().unwrap().contains("no function `describe`"));
    }

    #[test]
    fn words_are_few() {
        let mut words = Words::default();
        assert_eq!(words.behind_with_advice("x"), "x");
        for number in 0..100 {
            words.push(&format!("{number} {}", "x".repeat(10_000)));
        }
        assert_eq!(words.missing(), None);
        let told = words.behind("x");
        assert!(told.starts_with("x; its last words: 97 ") && told.len() < 1_100);
    }
}
