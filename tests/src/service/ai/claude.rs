//! Anthropic's Messages.

use super::{
    Ai, Refusal, Said, Seen, Why,
    request::{bad, body, schema, turns},
    tokens,
};
use serde_json::{Value, json};

const INVALID: &str = "invalid_request_error";
const KEYS: [&str; 8] = [
    "model",
    "max_tokens",
    "system",
    "messages",
    "stream",
    "temperature",
    "tools",
    "tool_choice",
];

pub(super) fn error(kind: &str, message: &str) -> Value {
    json!({
        "type": "error", "error": {"type": kind, "message": message},
        "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy",
    })
}

pub(super) fn check(ai: &Ai, seen: &Seen) -> Result<Value, Refusal> {
    if seen.header("x-api-key") != ai.key.as_deref() || seen.header("authorization").is_some() {
        return Err(Refusal {
            status: 401,
            kind: "authentication_error",
            message: "invalid x-api-key".to_owned(),
        });
    }
    if seen.all("anthropic-version") != ["2023-06-01"] {
        return Err(bad(INVALID, "anthropic-version: header is required"));
    }
    let body = body(seen, "/v1/messages", &KEYS, INVALID)?;
    if body.get("model") != Some(&json!(ai.model)) {
        return Err(Refusal {
            status: 404,
            kind: "not_found_error",
            message: format!("model: {}", body.get("model").unwrap_or(&Value::Null)),
        });
    }
    let tokens = body.get("max_tokens").and_then(Value::as_u64);
    if tokens.is_none_or(|most| most == 0) {
        return Err(bad(INVALID, "max_tokens: Field required"));
    }
    let streams = body.get("stream") == Some(&json!(true));
    if !streams || !body.get("system").is_some_and(Value::is_string) {
        return Err(bad(
            INVALID,
            "this service only streams, and wants a system prompt",
        ));
    }
    match body.get("messages").and_then(Value::as_array) {
        Some(messages) => turns(messages, INVALID)?,
        None => return Err(bad(INVALID, "messages: Field required")),
    }
    let choice = body.get("tool_choice").map(|choice| &choice["name"]);
    match body.get("tools").map(|tools| &tools[0]) {
        None if choice.is_some() => Err(bad(INVALID, "tool_choice may only be given with tools")),
        None => Ok(body.into()),
        Some(tool) if tool["name"].is_string() && choice == Some(&tool["name"]) => {
            schema(&tool["input_schema"], INVALID)?;
            Ok(body.into())
        }
        Some(_) => Err(bad(
            INVALID,
            "tool_choice: Tool not found in provided tools",
        )),
    }
}

pub(super) fn events(model: &str, said: &Said, with_tool: bool) -> Vec<String> {
    let event = |data: Value| {
        let name = data["type"].as_str().unwrap_or_default();
        format!("event: {name}\ndata: {data}\n\n")
    };
    let tool = with_tool && said.why != Why::Refused;
    let block = if tool {
        json!({"type": "tool_use", "id": "toolu_01T1x1fJ34qAmk2tNTrN7Up6", "name": "task_spec", "input": {}})
    } else {
        json!({"type": "text", "text": ""})
    };
    let mut events = vec![
        event(json!({"type": "message_start", "message": {
            "id": "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY", "type": "message", "role": "assistant",
            "content": [], "model": model, "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": 25, "output_tokens": 1},
        }})),
        event(json!({"type": "content_block_start", "index": 0, "content_block": block})),
        event(json!({"type": "ping"})),
    ];
    for token in tokens(&said.text) {
        let delta = if tool {
            json!({"type": "input_json_delta", "partial_json": token})
        } else {
            json!({"type": "text_delta", "text": token})
        };
        events.push(event(
            json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        ));
    }
    if said.why == Why::Broken {
        events.push(event(error("overloaded_error", "Overloaded")));
        return events;
    }
    let reason = match said.why {
        Why::Length => "max_tokens",
        Why::Refused => "refusal",
        Why::Finished | Why::Broken if tool => "tool_use",
        Why::Finished | Why::Broken => "end_turn",
    };
    events.push(event(json!({"type": "content_block_stop", "index": 0})));
    events.push(event(json!({
        "type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null},
        "usage": {"output_tokens": 15},
    })));
    events.push(event(json!({"type": "message_stop"})));
    events
}
