//! Ollama's `/api/generate`.

use super::{
    Ai, Refusal, Said, Seen, Why,
    request::{bad, body, schema},
    tokens,
};
use serde_json::{Value, json};

const INVALID: &str = "";
const KEYS: [&str; 6] = ["model", "prompt", "system", "stream", "format", "options"];
/// The options that are numbers, of those that tests set.
const NUMBERS: [&str; 3] = ["num_ctx", "num_predict", "temperature"];

pub(super) fn error(message: &str) -> Value {
    json!({"error": message})
}

pub(super) fn check(ai: &Ai, seen: &Seen) -> Result<Value, Refusal> {
    let body = body(seen, "/api/generate", &KEYS, INVALID)?;
    if body.get("model") != Some(&json!(ai.model)) {
        return Err(Refusal {
            status: 404,
            kind: INVALID,
            message: format!(
                "model {} not found",
                body.get("model").unwrap_or(&Value::Null)
            ),
        });
    }
    let text = |key: &str| body.get(key).is_some_and(Value::is_string);
    if !text("prompt") || !text("system") || body.get("stream") != Some(&json!(true)) {
        return Err(bad(INVALID, "prompt, system and stream must be there"));
    }
    match body.get("format") {
        None => {}
        Some(Value::String(format)) if format == "json" => {}
        Some(_) if !ai.schemas => {
            return Err(bad(
                INVALID,
                "json: cannot unmarshal object into Go struct field GenerateRequest.format of type string",
            ));
        }
        Some(format) => schema(format, INVALID)?,
    }
    if let Some(options) = body.get("options") {
        let wrong = NUMBERS
            .iter()
            .find(|name| !options[**name].is_null() && !options[**name].is_number());
        if let Some(name) = wrong {
            return Err(bad(INVALID, format!("option \"{name}\" must be a number")));
        }
    }
    Ok(body.into())
}

pub(super) fn events(model: &str, said: &Said) -> Vec<String> {
    let line = |text: &str, done: bool| {
        json!({
            "model": model, "created_at": "2026-08-04T08:52:19.385406455-07:00",
            "response": text, "done": done,
        })
    };
    let mut events: Vec<String> = tokens(&said.text)
        .iter()
        .map(|token| format!("{}\n", line(token, false)))
        .collect();
    if said.why == Why::Broken {
        events.push(format!(
            "{}\n",
            error("an error was encountered while running the model")
        ));
        return events;
    }
    let mut last = line("", true);
    last["done_reason"] = match said.why {
        Why::Length => json!("length"),
        Why::Finished | Why::Refused | Why::Broken => json!("stop"),
    };
    last["context"] = json!([1, 2, 3]);
    last["eval_count"] = json!(259);
    events.push(format!("{last}\n"));
    events
}
