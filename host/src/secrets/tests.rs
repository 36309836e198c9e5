//! Secrets from the configuration to the wire and back.

mod denial;
mod echo;
mod encoded;
mod outgoing;
mod pieces;
mod reading;
mod redirect;
mod scrub;
mod shown_pieces;
mod stream;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::finder::Finder;
use super::placeholder::PlaceholderForm;
use super::rules::Rules;
use super::{Places, RunSecrets, Secret, SecretBinding, SecretDenial, SecretSet, Sent};
use crate::policy::Target;

pub(super) const KEY: &str = "sk-live/4f+Q\"z\\9%41é&x y=~";
pub(super) const OTHER: &str = "other-0123456789";
pub(super) const API: &str = "https://api.example.com";

/// A secret in a table: name, value, origins, places.
pub(super) type Row<'a> = (&'a str, &'a str, &'a [&'a str], &'a str);

pub(super) fn set(rows: &[Row]) -> Arc<SecretSet> {
    SecretSet::new(rows.iter().map(|(field, value, to, places)| {
        let names = places
            .split(' ')
            .filter(|name| !name.is_empty() && *name != "exposed");
        let binding = SecretBinding {
            field: (*field).to_owned(),
            to: to.iter().map(|origin| origin.parse().unwrap()).collect(),
            places: names.fold(Places::NONE, |all, name| all.and(name.parse().unwrap())),
            exposed: places.contains("exposed"),
        };
        (binding, Secret::new((*value).to_owned()).unwrap())
    }))
}

/// A run whose placeholders follow from `seed`.
pub(super) fn run(set: &Arc<SecretSet>, seed: u64) -> RunSecrets {
    RunSecrets::new(set, |bytes: &mut [u8]| {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for byte in bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = state.to_le_bytes()[3];
        }
        Ok::<(), ()>(())
    })
    .unwrap()
}

/// `api_key` for [`API`] everywhere, `other` for another origin, `open` exposed.
pub(super) fn usual() -> RunSecrets {
    let set = set(&[
        (
            "api_key",
            KEY,
            &[API, "http://localhost:8080"],
            "header query body",
        ),
        ("other", OTHER, &["https://other.example"], "header"),
        ("open", "exposed-value", &[API], "header exposed"),
    ]);
    run(&set, 1)
}

pub(super) fn key(secrets: &RunSecrets) -> String {
    secrets.value_for_runner("api_key").unwrap().to_owned()
}

pub(super) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            (name.parse::<HeaderName>().unwrap(), value)
        })
        .collect()
}

pub(super) fn send(
    secrets: &RunSecrets,
    url: &str,
    pairs: &[(&str, &str)],
    body: Option<&str>,
) -> Result<Sent, Box<SecretDenial>> {
    let target = Target::parse("POST", url).unwrap();
    let body = body.map(|body| Bytes::from(body.to_owned()));
    secrets.outgoing(&target, headers(pairs), body)
}

#[test]
fn runners_read_placeholders_and_exposed_values() {
    let secrets = usual();
    let read = |name| secrets.value_for_runner(name);
    assert!(key(&secrets).starts_with(super::PLACEHOLDER_PREFIX));
    assert_eq!(key(&secrets).len(), super::PLACEHOLDER_BYTES);
    assert_ne!(read("other"), read("api_key"));
    assert_eq!(read("open"), Some("exposed-value"));
    assert_eq!(read("endpoint"), None);
    assert!(!secrets.is_empty() && RunSecrets::none().is_empty());
    assert_eq!(RunSecrets::none().value_for_runner("api_key"), None);
}

#[test]
fn every_run_has_its_own_placeholders() {
    let set = set(&[("api_key", KEY, &[API], "header")]);
    assert_ne!(key(&run(&set, 1)), key(&run(&set, 2)));
    let real = RunSecrets::new(&set, getrandom::fill).unwrap();
    assert_ne!(
        key(&real),
        key(&RunSecrets::new(&set, getrandom::fill).unwrap())
    );
}

#[test]
fn no_randomness_is_no_run_and_no_secrets_need_none() {
    let refuse = |_: &mut [u8]| Err("no randomness");
    let set = set(&[("api_key", KEY, &[API], "header")]);
    assert_eq!(RunSecrets::new(&set, refuse).unwrap_err(), "no randomness");
    let none = RunSecrets::new(&SecretSet::new([]), refuse).unwrap();
    assert!(none.is_empty());
    let sent = send(
        &none,
        "https://a.example/?q=1",
        &[("range", "bytes=0-")],
        Some("x"),
    )
    .unwrap();
    assert!(!sent.carried && sent.headers.contains_key("range"));
}

#[test]
fn nothing_is_shown_of_anything() {
    let secrets = usual();
    let placeholder = key(&secrets);
    let sent = send(
        &secrets,
        API,
        &[("x-key", &placeholder)],
        Some(&placeholder),
    )
    .unwrap();
    let mut answer = HeaderMap::new();
    let origin = API.parse().unwrap();
    let mut scrubber = secrets.answer(&origin, &mut answer).unwrap().unwrap();
    let _ = scrubber.push(KEY.as_bytes());
    let mut body = secrets.outgoing_body(&origin, &answer).unwrap();
    let _ = body.push(placeholder.as_bytes()).unwrap();
    let patterns = secrets.run().unwrap().set.patterns(&origin);
    let rules = Rules::new(secrets.run().unwrap(), &origin);
    let mut finder = Finder::new(PlaceholderForm);
    finder.feed(placeholder.as_bytes(), &mut Vec::new());
    let all = format!(
        "{secrets:?} {sent:?} {scrubber:?} {body:?} {:?} {rules:?} {finder:?}",
        patterns.unwrap().unwrap()
    );
    assert_eq!(
        all,
        "RunSecrets [\"api_key\", \"other\", \"open\"] Sent { carried: true, .. } \
         Scrubber { held_back: 512, .. } OutgoingBody { .. } Patterns Rules { .. } Finder { read: 43, .. }"
    );
    let all = format!("{all} {:?}", sent.headers);
    for hidden in [KEY, &placeholder[..20], &KEY[..7], "exposed-value", OTHER] {
        assert!(!all.contains(hidden), "{all}");
    }
}

#[test]
fn what_went_along_is_known_by_name() {
    let secrets = usual();
    let placeholder = key(&secrets);
    let names = |pairs: &[(&str, &str)]| send(&secrets, API, pairs, None).unwrap().names;
    assert!(names(&[("x-key", "none")]).is_empty());
    let twice = names(&[("x-key", &placeholder), ("x-other", &placeholder)]);
    assert_eq!(Vec::from_iter(twice), ["api_key"]);
    let set = set(&[("api_key", KEY, &[API], "header")]);
    assert_eq!(format!("{set:?}"), "SecretSet [\"api_key\"]");
}

#[test]
fn placeholders_are_shown_by_name() {
    let secrets = usual();
    let placeholder = key(&secrets);
    let stranger = key(&run(&set(&[("api_key", KEY, &[API], "header")]), 9));
    for (text, shown) in [
        ("plain \\ 100%".to_owned(), "plain \\ 100%".to_owned()),
        (
            format!("é {placeholder}!"),
            "é [secret api_key]!".to_owned(),
        ),
        (placeholder.repeat(2), "[secret api_key]".repeat(2)),
        (placeholder.to_uppercase(), "[secret api_key]".to_owned()),
        (
            placeholder.replace('_', "%5f"),
            "[secret api_key]".to_owned(),
        ),
        (
            placeholder.replace('_', "\\u005F"),
            "[secret api_key]".to_owned(),
        ),
        // Where it begins is known also where it is spelled in more bytes, and far from the text's beginning.
        (
            format!(
                "{0}{1}{0}",
                "x".repeat(100),
                placeholder.replace('_', "%5f")
            ),
            format!("{0}[secret api_key]{0}", "x".repeat(100)),
        ),
        (stranger.clone(), stranger),
    ] {
        assert_eq!(secrets.show(&text), shown);
    }
    assert!(matches!(
        secrets.show("nothing"),
        std::borrow::Cow::Borrowed("nothing")
    ));
    assert_eq!(
        secrets
            .show_bytes(format!("{placeholder}\u{e9}").as_bytes())
            .as_ref(),
        "[secret api_key]é".as_bytes()
    );
}

#[test]
fn what_is_kept_has_neither_placeholders_nor_values_in_it() {
    let secrets = usual();
    let hidden = |text: &str| secrets.hide(text).into_owned();
    assert_eq!(
        hidden(&format!("/a/{}/b", key(&secrets))),
        "/a/[secret api_key]/b"
    );
    // Whatever they are bound to, and whether or not the runner may have them.
    let all = format!("{KEY} {OTHER} exposed-value");
    assert_eq!(
        hidden(&all),
        "[secret api_key] [secret other] [secret open]"
    );
    assert_eq!(hidden("/x/exposed%2Dvalue?y"), "/x/[secret open]?y");
    let encoded = percent_encoding::utf8_percent_encode(KEY, super::body::IN_QUERY).to_string();
    assert_eq!(hidden(&encoded), "[secret api_key]");
    assert_eq!(hidden("exposed-valu"), "exposed-valu");
    assert_eq!(RunSecrets::none().hide("exposed-value"), "exposed-value");
}
