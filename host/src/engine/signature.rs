//! Holds the types of a component's exports against the contract, before anything is instantiated.

use super::bindings::{
    about::exports::arborist::runner::about::RunnerInfo,
    runner::arborist::runner::runner_types::{Parameter, RunnerError},
};
use std::fmt;
use wasmtime::{
    Engine,
    component::{
        Component, ComponentNamedList, FutureReader, Lift, Lower, StreamReader,
        types::{self, ComponentItem},
    },
};

/// An export that is not as the contract has it.
#[derive(Debug)]
pub(super) struct Mismatch {
    pub(super) interface: &'static str,
    function: &'static str,
    reason: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.function, self.reason)
    }
}

type Input = (String, Vec<Parameter>);
type Answer = (Result<String, RunnerError>,);
type Streamed = ((
    StreamReader<String>,
    FutureReader<Result<String, RunnerError>>,
),);

/// Checks every function of the contract that the component exports.
pub(super) fn check(engine: &Engine, component: &Component) -> Result<(), Mismatch> {
    let exports = Exports {
        engine,
        component: component.component_type(),
    };
    let (generate, task_spec) = ("generate", "generate-task-spec");
    exports.check::<Input, Answer>(generate, task_spec, Kind::Sync)?;
    exports.check::<Input, Answer>(generate, "generate-dagu-config", Kind::Sync)?;
    exports.check::<Input, Streamed>("generate-streaming", task_spec, Kind::Async)?;
    exports.check::<(), (RunnerInfo,)>("about", "describe", Kind::Sync)
}

/// Whether the contract has a function as `async func`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sync,
    Async,
}

struct Exports<'a> {
    engine: &'a Engine,
    component: types::Component,
}

impl Exports<'_> {
    /// Checks one function. An interface but `generate` may be absent as a whole.
    fn check<P, R>(
        &self,
        interface: &'static str,
        function: &'static str,
        kind: Kind,
    ) -> Result<(), Mismatch>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let fail = |reason: String| Mismatch {
            interface,
            function,
            reason,
        };
        let start = format!("arborist:runner/{interface}@0.1.");
        let export = self
            .component
            .exports(self.engine)
            .find(|(name, _)| name.starts_with(&start));
        let instance = match export.map(|(_, export)| export.ty) {
            Some(ComponentItem::ComponentInstance(instance)) => instance,
            None if interface != "generate" => return Ok(()),
            _ => {
                return Err(fail(
                    "is missing, since the export is no interface".to_owned(),
                ));
            }
        };
        match instance
            .get_export(self.engine, function)
            .map(|export| export.ty)
        {
            None => Err(fail("is missing".to_owned())),
            Some(ComponentItem::ComponentFunc(found))
                if found.async_() != (kind == Kind::Async) =>
            {
                let text = match kind {
                    Kind::Sync => "is asynchronous, and the contract's is not",
                    Kind::Async => "is synchronous, and the contract's is asynchronous",
                };
                Err(fail(text.to_owned()))
            }
            Some(ComponentItem::ComponentFunc(found)) => found
                .typecheck::<P, R>(&self.component.instance_type())
                .map_err(|error| {
                    fail(format!(
                        "has another type: {}",
                        super::component::explain(&error)
                    ))
                }),
            Some(_) => Err(fail("is no function".to_owned())),
        }
    }
}
