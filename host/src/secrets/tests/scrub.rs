use super::super::base64_form::{Alphabet, interior};
use super::super::{RunSecrets, Scrubber, UnreadableAnswer};
use super::{API, KEY, OTHER, headers, key, run, set, usual};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};

pub(super) fn scrubber(secrets: &RunSecrets) -> Scrubber {
    let origin = API.parse().unwrap();
    secrets
        .answer(&origin, &mut HeaderMap::new())
        .unwrap()
        .unwrap()
}

pub(super) fn scrub(secrets: &RunSecrets, text: &[u8]) -> Vec<u8> {
    let mut scrubber = scrubber(secrets);
    let mut out = scrubber.push(text);
    out.extend(scrubber.finish());
    out
}

pub(super) fn scrub_str(secrets: &RunSecrets, text: &str) -> String {
    String::from_utf8(scrub(secrets, text.as_bytes())).unwrap()
}

pub(super) fn each(text: &str, spell: impl Fn(u8) -> String) -> String {
    text.bytes().map(spell).collect()
}

pub(super) fn spellings() -> Vec<String> {
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
fn what_stands_before_a_cut_base64_text_stays() {
    let secrets = usual();
    let key = key(&secrets);
    for before in 1..3 {
        for alphabet in [Alphabet::Standard, Alphabet::UrlSafe] {
            let cut = String::from_utf8(interior(KEY.as_bytes(), before, alphabet)).unwrap();
            let text = format!("no such key: \"{cut}\"");
            assert_eq!(
                scrub_str(&secrets, &text),
                format!("no such key: \"{key}\"")
            );
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
        for (alphabet, encoded) in [
            (Alphabet::Standard, STANDARD.encode(&long)),
            (Alphabet::UrlSafe, URL_SAFE_NO_PAD.encode(&long)),
        ] {
            let value = interior(KEY.as_bytes(), before.len(), alphabet);
            let value = String::from_utf8(value).unwrap();
            let (head, tail) = encoded.split_once(&value).unwrap();
            // The characters that hold bits of the value and of its neighbours go too.
            let shared = |is: bool| usize::from(is);
            let head = &head[..head.len() - shared(!before.is_empty())];
            let ends_inside = !(before.len() + KEY.len()).is_multiple_of(3);
            let tail = &tail[shared(ends_inside)..];
            let expected = format!("{head}{}{tail}", key(&secrets));
            assert_eq!(scrub_str(&secrets, &encoded), expected);
            // Cut off right after the value's own characters: what follows is no part of it.
            let cut = encoded.len() - tail.len() - shared(ends_inside);
            if ends_inside {
                let scrubbed = scrub_str(&secrets, &format!("{}\"", &encoded[..cut]));
                assert!(
                    scrubbed.ends_with(&format!("{}\"", key(&secrets))),
                    "{scrubbed}"
                );
            }
        }
    }
}

#[test]
fn the_edges_of_base64_may_be_escaped() {
    let secrets = run(&set(&[("api_key", "🙂abcdefgh", &[API], "header")]), 1);
    let encoded = STANDARD.encode("c🙂abcdefgh");
    assert!(encoded.starts_with("Y/"));
    let view = STANDARD.encode(format!("c{}", key(&secrets)));
    let text = |encoded: &str| format!("{{\"auth\":\"{encoded}\"}}");
    let escaped = text(&encoded.replace('/', "\\/"));
    assert_eq!(scrub_str(&secrets, &escaped), text(&view));
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
