//! What the protocols have in common in what they want of a request.

use super::{Refusal, Seen};
use serde_json::{Map, Value};

/// A refusal that no real service would be clearer about: the request is not of the protocol.
pub(super) fn bad(kind: &'static str, message: impl Into<String>) -> Refusal {
    Refusal {
        status: 400,
        kind,
        message: message.into(),
    }
}

/// The body of a POST to `path` whose keys are all known.
pub(super) fn body(
    seen: &Seen,
    path: &str,
    known: &[&str],
    kind: &'static str,
) -> Result<Map<String, Value>, Refusal> {
    if (seen.method.as_str(), seen.target.as_str()) != ("POST", path) {
        return Err(Refusal {
            status: 404,
            kind,
            message: format!("no such URL: {} {}", seen.method, seen.target),
        });
    }
    if seen.header("content-type") != Some("application/json") {
        return Err(bad(kind, "the content type must be application/json"));
    }
    let body = match serde_json::from_slice(&seen.body) {
        Ok(Value::Object(body)) => body,
        _ => return Err(bad(kind, "we could not parse the JSON body")),
    };
    match body.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(bad(kind, format!("unrecognized request argument: {key}"))),
        None => Ok(body),
    }
}

/// User and assistant in turns, from the user to the user, each with a text and nothing else.
pub(super) fn turns(messages: &[Value], kind: &'static str) -> Result<(), Refusal> {
    for (at, message) in messages.iter().enumerate() {
        let role = ["user", "assistant"][at % 2];
        if message["role"] != role {
            return Err(bad(kind, format!("messages.{at}: the role must be {role}")));
        }
        let text = message["content"].as_str().unwrap_or_default();
        let keys = message.as_object().map_or(0, Map::len);
        if text.trim().is_empty() || keys != 2 {
            return Err(bad(kind, format!("messages.{at}: a text must be there")));
        }
    }
    if messages.len().is_multiple_of(2) {
        return Err(bad(kind, "the last message must be the user's"));
    }
    Ok(())
}

/// A schema as the strictest of the services want it.
pub(super) fn schema(schema: &Value, kind: &'static str) -> Result<(), Refusal> {
    match schema["type"].as_str() {
        Some("string") => Ok(()),
        Some("array") => self::schema(&schema["items"], kind),
        Some("object") => {
            let Some(properties) = schema["properties"].as_object() else {
                return Err(bad(kind, "an object has no properties"));
            };
            let required = schema["required"].as_array().map_or(0, Vec::len);
            if schema["additionalProperties"] != false || required != properties.len() {
                return Err(bad(
                    kind,
                    "additionalProperties must be false and all properties required",
                ));
            }
            properties
                .values()
                .try_for_each(|below| self::schema(below, kind))
        }
        other => Err(bad(kind, format!("no type of a schema: {other:?}"))),
    }
}
