//! DOT, for Graphviz and whatever else reads its language.

use super::Plan;
use std::fmt::Write as _;

/// The plan as a digraph. Steps are called `s1`, `s2` … and have their names as labels.
#[must_use]
pub fn dot(plan: &Plan) -> String {
    let mut out = String::from("digraph plan {\n");
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        out,
        "  graph [label={}, labelloc=t, rankdir=TB];",
        quoted(&plan.title)
    );
    out.push_str("  node [shape=box, style=rounded];\n");
    for (i, step) in plan.steps.iter().enumerate() {
        let _ = writeln!(out, "  s{} [label={}];", i + 1, quoted(&step.label));
    }
    for (from, to) in plan.lines() {
        let _ = writeln!(out, "  s{} -> s{};", from + 1, to + 1);
    }
    out.push_str("}\n");
    out
}

/// A quoted string that shows exactly `text`: in a label a backslash begins an escape, and `&` an HTML entity.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
