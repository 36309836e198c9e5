//! What differs between a request of a cassette and one that was made.

use super::{Body, Request};
use crate::escape::printable;
use serde_json::Value;

/// Longest text that is quoted, in characters.
const QUOTED: usize = 120;
/// Most steps into a JSON value that a message names.
const DEEPEST: usize = 64;

/// How far apart two requests are: the first kind of difference, and what it is, in words. None if there is none.
pub(super) fn difference(held: &Request, made: &Request) -> Option<(Kind, String)> {
    if held.method != made.method {
        return Some((
            Kind::Method,
            unlike("the method", &held.method, &made.method),
        ));
    }
    if held.url != made.url {
        return Some((Kind::Url, unlike("the URL", &held.url, &made.url)));
    }
    if let (Some(held), Some(made)) = (&held.headers, &made.headers)
        && let Some(text) = headers(held, made)
    {
        return Some((Kind::Headers, text));
    }
    let (held, made) = (held.body.as_ref()?, made.body.as_ref()?);
    body(held, made).map(|text| (Kind::Body, text))
}

/// What differs, the farthest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Method,
    Url,
    Headers,
    Body,
}

fn headers(held: &[(String, String)], made: &[(String, String)]) -> Option<String> {
    let values = |headers: &[(String, String)], name: &str| -> Vec<String> {
        let of_name = headers.iter().filter(|(other, _)| other == name);
        of_name.map(|(_, value)| value.clone()).collect()
    };
    for (name, _) in held.iter().chain(made) {
        let (before, now) = (values(held, name), values(made, name));
        if before != now {
            let what = format!("the header `{}`", printable(name, 60));
            return Some(match (before.is_empty(), now.is_empty()) {
                (false, true) => format!("{what} is missing"),
                (true, false) => format!("{what} is not in the cassette"),
                _ => unlike(&what, &before.join(", "), &now.join(", ")),
            });
        }
    }
    None
}

fn body(held: &Body, made: &Body) -> Option<String> {
    if held.bytes() == made.bytes() {
        return None;
    }
    if let (Some(held), Some(made)) = (held.json(), made.json()) {
        return json(&held, &made, &mut Vec::new());
    }
    match (held, made) {
        (Body::None, _) => Some("there is a body, and the cassette has none".to_owned()),
        (_, Body::None) => Some("there is no body, and the cassette has one".to_owned()),
        _ => {
            let (held, made) = (held.bytes(), made.bytes());
            let (held, made) = (
                String::from_utf8_lossy(&held),
                String::from_utf8_lossy(&made),
            );
            let lines = held.lines().zip(made.lines()).enumerate();
            let differing = lines.into_iter().find(|(_, (held, made))| held != made);
            Some(match differing {
                Some((at, (held, made))) => {
                    unlike(&format!("line {} of the body", at + 1), held, made)
                }
                None => format!(
                    "the body has {} bytes, and {} in the cassette",
                    made.len(),
                    held.len()
                ),
            })
        }
    }
}

/// The first place where two values differ, as in `messages[0].content`.
fn json(held: &Value, made: &Value, at: &mut Vec<String>) -> Option<String> {
    if held == made {
        return None;
    }
    match (held, made) {
        (Value::Object(held), Value::Object(made)) if at.len() < DEEPEST => {
            let names = held.keys().chain(made.keys());
            for name in names {
                at.push(format!(".{}", printable(name, 60)));
                match (held.get(name), made.get(name)) {
                    (Some(held), Some(made)) => {
                        if let Some(text) = json(held, made, at) {
                            return Some(text);
                        }
                    }
                    (Some(_), None) => return Some(format!("{} is missing", path(at))),
                    (None, _) => return Some(format!("{} is not in the cassette", path(at))),
                }
                at.pop();
            }
            None
        }
        (Value::Array(held), Value::Array(made))
            if at.len() < DEEPEST && held.len() == made.len() =>
        {
            for (index, (held, made)) in held.iter().zip(made).enumerate() {
                at.push(format!("[{index}]"));
                if let Some(text) = json(held, made, at) {
                    return Some(text);
                }
                at.pop();
            }
            None
        }
        _ => Some(unlike(&path(at), &held.to_string(), &made.to_string())),
    }
}

fn path(at: &[String]) -> String {
    match at.concat() {
        path if path.is_empty() => "the body".to_owned(),
        path => format!("`{}` of the body", path.trim_start_matches('.')),
    }
}

fn unlike(what: &str, held: &str, made: &str) -> String {
    let quoted = |text| printable(text, QUOTED).into_owned();
    format!(
        "{what} is {}, and {} in the cassette",
        quoted(made),
        quoted(held)
    )
}
