//! WASI 0.2 package by package: `wasmtime_wasi` links all of it or what a proxy needs.

use crate::engine::state::RunState;
use wasmtime::{
    Result,
    component::{HasData, Linker, ResourceTable},
};
use wasmtime_wasi::{
    WasiView as _,
    cli::{WasiCli, WasiCliView as _},
    clocks::{WasiClocks, WasiClocksView as _},
    filesystem::{WasiFilesystem, WasiFilesystemView as _},
    p2::bindings,
    random::{WasiRandom, WasiRandomView as _},
    sockets::{WasiSockets, WasiSocketsView as _},
};
use wasmtime_wasi_io::bindings::wasi::io as io_bindings;

struct HasIo;

impl HasData for HasIo {
    type Data<'a> = &'a mut ResourceTable;
}

pub(in crate::engine) fn io(linker: &mut Linker<RunState>) -> Result<()> {
    io_bindings::error::add_to_linker::<_, HasIo>(linker, |state| state.ctx().table)?;
    io_bindings::poll::add_to_linker::<_, HasIo>(linker, |state| state.ctx().table)?;
    io_bindings::streams::add_to_linker::<_, HasIo>(linker, |state| state.ctx().table)
}

pub(in crate::engine) fn clocks(linker: &mut Linker<RunState>) -> Result<()> {
    use bindings::clocks::{monotonic_clock, wall_clock};
    wall_clock::add_to_linker::<_, WasiClocks>(linker, RunState::clocks)?;
    monotonic_clock::add_to_linker::<_, WasiClocks>(linker, RunState::clocks)
}

pub(in crate::engine) fn random(linker: &mut Linker<RunState>) -> Result<()> {
    use bindings::random::{insecure, insecure_seed, random};
    random::add_to_linker::<_, WasiRandom>(linker, RunState::random)?;
    insecure::add_to_linker::<_, WasiRandom>(linker, RunState::random)?;
    insecure_seed::add_to_linker::<_, WasiRandom>(linker, RunState::random)
}

pub(in crate::engine) fn cli(linker: &mut Linker<RunState>) -> Result<()> {
    use bindings::cli::{
        environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
        terminal_stdin, terminal_stdout,
    };
    exit::add_to_linker::<_, WasiCli>(linker, RunState::cli)?;
    environment::add_to_linker::<_, WasiCli>(linker, RunState::cli)?;
    stdin::add_to_linker::<_, WasiCli>(linker, RunState::cli)?;
    stdout::add_to_linker::<_, WasiCli>(linker, RunState::cli)?;
    stderr::add_to_linker::<_, WasiCli>(linker, RunState::cli)?;
    terminal_input::add_to_linker::<_, WasiCli>(linker, RunState::cli)?;
    terminal_output::add_to_linker::<_, WasiCli>(linker, RunState::cli)?;
    terminal_stdin::add_to_linker::<_, WasiCli>(linker, RunState::cli)?;
    terminal_stdout::add_to_linker::<_, WasiCli>(linker, RunState::cli)?;
    terminal_stderr::add_to_linker::<_, WasiCli>(linker, RunState::cli)
}

pub(in crate::engine) fn filesystem(linker: &mut Linker<RunState>) -> Result<()> {
    use bindings::filesystem::{preopens, types};
    preopens::add_to_linker::<_, WasiFilesystem>(linker, RunState::filesystem)?;
    types::add_to_linker::<_, WasiFilesystem>(linker, RunState::filesystem)
}

pub(in crate::engine) fn sockets(linker: &mut Linker<RunState>) -> Result<()> {
    use bindings::sockets::{
        instance_network, ip_name_lookup, network, tcp, tcp_create_socket, udp, udp_create_socket,
    };
    let options = network::LinkOptions::default();
    network::add_to_linker::<_, WasiSockets>(linker, &options, RunState::sockets)?;
    instance_network::add_to_linker::<_, WasiSockets>(linker, RunState::sockets)?;
    ip_name_lookup::add_to_linker::<_, WasiSockets>(linker, RunState::sockets)?;
    tcp::add_to_linker::<_, WasiSockets>(linker, RunState::sockets)?;
    tcp_create_socket::add_to_linker::<_, WasiSockets>(linker, RunState::sockets)?;
    udp::add_to_linker::<_, WasiSockets>(linker, RunState::sockets)?;
    udp_create_socket::add_to_linker::<_, WasiSockets>(linker, RunState::sockets)
}
