//! From the contract's exports to [`Runner`].

use crate::bindings::arborist::runner::runner_types::{Parameter, RunnerError, RunnerInfo};
use crate::bindings::description::exports::arborist::runner::about;
use crate::bindings::exports::arborist::runner::generate;
use crate::{Request, Runner};

impl<R: Runner> generate::Guest for R {
    fn generate_task_spec(
        description: String,
        parameters: Vec<Parameter>,
    ) -> Result<String, RunnerError> {
        R::generate_task_spec(&Request::new(description, parameters)).map(String::from)
    }

    fn generate_dagu_config(
        spec: String,
        parameters: Vec<Parameter>,
    ) -> Result<String, RunnerError> {
        R::generate_dagu_config(&Request::new(spec, parameters))
    }
}

impl<R: Runner> about::Guest for R {
    fn describe() -> RunnerInfo {
        R::describe().into()
    }
}

/// Makes a [`Runner`](crate::Runner) the component's: `arborist_sdk::export!(MyRunner);`, once, at the
/// top level of a `cdylib`.
///
/// Natively it only checks that the type is a runner, so that the crate's unit tests link.
#[macro_export]
macro_rules! export {
    ($runner:ident) => {
        const _: fn() = || {
            fn is_runner<R: $crate::Runner>() {}
            is_runner::<$runner>();
        };
        #[cfg(target_family = "wasm")]
        $crate::bindings::export_generate!($runner with_types_in $crate::bindings);
        #[cfg(target_family = "wasm")]
        $crate::bindings::description::export_about!(
            $runner with_types_in $crate::bindings::description
        );
    };
}
