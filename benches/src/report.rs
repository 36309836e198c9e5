//! The rows as a table and as JSON.

use crate::rows::Row;
use serde_json::{Value, json};

/// One line of the table.
#[must_use]
pub fn line(row: &Row) -> String {
    let figures = &row.figures;
    let goal = match (row.goal_ratio, row.is_reached()) {
        (Some(goal), Some(reached)) => {
            let sign = if row.more_is_better { "≥" } else { "≤" };
            let word = if reached { "reached" } else { "missed" };
            format!("{sign} {goal} {word}")
        }
        _ => "-".to_owned(),
    };
    format!(
        "{:<15} {:>10} {:>10} {:<7} ×{:<6} {:<13} {:<15} {} | {}",
        row.name,
        number(figures.ours),
        number(figures.twin),
        row.unit,
        number(figures.ratio),
        format!("{}–{}", number(figures.low), number(figures.high)),
        goal,
        row.what,
        row.twin,
    )
}

/// The table's head.
#[must_use]
pub fn head() -> String {
    format!(
        "{:<15} {:>10} {:>10} {:<7} {:<7} {:<13} {:<15} what | the twin",
        "row", "ours", "twin", "", "ratio", "middle half", "goal"
    )
}

/// All rows, with what they were measured on.
#[must_use]
pub fn json(rows: &[Row]) -> Value {
    json!({
        "version": 1,
        "arborist": env!("CARGO_PKG_VERSION"),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "rows": rows,
    })
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
