use super::*;
use crate::Config;
use crate::service::Kind;

fn client(entries: &[(&str, &str)]) -> Client {
    let mut all = vec![("api_key", "k")];
    all.extend(entries);
    let settings = Settings::new(Kind::Claude, &Config::of(all), None).unwrap();
    Client::new(settings).unwrap()
}

fn body(client: &Client) -> Value {
    let request = client.request(&Conversation::for_spec("do it"));
    assert_eq!(request.header_value("x-api-key"), Some("k"));
    assert_eq!(
        request.header_value("anthropic-version"),
        Some("2023-06-01")
    );
    assert_eq!(request.header_value("authorization"), None);
    serde_json::from_slice(request.body_bytes().unwrap()).unwrap()
}

#[test]
fn the_request_has_the_tool_and_the_instructions_beside_the_turns() {
    let body = body(&client(&[]));
    assert_eq!(
        (&body["model"], &body["max_tokens"]),
        (&value!("claude-3-sonnet"), &value!(4096))
    );
    assert_eq!(
        body["messages"],
        value!([{"role": "user", "content": "do it"}])
    );
    assert!(body["system"].as_str().unwrap().contains("POSIX shell"));
    assert_eq!(body["stream"], true);
    assert_eq!(body["tools"][0]["input_schema"], spec_schema());
    assert_eq!(
        body["tool_choice"],
        value!({"type": "tool", "name": body["tools"][0]["name"]})
    );
    assert!(body.get("temperature").is_none());
}

#[test]
fn what_is_set_is_sent() {
    let body = body(&client(&[
        ("output", "text"),
        ("temperature", "0"),
        ("max_tokens", "9"),
    ]));
    assert!(body.get("tools").is_none() && body.get("tool_choice").is_none());
    assert_eq!(
        (&body["temperature"], &body["max_tokens"]),
        (&value!(0.0), &value!(9))
    );
}

#[test]
fn a_version_in_the_base_url_is_not_doubled() {
    for base in [
        "https://a.test/x",
        "https://a.test/x/",
        "https://a.test/x/v1/",
    ] {
        let request = client(&[("base_url", base)]).request(&Conversation::for_spec("x"));
        assert_eq!(request.url(), "https://a.test/x/v1/messages");
    }
}

fn reply(events: &[&str]) -> Result<String, Error> {
    let client = client(&[]);
    let mut reply = Reply::new(&client.settings, "https://s.test");
    for event in events {
        reply.take(event)?;
    }
    reply.finish(None)
}

const START: &str =
    r#"{"type":"message_start","message":{"id":"m","content":[],"stop_reason":null}}"#;
const PING: &str = r#"{"type":"ping"}"#;
const TEXT: &str =
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Here: "}}"#;
const THINKING: &str =
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#;
const INPUT: &str = r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#;
const STOPPED: &str = r#"{"type":"message_stop"}"#;

fn stop(reason: &str) -> String {
    format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}}}}"#)
}

#[test]
fn pieces_make_the_answer_and_the_tools_input_comes_first() {
    let end = stop("end_turn");
    assert_eq!(
        reply(&[START, PING, THINKING, TEXT, TEXT, &end, STOPPED]),
        Ok("Here: Here: ".into())
    );
    let end = stop("tool_use");
    let later = r#"{"type":"of_a_later_version"}"#;
    assert_eq!(
        reply(&[START, TEXT, later, INPUT, &end, STOPPED]),
        Ok("{}".into())
    );
}

#[test]
fn an_answer_that_is_none_says_why() {
    let (cut, refusal) = (stop("max_tokens"), stop("refusal"));
    let rows: [(&[&str], &str); 5] = [
        (&[], "none of the protocol"),
        (&[START, INPUT], "before it was complete"),
        (&[START, INPUT, &cut, STOPPED], "raise `max_tokens`"),
        (
            &[START, TEXT, &refusal, STOPPED],
            "refused to answer: Here:",
        ),
        (&["{"], "no JSON"),
    ];
    for (events, part) in rows {
        let text = match reply(events) {
            Err(Error::InvalidResponse(text)) => text,
            Err(Error::Service(failure)) => failure.message,
            other => panic!("{part}: {other:?}"),
        };
        assert!(text.contains(part), "{text}");
    }
    for (kind, want) in [
        ("overloaded_error", true),
        ("api_error", true),
        ("invalid_request_error", false),
    ] {
        let event = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"Over"}}}}"#);
        let Err(Error::Service(failure)) = reply(&[START, TEXT, &event]) else {
            panic!("no failure of the service")
        };
        assert!(
            failure.message.ends_with("answer: Over"),
            "{}",
            failure.message
        );
        assert_eq!(failure.retryable, want, "{kind}");
    }
}
