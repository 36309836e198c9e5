//! A runner on the SDK that streams: shows an answer of a service as it comes, where the description is a URL, and else its own words.

use arborist_sdk::http::Request as Ask;
use arborist_sdk::{
    Error, Info, Pieces, Request, Runner, SpecText, Step, StreamingRunner, TaskSpec,
};

struct Words;

impl Runner for Words {
    fn describe() -> Info {
        Info::new(
            "words",
            env!("CARGO_PKG_VERSION"),
            "Shows its words as they come",
        )
    }

    fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
        let words = request.description().split_whitespace().count();
        let spec = TaskSpec::new("words", "counted");
        Ok(spec
            .step(Step::new("count", format!("echo {words}")))
            .into())
    }
}

impl StreamingRunner for Words {
    async fn stream_task_spec(request: Request, mut pieces: Pieces) -> Result<SpecText, Error> {
        if request.description().starts_with("http:") {
            let mut answer = Ask::get(request.description()).open()?;
            while let Some(piece) = answer.read()? {
                pieces.show(&String::from_utf8_lossy(&piece)).await;
            }
        } else {
            for word in request.description().split_inclusive(' ') {
                pieces.show(word).await;
            }
        }
        Self::generate_task_spec(&request)
    }
}

arborist_sdk::export_streaming!(Words);
