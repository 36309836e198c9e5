//! What is wrong with a configuration: every fault at once, each with its place and what to write.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::node::Spot;
use super::source::SourceText;
use crate::escape::printable;

/// Longest name of the configuration's that a message shows, in characters.
const MAX_NAME: usize = 60;
/// Most faults that are told; the rest is counted.
const MAX_FAULTS: usize = 50;

/// A place in a configuration file.
#[derive(Clone, Debug)]
pub struct Place {
    source: Arc<SourceText>,
    spot: Spot,
}

impl Place {
    pub(super) fn new(source: Arc<SourceText>, spot: Spot) -> Self {
        Self { source, spot }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.spot.line
    }

    /// The column in characters, from 1.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.spot.column
    }

    /// The bytes of the text that are pointed at.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.spot.span.clone()
    }
}

impl fmt::Display for Place {
    /// `FILE:LINE:COLUMN`, safe to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}",
            shown_path(self.path()),
            self.line(),
            self.column()
        )
    }
}

/// One thing that is wrong. Neither text holds a value of the configuration or the environment.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong, in one line.
    pub message: String,
    /// Where in the file; none for what the command line or a variable says.
    pub place: Option<Place>,
    /// What to do next.
    pub help: Option<String>,
    /// Whether it is about the command line, and not about a file or a variable.
    pub usage: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        self.help
            .as_ref()
            .map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

/// All that is wrong with a configuration, in the order of the file; never empty.
///
/// `Display` gives a line for each. [`Faults::render`] is for people: it points at the text.
#[derive(Clone, Debug)]
pub struct Faults {
    pub(super) faults: Vec<Fault>,
    /// How many more there were.
    pub(super) omitted: usize,
}

impl Faults {
    /// These, of which there must be one at least; the first 50 are told.
    #[must_use]
    pub fn of(mut faults: Vec<Fault>) -> Self {
        // What has no place comes first: it is about the command line or a variable.
        faults.sort_by_key(|fault| fault.place.as_ref().map(|place| place.span().start));
        let omitted = faults.len().saturating_sub(MAX_FAULTS);
        faults.truncate(MAX_FAULTS);
        Self { faults, omitted }
    }

    pub(super) fn one(message: impl Into<String>, help: Option<String>) -> Self {
        Self {
            faults: vec![Fault {
                message: message.into(),
                place: None,
                help,
                usage: false,
            }],
            omitted: 0,
        }
    }

    /// The faults, at most 50.
    #[must_use]
    pub fn as_slice(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether all of them are about the command line.
    #[must_use]
    pub fn are_usage(&self) -> bool {
        self.faults.iter().all(|fault| fault.usage)
    }

    /// The faults with the lines they are in, ready for a terminal, with colours if `color`. In the
    /// lines secrets are `****`, comments are left out and control characters are spelled out.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut out = String::new();
        for fault in &self.faults {
            if !out.is_empty() {
                out.push_str("\n\n");
            }
            out.push_str(&render(fault, &renderer));
        }
        if self.omitted > 0 {
            out.push_str(&format!("\n\nand {} more", self.omitted));
        }
        out.push('\n');
        out
    }
}

fn render(fault: &Fault, renderer: &Renderer) -> String {
    let mut elements: Vec<Element<'_>> = Vec::new();
    let mut column = None;
    if let Some(place) = &fault.place {
        let path = shown_path(place.path());
        let line = place.source.line(&place.spot.span);
        if line.text.is_empty() {
            let origin = Origin::path(path)
                .line(place.line())
                .char_column(place.column());
            elements.push(origin.into());
        } else {
            // The column that is counted in the shown line, and the true one.
            let before = line.text.get(..line.span.start).unwrap_or_default();
            let counted = format!("{path}:{}:{}", place.line(), before.chars().count() + 1);
            column = Some((counted, place.to_string()));
            let annotation = AnnotationKind::Primary.span(line.span);
            let snippet = Snippet::source(line.text)
                .path(path)
                .line_start(place.line());
            elements.push(snippet.annotation(annotation).into());
        }
    }
    if let Some(help) = &fault.help {
        elements.push(Level::HELP.message(help.as_str()).into());
    }
    let title = Level::ERROR.primary_title(fault.message.as_str());
    let group = if elements.is_empty() {
        Group::with_title(title)
    } else {
        title.elements(elements)
    };
    let report = renderer.render(&[group]);
    match column {
        Some((counted, true_place)) => report.replacen(&counted, &true_place, 1),
        None => report,
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            write!(f, "{}{fault}", if index == 0 { "" } else { "\n" })?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Something that was understood but deserves a word.
#[derive(Clone, Debug)]
pub struct Warning {
    /// What to know, in one line, safe to show.
    pub message: String,
    /// Where in the file.
    pub place: Option<Place>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// A name of the configuration's or the command line's, fit for a message.
pub(super) fn shown(name: &str) -> String {
    printable(name, MAX_NAME).into_owned()
}

/// A path, fit for a message.
pub(super) fn shown_path(path: &Path) -> String {
    printable(&path.to_string_lossy(), 400).into_owned()
}
