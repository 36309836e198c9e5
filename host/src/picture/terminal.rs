//! Text for a terminal: a drawing where one fits and is exact, and a list where not.

use super::layout::{self, Drawing};
use super::{Plan, list, trace};
use anstyle::{Effects, Style as Ansi};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Steps that are drawn as text: more do not fit onto screens that anybody has.
const MAX_BOXES: usize = 200;
/// Where stand-ins for characters of names begin: private use, so nothing of the drawing is taken for one.
const STAND_INS: u32 = 0xf_0000;

/// How text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns that lines may have. A list may need a few more for long names.
    pub width: usize,
    /// Whether only ASCII is used; other characters of names are then spelled out.
    pub ascii: bool,
    /// Whether lines are dimmed, with ANSI escapes.
    pub colour: bool,
}

/// The plan as text. It is drawn with boxes and lines where the drawing is not wider than `style` says and where following its lines
/// gives exactly the plan's dependencies, since lines that share a way can say too much. Else it is a list by stages.
#[must_use]
pub fn terminal(plan: &Plan, style: &Style) -> String {
    let shown = |text: &str| match style.ascii {
        true => spelled(text),
        false => text.to_owned(),
    };
    let names: Vec<String> = plan.steps.iter().map(|step| shown(&step.label)).collect();
    let body = drawn(plan, style, &names).unwrap_or_else(|| list::list(plan, style, &names));
    let separator = if style.ascii { "-" } else { "·" };
    let title = shown(&plan.title);
    format!("{title} {separator} {}\n\n{body}", plan.size())
}

fn drawn(plan: &Plan, style: &Style, names: &[String]) -> Option<String> {
    if plan.steps.len() > MAX_BOXES || layout::fits(plan).is_err() {
        return None;
    }
    // A row of boxes is at least as wide as their names and frames: most plans that are too wide need no layout to tell.
    let mut rows = vec![0; plan.levels];
    for (step, name) in plan.steps.iter().zip(names) {
        let row = rows.get_mut(step.level)?;
        *row += name.width() + 4;
    }
    if rows.iter().any(|row| *row > style.width) {
        return None;
    }
    let mut stand_ins = StandIns::default();
    let labels: Vec<String> = names.iter().map(|name| stand_ins.label(name)).collect();
    let exact = layout::draw(plan, &labels, false);
    let too_wide = exact
        .text
        .lines()
        .any(|line| line.trim_end().chars().count() > style.width);
    if too_wide || !trace::is_exact(plan, &exact) {
        return None;
    }
    let drawing = if style.ascii {
        layout::draw(plan, &labels, true)
    } else {
        exact
    };
    Some(stand_ins.put_in(&drawing, &Pen::new(style)))
}

/// Characters for the layout, which counts one cell a character: a name is laid out with one stand-in for each cell that it
/// covers, and the first of them is what the name's own characters are put in for.
#[derive(Default)]
struct StandIns {
    /// What to put in for each stand-in; nothing for the second half of a wide character.
    texts: Vec<String>,
}

impl StandIns {
    fn label(&mut self, name: &str) -> String {
        let first = self.texts.len();
        for c in name.chars() {
            match (
                c.width().unwrap_or(0),
                self.texts.get_mut(first..).and_then(<[_]>::last_mut),
            ) {
                // What stands above or below another character goes with it.
                (0, Some(before)) => before.push(c),
                (0, None) => {}
                (width, _) => {
                    // All of it at the last cell, so that what follows with no width is beside it.
                    let before = width.saturating_sub(1);
                    self.texts
                        .extend(std::iter::repeat_n(String::new(), before));
                    self.texts.push(c.to_string());
                }
            }
        }
        let all = STAND_INS + number(first)..STAND_INS + number(self.texts.len());
        all.filter_map(char::from_u32).collect()
    }

    fn put_in(&self, drawing: &Drawing, pen: &Pen) -> String {
        let mut out = String::new();
        let text = drawing.text.trim_end();
        // The space that all lines begin with is the layout's, and no reader's.
        let indent = text.lines().filter(|line| !line.trim().is_empty());
        let indent = indent
            .map(|line| line.len() - line.trim_start_matches(' ').len())
            .min();
        for line in text.lines() {
            let line = line.get(indent.unwrap_or(0)..).unwrap_or("").trim_end();
            let mut frame = String::new();
            for c in line.chars() {
                match u32::from(c).checked_sub(STAND_INS) {
                    Some(place) => {
                        out.push_str(&pen.dim(&std::mem::take(&mut frame)));
                        let place = usize::try_from(place).unwrap_or(usize::MAX);
                        out.push_str(self.texts.get(place).map_or("", String::as_str));
                    }
                    None => frame.push(c),
                }
            }
            out.push_str(&pen.dim(&frame));
            out.push('\n');
        }
        out
    }
}

/// At most 200 names of 48 characters, each of them one or two cells.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX - STAND_INS)
}

/// Writes what is not the plan's own text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    style: Ansi,
}

impl Pen {
    pub(super) fn new(style: &Style) -> Self {
        let style = if style.colour {
            Ansi::new().effects(Effects::DIMMED)
        } else {
            Ansi::new()
        };
        Self { style }
    }

    pub(super) fn dim(&self, text: &str) -> String {
        match text.trim().is_empty() {
            true => text.to_owned(),
            false => format!("{}{text}{:#}", self.style, self.style),
        }
    }
}

/// A name in ASCII alone.
fn spelled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => out.push_str("..."),
            c if c.is_ascii() => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out
}
