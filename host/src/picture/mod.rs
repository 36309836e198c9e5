//! A plan as a picture: text for a terminal, Mermaid, DOT and SVG.
//!
//! Names come from runners and are nobody's friends: each format escapes them by its own rules, after [`crate::escape`] has
//! spelled out what is hidden. Pure: no files, no environment, no clock, and the same picture from the same plan.

mod dot;
mod layout;
mod list;
mod mermaid;
mod plan;
mod svg;
mod terminal;
#[cfg(test)]
mod tests;
mod trace;

pub use dot::dot;
pub use mermaid::mermaid;
pub use plan::Plan;
pub use svg::svg;
pub use terminal::{Style, terminal};

use thiserror::Error;

/// Characters of a step's name that a picture shows; what is longer ends in `…`.
pub const MAX_LABEL_CHARS: usize = 48;
/// Steps that are drawn with boxes and lines; a layout of more is nothing that anybody reads.
pub const MAX_DRAWN_STEPS: usize = 1_000;
/// Dependencies that are drawn, and as many levels that they may pass on their way, all together.
pub const MAX_DRAWN_LINES: usize = 10_000;

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the plan is too large to be drawn: {what}, and the limit is {limit}\n  help: take --format dot or mermaid and lay it out with their tools, or --format text, which lists it"
)]
pub struct TooLarge {
    /// What there is too much of, counted.
    what: &'static str,
    /// The most of it that is drawn.
    limit: usize,
}
