//! Asks a chat service for a task spec by an event stream, and shows what the model writes while it writes it.

use arborist_sdk::http::Request as Ask;
use arborist_sdk::{
    Config, Error, Field, Info, Pieces, Request, Runner, SpecText, StreamingRunner,
};
use arborist_sdk::{ask, progress};
use serde_json::{Value, json};

const PROMPT: &str = "Answer with one JSON object and nothing else: \"name\", \"description\", and \"steps\", a list of \
    objects with \"name\", \"command\" (for a POSIX shell) and optionally \"depends_on\", a list of names of earlier steps.";
/// Most bytes of an event: a few words with what the service says about them.
const MAX_EVENT: usize = 64 << 10;

struct Chat;

impl Runner for Chat {
    fn describe() -> Info {
        let about = "Asks a chat service for a task spec and shows it as it is written";
        Info::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), about).with([
            Field::new("endpoint", "URL of the service's chat completions").required(),
            Field::new("api_key", "Key for the service")
                .required()
                .secret(),
            Field::new("model", "Model to ask").required(),
        ])
    }

    /// For hosts that do not stream: what is shown goes to `progress`.
    fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
        let mut answer = String::new();
        for text in texts(request)? {
            let text = text?;
            progress::emit(&text);
            answer.push_str(&text);
        }
        spec(&answer)
    }
}

impl StreamingRunner for Chat {
    async fn stream_task_spec(request: Request, mut pieces: Pieces) -> Result<SpecText, Error> {
        let mut answer = String::new();
        for text in texts(&request)? {
            let text = text?;
            pieces.show(&text).await;
            answer.push_str(&text);
        }
        spec(&answer)
    }
}

/// What the model writes, each part as soon as it has come. A stream that ends before the service said so is an error.
fn texts(request: &Request) -> Result<impl Iterator<Item = Result<String, Error>>, Error> {
    let config = Config::load()?;
    let model = request
        .model(&config)
        .ok_or_else(|| config.invalid("model", "is missing"))?;
    let body = json!({
        "model": model,
        "stream": true,
        "messages": [
            {"role": "system", "content": PROMPT},
            {"role": "user", "content": request.description()},
        ],
    });
    let answer = Ask::post(config.require("endpoint")?)
        .bearer(config.require_secret("api_key")?)
        .json(&body)
        .open()?
        .success()?;
    let origin = answer.origin().to_owned();
    let mut events = answer.events(MAX_EVENT);
    let mut done = false;
    Ok(std::iter::from_fn(move || {
        while !done {
            match events.next() {
                Some(Ok(event)) if event.data == "[DONE]" => done = true,
                Some(Ok(event)) => match text(&event.data) {
                    Some(text) if text.is_empty() => {}
                    Some(text) => return Some(Ok(text)),
                    None => return ended(&mut done, &origin, "an event is not JSON"),
                },
                Some(Err(error)) => {
                    done = true;
                    return Some(Err(error));
                }
                None => return ended(&mut done, &origin, "it ended in the middle"),
            }
        }
        None
    }))
}

fn ended<T>(done: &mut bool, origin: &str, why: &str) -> Option<Result<T, Error>> {
    *done = true;
    Some(Err(Error::InvalidResponse(format!(
        "the answer of {origin}: {why}"
    ))))
}

/// The text of one event; empty where it has none, as the first and the last.
fn text(data: &str) -> Option<String> {
    let event: Value = serde_json::from_str(data).ok()?;
    let text = event["choices"][0]["delta"]["content"].as_str();
    Some(text.unwrap_or_default().to_owned())
}

fn spec(answer: &str) -> Result<SpecText, Error> {
    let spec = ask::read_spec(answer).map_err(|fault| Error::InvalidResponse(fault.to_string()))?;
    Ok(spec.into())
}

arborist_sdk::export_streaming!(Chat);
