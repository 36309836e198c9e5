//! Mermaid, as GitHub and many editors render it in Markdown.

use super::Plan;
use std::fmt::Write as _;

/// Characters that mean nothing inside of a word.
const IN_WORDS: &str = "-.,:/+=@";

/// The plan as a flowchart. Steps are called `s1`, `s2` … and have their names as labels.
#[must_use]
pub fn mermaid(plan: &Plan) -> String {
    // Writing to a String cannot fail, here and below.
    let mut out = String::new();
    let _ = writeln!(out, "---\ntitle: {}\n---\nflowchart TD", title(&plan.title));
    for (i, step) in plan.steps.iter().enumerate() {
        let _ = writeln!(out, "  s{}[\"{}\"]", i + 1, label(&step.label));
    }
    for (from, to) in plan.lines() {
        let _ = writeln!(out, "  s{} --> s{}", from + 1, to + 1);
    }
    out
}

/// The text of a quoted label. Everything that could be markup is a numeric entity in Mermaid's own spelling, `#35;` for `#`:
/// inside quotes it still reads HTML, entities and Markdown, of which `1. x` is a list already.
fn label(text: &str) -> String {
    spelled(text, |c, out| {
        let _ = write!(out, "#{};", u32::from(c));
    })
}

/// The title is a YAML string. Mermaid rewrites what looks like HTML before it reads the YAML, so that is spelled out too.
fn title(text: &str) -> String {
    let text = spelled(text, |c, out| {
        let _ = write!(out, "\\U{:08x}", u32::from(c));
    });
    format!("\"{text}\"")
}

/// `text` with all that is not plain as `spell` has it.
fn spelled(text: &str, spell: impl Fn(char, &mut String)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let in_word = before.is_alphanumeric() && rest.peek().is_some_and(|c| c.is_alphanumeric());
        if c.is_alphanumeric() || c == ' ' || (in_word && IN_WORDS.contains(c)) {
            out.push(c);
        } else {
            spell(c, &mut out);
        }
        before = c;
    }
    out
}
