//! The scrubber: values of any kind, in a body that spells them in any way, in pieces of any size.

use crate::material::config;
use arborist::policy::Origin;
use arborist::secrets::{Places, RunSecrets, Scrubber, Secret, SecretBinding, SecretSet};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use http::HeaderMap;
use percent_encoding::percent_decode;
use proptest::prelude::{Just, Strategy, any, prop, prop_assume, prop_oneof, proptest};
use proptest::sample::Index;

const API: &str = "https://api.example.com";
/// Stands around values where the test must know where one ends: no value has it, and no spelling of one.
const WALL: &str = "~#~";

fn origin() -> Origin {
    API.parse().expect("an origin")
}

fn run(values: &[&str], seed: u8) -> RunSecrets {
    let secrets = values.iter().enumerate().map(|(at, value)| {
        let binding = SecretBinding {
            field: format!("key{at}"),
            to: vec![origin()],
            places: Places::default(),
            exposed: false,
        };
        (
            binding,
            Secret::new((*value).to_owned()).expect("long enough"),
        )
    });
    RunSecrets::new(&SecretSet::new(secrets), |bytes: &mut [u8]| {
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(at % 251)
                .expect("small")
                .wrapping_mul(97)
                .wrapping_add(seed);
        }
        Ok::<(), ()>(())
    })
    .expect("random bytes")
}

fn scrubber(secrets: &RunSecrets) -> Scrubber {
    let scrubber = secrets.answer(&origin(), &mut HeaderMap::new());
    scrubber
        .expect("not compressed")
        .expect("something is bound")
}

fn scrub(secrets: &RunSecrets, body: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut scrubber = scrubber(secrets);
    let mut out = Vec::new();
    let mut rest = body;
    for size in sizes.iter().cycle() {
        let (piece, after) = rest.split_at((*size).min(rest.len()));
        out.extend(scrubber.push(piece));
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    out.extend(scrubber.finish());
    out
}

/// How a service writes a value.
#[derive(Clone, Copy, Debug)]
enum Form {
    Plain,
    Json,
    JsonAscii(bool),
    JsonSlash,
    HexEscape,
    Percent(bool),
    PercentSpecial,
    Plus,
    JsonTwice,
    PercentTwice,
    PercentOfJson,
    JsonOfPercent,
}

const FORMS: &[Form] = &[
    Form::Plain,
    Form::Json,
    Form::JsonAscii(true),
    Form::JsonAscii(false),
    Form::JsonSlash,
    Form::HexEscape,
    Form::Percent(true),
    Form::Percent(false),
    Form::PercentSpecial,
    Form::Plus,
    Form::JsonTwice,
    Form::PercentTwice,
    Form::PercentOfJson,
    Form::JsonOfPercent,
];

impl Form {
    fn write(self, value: &str) -> String {
        let json = |text: &str| {
            let quoted = serde_json::to_string(text).expect("JSON");
            quoted[1..quoted.len() - 1].to_owned()
        };
        let percent = |text: &str, upper: bool| -> String {
            text.bytes()
                .map(|byte| {
                    if upper {
                        format!("%{byte:02X}")
                    } else {
                        format!("%{byte:02x}")
                    }
                })
                .collect()
        };
        let special = |text: &str| -> String {
            text.bytes()
                .map(|byte| {
                    if byte.is_ascii_alphanumeric() {
                        char::from(byte).to_string()
                    } else {
                        format!("%{byte:02X}")
                    }
                })
                .collect()
        };
        match self {
            Self::Plain => value.to_owned(),
            Self::Json => json(value),
            Self::JsonAscii(upper) => value
                .encode_utf16()
                .map(|unit| {
                    if upper {
                        format!("\\u{unit:04X}")
                    } else {
                        format!("\\u{unit:04x}")
                    }
                })
                .collect(),
            Self::JsonSlash => json(value).replace('/', "\\/"),
            Self::HexEscape => value.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
            Self::Percent(upper) => percent(value, upper),
            Self::PercentSpecial => special(value),
            Self::Plus => special(value).replace("%20", "+"),
            Self::JsonTwice => json(&json(value)),
            Self::PercentTwice => special(&special(value)),
            Self::PercentOfJson => special(&json(value)),
            Self::JsonOfPercent => json(&special(value)),
        }
    }
}

/// Values as services give them out, and as enemies would have them: repetitions, escapes, other scripts, what looks like an encoding.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(sk|key|ghp|xoxb)[-_][A-Za-z0-9]{16,48}",
        2 => "[A-Za-z0-9+/]{20,60}={0,2}",
        2 => "[ -}&&[^#]]{8,40}",
        1 => "[a-c]{8,12}",
        1 => "(ab){4,9}|(a){8,20}",
        1 => "[a-zé€🙂Я]{8,24}",
        1 => "(Bearer|Token) [A-Za-z0-9]{12,30}",
        1 => "[\\\\%\"u0-9a-f]{8,30}",
        1 => "[a-z]{300,700}",
    ]
    .prop_filter("long enough, and no wall", |value| {
        value.len() >= 8 && !value.contains('#')
    })
}

/// What stands around values: nothing that begins an escape, so that what is before a value and what is in it stay apart.
fn filler() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -$&-\\[\\]-~&&[^#~]]{0,30}",
        "[ -$&-\\[\\]-~é\n\t&&[^#~]]{0,400}",
        Just("{\"error\": \"no such key\"}".to_owned())
    ]
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![usize::MAX]),
        Just(vec![1]),
        prop::collection::vec(1..700_usize, 1..12)
    ]
}

fn contains(text: &[u8], value: &str) -> bool {
    text.windows(value.len())
        .any(|window| window == value.as_bytes())
}

/// A JSON reader's idea of a text, by serde_json: none if it is no inside of a string.
fn json_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    serde_json::from_str::<String>(&format!("\"{text}\""))
        .ok()
        .map(String::into_bytes)
}

/// The value is in none of the ways to read the text that the module promises.
fn assert_gone(out: &[u8], value: &str) {
    assert!(!contains(out, value), "plain");
    let percent: Vec<u8> = percent_decode(out).collect();
    assert!(!contains(&percent, value), "percent-encoded");
    assert!(
        !contains(&percent_decode(&percent).collect::<Vec<u8>>(), value),
        "percent-encoded twice"
    );
    for part in String::from_utf8_lossy(out).split(WALL) {
        let mut text = part.as_bytes().to_vec();
        for _ in 0..2 {
            let Some(decoded) = json_decoded(&text) else {
                break;
            };
            assert!(!contains(&decoded, value), "as JSON: {part}");
            let percent: Vec<u8> = percent_decode(&decoded).collect();
            assert!(
                !contains(&percent, value),
                "percent-encoded in JSON: {part}"
            );
            text = decoded;
        }
    }
    assert_gone_from_base64(out, value);
}

/// Every run of base64 characters is decoded from each of its first four characters.
fn assert_gone_from_base64(out: &[u8], value: &str) {
    let is = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    for run in out.split(|byte| !is(byte)) {
        for from in 0..run.len().min(4) {
            let text = &run[from..];
            // Any length is made one that can be decoded; what is lost is the last character's bits.
            let text = &text[..text.len() - usize::from(text.len() % 4 == 1)];
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                if let Ok(decoded) = engine.decode(text) {
                    assert!(
                        !contains(&decoded, value),
                        "base64: {}",
                        String::from_utf8_lossy(run)
                    );
                }
            }
        }
    }
}

/// Parts of a body: fillers, spelled values and halves of them.
#[derive(Clone, Debug)]
enum Part {
    Filler(String),
    Value(usize, Form),
    Base64(usize, String, String, bool, bool),
    Half(usize, Form, Index),
}

fn part() -> impl Strategy<Value = Part> {
    let form = || prop::sample::select(FORMS);
    prop_oneof![
        2 => filler().prop_map(Part::Filler),
        3 => (0..2_usize, form()).prop_map(|(which, form)| Part::Value(which, form)),
        2 => (0..2_usize, "[ -}]{0,20}", "[ -}]{0,90}", any::<bool>(), any::<bool>())
            .prop_map(|(which, before, after, safe, pad)| Part::Base64(which, before, after, safe, pad)),
        1 => (0..2_usize, form(), any::<Index>()).prop_map(|(which, form, at)| Part::Half(which, form, at)),
    ]
}

impl Part {
    fn write(&self, values: &[&str; 2]) -> String {
        match self {
            Self::Filler(text) => text.clone(),
            Self::Value(which, form) => form.write(values[*which]),
            Self::Base64(which, before, after, safe, pad) => {
                let text = format!("{before}{}{after}", values[*which]);
                match (safe, pad) {
                    (true, true) => URL_SAFE.encode(text),
                    (true, false) => URL_SAFE_NO_PAD.encode(text),
                    (false, true) => STANDARD.encode(text),
                    (false, false) => STANDARD_NO_PAD.encode(text),
                }
            }
            Self::Half(which, form, at) => {
                let text = form.write(values[*which]);
                text.chars().take(at.index(text.chars().count())).collect()
            }
        }
    }
}

proptest! {
    #![proptest_config(config(8))]

    #[test]
    fn a_value_never_comes_back(values in (value(), value()), parts in prop::collection::vec(part(), 0..8), walls in any::<bool>(), sizes in sizes(), seed in any::<u8>()) {
        let values = [values.0.as_str(), values.1.as_str()];
        let secrets = run(&values, seed);
        let between = if walls { WALL } else { "" };
        let body: Vec<String> = parts.iter().map(|part| part.write(&values)).collect();
        let body = body.join(between);
        let out = scrub(&secrets, body.as_bytes(), &sizes);
        assert_eq!(out, scrub(&secrets, body.as_bytes(), &[usize::MAX]), "the pieces tell");
        // A value that is a piece of a placeholder, or of what the service says around it, is no secret.
        prop_assume!(!values.iter().any(|value| value.chars().collect::<std::collections::BTreeSet<_>>().len() < 3));
        for value in values {
            assert_gone(&out, value);
            if let Some((_, credential)) = value.split_once(' ').filter(|(scheme, rest)| scheme.len() <= 16 && rest.len() >= 8) {
                assert_gone(&out, credential);
            }
        }
    }

    #[test]
    fn all_else_is_unchanged(value in "sk-[A-Za-z0-9 /\"\\\\%&é€🙂]{12,50}Z", fillers in prop::collection::vec(filler(), 1..6), form in prop::sample::select(FORMS), sizes in sizes(), seed in any::<u8>()) {
        let secrets = run(&[&value], seed);
        let placeholder = secrets.value_for_runner("key0").unwrap().to_owned();
        let spelled = format!("{WALL}{}{WALL}", form.write(&value));
        let body = fillers.join(&spelled);
        let expected = fillers.join(&format!("{WALL}{placeholder}{WALL}"));
        let out = scrub(&secrets, body.as_bytes(), &sizes);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn a_value_that_overlaps_with_itself_leaves_nothing(unit in "[A-Z]{2,5}", times in 4..9_usize, more in 1..9_usize, sizes in sizes()) {
        let value = unit.repeat(times);
        let secrets = run(&[&value], 5);
        let body = format!("{WALL}{}{WALL}", unit.repeat(times + more));
        let out = String::from_utf8(scrub(&secrets, body.as_bytes(), &sizes)).unwrap();
        assert!(!out.contains(|c: char| c.is_ascii_uppercase()), "{out}");
    }

    #[test]
    fn base64_comes_back_as_base64(value in "sk-[A-Za-z0-9 /\"%&é]{12,50}Z", before in "[a-z:]{0,20}", after in "[a-z:]{0,30}", safe in any::<bool>(), sizes in sizes(), seed in any::<u8>()) {
        let secrets = run(&[&value], seed);
        let placeholder = secrets.value_for_runner("key0").unwrap();
        let encode = |text: String| if safe { URL_SAFE_NO_PAD.encode(text) } else { STANDARD.encode(text) };
        let body = format!("{WALL}{}{WALL}", encode(format!("{before}{value}{after}")));
        let expected = format!("{WALL}{}{WALL}", encode(format!("{before}{placeholder}{after}")));
        let out = String::from_utf8(scrub(&secrets, body.as_bytes(), &sizes)).unwrap();
        // Where the value's text needed no padding, nobody can tell whether its writer pads.
        assert_eq!(out.replace('=', ""), expected.replace('=', ""));
    }

    #[test]
    fn the_hold_back_is_a_constant(value in value(), body in prop::collection::vec(prop_oneof![
        filler().prop_map(Part::Filler),
        (Just(0_usize), prop::sample::select(FORMS), any::<Index>()).prop_map(|(which, form, at)| Part::Half(which, form, at)),
        prop::sample::select(&["\\", "%", "%2", "\\u00", "\\ud83d", "\\ud83d\\u", "%25", "\\\\"][..]).prop_map(|text| Part::Filler(text.to_owned())),
    ], 0..60), sizes in sizes()) {
        let secrets = run(&[&value], 7);
        let body: String = body.iter().map(|part| part.write(&[&value, ""])).collect();
        // Only where nothing is replaced does the output's length tell what is held.
        prop_assume!(scrub(&secrets, body.as_bytes(), &[usize::MAX]) == body.as_bytes());
        let mut scrubber = scrubber(&secrets);
        let hold = scrubber.held_back();
        assert!(hold.is_multiple_of(256) && hold >= 6 * value.len() && hold <= 6 * value.len() + 512);
        let (mut read, mut shown) = (0, 0);
        let mut rest = body.as_bytes();
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            read += piece.len();
            shown += scrubber.push(piece).len();
            assert_eq!(shown, read.saturating_sub(hold));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(shown + scrubber.finish().len(), body.len());
    }

    #[test]
    fn bytes_that_are_nothing_of_ours_pass(value in "[ -}]{12,60}", body in prop::collection::vec(any::<u8>(), 0..3_000), sizes in sizes()) {
        let secrets = run(&[&value], 3);
        prop_assume!(!contains(&body, &value));
        assert_eq!(scrub(&secrets, &body, &sizes), body);
    }
}
