//! The call of a runner that streams: its pieces to the observer as they come, its result from the future.

use super::{
    bindings::{runner::arborist::runner::runner_types as guest, streaming::StreamingPre},
    events::Voice,
    state::RunState,
};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::oneshot;
use wasmtime::{
    Store, StoreContextMut,
    component::{FutureConsumer, Source, StreamConsumer, StreamResult},
};

/// What a runner owes once it has returned its stream and its future.
const RESULT: &str = "its future has no value yet";
/// What it owes once the future has a value.
const END: &str = "its result is there, and its stream has not ended";

type Answer = Result<String, guest::RunnerError>;

/// Asks for a task spec by `generate-streaming`. Ends when the future has its value and the stream has ended, or at once when the
/// value is an error: what is shown after a failure helps nobody.
pub(super) async fn task_spec(
    streaming: &StreamingPre<RunState>,
    store: &mut Store<RunState>,
    description: &str,
    parameters: &[guest::Parameter],
) -> wasmtime::Result<Answer> {
    let (description, parameters) = (description.to_owned(), parameters.to_vec());
    let runner = streaming.instantiate_async(&mut *store).await?;
    let voice = store.data().voice.clone();
    let (end, ended) = oneshot::channel();
    let (given, result) = oneshot::channel();
    let answered = store.run_concurrent(async |accessor| -> wasmtime::Result<Answer> {
        let generate = runner.arborist_runner_generate_streaming();
        let asked = generate.call_generate_task_spec(accessor, description, parameters);
        let (pieces, outcome) = asked.await?;
        accessor.with(|mut store| {
            store.get().owed = Some(RESULT);
            pieces.pipe(&mut store, Pieces { voice, _end: end })?;
            outcome.pipe(&mut store, Outcome(Some(given)))
        })?;
        let Ok(answer) = result.await else {
            wasmtime::bail!("the future of its result was dropped without a value");
        };
        if answer.is_ok() {
            accessor.with(|mut store| store.get().owed = Some(END));
            // Nothing is ever sent: what is waited for is that the stream lets go of its consumer.
            drop(ended.await);
        }
        Ok(answer)
    });
    answered.await?
}

/// Shows the pieces of a stream. wasmtime drops it when the stream ends.
struct Pieces {
    voice: Voice,
    _end: oneshot::Sender<Infallible>,
}

impl StreamConsumer<RunState> for Pieces {
    type Item = String;

    /// Takes one piece and gives the guest its turn, in which the account of CPU time is looked at: a guest may write any number at
    /// once, all of them the same bytes of its memory.
    fn poll_consume(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, RunState>,
        mut source: Source<'_, String>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let mut piece: Option<String> = None;
        source.read(store, &mut piece)?;
        if let Some(piece) = piece {
            self.voice.show(&piece)?;
        }
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

/// Takes the value of the future.
struct Outcome(Option<oneshot::Sender<Answer>>);

impl FutureConsumer<RunState> for Outcome {
    type Item = Answer;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, RunState>,
        mut source: Source<'_, Answer>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut answer: Option<Answer> = None;
        source.read(store, &mut answer)?;
        if let (Some(answer), Some(given)) = (answer, self.0.take()) {
            // Nobody waits any more only where the call has ended.
            drop(given.send(answer));
        }
        Poll::Ready(Ok(()))
    }
}
