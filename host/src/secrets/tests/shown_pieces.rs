//! Placeholders in a text that comes in pieces, as people are shown it.

use super::{key, usual};
use crate::secrets::{PLACEHOLDER_PREFIX, RunSecrets};

/// What is shown of `text`, cut every `size` bytes or where the next character begins.
fn shown(secrets: &RunSecrets, text: &str, size: usize) -> Vec<String> {
    let mut pieces = secrets.show_pieces();
    let mut rest = text;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(rest.ceil_char_boundary(size.min(rest.len())));
        out.push(pieces.push(piece));
        rest = left;
    }
    out.push(pieces.finish());
    out
}

#[test]
fn a_placeholder_is_shown_by_its_name_wherever_it_is_cut() {
    let secrets = usual();
    let key = key(&secrets);
    let escaped: String = key
        .chars()
        .map(|c| format!("\\u{:04x}", u32::from(c)))
        .collect();
    let twice = escaped.replace('\\', "%5c").replace('u', "%75");
    for spelled in [&key, &key.to_uppercase(), &escaped, &twice] {
        let text = format!("é a{spelled}, {{\"k\":\"{spelled}\\n\"}} {key}{key}.");
        let whole = secrets.show(&text).into_owned();
        assert_eq!(whole.matches("[secret api_key]").count(), 4, "{whole}");
        for size in 1..=text.len() {
            assert_eq!(
                shown(&secrets, &text, size).concat(),
                whole,
                "cut every {size}"
            );
        }
    }
}

#[test]
fn nothing_waits_that_is_not_like_a_placeholder() {
    let secrets = usual();
    let text = "{\"name\": \"näme\", \"a\": [1, 2]}\n 100% ";
    for (piece, shown) in text.chars().zip(shown(&secrets, text, 1)) {
        // All but what an escape or an `a` begins is there at once.
        if !"\\%an".contains(piece) {
            assert!(shown.ends_with(piece), "{piece:?}: {shown:?}");
        }
    }
    let mut pieces = secrets.show_pieces();
    assert_eq!(pieces.push(&key(&secrets)), "[secret api_key]");
}

#[test]
fn what_was_no_placeholder_is_shown_as_it_is() {
    let secrets = usual();
    let almost = &key(&secrets)[..40];
    for text in [
        almost,
        &format!("{almost} {almost}"),
        PLACEHOLDER_PREFIX,
        "%4",
        "a\\u00",
    ] {
        for size in 1..=text.len() {
            assert_eq!(shown(&secrets, text, size).concat(), text);
        }
    }
    let none = RunSecrets::none();
    assert_eq!(shown(&none, almost, 3).concat(), almost);
}

#[test]
fn what_is_held_back_has_a_bound() {
    let secrets = usual();
    let key = key(&secrets);
    // Escapes of the letter that a placeholder begins with, so that nothing is ever decided, with a placeholder anywhere.
    for before in 0..64 {
        let text = format!("{}{key}{}", "%61".repeat(1500 + before), "%61".repeat(2000));
        let mut pieces = secrets.show_pieces();
        let mut out = String::new();
        for piece in text.as_bytes().chunks(97) {
            out += &pieces.push(std::str::from_utf8(piece).unwrap());
        }
        assert!(
            text.len() - out.len() < 6000,
            "{} bytes are held",
            text.len() - out.len()
        );
        out += &pieces.finish();
        assert_eq!(out, text.replace(&key, "[secret api_key]"));
    }
}
