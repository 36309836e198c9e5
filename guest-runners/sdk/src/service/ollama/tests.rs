use super::*;
use crate::Config;
use crate::ask::read_spec;
use crate::service::Kind;

fn client(entries: &[(&str, &str)]) -> Result<Client, Error> {
    Client::new(Settings::new(
        Kind::Ollama,
        &Config::of(entries.iter().copied()),
        Some("m"),
    )?)
}

fn body(client: &Client, conversation: &Conversation) -> Value {
    let request = client.request(conversation);
    assert_eq!(request.url(), "http://localhost:11434/api/generate");
    serde_json::from_slice(request.body_bytes().unwrap()).unwrap()
}

#[test]
fn the_prompt_is_the_description_and_the_schema_is_beside_it() {
    let mut conversation = Conversation::for_spec("do it");
    let client = client(&[]).unwrap();
    assert_eq!(
        body(&client, &conversation),
        value!({
            "model": "m", "stream": true, "prompt": "do it",
            "system": conversation.system, "format": spec_schema(),
        })
    );
    assert_eq!(
        client.request(&conversation).header_value("authorization"),
        None
    );
    conversation.complain("no", &read_spec("no").unwrap_err());
    let body = body(&client, &conversation);
    let prompt = body["prompt"].as_str().unwrap();
    assert!(
        prompt.starts_with("User: do it\n\nAssistant: no\n\nUser: That cannot"),
        "{prompt}"
    );
}

#[test]
fn options_keep_their_types() {
    let client = client(&[
        ("options.num_ctx", "8192"),
        ("options.penalize_newline", "true"),
        ("options.stop", "END"),
        ("options.temperature", "2"),
        ("temperature", "0.25"),
        ("max_tokens", "64"),
        ("format", "json"),
    ]);
    let body = body(&client.unwrap(), &Conversation::for_spec("x"));
    assert_eq!(
        body["options"],
        value!({
            "num_ctx": 8192, "penalize_newline": true, "stop": "END",
            "temperature": 0.25, "num_predict": 64,
        })
    );
    assert_eq!(body["format"], "json");
}

#[test]
fn what_cannot_be_used_is_named() {
    for (field, part) in [
        ("options.stop.0", "`options.stop.0`"),
        ("format", "schema, json or text"),
    ] {
        assert!(matches!(
            client(&[(field, "x")]),
            Err(Error::InvalidConfig(text)) if text.contains(part)
        ));
    }
}

fn reply(lines: &[&str]) -> Result<String, Error> {
    let client = client(&[]).unwrap();
    let mut reply = Reply::new(&client.settings, "http://s.test");
    for line in lines {
        reply.take(line)?;
    }
    reply.finish(Some("text/html"))
}

const PIECE: &str = r#"{"model":"m","created_at":"t","response":"{}","done":false}"#;
const DONE: &str = r#"{"model":"m","response":"","done":true,"done_reason":"stop","eval_count":5}"#;

#[test]
fn pieces_make_the_answer() {
    assert_eq!(reply(&[PIECE, PIECE, DONE]), Ok("{}{}".into()));
    let old = r#"{"response":"","done":true,"context":[1]}"#;
    assert_eq!(reply(&[PIECE, old]), Ok("{}".into()));
}

#[test]
fn an_answer_that_is_none_says_why() {
    let cut = r#"{"response":"","done":true,"done_reason":"length"}"#;
    let rows: [(&[&str], &str); 6] = [
        (&[], "(text/html) is none of the protocol; check `base_url`"),
        (&["<html>"], "none of the protocol"),
        (&[PIECE, "{"], "no JSON"),
        (&[PIECE], "before it was complete"),
        (&[PIECE, cut], "raise `max_tokens`"),
        (
            &[PIECE, r#"{"error":"out of memory"}"#],
            "broke off its answer: out of memory",
        ),
    ];
    for (lines, part) in rows {
        let text = match reply(lines) {
            Err(Error::InvalidResponse(text)) => text,
            Err(Error::Service(failure)) => failure.message,
            other => panic!("{part}: {other:?}"),
        };
        assert!(text.contains(part), "{text}");
    }
}
