//! What JSON may hold as it stands, and YAML only as an escape.

use serde::de::IgnoredAny;
use std::borrow::Cow;

/// The same text for a reader of YAML: in JSON, which holds such characters in its strings alone, they are escaped. Any other text stays
/// as it is. Places on a line behind one of them move to the right.
pub(super) fn readable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for letter in text.chars() {
        if is_unprintable(letter) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            escaped.push(letter);
        }
    }
    Cow::Owned(escaped)
}

/// What YAML refuses and JSON has in its strings. All of them are in the basic plane.
fn is_unprintable(letter: char) -> bool {
    matches!(letter, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}
