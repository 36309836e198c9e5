//! A spec out of what an AI service wrote around it.

use crate::TaskSpec;
use crate::error::one_line;
use crate::http::MAX_ANSWER;
use serde::Deserialize;
use std::fmt;

/// How many places of an answer are tried as the beginning of the object; bounds the time that an answer
/// made of braces costs.
const MAX_STARTS: usize = 64;
/// How many problems a complaint names.
const MAX_PROBLEMS: usize = 10;

/// Why an answer cannot be used, as a clause that a person or a model can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The task spec that an answer holds: the answer itself, what stands in a code fence, or the first
/// object in prose that has steps.
///
/// # Errors
/// [`Unusable`] with what is wrong with the object that came nearest.
pub fn spec(answer: &str) -> Result<TaskSpec, Unusable> {
    if answer.len() > MAX_ANSWER {
        return Err(Unusable(format!(
            "the answer is larger than {MAX_ANSWER} bytes"
        )));
    }
    let mut nearest: Option<Unusable> = None;
    for start in answer
        .match_indices('{')
        .map(|(index, _)| index)
        .take(MAX_STARTS)
    {
        let text = answer.get(start..).unwrap_or_default();
        match object(text) {
            Ok(spec) => match complaint(&spec) {
                None => return Ok(spec),
                // An object with steps is what the service meant; a later one is not.
                Some(fault) if !spec.steps.is_empty() => return Err(fault),
                Some(fault) => nearest = nearest.or(Some(fault)),
            },
            // What begins inside an object that never ends is only a part of it.
            Err(Fault::BreaksOff) => {
                return Err(Unusable(
                    "the JSON object breaks off before its end".to_owned(),
                ));
            }
            Err(Fault::Invalid(fault)) => nearest = nearest.or(Some(fault)),
        }
    }
    Err(nearest.unwrap_or_else(|| Unusable("the answer holds no JSON object".to_owned())))
}

enum Fault {
    BreaksOff,
    Invalid(Unusable),
}

/// The object that `text`, which starts with a brace, begins with, whatever follows it.
fn object(text: &str) -> Result<TaskSpec, Fault> {
    let mut source = serde_json::Deserializer::from_str(text);
    TaskSpec::deserialize(&mut source).map_err(|fault| {
        if fault.is_eof() {
            return Fault::BreaksOff;
        }
        let place = one_line(&fault.to_string(), 200);
        Fault::Invalid(Unusable(format!("the JSON is not valid: {place}")))
    })
}

fn complaint(spec: &TaskSpec) -> Option<Unusable> {
    let problems = spec.problems();
    let named: Vec<String> = problems
        .iter()
        .take(MAX_PROBLEMS)
        .map(|problem| one_line(problem, 200))
        .collect();
    (!named.is_empty()).then(|| Unusable(named.join("; ")))
}

/// `text` without the code fence around it, if there is one; for services that answer in YAML, where a
/// line cannot begin with a backtick.
pub fn unfenced(text: &str) -> &str {
    let inner = || {
        let (_, body) = text.trim_start().strip_prefix("```")?.split_once('\n')?;
        Some(body.rsplit_once("\n```").map_or(body, |(inner, _)| inner))
    };
    inner().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"name":"n{}","steps":[{"name":"a","command":"echo '}{'"}]}"#;

    #[test]
    fn the_object_is_found_whatever_is_around_it() {
        for answer in [
            GOOD.to_owned(),
            format!("```json\n{GOOD}\n```"),
            format!("```\n{GOOD}\n```\nHope that helps {{smile}}"),
            format!(
                "Sure! Here is {{the plan}}, as {{\"asked\": \"for\"}}:\n\n{GOOD}\n\nTell me more."
            ),
            format!("\u{feff}\r\n  {GOOD}"),
        ] {
            assert_eq!(spec(&answer).unwrap().name, "n{}", "{answer}");
        }
    }

    #[test]
    fn complaints_say_what_is_wrong() {
        for (answer, part) in [
            ("", "no JSON object"),
            ("I cannot do that.", "no JSON object"),
            (r#"{"name":"n","steps":[{"name":"a","#, "breaks off"),
            (
                r#"{"name":"n","steps":[{"name":"a" "command":1}]}"#,
                "not valid",
            ),
            (r#"{"name":"n","steps":"none"}"#, "invalid type"),
            (r#"{"name":"n","steps":[]}"#, "`steps`"),
            (
                r#"{"name":"n","steps":[{"name":"a","command":"x","depends_on":["b"]}]}"#,
                "no step",
            ),
            (
                r#"{"name":"n","steps":[{"name":"a","command":"x","depends_on":5}]}"#,
                "list of step names",
            ),
        ] {
            let fault = spec(answer).unwrap_err().to_string();
            assert!(fault.contains(part), "{answer}: {fault}");
        }
    }

    #[test]
    fn hostile_answers_take_bounded_time_and_text() {
        for answer in [
            "{".repeat(MAX_ANSWER),
            "{\"a\":".repeat(500_000),
            "{\"".repeat(1_000_000),
        ] {
            assert!(spec(&answer).unwrap_err().to_string().len() < 4096);
        }
        assert!(spec(&" ".repeat(MAX_ANSWER + 1)).is_err());
    }

    #[test]
    fn a_fence_is_taken_off() {
        assert_eq!(unfenced("```yaml\nname: x\n```\n"), "name: x");
        assert_eq!(unfenced("  ```\nname: x\n"), "name: x\n");
        assert_eq!(unfenced("name: x\n"), "name: x\n");
        assert_eq!(unfenced("```"), "```");
    }
}
