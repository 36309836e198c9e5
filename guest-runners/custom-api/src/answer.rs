//! What the service answers, turned into a spec. The host checks the spec itself; here it is only found,
//! and missed where it is not there.

use arborist_sdk::http::Response;
use arborist_sdk::{Error, SpecText, ask};
use serde_json::{Map, Value, json};

/// The name of a spec whose answer has none.
const DEFAULT_NAME: &str = "custom-task";

/// The spec out of `{name, description, steps}`. What else the steps hold is handed on to the host.
///
/// # Errors
/// [`Error::InvalidResponse`] that says what is missing or of another type.
pub(crate) fn spec(answer: &Response) -> Result<SpecText, Error> {
    let mut fields = object(answer)?;
    let name = text(answer, &mut fields, "name")?.unwrap_or_else(|| DEFAULT_NAME.to_owned());
    let description = text(answer, &mut fields, "description")?.unwrap_or_default();
    let steps = match fields.remove("steps") {
        None | Some(Value::Null) => return Err(answer.invalid("has no `steps`")),
        Some(Value::Array(steps)) if steps.is_empty() => {
            return Err(answer.invalid("has an empty list of `steps`"));
        }
        Some(Value::Array(steps)) => steps,
        Some(other) => return Err(mistyped(answer, "`steps`", &other, "a list")),
    };
    for (number, step) in (1..).zip(&steps) {
        let Value::Object(step) = step else {
            return Err(mistyped(
                answer,
                &format!("step {number}"),
                step,
                "an object",
            ));
        };
        for field in ["name", "command"] {
            if step.get(field).is_none_or(Value::is_null) {
                return Err(answer.invalid(format_args!("has no `{field}` in step {number}")));
            }
        }
    }
    // Written anew rather than handed on: the escapes of JSON for characters beyond the basic plane are
    // none that YAML knows.
    let spec = json!({"name": name, "description": description, "steps": steps});
    Ok(spec.to_string().into())
}

/// The spec in `{output}`, as YAML, without a code fence around it.
///
/// # Errors
/// [`Error::InvalidResponse`] that says what is missing or of another type.
pub(crate) fn output(answer: &Response) -> Result<SpecText, Error> {
    match object(answer)?.remove("output") {
        None | Some(Value::Null) => Err(answer.invalid("has no `output`")),
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(answer.invalid("has an empty `output`"))
        }
        Some(Value::String(text)) => Ok(ask::unfenced(&text).to_owned().into()),
        Some(other) => Err(mistyped(answer, "`output`", &other, "a text")),
    }
}

fn object(answer: &Response) -> Result<Map<String, Value>, Error> {
    match answer.json()? {
        Value::Object(fields) => Ok(fields),
        other => Err(mistyped(answer, "all of it", &other, "an object")),
    }
}

/// A text, or a number or truth value as one; `None` where it is absent.
fn text(
    answer: &Response,
    fields: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<String>, Error> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(scalar @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(scalar.to_string())),
        Some(other) => Err(mistyped(answer, &format!("`{name}`"), &other, "a text")),
    }
}

fn mistyped(answer: &Response, what: &str, found: &Value, wanted: &str) -> Error {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    answer.invalid(format_args!(
        "has another shape: {what} is {found}, not {wanted}"
    ))
}
