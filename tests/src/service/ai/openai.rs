//! OpenAI's Chat Completions.

use super::{
    Ai, Refusal, Said, Seen, Why,
    request::{bad, body, schema, turns},
    tokens,
};
use serde_json::{Value, json};

const INVALID: &str = "invalid_request_error";
const KEYS: [&str; 7] = [
    "model",
    "messages",
    "stream",
    "temperature",
    "max_tokens",
    "max_completion_tokens",
    "response_format",
];

pub(super) fn error(kind: &str, message: &str) -> Value {
    json!({"error": {"message": message, "type": kind, "param": null, "code": kind}})
}

pub(super) fn check(ai: &Ai, seen: &Seen) -> Result<Value, Refusal> {
    if let Some(key) = &ai.key
        && seen.header("authorization") != Some(format!("Bearer {key}").as_str())
    {
        return Err(Refusal {
            status: 401,
            kind: "invalid_api_key",
            message: "Incorrect API key provided.".to_owned(),
        });
    }
    let body = body(seen, "/v1/chat/completions", &KEYS, INVALID)?;
    if body.get("model") != Some(&json!(ai.model)) {
        return Err(Refusal {
            status: 404,
            kind: "model_not_found",
            message: "The model does not exist or you do not have access to it.".to_owned(),
        });
    }
    if body.get("stream") != Some(&json!(true)) || !seen.all("x-api-key").is_empty() {
        return Err(bad(
            INVALID,
            "this service only streams, and takes a bearer token",
        ));
    }
    match body
        .get("messages")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([system, rest @ ..]) if system["role"] == "system" => turns(rest, INVALID)?,
        _ => return Err(bad(INVALID, "the first message must be the system's")),
    }
    match body.get("response_format") {
        None => {}
        Some(_) if !ai.schemas => {
            return Err(bad(
                INVALID,
                "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
            ));
        }
        Some(format) if format["type"] == "json_object" => {}
        Some(format) => {
            let named = &format["json_schema"];
            let known = format["type"] == "json_schema" && named["name"].is_string();
            if !known || named["strict"] != true {
                return Err(bad(INVALID, "no response_format"));
            }
            schema(&named["schema"], INVALID)?;
        }
    }
    Ok(body.into())
}

pub(super) fn events(model: &str, said: &Said) -> Vec<String> {
    let event = |delta: Value, reason: Option<&str>| {
        let chunk = json!({
            "id": "chatcmpl-123", "object": "chat.completion.chunk", "created": 1_694_268_190,
            "model": model, "service_tier": "default", "system_fingerprint": "fp_44709d6fcb",
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}],
        });
        format!("data: {chunk}\n\n")
    };
    let field = match said.why {
        Why::Refused => "refusal",
        Why::Finished | Why::Length | Why::Broken => "content",
    };
    let mut events = vec![event(
        json!({"role": "assistant", "content": "", "refusal": null}),
        None,
    )];
    for token in tokens(&said.text) {
        events.push(event(json!({field: token}), None));
    }
    match said.why {
        Why::Finished | Why::Refused => events.push(event(json!({}), Some("stop"))),
        Why::Length => events.push(event(json!({}), Some("length"))),
        Why::Broken => {
            let error = error(
                "server_error",
                "The server had an error while processing your request",
            );
            events.push(format!("data: {error}\n\n"));
        }
    }
    events.push("data: [DONE]\n\n".to_owned());
    events
}
