//! For runners that show what they have while they work, by a stream rather than by [`progress`](crate::progress).

use crate::bindings::arborist::runner::runner_types::{Parameter, RunnerError};
use crate::bindings::streaming::exports::arborist::runner::generate_streaming::Guest;
use crate::bindings::streaming::{wit_future, wit_stream};
use crate::progress::{MAX_CHUNK, chunks};
use crate::{Error, Request, Runner, SpecText};
use wit_bindgen::rt::async_support::{FutureReader, StreamReader, StreamWriter, spawn_local};

/// A runner that streams. Needs the feature `streaming`; [`export_streaming!`](crate::export_streaming) takes the place of
/// [`export!`](crate::export).
///
/// ```
/// use arborist_sdk::{Error, Info, Pieces, Request, Runner, SpecText, Step, StreamingRunner, TaskSpec};
///
/// struct Greeter;
///
/// impl Runner for Greeter {
///     fn describe() -> Info {
///         Info::new("greeter", env!("CARGO_PKG_VERSION"), "Greets whatever it is asked for")
///     }
///
///     // For hosts that do not stream.
///     fn generate_task_spec(request: &Request) -> Result<SpecText, Error> {
///         Ok(TaskSpec::new("greeting", request.description()).step(Step::new("greet", "echo hello")).into())
///     }
/// }
///
/// impl StreamingRunner for Greeter {
///     async fn stream_task_spec(request: Request, mut pieces: Pieces) -> Result<SpecText, Error> {
///         pieces.show("thinking of a greeting").await;
///         Self::generate_task_spec(&request)
///     }
/// }
///
/// arborist_sdk::export_streaming!(Greeter);
/// ```
pub trait StreamingRunner: Runner + 'static {
    /// As [`Runner::generate_task_spec`], with what the runner has so far going to `pieces`.
    ///
    /// # Errors
    /// Whatever kept the runner from it. What was shown by then stays shown.
    fn stream_task_spec(
        request: Request,
        pieces: Pieces,
    ) -> impl Future<Output = Result<SpecText, Error>>;
}

/// Where the pieces go. Dropping it ends the stream, and a call does not end before: keep it nowhere.
#[derive(Debug)]
pub struct Pieces(StreamWriter<String>);

impl Pieces {
    /// Shows `text` right behind what was shown before; it need not be a line and is not part of the result.
    pub async fn show(&mut self, text: &str) {
        for chunk in chunks(text, MAX_CHUNK) {
            // A host that wants no more of them still wants the result.
            drop(self.0.write_one(chunk.to_owned()).await);
        }
    }
}

impl<R: StreamingRunner> Guest for R {
    async fn generate_task_spec(
        description: String,
        parameters: Vec<Parameter>,
    ) -> (
        StreamReader<String>,
        FutureReader<Result<String, RunnerError>>,
    ) {
        let (pieces, shown) = wit_stream::new();
        let given_up = || Err(RunnerError::Other("the runner gave up its work".to_owned()));
        let (outcome, result) = wit_future::new(given_up);
        spawn_local(async move {
            let request = Request::new(description, parameters);
            let spec = R::stream_task_spec(request, Pieces(pieces)).await;
            // Nobody takes it where the call was broken off.
            drop(outcome.write(spec.map(String::from)).await);
        });
        (shown, result)
    }
}

/// Makes a [`StreamingRunner`](crate::StreamingRunner) the component's, in the place of [`export!`](crate::export).
#[macro_export]
macro_rules! export_streaming {
    ($runner:ident) => {
        $crate::export!($runner);
        const _: fn() = || {
            fn streams<R: $crate::StreamingRunner>() {}
            streams::<$runner>();
        };
        #[cfg(target_family = "wasm")]
        $crate::bindings::streaming::export_generate_streaming!(
            $runner with_types_in $crate::bindings::streaming
        );
    };
}
