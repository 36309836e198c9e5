//! What one run's store holds.

use super::{
    events::Voice,
    imports::SecondDoor,
    memory::SumLimiter,
    stdio::{GuestOutput, STDERR, STDOUT},
};
use crate::{
    gateway::Session,
    limits::{Limit, Limits},
};
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Headers of one `wasi:http` fields resource, with what they cost in memory.
const MAX_FIELDS_BYTES: usize = 80 * 1024;

/// The state behind every import of one run. Nothing here outlives the run or is shared with another.
pub(crate) struct RunState {
    pub(crate) limits: Limits,
    pub(crate) limiter: SumLimiter,
    pub(crate) voice: Voice,
    pub(crate) session: Session,
    pub(crate) table: ResourceTable,
    /// What the guest reads as its configuration.
    pub(crate) config: Arc<[(String, String)]>,
    /// What a runner that streams has returned and not yet done, for the message where it never does.
    pub(crate) owed: Option<&'static str>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    http_hooks: SecondDoor,
}

impl RunState {
    pub(crate) fn new(
        limits: &Limits,
        limiter: SumLimiter,
        voice: Voice,
        session: Session,
        config: Arc<[(String, String)]>,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.size(Limit::Resources));
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(MAX_FIELDS_BYTES);
        Self {
            limits: limits.clone(),
            limiter,
            wasi: wasi(limits, &voice),
            voice,
            table,
            config,
            owed: None,
            http,
            http_hooks: SecondDoor(session.clone()),
            session,
        }
    }
}

/// WASI with nothing behind it: no files, environment, arguments or input, and no address to connect to.
/// `WasiCtxBuilder` starts out with exactly that; what is denied by a switch is denied here by name.
fn wasi(limits: &Limits, voice: &Voice) -> WasiCtx {
    WasiCtx::builder()
        .stdout(GuestOutput::new(voice.clone(), STDOUT))
        .stderr(GuestOutput::new(voice.clone(), STDERR))
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .socket_addr_check(|_, _| Box::pin(async { false }))
        .max_random_size(limits.get(Limit::Random))
        .build()
}

impl WasiView for RunState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for RunState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.http_hooks,
        }
    }
}
