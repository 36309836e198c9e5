//! The plan as a list by stages: exact and readable at any size and width.

use super::Plan;
use super::terminal::{Pen, Style};
use unicode_width::UnicodeWidthStr as _;

/// Columns that a name gets at least for what it waits for.
const LEAST: usize = 16;

/// A line for each step, by stages. Behind the arrow stands what it waits for, in as many lines as it takes.
pub(super) fn list(plan: &Plan, style: &Style, names: &[String]) -> String {
    let pen = Pen::new(style);
    let signs = Signs::of(style);
    let mut stages: Vec<Vec<usize>> = vec![Vec::new(); plan.levels];
    for (i, step) in plan.steps.iter().enumerate() {
        if let Some(stage) = stages.get_mut(step.level) {
            stage.push(i);
        }
    }
    let digits = plan.levels.to_string().len();
    let mut out = String::new();
    for (number, stage) in stages.iter().enumerate() {
        for (place, &step) in stage.iter().enumerate() {
            let last = place + 1 == stage.len();
            let head = if place == 0 {
                (number + 1).to_string()
            } else {
                String::new()
            };
            let sign = match (place, last) {
                (0, true) => signs.only,
                (0, false) => signs.first,
                (_, false) => signs.inner,
                (_, true) => signs.last,
            };
            let rail = if last { " " } else { signs.rail };
            let margin = format!("{:digits$} {rail}   ", "");
            out.push_str(&pen.dim(&format!("{head:>digits$} {sign} ")));
            entry(
                &mut out,
                plan,
                (names, step),
                (style.width, &margin),
                (&signs, &pen),
            );
        }
    }
    out
}

fn entry(
    out: &mut String,
    plan: &Plan,
    (names, step): (&[String], usize),
    (width, margin): (usize, &str),
    (signs, pen): (&Signs, &Pen),
) {
    let name = |i: usize| names.get(i).map_or("", String::as_str);
    out.push_str(name(step));
    let waits_for = plan.steps.get(step).map_or(&[][..], |step| &step.waits_for);
    let margin_width = margin.width();
    // One column less than the margin of what follows: the name begins there.
    let mut used = margin_width - 2 + name(step).width();
    let wide = width.max(margin_width + LEAST);
    for (i, &earlier) in waits_for.iter().enumerate() {
        let comma = if i + 1 == waits_for.len() { "" } else { "," };
        let text = format!("{}{comma}", name(earlier));
        let arrow = if i == 0 {
            format!(" {}", signs.arrow)
        } else {
            String::new()
        };
        let needs = arrow.width() + 1 + text.width();
        if used + needs > wide {
            out.push('\n');
            out.push_str(&pen.dim(margin));
            used = margin_width;
            out.push_str(&pen.dim(arrow.trim_start()));
            used += arrow.trim_start().width();
            if i == 0 {
                out.push(' ');
                used += 1;
            }
        } else {
            out.push_str(&pen.dim(&arrow));
            out.push(' ');
            used += arrow.width() + 1;
        }
        out.push_str(&text);
        used += text.width();
    }
    out.push('\n');
}

struct Signs {
    only: &'static str,
    first: &'static str,
    inner: &'static str,
    last: &'static str,
    rail: &'static str,
    arrow: &'static str,
}

impl Signs {
    fn of(style: &Style) -> Self {
        if style.ascii {
            Self {
                only: "-",
                first: "+",
                inner: "+",
                last: "+",
                rail: "|",
                arrow: "<-",
            }
        } else {
            Self {
                only: "─",
                first: "┬",
                inner: "├",
                last: "└",
                rail: "│",
                arrow: "←",
            }
        }
    }
}
