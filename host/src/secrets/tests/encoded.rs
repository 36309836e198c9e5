//! The edges of a value in a base64 text.

use super::super::base64_form::{Alphabet, interior};
use super::scrub::{scrub_str, scrubber};
use super::{API, KEY, key, run, set, usual};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[test]
fn a_text_is_encoded_anew_where_at_most_64_characters_follow_the_value() {
    let secrets = usual();
    let key = key(&secrets);
    let mut counts = Vec::new();
    for before in ["", "u", "us"] {
        let own = interior(KEY.as_bytes(), before.len(), Alphabet::Standard).len();
        let shared = (before.len() * 8).div_ceil(6);
        for after in (40..56).map(|length| "x".repeat(length)) {
            let encode = |value: &str| STANDARD.encode(format!("{before}{value}{after}"));
            let sent = encode(KEY);
            let follow = sent.trim_end_matches('=').len() - shared - own;
            let anew = scrub_str(&secrets, &sent) == encode(&key);
            assert_eq!(anew, follow <= 64, "{before} {follow}");
            counts.push(follow);
        }
    }
    assert!(counts.contains(&64) && counts.contains(&65));
}

#[test]
fn each_of_many_texts_is_encoded_anew_wherever_it_is() {
    let secrets = usual();
    let texts = |value: &str| {
        let text = ["", "u", "us", "use"].map(|before| {
            // What is before it is not of the alphabet, or is part of the text.
            format!("<{}>", STANDARD.encode(format!("{before}{value}:x")))
        });
        text.concat().repeat(3)
    };
    let (sent, view) = (texts(KEY), texts(&key(&secrets)));
    assert_eq!(scrub_str(&secrets, &sent), view);
    let mut scrubber = scrubber(&secrets);
    let mut out: Vec<u8> = sent
        .bytes()
        .flat_map(|byte| scrubber.push(&[byte]))
        .collect();
    out.extend(scrubber.finish());
    assert_eq!(String::from_utf8(out).unwrap(), view);
}

#[test]
fn the_last_character_of_a_value_may_be_escaped() {
    let secrets = run(&set(&[("api_key", "abcdefghic", &[API], "header")]), 1);
    let encoded = STANDARD.encode("abcdefghic🙂!");
    // The first 13 characters are the value's own; the next has bits of it and of what follows.
    let after = encoded.get(13..).unwrap().strip_prefix('/').unwrap();
    let escape = |text: &str| text.replace('/', "\\/");
    assert_eq!(
        scrub_str(&secrets, &format!("\"{}\"", escape(&encoded))),
        format!("\"{}{}\"", key(&secrets), escape(after))
    );
}

/// A character in so many bytes, with backslash escapes that are escaped themselves.
fn spelled(byte: u8, bytes: usize) -> String {
    match bytes {
        7 => format!("\\\\u00{byte:02x}"),
        11 => format!("\\u005cu00{byte:02x}"),
        16 => format!("\\u005c\\u007500{byte:02x}"),
        _ => unreachable!("no spelling has {bytes} bytes"),
    }
}

#[test]
fn a_text_in_as_many_bytes_as_are_kept_is_encoded_anew_and_a_longer_one_is_cut() {
    let secrets = run(&set(&[("api_key", "abcdefghi", &[API], "header")]), 1);
    let key = key(&secrets);
    assert_eq!(scrubber(&secrets).held_back(), 256);
    let encoded = STANDARD.encode("abcdefghi");
    let of = |lengths: [usize; 12]| -> String {
        let characters = encoded.bytes().zip(lengths);
        characters
            .map(|(byte, length)| spelled(byte, length))
            .collect()
    };
    // Half of what is held back is for what surrounds a value.
    let longest = of([11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 7]);
    let longer = of([11, 11, 11, 11, 11, 11, 11, 11, 11, 16, 7, 7]);
    assert_eq!((longest.len(), longer.len()), (128, 129));
    assert_eq!(scrub_str(&secrets, &longest), STANDARD.encode(&key));
    assert_eq!(scrub_str(&secrets, &longer), format!("\\{key}"));
}
