//! Loads native code: the one place in this project that needs `unsafe`.

use std::fs::File;
use wasmtime::component::Component;

/// The component in an artefact that [`super::entry::Entry`] has checked, or that this process has written just
/// now; `None` where it is damaged, was made for another engine, or lies where the system maps no code from.
///
/// The code is mapped through the very descriptor that was checked, so that what happens to the path
/// meanwhile does not matter.
#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "wasmtime cannot verify native code; the checks of `entry` and `folder` stand in for it"
)]
pub(in crate::engine) fn component(engine: &wasmtime::Engine, file: &File) -> Option<Component> {
    use std::os::fd::AsRawFd as _;
    let through_descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: the file was written by `Component::serialize` in this program and renamed into place. It is
    // a regular file of this user's, in a folder that is private to this user, not writable by others and
    // not linked from elsewhere, and it has the length recorded when it was written. Nobody truncates it:
    // it is replaced and removed by its name alone.
    unsafe { Component::deserialize_file(engine, through_descriptor) }.ok()
}

/// As on Linux, but read through the descriptor rather than mapped: there is no path to a descriptor.
#[cfg(not(target_os = "linux"))]
pub(in crate::engine) fn component(
    engine: &wasmtime::Engine,
    mut file: &File,
) -> Option<Component> {
    use std::io::{Read as _, Seek as _};
    let mut code = Vec::new();
    file.rewind().ok()?;
    file.read_to_end(&mut code).ok()?;
    in_memory(engine, &code)
}

/// The component in native code that this process, or its own child, has compiled just now, or that was read as
/// [`component`] says.
#[allow(
    unsafe_code,
    reason = "wasmtime cannot verify native code; it is our own compiler's"
)]
pub(in crate::engine) fn in_memory(engine: &wasmtime::Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the bytes are what `Engine::precompile_component` gave, here or in the child process that this
    // program started for it, and nobody else has had them.
    unsafe { Component::deserialize(engine, code) }.ok()
}
