//! What a runner sends comes back from a service that echoes it as the runner sent it.

use super::super::RunSecrets;
use super::super::body::IN_QUERY;
use super::{API, headers, run, send, set};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use proptest::prelude::*;

/// How a service writes what it got.
#[derive(Clone, Copy, Debug)]
enum Echo {
    Raw,
    Json,
    Percent,
    JsonTwice,
}

impl Echo {
    fn write(self, text: &str) -> String {
        let json = |text: &str| serde_json::to_string(text).unwrap();
        match self {
            Self::Raw => text.to_owned(),
            Self::Json => json(text),
            Self::JsonTwice => json(&json(text)),
            Self::Percent => percent_encoding::utf8_percent_encode(text, IN_QUERY).to_string(),
        }
    }
}

fn echoed(secrets: &RunSecrets, body: &str) -> String {
    let origin = API.parse().unwrap();
    let mut scrubber = secrets
        .answer(&origin, &mut HeaderMap::new())
        .unwrap()
        .unwrap();
    let mut out = scrubber.push(body.as_bytes());
    out.extend(scrubber.finish());
    String::from_utf8(out).unwrap()
}

/// Values without a repetition in them, so that two of them cannot overlap: they begin with what is nowhere else.
fn value() -> impl Strategy<Value = String> {
    "#[ -\"$-~é€🙂]{7,60}[a-z]"
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[ -\"$-~é\n]{0,30}", 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_echo_is_what_the_runner_sent(
        value in value(),
        other in value(),
        texts in texts(),
        echo in prop::sample::select(vec![Echo::Raw, Echo::Json, Echo::Percent, Echo::JsonTwice]),
    ) {
        prop_assume!(!value.contains(&other[1..]) && !other.contains(&value[1..]));
        let rows = set(&[
            ("api_key", &value, &[API], "header body"),
            ("second", &other, &[API], "header body"),
        ]);
        let secrets = run(&rows, 4);
        let names = ["api_key", "second"];
        let mut view = String::new();
        for (at, text) in texts.iter().enumerate() {
            view.push_str(text);
            view.push_str(secrets.value_for_runner(names[at % 2]).unwrap());
        }
        let sent = send(&secrets, API, &[], Some(&view)).unwrap();
        let wire = String::from_utf8(sent.body.unwrap().to_vec()).unwrap();
        prop_assert!(wire.contains(&value));
        prop_assert_eq!(echoed(&secrets, &echo.write(&wire)), echo.write(&view));

        // In a JSON body the value is escaped on the way, and found so on the way back.
        let json = [("content-type", "application/json")];
        let sent = send(&secrets, API, &json, Some(&serde_json::to_string(&view).unwrap())).unwrap();
        let wire = String::from_utf8(sent.body.unwrap().to_vec()).unwrap();
        let read: String = serde_json::from_str(&wire).unwrap();
        prop_assert!(read.contains(&value));
        prop_assert_eq!(echoed(&secrets, &wire), serde_json::to_string(&view).unwrap());
    }

    #[test]
    fn echoed_credentials_are_what_the_runner_sent(
        value in value(),
        user in "[a-z]{0,12}",
        password in "[a-z]{0,12}",
    ) {
        let rows = set(&[("api_key", &value, &[API], "header")]);
        let secrets = run(&rows, 4);
        let key = secrets.value_for_runner("api_key").unwrap();
        for credentials in [format!("{user}:{key}"), format!("{key}:{password}")] {
            let header = format!("Basic {}", STANDARD.encode(credentials));
            let sent = send(&secrets, API, &[("authorization", &header)], None).unwrap();
            let mut answer = HeaderMap::new();
            answer.insert("x-echo", sent.headers["authorization"].clone());
            secrets.answer(&API.parse().unwrap(), &mut answer).unwrap();
            prop_assert_eq!(&answer, &headers(&[("x-echo", &header)]));
        }
    }

    #[test]
    fn nothing_panics_and_a_body_in_pieces_is_the_whole(
        parts in prop::collection::vec(prop_oneof![
            Just("KEY".to_owned()),
            "[a-f0-9_]{0,5}",
            "\\PC{0,6}",
        ], 0..8),
        size in 1_usize..60,
        kind in prop::sample::select(vec!["application/json", "text/plain", "application/x-www-form-urlencoded"]),
    ) {
        let secrets = super::usual();
        let body = parts.concat().replace("KEY", &super::key(&secrets));
        let pairs = [("content-type", kind)];
        let whole = send(&secrets, API, &pairs, Some(&body));
        let mut pieces = secrets.outgoing_body(&API.parse().unwrap(), &headers(&pairs)).unwrap();
        let mut out = Vec::new();
        let mut failed = None;
        for piece in body.as_bytes().chunks(size) {
            match pieces.push(piece) {
                Ok(piece) => out.extend(piece),
                Err(denial) => {
                    failed = Some(denial);
                    break;
                }
            }
        }
        match (whole, failed) {
            (Ok(sent), None) => {
                out.extend(pieces.finish().unwrap());
                prop_assert_eq!(sent.body.unwrap(), out);
            }
            (Err(denial), Some(failed)) => prop_assert_eq!(denial, failed),
            (whole, failed) => prop_assert!(false, "{whole:?} {failed:?}"),
        }
    }
}
