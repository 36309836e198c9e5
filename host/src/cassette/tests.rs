use super::*;
use proptest::prelude::*;
use serde_json::json;

const KEPT: &str = "\
cassette: 1
exchanges:
- request:
    method: post
    url: https://api.example.com/v1/generate
    headers:
      Authorization: Bearer [secret api_key]
      accept: [a/b, c/d]
    json: {prompt: Rotate the logs, n: [1, 2]}
  response:
    status: 200
    json: {name: rotate}
- request: {method: GET, url: 'https://api.example.com/v1/models'}
  not_connected: connection refused
";

fn request(body: &str) -> Request {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Request {
        method: "POST".to_owned(),
        url: "https://api.example.com/v1/generate".to_owned(),
        headers: Some(vec![
            header("accept", "a/b"),
            header("accept", "c/d"),
            header("authorization", "Bearer [secret api_key]"),
        ]),
        body: Some(Body::of(body.as_bytes().to_vec())),
    }
}

const PROMPT: &str = r#"{"n":[1,2], "prompt":"Rotate the logs"}"#;

#[test]
fn a_cassette_answers_what_it_holds_once() {
    let player = Player::read(KEPT).unwrap();
    let Reply::Answer(answer) = player.reply(&request(PROMPT)).unwrap() else {
        panic!("no answer");
    };
    assert_eq!(answer.body.bytes().as_ref(), br#"{"name":"rotate"}"#);
    assert_eq!(answer.headers[0].1, "application/json");
    assert_eq!(player.unused(), (2, 1));
    let refused = player.reply(&request(PROMPT)).unwrap_err();
    assert!(
        refused
            .contains("the nearest is exchange 2, but the method is POST, and GET in the cassette"),
        "{refused}"
    );
    // What is left out there is not compared.
    let models = Request {
        method: "GET".to_owned(),
        url: "https://api.example.com/v1/models".to_owned(),
        ..request("")
    };
    let failed = player.reply(&models).unwrap();
    assert_eq!(failed, Reply::NotConnected("connection refused".to_owned()));
    let refused = player.reply(&models).unwrap_err();
    assert!(
        refused.ends_with("all its 2 exchanges were used"),
        "{refused}"
    );
    let one = "cassette: 1\nexchanges:\n- {request: {method: GET, url: 'http://a/'}, broken: x}\n";
    let player = Player::read(one).unwrap();
    let asked = Request {
        method: "GET".to_owned(),
        url: "http://a/".to_owned(),
        headers: None,
        body: None,
    };
    player.reply(&asked).unwrap();
    let refused = player.reply(&asked).unwrap_err();
    assert!(refused.ends_with("its one exchange was used"), "{refused}");
}

#[test]
fn what_differs_is_said() {
    let said = |request: &Request| Player::read(KEPT).unwrap().reply(request).unwrap_err();
    for (body, expected) in [
        (
            r#"{"n":[1,3], "prompt":"Rotate the logs"}"#,
            "`n[1]` of the body is 3, and 2 in the cassette",
        ),
        (r#"{"n":[1,2]}"#, "`prompt` of the body is missing"),
        (
            r#"{"n":[1,2], "prompt":"Rotate the logs", "x":1}"#,
            "`x` of the body is not in the cassette",
        ),
        ("[1]", "the body is [1], and {"),
        ("x", "line 1 of the body is x, and {"),
        ("", "there is no body, and the cassette has one"),
    ] {
        let said = said(&request(body));
        assert!(said.contains("the nearest is exchange 1, but "), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    let mut other = request(PROMPT);
    other.headers.as_mut().unwrap()[0].1 = "x\u{1b}".to_owned();
    assert!(
        said(&other).contains(r"the header `accept` is x\x1b, c/d, and a/b, c/d in"),
        "{}",
        said(&other)
    );
    other.headers.as_mut().unwrap().truncate(0);
    assert!(said(&other).contains("the header `accept` is missing"));
    other.url.push_str("?x=1");
    assert!(said(&other).contains("the URL is https://api.example.com/v1/generate?x=1, and"));
}

#[test]
fn what_is_no_cassette_says_why() {
    let fault = |text: &str| Player::read(text).unwrap_err().to_string();
    assert!(fault("").contains("`arborist run --record FILE` makes one"));
    assert!(fault("name: x\nsteps: []").contains("cassette"));
    assert!(fault("cassette: 2\nexchanges: []").contains("version 2"));
    let one = |rest: &str| {
        fault(&format!(
            "cassette: 1\nexchanges:\n- request: {{method: GET, url: 'http://a/'}}\n{rest}"
        ))
    };
    assert!(one("").contains("exchange 1: it has one of"));
    assert!(one("  response: {status: 200}\n  broken: x").contains("exchange 1: it has one of"));
    assert!(one("  response: {status: 99}").contains("from 200 to 599"));
    assert!(one("  response: {status: 200, body: a, json: 1}").contains("one of `body`"));
    assert!(one("  response: {status: 200, base64: '!'}").contains("no base64"));
    assert!(one("  response: {status: 200, headers: {'a b': c}}").contains("`a b` is no header"));
    assert!(one("  response: {status: 200, boddy: a}").contains("boddy"));
    let all = fault(
        "cassette: 1\nexchanges:\n- request: {method: GET}\n- request: {method: GET, url: 'http://a/'}\n  broken: x\n\
         - request: {method: GET, url: 'http://a/'}\n  response: {status: 200, boddy: a}\n- request: {method: GET, url: 'http://a/'}\n",
    );
    for told in [
        "exchange 1: missing field `url`\n  exchange 3: unknown field `boddy`",
        "\n  exchange 4: it has one of",
    ] {
        assert!(all.contains(told), "{all}");
    }
    let many = format!(
        "cassette: 1\nexchanges:\n{}",
        "- request: {method: GET}\n".repeat(40)
    );
    let many = fault(&many);
    assert!(
        many.contains("exchange 10: ") && many.contains("\n  and 30 more\n  help: "),
        "{many}"
    );
    // As small as it is, it would be large.
    let bomb = "cassette: 1\nexchanges:\n- &a {x: 1}\n- [*a, *a]\n";
    assert!(fault(bomb).contains("help"));
    let deep = format!(
        "cassette: 1\nexchanges: {}{}",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    assert!(fault(&deep).contains("help"));
}

#[test]
fn a_recorder_keeps_what_has_ended() {
    let recorder = Recorder::default();
    let (first, _second) = (recorder.begin(request("1")), recorder.begin(request("2")));
    recorder.end(first, Reply::Broken("reset".to_owned()));
    assert_eq!(recorder.len(), 1);
    let player = Player::read(&recorder.text().unwrap()).unwrap();
    assert_eq!(
        player.reply(&request("1")),
        Ok(Reply::Broken("reset".to_owned()))
    );
    assert!(!recorder.reserve(MAX_BYTES));
    assert_eq!(recorder.text(), Err(CassetteError::TooLarge));
}

#[test]
fn a_cassette_that_its_escapes_make_too_large_is_not_written() {
    let recorder = Recorder::default();
    let place = recorder.begin(request("1"));
    let answer = Answer {
        status: 200,
        headers: Vec::new(),
        body: Body::of(vec![1; MAX_BYTES / 3]),
        cut_off: None,
    };
    recorder.end(place, Reply::Answer(answer));
    assert_eq!(recorder.text(), Err(CassetteError::TooLarge));
}

#[test]
fn a_recorded_cassette_is_readable() {
    let recorder = Recorder::default();
    let place = recorder.begin(request(PROMPT));
    let answer = Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), "text/event-stream".to_owned())],
        body: Body::Text("data: {\"a\": 1}\n\ndata: [DONE]\n\n".to_owned()),
        cut_off: None,
    };
    recorder.end(place, Reply::Answer(answer));
    let text = recorder.text().unwrap();
    assert_eq!(text, include_str!("tests/recorded.yaml"), "{text}");
}

/// Texts that are hard to write as YAML.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just("  ".to_owned()),
        Just("\t".to_owned()),
        Just("\r\n".to_owned()),
        Just("# x".to_owned()),
        Just("---\n".to_owned()),
        Just("'\"\\".to_owned()),
        Just(": - ".to_owned()),
        Just("\u{0}\u{1b}\u{7f}\u{85}\u{2028}\u{feff}".to_owned()),
        Just("null".to_owned()),
        Just("1e3".to_owned()),
        "[a-z]{0,40}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn any_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        text().prop_map(|text| Body::of(text.into_bytes())),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Body::of),
        text().prop_map(|text| Body::Json(json!({"a": [text, 1.5, null, true], "": {}}))),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        url in text(),
        value in text(),
        asked in any_body(),
        answered in any_body(),
        cut in proptest::option::of(text()),
    ) {
        let exchange = Exchange {
            request: Request {
                url,
                headers: Some(vec![("x-a".to_owned(), value.clone()), ("x-a".to_owned(), value)]),
                body: Some(asked),
                ..request("")
            },
            reply: Reply::Answer(Answer {
                status: 599,
                headers: vec![("content-type".to_owned(), "x".to_owned())],
                body: answered,
                cut_off: cut,
            }),
        };
        let text = form::write(std::slice::from_ref(&exchange)).unwrap();
        let read = form::read(&text);
        prop_assert_eq!(read, Ok(vec![exchange]), "{}", text);
    }
}
