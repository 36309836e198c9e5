//! SVG: one file with nothing outside of it, and no script.

use super::layout::{self, Line};
use super::{Plan, TooLarge};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// Pixels of a cell of the layout; a character of the font is a little narrower.
const CELL: usize = 8;
/// Pixels of a box's height.
const BOX: usize = 32;
/// Pixels between two levels.
const GAP: usize = 56;
/// Pixels around it all.
const MARGIN: usize = 16;
/// Pixels above it for the plan's name.
const HEAD: usize = 32;

/// Colours stand in the file twice, so that it can be read on a light and on a dark page.
const STYLE: &str = "  .page { fill: #ffffff } .box { fill: #f6f8fa; stroke: #57606a } .name, .title { fill: #1f2328 }
  .line { fill: none; stroke: #57606a; stroke-width: 1.5 } .head { fill: #57606a }
  .name { font: 13px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; text-anchor: middle }
  .title { font: bold 14px system-ui, sans-serif }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .box { fill: #161b22; stroke: #8b949e } .name, .title { fill: #e6edf3 }
    .line { stroke: #8b949e } .head { fill: #8b949e }
  }
";

/// The plan as an SVG file: each level is a row, and lines run between the rows and between the boxes, never through one.
///
/// # Errors
/// The plan is larger than [`super::MAX_DRAWN_STEPS`] and [`super::MAX_DRAWN_LINES`] allow.
pub fn svg(plan: &Plan) -> Result<String, TooLarge> {
    layout::fits(plan)?;
    let labels: Vec<String> = plan
        .steps
        .iter()
        .map(|step| "x".repeat(step.label.width().max(1)))
        .collect();
    let layout = layout::layout(plan, &labels);
    let title = plan.title.width() * CELL + CELL;
    let width = (layout.width * CELL).max(title) + 2 * MARGIN;
    let height = HEAD + 2 * MARGIN + plan.levels * BOX + (plan.levels - 1) * GAP;
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"arborist-title arborist-about\">"
    );
    let _ = writeln!(
        out,
        "<title id=\"arborist-title\">{}</title>",
        text(&plan.title)
    );
    let _ = writeln!(
        out,
        "<desc id=\"arborist-about\">{}</desc>",
        text(&about(plan))
    );
    let _ = writeln!(out, "<style>\n{STYLE}</style>");
    out.push_str(
        "<defs><marker id=\"arborist-head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path class=\"head\" d=\"M0 0 8 4 0 8z\"/></marker></defs>\n",
    );
    let _ = writeln!(
        out,
        "<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>"
    );
    let _ = writeln!(
        out,
        "<text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{}</text>",
        MARGIN + 12,
        text(&plan.title)
    );
    for line in &layout.lines {
        path(&mut out, &layout, line);
    }
    for (place, step) in layout.boxes.iter().zip(&plan.steps) {
        let (x, y) = (MARGIN + place.x * CELL, top(place.level));
        let width = place.width * CELL;
        let _ = writeln!(
            out,
            "<g><rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX}\" rx=\"6\"/><text class=\"name\" x=\"{}\" y=\"{}\">{}</text></g>",
            x + width / 2,
            y + BOX / 2 + 4,
            text(&step.label)
        );
    }
    out.push_str("</svg>\n");
    Ok(out)
}

/// Where the boxes of a level begin.
fn top(level: usize) -> usize {
    MARGIN + HEAD + level * (BOX + GAP)
}

/// A line from the lower side of a box to the upper side of another: a curve in each gap, and straight down beside the boxes of
/// the levels that it passes.
fn path(out: &mut String, layout: &layout::Layout, line: &Line) {
    let (Some(from), Some(to)) = (layout.boxes.get(line.from), layout.boxes.get(line.to)) else {
        return;
    };
    let middle = |place: &layout::Box| MARGIN + place.x * CELL + place.width * CELL / 2;
    let mut y = top(from.level) + BOX;
    let _ = write!(
        out,
        "<path class=\"line\" marker-end=\"url(#arborist-head)\" d=\"M{} {y}",
        middle(from)
    );
    let mut x = middle(from);
    let passed = line
        .columns
        .iter()
        .map(|column| MARGIN + column * CELL + CELL / 2);
    for next in passed.chain([middle(to)]) {
        let (half, end) = (y + GAP / 2, y + GAP);
        let _ = write!(out, "C{x} {half} {next} {half} {next} {end}");
        x = next;
        y = end + BOX;
        if end < top(to.level) {
            let _ = write!(out, "V{y}");
        }
    }
    out.push_str("\"/>\n");
}

/// What a reader hears who does not see it.
fn about(plan: &Plan) -> String {
    let about = if plan.about.is_empty() {
        "A plan"
    } else {
        &plan.about
    };
    format!("{about} ({})", plan.size())
}

/// Text between tags.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // No character of XML, and no control that would have been spelled out.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}
