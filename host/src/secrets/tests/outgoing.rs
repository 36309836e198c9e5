use super::super::{MAX_PLACEHOLDERS, RunSecrets, Secret, SecretBinding, SecretSet};
use super::{API, KEY, OTHER, headers, key, run, send, set, usual};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

const PERCENT: &str = "sk-live%2F4f%2BQ%22z%5C9%2541%C3%A9%26x%20y%3D~";

#[test]
fn values_go_where_the_binding_says() {
    let secrets = usual();
    let key = key(&secrets);
    let sent = send(
        &secrets,
        &format!("{API}/v1?q=1&key={key}&r=2"),
        &[
            ("authorization", &format!("Bearer {key}")),
            ("x-key", &format!("{key}{key};{key}")),
            ("x-plain", "plain"),
        ],
        Some(&format!("a{key}b{key}")),
    )
    .unwrap();
    assert!(sent.carried);
    assert_eq!(sent.url.as_str(), format!("{API}/v1?q=1&key={PERCENT}&r=2"));
    let value = |name: &str| String::from_utf8(sent.headers[name].as_bytes().to_vec()).unwrap();
    assert_eq!(value("authorization"), format!("Bearer {KEY}"));
    assert_eq!(value("x-key"), format!("{KEY}{KEY};{KEY}"));
    assert!(sent.headers["x-key"].is_sensitive() && sent.headers["authorization"].is_sensitive());
    assert!(!sent.headers["x-plain"].is_sensitive());
    assert_eq!(sent.body.unwrap(), format!("a{KEY}b{KEY}"));
}

#[test]
fn basic_credentials_are_encoded_anew() {
    let secrets = usual();
    let key = key(&secrets);
    for (before, after) in [("user:", ""), ("", ":"), ("a:", "b")] {
        for scheme in ["Basic ", "basic  "] {
            let header = format!(
                "{scheme}{}",
                STANDARD.encode(format!("{before}{key}{after}"))
            );
            let sent = send(&secrets, API, &[("authorization", &header)], None).unwrap();
            let expected = format!(
                "{scheme}{}",
                STANDARD.encode(format!("{before}{KEY}{after}"))
            );
            assert_eq!(sent.headers["authorization"], expected);
            assert!(sent.carried && sent.headers["authorization"].is_sensitive());
        }
    }
    let token = format!("Token {}", STANDARD.encode(format!("user:{key}")));
    let sent = send(&secrets, API, &[("authorization", &token)], None).unwrap();
    assert!(!sent.carried && sent.headers["authorization"] == token);
    let foreign = STANDARD.encode(format!("user:{key}"));
    let foreign = [("authorization", &*format!("Basic {foreign}"))];
    let denial = send(&secrets, "https://evil.example", &foreign, None).unwrap_err();
    assert_eq!(denial.code(), "secret-origin");
    for plain in [
        "Basic dXNlcjpwYXNz",
        "Basic !!!",
        "Basic",
        "Basic ",
        "Bearer x",
    ] {
        let sent = send(&secrets, API, &[("authorization", plain)], None).unwrap();
        assert_eq!(sent.headers["authorization"], plain);
        assert!(!sent.carried);
    }
}

#[test]
fn values_are_escaped_as_the_body_needs() {
    let secrets = usual();
    let key = key(&secrets);
    let json = serde_json::to_string(KEY).unwrap();
    let json = json.trim_matches('"');
    for (kind, expected) in [
        ("application/json", json),
        ("Application/JSON; charset=utf-8", json),
        ("application/vnd.api+json", json),
        ("application/x-ndjson", json),
        ("application/x-www-form-urlencoded", PERCENT),
        ("text/plain", KEY),
        ("application/jsonp-not", KEY),
        ("", KEY),
    ] {
        let body = format!("{{\"k\":\"{key}\"}}");
        let pairs = [("content-type", kind)];
        let sent = send(&secrets, API, &pairs, Some(&body)).unwrap();
        let expected = format!("{{\"k\":\"{expected}\"}}");
        assert_eq!(sent.body.unwrap(), expected, "{kind}");

        let mut pieces = secrets
            .outgoing_body(&API.parse().unwrap(), &headers(&pairs))
            .unwrap();
        let mut out = Vec::new();
        for byte in body.bytes() {
            out.extend(pieces.push(&[byte]).unwrap());
        }
        out.extend(pieces.finish().unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{kind}");
    }
}

/// A URL, the name and value of a header, a body; then the denial's code and place. Capitals stand for spellings of the placeholder.
const DENIED: [[&str; 6]; 20] = [
    [
        "https://evil.example",
        "x-key",
        "KEY",
        "",
        "secret-origin",
        "the header `x-key`",
    ],
    [
        "https://api.example.com:444",
        "x-key",
        "KEY",
        "",
        "secret-origin",
        "the header `x-key`",
    ],
    [
        "http://api.example.com",
        "x-key",
        "KEY",
        "",
        "secret-origin",
        "the header `x-key`",
    ],
    [
        "https://a.api.example.com",
        "x-key",
        "KEY",
        "",
        "secret-origin",
        "the header `x-key`",
    ],
    [
        "https://evil.example",
        "x-key",
        "ENCODED",
        "",
        "secret-origin",
        "the header `x-key`",
    ],
    [
        "https://evil.example",
        "x",
        "",
        "{\"a\":\"KEY\"}",
        "secret-origin",
        "the body",
    ],
    [
        "https://evil.example",
        "x",
        "",
        "UPPER",
        "secret-origin",
        "the body",
    ],
    [
        "https://evil.example/?q=KEY",
        "x",
        "",
        "",
        "secret-origin",
        "the query",
    ],
    [
        "https://evil.example/KEY",
        "x",
        "",
        "",
        "secret-place",
        "the path",
    ],
    [
        "https://api.example.com/KEY/x",
        "x",
        "",
        "",
        "secret-place",
        "the path",
    ],
    [
        "https://api.example.com/ENCODED",
        "x",
        "",
        "",
        "secret-place",
        "the path",
    ],
    [
        "https://KEY.example.com/",
        "x",
        "",
        "",
        "secret-place",
        "the host",
    ],
    [
        "https://api.example.com/?q=KEY",
        "x",
        "",
        "",
        "secret-place",
        "the query",
    ],
    [
        "https://api.example.com/?ENCODED",
        "x",
        "",
        "",
        "secret-place",
        "the query",
    ],
    [API, "KEY", "x", "", "secret-place", "the name of a header"],
    [API, "x", "", "x KEY", "secret-place", "the body"],
    [API, "x", "", "ESCAPED", "secret-place", "the body"],
    [
        API,
        "x-key",
        "UPPER",
        "",
        "secret-spelling",
        "the header `x-key`",
    ],
    [
        API,
        "x-key",
        "ENCODED",
        "",
        "secret-spelling",
        "the header `x-key`",
    ],
    [
        API,
        "x-key",
        "ESCAPED",
        "",
        "secret-spelling",
        "the header `x-key`",
    ],
];

#[test]
fn whatever_is_not_permitted_is_denied_and_shows_nothing() {
    let secrets = run(&set(&[("api_key", KEY, &[API], "header")]), 1);
    let key = key(&secrets);
    let fill = |text: &str| {
        text.replace("KEY", &key)
            .replace("UPPER", &key.to_uppercase())
            .replace("ENCODED", &key.replace('_', "%5F"))
            .replace("ESCAPED", &key.replace('e', "\\u0065"))
    };
    for row in DENIED {
        let [url, name, value, body, code, place] = row.map(fill);
        let denial = send(&secrets, &url, &[(&name, &value)], Some(&body)).unwrap_err();
        assert_eq!(
            (denial.code(), denial.place().to_string()),
            (&*code, place),
            "{row:?}"
        );
        assert_eq!(denial.secret(), "api_key");
        let all = format!("{denial} {denial:?} {:?}", denial.fix());
        for hidden in ["arb_secret_", &KEY[..7], &key[11..]] {
            assert!(!all.contains(hidden), "{all}");
        }
    }
}

#[test]
fn denials_say_what_would_permit_the_request() {
    let secrets = run(&set(&[("api_key", KEY, &[API], "header")]), 1);
    let key = key(&secrets);
    let denied = |url: &str, pairs: &[(&str, &str)]| send(&secrets, url, pairs, None).unwrap_err();
    let unbound = denied("https://b.example", &[("x-key", &key)]);
    assert_eq!(
        unbound.to_string(),
        "the runner put the secret `api_key` into the header `x-key` of a request to https://b.example, and it is bound to https://api.example.com"
    );
    assert_eq!(
        unbound.fix().unwrap(),
        "secrets: {api_key: {to: [\"https://api.example.com\", \"https://b.example\"]}}"
    );
    let place = denied(&format!("{API}/?k={key}"), &[]);
    assert_eq!(
        place.to_string(),
        "the runner put the secret `api_key` into the query of a request to https://api.example.com, and it may only stand in: header"
    );
    assert_eq!(
        place.fix().unwrap(),
        "secrets: {api_key: {in: [header, query]}}"
    );
    assert_eq!(denied("http://b.example", &[("x-key", &key)]).fix(), None);
    assert_eq!(denied(&format!("{API}/{key}"), &[]).fix(), None);
}

#[test]
fn substitution_is_one_pass() {
    let seed = 5;
    let two = |value: &str| {
        set(&[
            ("api_key", value, &[API], "header query body"),
            ("inner", OTHER, &[API], "header query body"),
        ])
    };
    // Placeholders follow from the seed alone, so a value can hold one.
    let inner = run(&two(KEY), seed)
        .value_for_runner("inner")
        .unwrap()
        .to_owned();
    let secrets = run(&two(&inner), seed);
    assert_eq!(secrets.value_for_runner("inner"), Some(&*inner));
    let key = key(&secrets);
    let sent = send(&secrets, API, &[("x-key", &key)], Some(&key)).unwrap();
    assert_eq!(sent.headers["x-key"], inner);
    assert_eq!(sent.body.unwrap(), inner);
}

#[test]
fn what_only_looks_like_a_placeholder_stays() {
    let secrets = usual();
    let stranger = key(&run(&set(&[("api_key", KEY, &[API], "header")]), 77));
    let own = key(&secrets);
    for text in [
        &*stranger,
        &own[..42],
        "arb_secret_",
        &own.replace('_', "-"),
    ] {
        let url = format!("https://evil.example/{text}?{text}");
        let sent = send(&secrets, &url, &[("x", text)], Some(text)).unwrap();
        assert!(!sent.carried);
        assert_eq!(
            (&sent.headers["x"], sent.url.as_str()),
            (&text.parse().unwrap(), &*url)
        );
    }
}

#[test]
fn answers_that_are_scrubbed_are_asked_for_whole_and_plain() {
    let secrets = usual();
    let asked = [
        ("accept-encoding", "gzip"),
        ("accept-encoding", "br"),
        ("range", "bytes=0-3"),
        ("if-range", "x"),
        ("a-im", "vcdiff"),
    ];
    let bound = send(&secrets, API, &asked, None).unwrap();
    assert!(!bound.carried);
    assert_eq!(bound.headers, headers(&[("accept-encoding", "identity")]));
    let unbound = send(&secrets, "https://free.example", &asked, None).unwrap();
    assert_eq!(unbound.headers, headers(&asked));
}

#[test]
fn a_value_that_no_header_can_have_is_denied() {
    let secrets = run(
        &set(&[("api_key", "line one\nline two", &[API], "header body")]),
        1,
    );
    let key = key(&secrets);
    let denial = send(&secrets, API, &[("x-key", &key)], None).unwrap_err();
    assert_eq!(denial.code(), "secret-value");
    assert!(!format!("{denial} {denial:?}").contains("line one"));
    assert_eq!(
        send(&secrets, API, &[], Some(&key)).unwrap().body.unwrap(),
        "line one\nline two"
    );
}

#[test]
fn a_secret_without_a_value_is_never_sent() {
    for (secret, code, advice) in [
        (Secret::unset(), "secret-unset", "set the variable"),
        (
            Secret::too_short(),
            "secret-short",
            "holds fewer than 8 bytes",
        ),
    ] {
        let binding = SecretBinding {
            field: "api_key".to_owned(),
            to: vec![API.parse().unwrap()],
            places: "header".parse().unwrap(),
            exposed: false,
        };
        let secrets =
            RunSecrets::new(&SecretSet::new([(binding, secret)]), getrandom::fill).unwrap();
        let denial = send(&secrets, API, &[("x-key", &key(&secrets))], None).unwrap_err();
        assert_eq!(denial.code(), code);
        assert!(denial.advice().unwrap().contains(advice), "{code}");
        assert!(
            secrets
                .answer(&API.parse().unwrap(), &mut HeaderMap::new())
                .unwrap()
                .is_none()
        );
    }
}

#[test]
fn a_request_does_not_grow_without_bound() {
    let secrets = usual();
    let key = key(&secrets);
    assert!(send(&secrets, API, &[], Some(&key.repeat(MAX_PLACEHOLDERS))).is_ok());
    let many = key.repeat(MAX_PLACEHOLDERS + 1);
    assert_eq!(
        send(&secrets, API, &[], Some(&many)).unwrap_err().code(),
        "secret-count"
    );
    let half = key.repeat(MAX_PLACEHOLDERS / 2 + 1);
    let both = send(&secrets, API, &[("x", &half)], Some(&half)).unwrap_err();
    assert_eq!(both.code(), "secret-count");
    let origin = API.parse().unwrap();
    let mut body = secrets.outgoing_body(&origin, &HeaderMap::new()).unwrap();
    assert_eq!(
        body.push(many.as_bytes()).unwrap_err().code(),
        "secret-count"
    );
}

#[test]
fn a_body_in_pieces_is_judged_like_a_whole_one() {
    let secrets = usual();
    let key = key(&secrets);
    let evil = "https://evil.example".parse().unwrap();
    let upper = key.to_uppercase();
    for (origin, text, code) in [
        (&evil, &key, "secret-origin"),
        (&API.parse().unwrap(), &upper, "secret-spelling"),
    ] {
        let mut body = secrets.outgoing_body(origin, &HeaderMap::new()).unwrap();
        let mut sent = Vec::new();
        let denial = text.bytes().find_map(|byte| match body.push(&[byte]) {
            Ok(piece) => {
                sent.extend(piece);
                None
            }
            Err(denial) => Some(denial),
        });
        assert_eq!(denial.unwrap().code(), code);
        assert!(sent.is_empty());
    }
}
