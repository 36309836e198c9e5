//! The text of a configuration file, fit to be shown in an error: secrets masked, comments left
//! out, control characters spelled out.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::mask::{Display, ShownLine, hidden_of_proxy, hidden_of_secret, hidden_of_value};
use super::node::{At, Key, Node, Value};
use crate::secrets::is_secret_name;

/// A configuration file's text and what in it may be shown. `Debug` shows the path alone.
pub(super) struct SourceText {
    path: PathBuf,
    text: String,
    /// Keys and values in order; none where the text could not be read to its end.
    marks: Option<Vec<Mark>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Value,
    /// A proxy's URL, which may lack its scheme.
    Proxy,
    Secret,
}

struct Mark {
    span: Range<usize>,
    kind: Kind,
}

impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceText")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl SourceText {
    /// A text and what it was read as.
    pub(super) fn new(path: PathBuf, text: String, document: &Document) -> Self {
        let marks = document.complete.then(|| {
            let mut listed = HashSet::new();
            let mut marks = Vec::new();
            if let Some(root) = &document.root {
                listed_secrets(root, &mut listed);
                // Without keys nothing says what is a secret.
                let keyless = !matches!(root.value, Value::Map(_));
                mark(root, &mut Vec::new(), keyless, &listed, &mut marks);
            }
            for (key, value) in &document.dropped {
                let secret = key.as_ref().is_none_or(|key| is_secret_name(&key.text));
                marks.extend(key.as_ref().and_then(mark_key));
                mark(value, &mut Vec::new(), secret, &listed, &mut marks);
            }
            // An alias' value is marked where its anchor stands, perhaps more than once: the strictest
            // mark comes first and stays.
            marks.sort_by_key(|mark: &Mark| {
                (mark.span.start, mark.span.end, mark.kind != Kind::Secret)
            });
            marks.dedup_by(|later, first| later.span == first.span);
            marks
        });
        Self { path, text, marks }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The line in which `span` begins.
    pub(super) fn line(&self, span: &Range<usize>) -> ShownLine {
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = self.text.get(line_start..).unwrap_or_default();
        let line = rest
            .split('\n')
            .next()
            .unwrap_or_default()
            .trim_end_matches('\r');
        let mut shown = Display::default();
        match &self.marks {
            Some(marks) => show_marked(line, line_start, marks, &mut shown),
            None => show_unread(line, &mut shown),
        }
        shown.window(start - line_start..span.end.saturating_sub(line_start))
    }
}

/// The names under every `secrets:`.
fn listed_secrets(node: &Node, out: &mut HashSet<String>) {
    let Value::Map(map) = &node.value else { return };
    for (key, value) in map {
        if key.text == "secrets" {
            match &value.value {
                Value::List(list) => {
                    out.extend(
                        list.iter()
                            .filter_map(|item| Some(item.scalar()?.text.clone())),
                    );
                }
                Value::Map(map) => out.extend(map.iter().map(|(name, _)| name.text.clone())),
                Value::Scalar(_) => {}
            }
        }
        listed_secrets(value, out);
    }
}

fn mark_key(key: &Key) -> Option<Mark> {
    match &key.at {
        At::File(spot) | At::Laid(spot) => Some(Mark {
            span: spot.span.clone(),
            kind: Kind::Key,
        }),
        At::Variable(_) | At::Flag(_) | At::Default => None,
    }
}

fn mark(
    node: &Node,
    path: &mut Vec<String>,
    secret: bool,
    listed: &HashSet<String>,
    out: &mut Vec<Mark>,
) {
    match &node.value {
        Value::Scalar(_) => {
            if let At::File(spot) = &node.at {
                let kind = if secret { Kind::Secret } else { Kind::Value };
                out.push(Mark {
                    span: spot.span.clone(),
                    kind,
                });
            }
        }
        Value::List(list) => list
            .iter()
            .for_each(|item| mark(item, path, secret, listed, out)),
        Value::Map(map) => {
            for (key, value) in map {
                if let At::File(spot) = &key.at {
                    out.push(Mark {
                        span: spot.span.clone(),
                        kind: Kind::Key,
                    });
                }
                path.push(key.text.clone());
                let field = path.get(1..).unwrap_or_default().join(".");
                let secret = secret || is_secret_name(&key.text) || listed.contains(&field);
                let first = out.len();
                mark(value, path, secret, listed, out);
                if key.text == "proxy" {
                    let values = out.iter_mut().skip(first);
                    values
                        .filter(|mark| mark.kind == Kind::Value)
                        .for_each(|mark| mark.kind = Kind::Proxy);
                }
                path.pop();
            }
        }
    }
}

/// Shows keys, values as far as they are no secrets, and punctuation between them; no comments.
fn show_marked(line: &str, line_start: usize, marks: &[Mark], shown: &mut Display) {
    let line_end = line_start + line.len();
    let mut at = 0;
    let inside = marks
        .iter()
        .filter(|mark| mark.span.end > line_start && mark.span.start < line_end);
    for mark in inside {
        let start = mark.span.start.max(line_start) - line_start;
        let end = mark.span.end.min(line_end) - line_start;
        if start < at {
            continue;
        }
        if !shown.between(line.get(at..start).unwrap_or_default()) {
            shown.skip(line.len() - start);
            return;
        }
        let piece = line.get(start..end).unwrap_or_default();
        match mark.kind {
            Kind::Key => shown.plain(piece),
            Kind::Secret => shown.masked(piece, &hidden_of_secret(piece)),
            Kind::Value => shown.masked(piece, &hidden_of_value(piece)),
            Kind::Proxy => shown.masked(piece, &hidden_of_proxy(piece)),
        }
        at = end;
    }
    // What follows the last value is punctuation or a comment.
    let _ = shown.between(line.get(at..).unwrap_or_default());
}

/// A line of a text that is no YAML: what is a value in it is not known, so only a key in front and
/// references to variables are shown.
fn show_unread(line: &str, shown: &mut Display) {
    let body = line.trim_start_matches([' ', '-']);
    let indent = line.len() - body.len();
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let key = body
        .find(|c| !word(c))
        .filter(|end| (1..=40).contains(end))
        .filter(|end| {
            let after = body.get(*end..).unwrap_or_default();
            after == ":" || after.starts_with(": ")
        });
    let start = key.map_or(indent, |end| indent + end + 1);
    shown.plain(line.get(..start).unwrap_or_default());
    let rest = line.get(start..).unwrap_or_default();
    let value = rest.trim_start_matches(' ');
    shown.plain(rest.get(..rest.len() - value.len()).unwrap_or_default());
    shown.masked(value, &hidden_of_secret(value));
}
