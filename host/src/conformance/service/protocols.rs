//! The protocols of AI services: the same plan in each one's clothes.

use super::{json_answer, plan::Plan};
use crate::{
    cassette::{Answer, Body, Request},
    escape::printable,
};
use serde_json::{Map, Value, json};

/// How many characters an event of a stream has.
const TOKEN: usize = 24;

/// The answer to a request.
///
/// # Errors
/// No service could read it; why, in words that can be shown.
pub(super) fn answer(plan: &Plan, request: &Request) -> Result<Answer, String> {
    let body = request.body.as_ref().map(|body| body.bytes().into_owned());
    let body = body.unwrap_or_default();
    if body.is_empty() {
        // A runner may look at a list of models first.
        return Ok(json_answer(200, generic(plan)));
    }
    let value: Value = serde_json::from_slice(&body).map_err(|error| {
        format!(
            "the request's body is no JSON: {}",
            printable(&error.to_string(), 200)
        )
    })?;
    let path = request.url.split(['?', '#']).next().unwrap_or_default();
    let streams = value.get("stream").and_then(Value::as_bool);
    let text = plan.json.to_string();
    if path.ends_with("/chat/completions") {
        return Ok(openai(&value, &text, streams == Some(true)));
    }
    if path.ends_with("/messages") {
        return Ok(claude(&value, plan, &text, streams == Some(true)));
    }
    // Ollama streams unless it is told not to.
    if path.ends_with("/api/generate") {
        return Ok(ollama(&text, streams != Some(false), generate_line));
    }
    if path.ends_with("/api/chat") {
        return Ok(ollama(&text, streams != Some(false), chat_line));
    }
    if streams == Some(true)
        && let Some(answer) = streamed(&value, request, plan, &text)
    {
        return Ok(answer);
    }
    Ok(json_answer(200, generic(plan)))
}

/// The stream of a service whose path says nothing, as those behind a gateway of one's own: what is asked for says which it is.
fn streamed(value: &Value, request: &Request, plan: &Plan, text: &str) -> Option<Answer> {
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(key).is_some());
    let headers = request.headers.iter().flatten();
    let is_claude = headers
        .into_iter()
        .any(|(name, _)| name == "anthropic-version");
    if has(&["messages"]) && is_claude {
        Some(claude(value, plan, text, true))
    } else if has(&["messages"]) && has(&["format", "options", "keep_alive"]) {
        Some(ollama(text, true, chat_line))
    } else if has(&["messages"]) {
        Some(openai(value, text, true))
    } else if has(&["prompt"]) {
        Some(ollama(text, true, generate_line))
    } else {
        None
    }
}

fn generate_line(text: &str) -> Value {
    json!({"response": text})
}

fn chat_line(text: &str) -> Value {
    json!({"message": {"role": "assistant", "content": text}})
}

/// The spec itself, and where runners look for it: as YAML in `output`, as text in `response`, and as a completion.
fn generic(plan: &Plan) -> Value {
    let mut map: Map<String, Value> = plan.json.as_object().cloned().unwrap_or_default();
    map.insert("output".to_owned(), plan.yaml.clone().into());
    map.insert("response".to_owned(), plan.json.to_string().into());
    map.insert(
        "choices".to_owned(),
        json!([{"index": 0, "message": {"role": "assistant", "content": plan.json.to_string()}, "finish_reason": "stop"}]),
    );
    Value::Object(map)
}

fn openai(asked: &Value, text: &str, streams: bool) -> Answer {
    let model = asked.get("model").cloned().unwrap_or_default();
    if !streams {
        let body = json!({
            "id": "chatcmpl-check", "object": "chat.completion", "created": 1_700_000_000, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": null}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        });
        return json_answer(200, body);
    }
    let event = |delta: Value, reason: Option<&str>| {
        let chunk = json!({
            "id": "chatcmpl-check", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        });
        format!("data: {chunk}\n\n")
    };
    let mut events = event(json!({"role": "assistant", "content": ""}), None);
    for token in tokens(text) {
        events.push_str(&event(json!({"content": token}), None));
    }
    events.push_str(&event(json!({}), Some("stop")));
    events.push_str("data: [DONE]\n\n");
    stream("text/event-stream", events)
}

fn claude(asked: &Value, plan: &Plan, text: &str, streams: bool) -> Answer {
    let model = asked.get("model").cloned().unwrap_or_default();
    // A tool that must be used is how a schema is asked for.
    let tool = asked.pointer("/tools/0/name").filter(|_| {
        let choice = asked.pointer("/tool_choice/type").and_then(Value::as_str);
        matches!(choice, Some("tool" | "any"))
    });
    let reason = if tool.is_some() {
        "tool_use"
    } else {
        "end_turn"
    };
    let head = |content: Value, reason: Option<&str>| {
        json!({
            "id": "msg_check", "type": "message", "role": "assistant", "model": model, "content": content,
            "stop_reason": reason, "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1},
        })
    };
    if !streams {
        let content = match tool {
            Some(name) => {
                json!([{"type": "tool_use", "id": "toolu_check", "name": name, "input": plan.json}])
            }
            None => json!([{"type": "text", "text": text}]),
        };
        return json_answer(200, head(content, Some(reason)));
    }
    let event = |data: Value| {
        let name = data
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        format!("event: {name}\ndata: {data}\n\n")
    };
    let block = match tool {
        Some(name) => json!({"type": "tool_use", "id": "toolu_check", "name": name, "input": {}}),
        None => json!({"type": "text", "text": ""}),
    };
    let mut events = event(json!({"type": "message_start", "message": head(json!([]), None)}));
    events.push_str(&event(
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
    ));
    for token in tokens(text) {
        let delta = match tool {
            Some(_) => json!({"type": "input_json_delta", "partial_json": token}),
            None => json!({"type": "text_delta", "text": token}),
        };
        events.push_str(&event(
            json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        ));
    }
    events.push_str(&event(json!({"type": "content_block_stop", "index": 0})));
    let delta = json!({"stop_reason": reason, "stop_sequence": null});
    events.push_str(&event(
        json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 2}}),
    ));
    events.push_str(&event(json!({"type": "message_stop"})));
    stream("text/event-stream", events)
}

fn ollama(text: &str, streams: bool, said: impl Fn(&str) -> Value) -> Answer {
    let line = |text: &str, done: bool| {
        let mut line = said(text);
        if let Some(line) = line.as_object_mut() {
            line.insert("model".to_owned(), "check".into());
            line.insert("created_at".to_owned(), "2024-01-01T00:00:00Z".into());
            line.insert("done".to_owned(), done.into());
            if done {
                line.insert("done_reason".to_owned(), "stop".into());
            }
        }
        line
    };
    if !streams {
        return json_answer(200, line(text, true));
    }
    let mut lines = String::new();
    for token in tokens(text) {
        lines.push_str(&format!("{}\n", line(&token, false)));
    }
    lines.push_str(&format!("{}\n", line("", true)));
    stream("application/x-ndjson", lines)
}

fn stream(kind: &str, body: String) -> Answer {
    Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), kind.to_owned())],
        body: Body::Text(body),
        cut_off: None,
    }
}

fn tokens(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters
        .chunks(TOKEN)
        .map(|few| few.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The type of the answer to this request, at a path that says nothing, and its body.
    fn answered(body: &Value, headers: Option<Vec<(String, String)>>) -> (String, String) {
        let request = Request {
            method: "POST".to_owned(),
            url: "https://service.example/v1?path=/api/chat".to_owned(),
            headers,
            body: Some(Body::Json(body.clone())),
        };
        let answer = answer(&Plan::usual(), &request).unwrap();
        let (_, kind) = answer.headers.first().unwrap();
        let body = String::from_utf8(answer.body.bytes().into_owned()).unwrap();
        (kind.clone(), body)
    }

    #[test]
    fn a_stream_at_any_path_is_of_the_protocol_that_asks_for_it() {
        let messages = json!([{"role": "user", "content": "x"}]);
        for (body, kind, has) in [
            (
                json!({"messages": messages, "stream": true}),
                "text/event-stream",
                "data: [DONE]",
            ),
            (
                json!({"messages": messages, "stream": true, "options": {}}),
                "application/x-ndjson",
                "\"message\":{",
            ),
            (
                json!({"prompt": "x", "stream": true}),
                "application/x-ndjson",
                "\"response\":",
            ),
            (
                json!({"prompt": "x", "stream": false}),
                "application/json",
                "\"steps\":",
            ),
            (
                json!({"messages": messages}),
                "application/json",
                "\"choices\":",
            ),
            (
                json!({"goal": "x", "stream": true}),
                "application/json",
                "\"steps\":",
            ),
        ] {
            let (came, text) = answered(&body, None);
            assert_eq!(came, kind, "{body}");
            assert!(text.contains(has), "{body}: {text}");
        }
        let version = ("anthropic-version".to_owned(), "2023-06-01".to_owned());
        let asked = json!({"messages": messages, "stream": true});
        let (kind, text) = answered(&asked, Some(vec![version]));
        assert_eq!(kind, "text/event-stream");
        assert!(text.contains("event: message_stop"), "{text}");
    }
}
