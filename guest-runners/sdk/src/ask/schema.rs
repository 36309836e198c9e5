//! The shape of a spec, for services that can be held to one.

use serde_json::{Value, json};

/// The JSON schema of a task spec, as narrow as services accept it everywhere: every property required, no
/// others, and no keyword beyond that. What it cannot say, such as unique names, is in the instructions.
pub fn spec_schema() -> Value {
    let text = json!({"type": "string"});
    let step = object(json!({
        "name": text,
        "description": text,
        "command": text,
        "depends_on": {"type": "array", "items": text},
    }));
    object(json!({
        "name": text,
        "description": text,
        "steps": {"type": "array", "items": step},
    }))
}

fn object(properties: Value) -> Value {
    let required: Vec<&String> = properties
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys())
        .collect();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_required_at_every_level() {
        fn walk(schema: &Value, objects: &mut usize) {
            if let Some(properties) = schema["properties"].as_object() {
                *objects += 1;
                assert_eq!(schema["additionalProperties"], false);
                let required: Vec<&str> = schema["required"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| name.as_str().unwrap())
                    .collect();
                assert_eq!(required, properties.keys().collect::<Vec<_>>());
                properties.values().for_each(|below| walk(below, objects));
            }
            if !schema["items"].is_null() {
                walk(&schema["items"], objects);
            }
        }
        let mut objects = 0;
        walk(&spec_schema(), &mut objects);
        assert_eq!(objects, 2);
    }

    #[test]
    fn what_fits_the_schema_is_read_as_a_spec() {
        let answer = r#"{"name":"n","description":"d","steps":[{"name":"a","description":"","command":"x","depends_on":[]}]}"#;
        assert!(super::super::read_spec(answer).is_ok());
    }
}
