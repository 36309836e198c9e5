//! The twin: wasmtime alone, with the same component and what any embedder needs for it.

use arborist::engine::Parameter;
use std::path::Path;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store,
    StoreLimits, StoreLimitsBuilder,
    component::{
        Component, ComponentExportIndex, ComponentType, InstancePre, Lift, Linker, Lower,
        ResourceTable, ResourceType, Val, types::ComponentItem,
    },
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

/// How the twin is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// As wasmtime comes, with guests that can be interrupted.
    OnDemand,
    /// At its best: a pool that keeps what a run dirtied, PAGEMAP_SCAN, guests that can be interrupted.
    Best,
    /// The same with guests that nothing can interrupt.
    Uninterruptible,
}

#[allow(missing_debug_implementations, reason = "what it holds shows nothing")]
/// A component that wasmtime alone runs.
pub struct Bare {
    engine: Engine,
    pre: InstancePre<State>,
    generate: ComponentExportIndex,
    interruptible: bool,
}

struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    nowhere: Nowhere,
    table: ResourceTable,
    limits: StoreLimits,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Sends no request: the twin of a request is `reqwest`.
struct Nowhere;

impl WasiHttpHooks for Nowhere {
    fn send_request(
        &mut self,
        _: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Transmission,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

type Transmission = Box<dyn Future<Output = std::result::Result<(), Error>> + Send>;
type Sent = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Transmission)>;

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.nowhere,
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Pair<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(ComponentType, Lift, Debug)]
#[component(record)]
#[allow(dead_code, reason = "shown when a measurement fails")]
struct ServiceFailure {
    status: Option<u16>,
    message: String,
    retryable: bool,
}

#[derive(ComponentType, Lift, Debug)]
#[component(variant)]
#[allow(dead_code, reason = "shown when a measurement fails")]
enum RunnerError {
    #[component(name = "invalid-config")]
    InvalidConfig(String),
    #[component(name = "invalid-input")]
    InvalidInput(String),
    #[component(name = "service")]
    Service(ServiceFailure),
    #[component(name = "invalid-response")]
    InvalidResponse(String),
    #[component(name = "other")]
    Other(String),
    #[component(name = "unsupported")]
    Unsupported,
}

type Answer = std::result::Result<String, RunnerError>;

fn config(setup: Setup, instances: u32) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .epoch_interruption(setup != Setup::Uninterruptible);
    if setup != Setup::OnDemand {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(instances)
            .total_core_instances(instances * 20)
            .total_memories(instances)
            .total_tables(instances * 4)
            .total_stacks(instances)
            .linear_memory_keep_resident(2 << 20)
            .table_keep_resident(512 << 10)
            .async_stack_keep_resident(128 << 10)
            .pagemap_scan(Enabled::Auto);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

/// Interfaces that [`wasmtime_wasi`] and [`wasmtime_wasi_http`] give.
const WASI: [&str; 7] = [
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:http/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

/// Gives the component what else it imports and the measured calls never ask for.
fn stub(linker: &mut Linker<State>, engine: &Engine, component: &Component) -> Result<()> {
    for (name, import) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(interface) = import.ty else {
            continue;
        };
        if WASI.iter().any(|given| name.starts_with(given)) {
            continue;
        }
        let mut stubs = linker.instance(name)?;
        for (item, export) in interface.exports(engine) {
            match export.ty {
                ComponentItem::ComponentFunc(_) => match item {
                    // A configuration store with nothing in it.
                    "get" => stubs.func_new(item, |_, _, _, results| {
                        results.fill(found(Val::Option(None)));
                        Ok(())
                    })?,
                    "get-all" => stubs.func_new(item, |_, _, _, results| {
                        results.fill(found(Val::List(Vec::new())));
                        Ok(())
                    })?,
                    // What it logs goes nowhere.
                    "log" | "emit" => stubs.func_new(item, |_, _, _, _| Ok(()))?,
                    _ => stubs.func_new(item, |_, _, _, _| {
                        Err(wasmtime::Error::msg("the twin has no such function"))
                    })?,
                },
                ComponentItem::Resource(_) => {
                    stubs.resource(item, ResourceType::host::<()>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn found(value: Val) -> Val {
    Val::Result(Ok(Some(Box::new(value))))
}

impl Bare {
    /// Compiles `wasm` for at most `instances` at once.
    ///
    /// # Errors
    /// What wasmtime says.
    pub fn new(setup: Setup, instances: u32, wasm: &[u8]) -> Result<Self> {
        let engine = Engine::new(&config(setup, instances))?;
        let component = Component::new(&engine, wasm)?;
        Self::link(engine, &component, setup)
    }

    /// Maps what [`Bare::precompile`] wrote.
    ///
    /// # Errors
    /// What wasmtime says.
    #[allow(unsafe_code, reason = "the file was written by this program")]
    pub fn map(setup: Setup, file: &Path) -> Result<Self> {
        let engine = Engine::new(&config(setup, 1))?;
        // SAFETY: the caller gives what `precompile` wrote.
        let component = unsafe { Component::deserialize_file(&engine, file) }?;
        Self::link(engine, &component, setup)
    }

    /// The native code of `wasm`.
    ///
    /// # Errors
    /// What wasmtime says.
    pub fn precompile(setup: Setup, wasm: &[u8]) -> Result<Vec<u8>> {
        Engine::new(&config(setup, 1))?.precompile_component(wasm)
    }

    fn link(engine: Engine, component: &Component, setup: Setup) -> Result<Self> {
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        stub(&mut linker, &engine, component)?;
        let (_, interface) = component
            .get_export(None, "arborist:runner/generate@0.1.0")
            .expect("a runner");
        let (_, generate) = component
            .get_export(Some(&interface), "generate-task-spec")
            .expect("a runner");
        Ok(Self {
            pre: linker.instantiate_pre(component)?,
            generate,
            engine,
            interruptible: setup != Setup::Uninterruptible,
        })
    }

    /// One run: a store, an instance, a call.
    ///
    /// # Errors
    /// What wasmtime says.
    pub async fn run(&self, description: &str, parameters: &[Parameter]) -> Result<String> {
        let state = State {
            wasi: WasiCtx::builder().build(),
            http: WasiHttpCtx::new(),
            nowhere: Nowhere,
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new().memory_size(256 << 20).build(),
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limits);
        if self.interruptible {
            store.set_epoch_deadline(1_000);
        }
        let pairs: Vec<Pair<'_>> = parameters
            .iter()
            .map(|parameter| Pair {
                name: &parameter.name,
                value: &parameter.value,
            })
            .collect();
        let instance = self.pre.instantiate_async(&mut store).await?;
        let generate =
            instance.get_typed_func::<(&str, &[Pair<'_>]), (Answer,)>(&mut store, self.generate)?;
        let (answer,) = generate
            .call_async(&mut store, (description, &pairs))
            .await?;
        answer.map_err(|error| wasmtime::Error::msg(format!("{error:?}")))
    }
}
