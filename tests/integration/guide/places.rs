//! The services of the page, and what they answer.

use super::page::Answer;
use arborist_tests::service::{self, Ai, Behaviour, Seen};
use serde_json::{Value, json};

/// The variables that the page says are set.
pub(super) const KEYS: [(&str, &str); 4] = [
    ("CUSTOM_API_KEY", "sk-custom-0123456789abcdef"),
    ("AUTH_TOKEN", "internal-0123456789abcdef"),
    ("OPENAI_API_KEY", "sk-proj-0123456789abcdef"),
    ("ANTHROPIC_API_KEY", "sk-ant-0123456789abcdef"),
];

/// A service of the page.
pub(super) struct Place {
    pub(super) origin: &'static str,
    /// The variable with its key, which it wants.
    pub(super) key: Option<&'static str>,
    /// The settings that are aimed at it where the page leaves them at their defaults, with what follows the origin.
    pub(super) defaults: &'static [(&'static str, &'static str)],
    /// Those who speak a protocol need no answers of the page.
    ai: Option<fn(&str, &str) -> Ai>,
}

pub(super) const PLACES: [Place; 5] = [
    Place {
        origin: "https://api.custom-service.com",
        key: Some("CUSTOM_API_KEY"),
        defaults: &[],
        ai: None,
    },
    Place {
        origin: "https://ai.example.com",
        key: Some("AUTH_TOKEN"),
        defaults: &[],
        ai: None,
    },
    Place {
        origin: "https://api.openai.com",
        key: Some("OPENAI_API_KEY"),
        defaults: &[
            ("OPENAI__BASE_URL", "/v1"),
            ("MULTI_MODEL__HIGH__BASE_URL", "/v1"),
        ],
        ai: Some(|key, model| Ai::openai(Some(key), model)),
    },
    Place {
        origin: "https://api.anthropic.com",
        key: Some("ANTHROPIC_API_KEY"),
        defaults: &[
            ("CLAUDE__BASE_URL", ""),
            ("MULTI_MODEL__MEDIUM__BASE_URL", ""),
        ],
        ai: Some(Ai::claude),
    },
    Place {
        origin: "http://localhost:11434",
        key: None,
        defaults: &[("OLLAMA__BASE_URL", ""), ("MULTI_MODEL__LOW__BASE_URL", "")],
        ai: Some(|_, model| Ai::ollama(model)),
    },
];

impl Place {
    pub(super) fn behaviour<'a>(
        &'static self,
        answers: impl Iterator<Item = &'a (Answer, String)>,
    ) -> Behaviour {
        let answers: Vec<Behaviour> = answers
            .map(|(answer, body)| behaviour(answer, body))
            .collect();
        let key = self
            .key
            .map(|name| KEYS.iter().find(|key| key.0 == name).unwrap().1);
        let said = match (answers.is_empty(), self.ai) {
            (true, None) => Behaviour::text(404, "the page has no answer of this service"),
            (true, Some(ai)) => {
                return Behaviour::by_request(move |seen| {
                    speaks(ai, key.unwrap_or_default(), seen)
                });
            }
            (false, _) => Behaviour::sequence(answers),
        };
        Behaviour::by_request(move |seen| {
            let wanted = key.map(|key| format!("Bearer {key}"));
            if seen.header("authorization") == wanted.as_deref() {
                said.clone()
            } else {
                Behaviour::text(401, "no such key")
            }
        })
    }
}

/// What a model of that name says.
fn speaks(ai: fn(&str, &str) -> Ai, key: &str, seen: &Seen) -> Behaviour {
    let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    let model = body["model"].as_str().unwrap_or_default();
    let plan = json!({
        "name": "nightly-backup",
        "description": format!("a plan of {model}"),
        "steps": [
            {"name": "dump", "description": "", "command": "pg_dump orders -f orders.sql", "depends_on": []},
            {"name": "check", "description": "", "command": "test -s orders.sql", "depends_on": ["dump"]},
        ],
    });
    if body.get("response_format").is_some() && body.get("stream").is_none() {
        // A runner of `arborist new`, which takes the answer as a whole.
        let message = json!({"role": "assistant", "content": plan.to_string()});
        return Behaviour::json(200, &json!({"choices": [{"index": 0, "message": message}]}));
    }
    ai(key, model).says(&plan).behaviour()
}

fn behaviour(answer: &Answer, body: &str) -> Behaviour {
    let body = body.trim_end();
    let mut said = service::Answer::new(answer.status).body(body);
    if serde_json::from_str::<Value>(body).is_ok() {
        said = said.header("Content-Type", "application/json");
    }
    if let Some(seconds) = &answer.retry_after {
        said = said.header("Retry-After", seconds.as_str());
    }
    Behaviour::Answer(said).together(answer.together)
}
