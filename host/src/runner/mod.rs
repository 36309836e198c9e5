//! A runner with its settings, and its runs, from input to checked output.
//!
//! A [`Runner`] is loaded once; each [`Running`] of it has a session and placeholders of its own. What a runner
//! returns is text from a stranger. It becomes a task spec or a DAG by being parsed and checked, or the run
//! fails; nobody downstream sees the runner's own text.

mod cached;
mod error;
mod input;
mod loaded;
mod running;

pub use cached::Made;
pub use error::{RunClass, RunError};
pub use input::{
    Description, InputError, MAX_DESCRIPTION, MAX_NAME, MAX_PARAMETERS, MAX_VALUE, Parameters,
};
pub use loaded::{
    BeginError, Deadline, Outside, Runner, StartError, describe, known_source, load, source,
};
pub use running::{Operation, Running};

#[cfg(test)]
mod tests {
    use super::*;

    /// A server runs many of these at once, on any thread.
    #[test]
    fn a_run_can_move_between_threads() {
        fn is_send<T: Send>(_: impl Fn() -> T) {}
        fn any<T>() -> T {
            panic!("only its type matters")
        }
        is_send(|| Running::task_spec(any(), any()));
        is_send(|| Running::dag(any(), any()));
        is_send(|| Runner::new(any(), any(), Outside::default(), any()));
        is_send(|| load(any(), any(), any(), any()));
        is_send(any::<Running>);
    }
}
