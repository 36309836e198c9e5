//! Streams as its description says: the first word names a behaviour, the rest is its argument. What stands in `{…}` is replaced by the
//! configuration's field of that name.
//!
//! | description | what happens |
//! | --- | --- |
//! | `words TEXT`, `chars TEXT` | a piece for each word or character, then the result |
//! | `result-first TEXT` | the result, and then a piece for each word |
//! | `empty` | no piece at all |
//! | `error KIND` | a piece, and then the error of that kind, with the stream left open |
//! | `early` | one piece and the end of the stream; the result after a while |
//! | `endless` | a result, and a stream that is never ended |
//! | `never` | the end of the stream, and no result ever |
//! | `drop-future` | the end of the stream, and the future dropped without a value |
//! | `trap`, `exit`, `loop`, `memory`, `sleep` | a piece, and then that |
//! | `flood N` | N pieces of 1 KiB, a write for each, 100,000 by default |
//! | `huge N` | a piece of N bytes, one more than is allowed by default |
//! | `alias N` | N pieces in one write, all the same mebibyte of memory, 1,000,000 by default |
//! | `nothing` | writes of no piece at all, for ever |
//! | `answer N` | a result whose description has N bytes |
//! | `emit TEXT` | each word by `progress.emit` in turn with a piece |
//! | `dagu` | the result of `generate` of this component, to see that it is not what is called |
//! | `wasi3 METHOD URL` | sends a request by `wasi:http` 0.3 ([`third_door`]) |
//! | `stream METHOD URL` | the same, with each piece of the answer as a piece |
//! | `many N METHOD URL` | N of them at once, and a piece for each answer as it comes |
//! | `requests N METHOD URL` | N of them one after the other |

// What is asked for is asked for by every door in the same words.
#[path = "../../plain/src/asked.rs"]
mod asked;
mod bindings;
#[path = "../../plain/src/report.rs"]
mod report;
mod rough;
mod third_door;

use asked::filled;
use bindings::exports::arborist::runner::generate::Guest as Generate;
use bindings::exports::arborist::runner::generate_streaming::{Guest, Parameter, RunnerError};
use bindings::{wit_future, wit_stream};
use serde_json::json;
use wit_bindgen::rt::async_support::{FutureReader, StreamReader, StreamWriter, spawn_local};

struct Streaming;

/// What a call comes to.
pub(crate) type Answer = Result<String, RunnerError>;
/// Where pieces go.
pub(crate) type Pieces = StreamWriter<String>;

impl Guest for Streaming {
    async fn generate_task_spec(
        description: String,
        parameters: Vec<Parameter>,
    ) -> (StreamReader<String>, FutureReader<Answer>) {
        let (behaviour, argument) = description
            .split_once([' ', '\n'])
            .unwrap_or((description.as_str(), ""));
        if let Some(ends) = rough::ends(behaviour, argument) {
            return ends;
        }
        // Requests fill their own words.
        let asks = ["wasi3", "stream", "many", "requests"].contains(&behaviour);
        let argument = if asks {
            argument.to_owned()
        } else {
            filled(argument)
        };
        let behaviour = behaviour.to_owned();
        let (mut pieces, shown) = wit_stream::new();
        let (outcome, result) = wit_future::new(|| Err(RunnerError::Other("dropped".to_owned())));
        spawn_local(async move {
            if behaviour == "result-first" {
                let given = outcome.write(Ok(spec("streaming"))).await;
                drop(given);
                words(&mut pieces, &argument).await;
                return;
            }
            let answer = work(&behaviour, &argument, &parameters, &mut pieces).await;
            match behaviour.as_str() {
                "early" | "never" => drop(pieces),
                "error" | "endless" => std::mem::forget(pieces),
                _ => drop(pieces),
            }
            if behaviour == "never" {
                std::mem::forget(outcome);
                return;
            }
            drop(outcome.write(answer).await);
        });
        (shown, result)
    }
}

async fn work(
    behaviour: &str,
    argument: &str,
    parameters: &[Parameter],
    pieces: &mut Pieces,
) -> Answer {
    match behaviour {
        "empty" => {}
        "words" => words(pieces, argument).await,
        "chars" => {
            for c in argument.chars() {
                show(pieces, c).await;
            }
        }
        "emit" => {
            for word in argument.split_inclusive(' ') {
                bindings::arborist::runner::progress::emit(word);
                show(pieces, word).await;
            }
        }
        "flood" => {
            for _ in 0..size(argument, 100_000) {
                show(pieces, "x".repeat(1024)).await;
            }
        }
        "huge" => show(pieces, "x".repeat(size(argument, (1 << 20) + 1))).await,
        "answer" => {
            let text = "x".repeat(size(argument, 0));
            return Ok(
                json!({"name": "streaming", "description": text, "steps": [{"name": "s", "command": "true"}]})
                    .to_string(),
            );
        }
        "error" => {
            show(pieces, "half of it ").await;
            return Err(match argument {
                "invalid-config" => RunnerError::InvalidConfig("the guest says so".to_owned()),
                "unsupported" => RunnerError::Unsupported,
                text => RunnerError::Other(text.to_owned()),
            });
        }
        "wasi3" | "stream" | "many" | "requests" => {
            return third_door::run(behaviour, argument, parameters, pieces).await;
        }
        _ => {
            show(pieces, "a piece ").await;
            rough::end(behaviour);
        }
    }
    Ok(spec("streaming"))
}

pub(crate) async fn words(pieces: &mut Pieces, text: &str) {
    for word in text.split_inclusive(' ') {
        show(pieces, word).await;
    }
}

pub(crate) async fn show(pieces: &mut Pieces, piece: impl ToString) {
    // The host takes pieces as long as the call lasts.
    assert!(pieces.write_one(piece.to_string()).await.is_none());
}

pub(crate) fn size(argument: &str, default: usize) -> usize {
    argument.trim().parse().unwrap_or(default)
}

pub(crate) fn spec(name: &str) -> String {
    json!({"name": name, "steps": [{"name": "streamed", "command": "true"}]}).to_string()
}

impl Generate for Streaming {
    fn generate_task_spec(_: String, _: Vec<Parameter>) -> Answer {
        Ok(spec("not-streamed"))
    }

    fn generate_dagu_config(_: String, _: Vec<Parameter>) -> Answer {
        Err(RunnerError::Unsupported)
    }
}

bindings::export!(Streaming with_types_in bindings);
