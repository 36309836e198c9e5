use super::*;
use crate::Config;
use crate::ServiceFailure;
use crate::ask::{read_spec, spec_schema};
use crate::service::Kind;

fn client(entries: &[(&str, &str)], model: Option<&str>) -> Client {
    let mut all = vec![("api_key", "k")];
    all.extend(entries);
    let settings = Settings::new(Kind::OpenAi, &Config::of(all), model).unwrap();
    Client::new(settings).unwrap()
}

fn body(client: &Client, conversation: &Conversation) -> Value {
    let request = client.request(conversation);
    assert_eq!(request.header_value("authorization"), Some("Bearer k"));
    serde_json::from_slice(request.body_bytes().unwrap()).unwrap()
}

#[test]
fn the_whole_conversation_is_sent_and_nothing_that_was_not_set() {
    let mut conversation = Conversation::for_spec("do it");
    let client = client(&[], None);
    assert_eq!(
        client.request(&conversation).url(),
        "https://api.openai.com/v1/chat/completions"
    );
    assert_eq!(
        body(&client, &conversation),
        value!({
            "model": "gpt-4", "stream": true,
            "messages": [
                {"role": "system", "content": conversation.system},
                {"role": "user", "content": "do it"},
            ],
        })
    );
    conversation.complain("no", &read_spec("no").unwrap_err());
    let roles: Vec<Value> = body(&client, &conversation)["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["role"].clone())
        .collect();
    assert_eq!(roles, ["system", "user", "assistant", "user"]);
}

#[test]
fn what_is_set_is_sent() {
    let entries = [
        ("temperature", "0.5"),
        ("max_tokens", "7"),
        ("max_completion_tokens", "8"),
        ("response_format", "json_object"),
    ];
    let body = body(&client(&entries, Some("m")), &Conversation::for_spec("x"));
    assert_eq!(body["model"], "m");
    assert_eq!(body["temperature"], 0.5);
    assert_eq!(
        (&body["max_tokens"], &body["max_completion_tokens"]),
        (&value!(7), &value!(8))
    );
    assert_eq!(body["response_format"], value!({"type": "json_object"}));
}

#[test]
fn models_with_schemas_get_one() {
    let conversation = Conversation::for_spec("x");
    for (model, want) in [
        ("gpt-4o", true),
        ("gpt-4.1-mini", true),
        ("llama3", true),
        ("gpt-4", false),
        ("gpt-4-turbo", false),
        ("gpt-3.5-turbo", false),
    ] {
        let body = body(&client(&[], Some(model)), &conversation);
        assert_eq!(!body["response_format"].is_null(), want, "{model}");
        if want {
            let format = &body["response_format"]["json_schema"];
            assert_eq!(format["strict"], true);
            assert_eq!(format["schema"], spec_schema());
        }
    }
    let settings = Settings::new(
        Kind::OpenAi,
        &Config::of([("api_key", "k"), ("response_format", "xml")]),
        None,
    );
    assert!(matches!(
        Client::new(settings.unwrap()),
        Err(Error::InvalidConfig(text)) if text.contains("json_schema, json_object or text")
    ));
}

#[test]
fn only_a_refusal_of_the_format_is_one() {
    let failure = |status, message: &str| {
        Error::Service(ServiceFailure {
            status: Some(status),
            message: message.into(),
            retryable: false,
        })
    };
    let words = "Invalid parameter: 'response_format' of type 'json_schema' is not supported";
    assert!(is_of_format(&failure(400, words)) && is_of_format(&failure(422, words)));
    assert!(!is_of_format(&failure(500, words)));
    assert!(!is_of_format(&failure(400, "Unknown model")));
}

fn reply(chunks: &[&str]) -> Result<String, Error> {
    let client = client(&[], None);
    let mut reply = Reply::new(&client.settings, "https://s.test");
    for chunk in chunks {
        if *chunk == "[DONE]" {
            reply.done = true;
        } else {
            reply.take(chunk)?;
        }
    }
    reply.finish(Some("text/event-stream"))
}

const ROLE: &str =
    r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#;
const TEXT: &str = r#"{"choices":[{"index":0,"delta":{"content":"{}"},"finish_reason":null}]}"#;
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"total_tokens":5}}"#;

#[test]
fn pieces_make_the_answer() {
    assert_eq!(
        reply(&[ROLE, TEXT, TEXT, STOP, USAGE, "[DONE]"]),
        Ok("{}{}".into())
    );
    assert_eq!(reply(&[TEXT, STOP]), Ok("{}".into()));
    assert_eq!(reply(&[TEXT, "[DONE]"]), Ok("{}".into()));
    let whole =
        r#"{"choices":[{"message":{"content":"{}","refusal":null},"finish_reason":"stop"}]}"#;
    assert_eq!(reply(&[whole]), Ok("{}".into()));
}

#[test]
fn an_answer_that_is_none_says_why() {
    let rows: [(&[&str], &str); 8] = [
        (&[], "none of the protocol; check `base_url`"),
        (&[r#"{"hello":1}"#], "none of the protocol"),
        (&["<html>"], "no JSON (line 1, column 1)"),
        (&[ROLE, TEXT], "before it was complete"),
        (&[ROLE, "[DONE]"], "before it was complete"),
        (
            &[
                TEXT,
                r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#,
            ],
            "raise `max_tokens`",
        ),
        (
            &[r#"{"choices":[{"delta":{"refusal":"I can't."}}]}"#, STOP],
            "refused to answer: I can't.",
        ),
        (
            &[
                TEXT,
                r#"{"error":{"message":"The server had an error","type":"server_error"}}"#,
            ],
            "broke off its answer: The server had an error",
        ),
    ];
    for (chunks, part) in rows {
        let text = match reply(chunks) {
            Err(Error::InvalidResponse(text)) => text,
            Err(Error::Service(failure)) => {
                assert!(failure.retryable, "{part}");
                failure.message
            }
            other => panic!("{part}: {other:?}"),
        };
        assert!(text.contains(part), "{text}");
    }
    let wrong = r#"{"error":{"message":"no","type":"invalid_request_error"}}"#;
    assert!(matches!(reply(&[wrong]), Err(Error::Service(failure)) if !failure.retryable));
}
