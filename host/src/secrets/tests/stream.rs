use super::scrub::{each, scrub, scrubber, spellings};
use super::{API, KEY, usual};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::sample::Index;

#[test]
fn the_hold_back_does_not_depend_on_what_is_held() {
    let secrets = usual();
    let hold = scrubber(&secrets).held_back();
    assert!(hold.is_multiple_of(256) && hold >= 6 * KEY.len());
    let almost = &KEY[..KEY.len() - 1];
    for text in [
        "x".repeat(4000),
        almost.repeat(200),
        format!("{}{almost}", "x".repeat(4000)),
        "\\".repeat(4000),
        "\\u00".repeat(1000),
        "%2".repeat(2000),
        "\\ud83d".repeat(800),
    ] {
        let mut scrubber = scrubber(&secrets);
        let mut shown = 0;
        for (at, byte) in text.bytes().enumerate() {
            shown += scrubber.push(&[byte]).len();
            assert_eq!(shown, (at + 1).saturating_sub(hold), "{}", &text[..20]);
        }
        assert_eq!(shown + scrubber.finish().len(), text.len());
    }
}

#[test]
fn a_spelling_that_is_longer_than_the_hold_back_shows_no_more_for_small_pieces() {
    let secrets = usual();
    // Three times escaped: each byte is `\\\\u00XX` and the like.
    let text = format!(
        "{}{}",
        "x".repeat(100),
        each(KEY, |byte| format!(
            "\\u005c\\u0075\\u0030\\u0030{byte:02x}"
        ))
    );
    let whole = scrub(&secrets, text.as_bytes());
    let mut scrubber = scrubber(&secrets);
    let mut pieces: Vec<u8> = text
        .bytes()
        .flat_map(|byte| scrubber.push(&[byte]))
        .collect();
    pieces.extend(scrubber.finish());
    assert_eq!(whole, pieces);
}

/// Texts in which almost everything is a spelling of the key or the beginning of one.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = spellings().into_iter().map(String::into_bytes).collect();
    for before in ["", "u", "us"] {
        for after in [
            "",
            ":",
            ":xy",
            "long enough to be no end of any base64 text that is near",
        ] {
            parts.push(
                STANDARD
                    .encode(format!("{before}{KEY}{after}"))
                    .into_bytes(),
            );
            parts.push(
                URL_SAFE_NO_PAD
                    .encode(format!("{before}{KEY}{after}"))
                    .into_bytes(),
            );
        }
    }
    parts.extend(
        ["\\", "%", "%2", "\\u00", "\\ud83d", "=", "/", "A", "xy"]
            .map(|part| part.as_bytes().to_vec()),
    );
    let part = prop::sample::select(parts);
    let cut = (part, any::<Index>(), any::<Index>(), any::<bool>());
    let cut = cut.prop_map(|(part, from, to, whole)| {
        let (from, to) = (from.index(part.len() + 1), to.index(part.len() + 1));
        if whole {
            part
        } else {
            part[from.min(to)..from.max(to)].to_vec()
        }
    });
    prop::collection::vec(cut, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_result_does_not_depend_on_the_pieces(
        text in prop_oneof![hostile(), prop::collection::vec(any::<u8>(), 0..600)],
        cuts in prop::collection::vec(1_usize..700, 1..20),
    ) {
        let secrets = usual();
        let whole = scrub(&secrets, &text);
        for sizes in [&cuts[..], &[1]] {
            let mut scrubber = scrubber(&secrets);
            let mut rest = &text[..];
            let mut out = Vec::new();
            for size in sizes.iter().cycle() {
                let (piece, after) = rest.split_at((*size).min(rest.len()));
                out.extend(scrubber.push(piece));
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            out.extend(scrubber.finish());
            prop_assert_eq!(&out, &whole);
        }
    }

    #[test]
    fn no_value_is_left_in_what_comes_back(text in hostile()) {
        let secrets = usual();
        let scrubbed = scrub(&secrets, &text);
        let mut found = Vec::new();
        let origin = API.parse().unwrap();
        let set = &secrets.run().unwrap().set;
        let patterns = set.patterns(&origin).unwrap().unwrap();
        let mut finder = crate::secrets::finder::Finder::new(std::sync::Arc::clone(patterns));
        finder.feed(&scrubbed, &mut found);
        finder.finish(&mut found);
        prop_assert!(found.is_empty(), "{}", String::from_utf8_lossy(&scrubbed));
    }
}
