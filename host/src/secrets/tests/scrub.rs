use super::super::base64_form::{Alphabet, interior};
use super::super::{RunSecrets, Scrubber, UnreadableAnswer};
use super::{API, KEY, OTHER, headers, key, run, set, usual};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

fn scrubber(secrets: &RunSecrets) -> Scrubber {
    let origin = API.parse().unwrap();
    secrets
        .answer(&origin, &mut HeaderMap::new())
        .unwrap()
        .unwrap()
}

fn scrub(secrets: &RunSecrets, text: &[u8]) -> Vec<u8> {
    let mut scrubber = scrubber(secrets);
    let mut out = scrubber.push(text);
    out.extend(scrubber.finish());
    out
}

fn scrub_str(secrets: &RunSecrets, text: &str) -> String {
    String::from_utf8(scrub(secrets, text.as_bytes())).unwrap()
}

fn each(text: &str, spell: impl Fn(u8) -> String) -> String {
    text.bytes().map(spell).collect()
}

fn spellings() -> Vec<String> {
    let json = serde_json::to_string(KEY).unwrap();
    let json = json.trim_matches('"').to_owned();
    let utf16 = |upper: bool| -> String {
        let units = KEY.encode_utf16();
        units
            .map(|unit| {
                if upper {
                    format!("\\u{unit:04X}")
                } else {
                    format!("\\u{unit:04x}")
                }
            })
            .collect()
    };
    let alphanumeric = |byte: u8| byte.is_ascii_alphanumeric();
    let partly = |upper: bool| {
        each(KEY, |byte| match byte {
            _ if alphanumeric(byte) => char::from(byte).to_string(),
            _ if upper => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        })
    };
    let twice = serde_json::to_string(&json).unwrap();
    vec![
        KEY.to_owned(),
        json.replace('/', "\\/"),
        json.replace('&', "\\u0026"),
        json.replace('é', "\\u00e9"),
        twice.trim_matches('"').to_owned(),
        utf16(true),
        utf16(false),
        each(KEY, |byte| format!("%{byte:02X}")),
        each(KEY, |byte| format!("%{byte:02x}")),
        partly(true).replace("%20", "+"),
        partly(true).replace("%2F", "%2f"),
        partly(true).replace('%', "%25"),
        partly(false),
        each(&json, |byte| {
            if alphanumeric(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02x}")
            }
        }),
        each(KEY, |byte| {
            if byte.is_ascii() && byte != b'\\' {
                char::from(byte).to_string()
            } else {
                format!("\\x{byte:02x}")
            }
        }),
        json,
    ]
}

#[test]
fn every_spelling_becomes_the_placeholder() {
    let secrets = usual();
    let key = key(&secrets);
    for spelled in spellings() {
        for (before, after) in [
            ("", ""),
            ("no such key: ", "!"),
            ("{\"e\":\"", "\"}"),
            ("a=", "&b=%2F"),
        ] {
            let text = format!("{before}{spelled}{after}{spelled}");
            let expected = format!("{before}{key}{after}{key}");
            assert_eq!(scrub_str(&secrets, &text), expected, "{spelled}");
        }
    }
}

#[test]
fn ordinary_text_stays_as_it_is() {
    let secrets = usual();
    let base64 = STANDARD.encode("nothing of interest in here at all");
    for text in [
        "",
        "plain",
        "\\n \\u0041 %41 %",
        &KEY[..KEY.len() - 1],
        &KEY[1..],
        &base64,
        OTHER,
        "exposed-value",
    ] {
        assert_eq!(scrub_str(&secrets, text), text);
    }
    let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
    assert_eq!(scrub(&secrets, &bytes), bytes);
}

#[test]
fn base64_of_any_alignment_becomes_that_of_the_placeholder() {
    let secrets = usual();
    let key = key(&secrets);
    for before in ["", "u", "us", "use:", "user:"] {
        for after in ["", ":", ":x", ":xy", " and more than that"] {
            let sent = format!("{before}{KEY}{after}");
            let view = format!("{before}{key}{after}");
            let text = |encoded: String| format!("Basic {encoded}, x");
            assert_eq!(
                scrub_str(&secrets, &text(STANDARD.encode(&sent))),
                text(STANDARD.encode(&view)),
                "{before} {after}"
            );
            let url = scrub_str(&secrets, &URL_SAFE_NO_PAD.encode(&sent));
            assert_eq!(url.trim_end_matches('='), URL_SAFE_NO_PAD.encode(&view));
            // Else there is no padding that says how this writer pads.
            if !sent.len().is_multiple_of(3) {
                let padded = |encoded: String| format!("?a={}&", encoded.replace('=', "%3D"));
                assert_eq!(
                    scrub_str(
                        &secrets,
                        &padded(STANDARD.encode(&sent)).replace('+', "%2B")
                    ),
                    padded(STANDARD.encode(&view)).replace('+', "%2B"),
                );
                assert_eq!(
                    scrub_str(&secrets, &STANDARD_NO_PAD.encode(&sent)),
                    STANDARD_NO_PAD.encode(&view)
                );
            }
        }
    }
}

#[test]
fn base64_with_much_after_it_loses_the_value_all_the_same() {
    let secrets = usual();
    for before in ["", "u", "us"] {
        let long = format!("{before}{KEY}{}", "and so on. ".repeat(50));
        for encoded in [STANDARD.encode(&long), URL_SAFE_NO_PAD.encode(&long)] {
            let scrubbed = scrub_str(&secrets, &encoded);
            assert!(scrubbed.contains(&key(&secrets)), "{scrubbed}");
            let start = interior(&KEY.as_bytes()[..6], before.len(), Alphabet::Standard);
            assert!(encoded.contains(std::str::from_utf8(&start).unwrap()));
            assert!(!scrubbed.contains(std::str::from_utf8(&start).unwrap()));
        }
    }
}

#[test]
fn two_secrets_in_one_base64_text() {
    let rows = set(&[
        ("api_key", "first-secret-value", &[API], "header"),
        ("second", "second-secret-value", &[API], "header"),
    ]);
    let secrets = run(&rows, 3);
    let second = secrets.value_for_runner("second").unwrap();
    let sent = STANDARD.encode("first-secret-value:second-secret-value");
    let view = STANDARD.encode(format!("{}:{second}", key(&secrets)));
    assert_eq!(scrub_str(&secrets, &sent), view);
}

#[test]
fn only_what_is_bound_to_the_origin_is_looked_for() {
    let secrets = usual();
    let free = "https://free.example".parse().unwrap();
    assert!(
        secrets
            .answer(&free, &mut HeaderMap::new())
            .unwrap()
            .is_none()
    );
    assert_eq!(secrets.scrub_text(&free, KEY), KEY);
    let other = "https://other.example".parse().unwrap();
    assert_eq!(secrets.scrub_text(&other, KEY), KEY);
    assert_eq!(
        secrets.scrub_text(&other, OTHER),
        secrets.value_for_runner("other").unwrap()
    );
}

#[test]
fn a_credential_is_found_without_its_scheme() {
    let secrets = run(
        &set(&[("api_key", "Bearer sk-0123456789", &[API], "header")]),
        1,
    );
    let key = key(&secrets);
    assert_eq!(
        scrub_str(&secrets, "Bearer sk-0123456789 is"),
        format!("{key} is")
    );
    assert_eq!(
        scrub_str(&secrets, "no key sk-0123456789!"),
        format!("no key {key}!")
    );
}

#[test]
fn overlapping_values_leave_nothing_over() {
    let rows = set(&[
        ("api_key", "abcdefghij", &[API], "header"),
        ("second", "ghijklmnop", &[API], "header"),
        ("long", "abcdefghijklm", &[API], "header"),
    ]);
    let secrets = run(&rows, 3);
    let named = |text: &str| secrets.show(&scrub_str(&secrets, text)).into_owned();
    assert_eq!(named("<abcdefghijklmnop>"), "<[secret long]>");
    assert_eq!(named("<abcdefghijklxnop>"), "<[secret api_key]klxnop>");
    assert_eq!(
        named("<abcdefghijghijklmnop>"),
        "<[secret api_key][secret second]>"
    );
    let periodic = run(&set(&[("api_key", "xyxyxyxyxy", &[API], "header")]), 1);
    let named = |text: &str| periodic.show(&scrub_str(&periodic, text)).into_owned();
    assert_eq!(named("<xyxyxyxyxyxyxyx>"), "<[secret api_key]x>");
    assert_eq!(named(&"xyxyxyxyxy".repeat(3)), "[secret api_key]".repeat(3));
}

#[test]
fn headers_are_scrubbed() {
    let secrets = run(&set(&[("api_key", "0123abcd4567", &[API], "header")]), 1);
    let key = key(&secrets);
    let mut answer = headers(&[
        ("location", "https://a.example/?k=0123abcd4567"),
        ("x-echo", "Bearer 0123abcd4567"),
        ("x-echo", "plain"),
        ("x-0123abcd4567", "1"),
        ("content-length", "1234"),
        ("content-type", "text/plain"),
    ]);
    let origin = API.parse().unwrap();
    assert!(secrets.answer(&origin, &mut answer).unwrap().is_some());
    let expected = headers(&[
        ("location", &format!("https://a.example/?k={key}")),
        ("x-echo", &format!("Bearer {key}")),
        ("x-echo", "plain"),
        ("content-type", "text/plain"),
    ]);
    assert_eq!(answer, expected);
    let mut free = headers(&[("content-length", "12"), ("content-encoding", "gzip")]);
    let before = free.clone();
    let other = "https://free.example".parse().unwrap();
    assert!(secrets.answer(&other, &mut free).unwrap().is_none());
    assert_eq!(free, before);
    let mut binary = HeaderMap::new();
    binary.insert("x", HeaderValue::from_bytes(b"\xff 0123abcd4567").unwrap());
    secrets.answer(&origin, &mut binary).unwrap();
    assert_eq!(binary["x"].as_bytes(), [b"\xff ", key.as_bytes()].concat());
}

#[test]
fn a_compressed_answer_is_refused() {
    let secrets = usual();
    let origin = API.parse().unwrap();
    for coding in ["gzip", "identity, br", "GZIP", "\u{1b}[2J", KEY] {
        let mut answer = HeaderMap::new();
        let Ok(value) = HeaderValue::from_bytes(coding.as_bytes()) else {
            continue;
        };
        answer.insert("content-encoding", value);
        let error = secrets.answer(&origin, &mut answer).unwrap_err();
        assert!(matches!(error, UnreadableAnswer::Encoded(_)));
        assert!(!error.to_string().contains(&KEY[..7]), "{error}");
    }
    for coding in ["identity", "", "Identity"] {
        let mut answer = headers(&[("content-encoding", coding)]);
        assert!(secrets.answer(&origin, &mut answer).is_ok());
    }
}

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
    let cut =
        (part, 0.0..1.0_f64, 0.0..1.0_f64, any::<bool>()).prop_map(|(part, from, to, whole)| {
            let at = |share: f64| (part.len() as f64 * share) as usize;
            if whole {
                part.clone()
            } else {
                part[at(from.min(to))..at(from.max(to))].to_vec()
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
        let mut finder = super::super::finder::Finder::new(std::sync::Arc::clone(patterns));
        finder.feed(&scrubbed, &mut found);
        finder.finish(&mut found);
        prop_assert!(found.is_empty(), "{}", String::from_utf8_lossy(&scrubbed));
    }
}
