//! A service that speaks a protocol holds requests to it: one that is right is answered, and with any one thing
//! changed it is refused.

use super::Client;
use crate::service::{Ai, End, Said, Service};
use serde_json::{Value, json};

/// The answer to a request: its status and all that came.
fn post(ai: Ai, path: &str, headers: &[&str], body: &Value) -> (u16, String) {
    let service = Service::start(ai.says("hello").into());
    let body = body.to_string();
    let mut head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
    for header in headers {
        head.push_str(&format!("{header}\r\n"));
    }
    let mut client = Client::new(&service);
    client.send(&format!(
        "{head}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let text = String::from_utf8(client.rest().0).unwrap();
    (text[9..12].parse().unwrap(), text)
}

/// `body` with the value at `place` replaced, or taken away.
fn with(body: &Value, place: &str, value: Option<Value>) -> Value {
    let mut body = body.clone();
    let (parent, name) = place.rsplit_once('/').unwrap();
    match (body.pointer_mut(parent).unwrap(), value) {
        (Value::Object(map), Some(value)) => drop(map.insert(name.to_owned(), value)),
        (Value::Object(map), None) => drop(map.remove(name)),
        (Value::Array(list), Some(value)) => list.push(value),
        (other, value) => panic!("{other} cannot take {value:?}"),
    }
    body
}

const JSON: &str = "Content-Type: application/json";

#[test]
fn openai() {
    let ai = || Ai::openai(Some("k"), "m");
    let key = "Authorization: Bearer k";
    let path = "/v1/chat/completions";
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": schema}});
    let right = json!({
        "model": "m", "stream": true, "response_format": format,
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
    });
    let (status, text) = post(ai(), path, &[JSON, key], &right);
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("x-ratelimit-remaining-requests") && text.contains("data: [DONE]\n\n"));
    assert_eq!(post(ai(), path, &[JSON], &right).0, 401);
    assert_eq!(post(ai(), path, &[key], &right).0, 400);
    assert_eq!(post(ai(), "/chat/completions", &[JSON, key], &right).0, 404);
    assert_eq!(
        post(ai().without_schemas(), path, &[JSON, key], &right).0,
        400
    );
    let strict = "/response_format/json_schema/strict";
    let loose = "/response_format/json_schema/schema/additionalProperties";
    for (place, value, want) in [
        ("/model", Some(json!("other")), 404),
        ("/stream", None, 400),
        ("/unknown", Some(json!(1)), 400),
        ("/messages/0/role", Some(json!("user")), 400),
        ("/messages/1/role", Some(json!("assistant")), 400),
        ("/messages/1/content", Some(json!(" ")), 400),
        ("/messages/1/more", Some(json!(1)), 400),
        (
            "/messages/-",
            Some(json!({"role": "assistant", "content": "a"})),
            400,
        ),
        (strict, None, 400),
        (loose, None, 400),
    ] {
        let (status, text) = post(ai(), path, &[JSON, key], &with(&right, place, value));
        assert_eq!(status, want, "{place}: {text}");
    }
}

#[test]
fn claude() {
    let ai = || Ai::claude("k", "m");
    let headers = [JSON, "x-api-key: k", "anthropic-version: 2023-06-01"];
    let path = "/v1/messages";
    let schema =
        json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
    let right = json!({
        "model": "m", "stream": true, "system": "s", "max_tokens": 5,
        "messages": [{"role": "user", "content": "u"}],
        "tools": [{"name": "t", "input_schema": schema}], "tool_choice": {"type": "tool", "name": "t"},
    });
    let (status, text) = post(ai(), path, &headers, &right);
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("event: message_stop\n") && text.contains("partial_json"));
    assert_eq!(post(ai(), path, &[JSON, headers[2]], &right).0, 401);
    assert_eq!(post(ai(), path, &headers[..2], &right).0, 400);
    for (place, value, want) in [
        ("/model", Some(json!("other")), 404),
        ("/max_tokens", None, 400),
        ("/system", None, 400),
        ("/stream", Some(json!(false)), 400),
        ("/response_format", Some(json!({})), 400),
        ("/messages/0/role", Some(json!("system")), 400),
        ("/tool_choice/name", Some(json!("other")), 400),
        ("/tools", None, 400),
    ] {
        let (status, text) = post(ai(), path, &headers, &with(&right, place, value));
        assert_eq!(status, want, "{place}: {text}");
    }
}

#[test]
fn ollama() {
    let ai = || Ai::ollama("m");
    let path = "/api/generate";
    let right = json!({"model": "m", "prompt": "p", "system": "s", "stream": true, "format": "json", "options": {"num_ctx": 5}});
    let (status, text) = post(ai(), path, &[JSON], &right);
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("application/x-ndjson") && text.contains("\"done\":true"));
    for (place, value, want) in [
        ("/model", None, 404),
        ("/prompt", None, 400),
        ("/messages", Some(json!([])), 400),
        ("/format", Some(json!("xml")), 400),
        ("/options/num_ctx", Some(json!("5")), 400),
    ] {
        let (status, text) = post(ai(), path, &[JSON], &with(&right, place, value));
        assert_eq!(status, want, "{place}: {text}");
    }
}

#[test]
fn answers_come_in_order_and_can_be_cut() {
    let right = json!({"model": "m", "prompt": "p", "system": "s", "stream": true}).to_string();
    let said = Said::text("second answer").ends(1, End::Complete);
    let service = Service::start(Ai::ollama("m").says("first").says(said).cut_every(5).into());
    let ask = || {
        let mut client = Client::new(&service);
        client.send(&format!(
            "POST /api/generate HTTP/1.1\r\n{JSON}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{right}",
            right.len()
        ));
        String::from_utf8(client.rest().0).unwrap()
    };
    assert!(ask().contains("\r\n5\r\n"));
    for _ in 0..2 {
        let text = ask().replace("\r\n5\r\n", "");
        assert!(
            !text.contains("done_reason") && text.ends_with("0\r\n\r\n"),
            "{text}"
        );
    }
}
