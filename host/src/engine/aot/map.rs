//! Loads native code: the one place in this project that needs `unsafe`.

use crate::engine::refusal;
use std::{fs::File, io};
use wasmtime::component::Component;

/// Native code, where it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) enum Code<'a> {
    /// In an artefact that [`super::entry::Entry`] has checked, or in a file without a name or of a private folder that this process has
    /// written just now.
    File(&'a File),
    /// In memory of this process: what its own compiler gave, or its child.
    Bytes(&'a [u8]),
}

/// Why native code gives no component.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine) enum Unusable {
    /// The code is to blame: it is damaged, was made for another engine, or is larger than a pool's slots.
    #[error("{0}")]
    Refused(String),
    /// The system is: it has no memory or descriptor left, or maps no code from there. The code may be as good as any.
    #[error("{0}")]
    System(io::Error),
}

impl Unusable {
    fn of(error: &wasmtime::Error) -> Self {
        match refusal::of_system(error) {
            // The system maps no file that is empty, now or later.
            Some(refused) if refused.kind() != io::ErrorKind::InvalidInput => Self::System(refused),
            _ => Self::Refused(format!("{error:#}")),
        }
    }
}

/// The component in native code.
pub(in crate::engine) fn component(
    engine: &wasmtime::Engine,
    code: Code<'_>,
) -> Result<Component, Unusable> {
    match code {
        Code::File(file) => mapped(engine, file),
        Code::Bytes(bytes) => in_memory(engine, bytes),
    }
}

/// The code is mapped through the very descriptor that was checked, so that what happens to the path meanwhile does not matter.
#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "wasmtime cannot verify native code; the checks of `entry` and `folder` stand in for it"
)]
fn mapped(engine: &wasmtime::Engine, file: &File) -> Result<Component, Unusable> {
    use std::os::fd::AsRawFd as _;
    let through_descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: the file was written by `Component::serialize` in this program. It is a draft or a file without a name that this
    // process wrote just now and writes no more, or it was renamed into place since: a regular file of this user's, in a folder that
    // is private to this user, not writable by others and not linked from elsewhere, of the length recorded when it was written.
    // Nobody truncates it: it is replaced and removed by its name alone.
    unsafe { Component::deserialize_file(engine, through_descriptor) }
        .map_err(|error| Unusable::of(&error))
}

/// As on Linux, but read through the descriptor rather than mapped: there is no path to a descriptor.
#[cfg(not(target_os = "linux"))]
fn mapped(engine: &wasmtime::Engine, mut file: &File) -> Result<Component, Unusable> {
    use std::io::{Read as _, Seek as _};
    let mut code = Vec::new();
    let read = file.rewind().and_then(|()| file.read_to_end(&mut code));
    read.map_err(Unusable::System)?;
    in_memory(engine, &code)
}

#[allow(
    unsafe_code,
    reason = "wasmtime cannot verify native code; it is our own compiler's"
)]
fn in_memory(engine: &wasmtime::Engine, code: &[u8]) -> Result<Component, Unusable> {
    // SAFETY: the bytes are what `Engine::precompile_component` gave, here or in the child process that this
    // program started for it, and nobody else has had them; or they were read as `mapped` says.
    unsafe { Component::deserialize(engine, code) }.map_err(|error| Unusable::of(&error))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_told_from_what_is_damaged() {
        let engine = wasmtime::Engine::new(&crate::engine::settings::on_demand()).unwrap();
        let base = tempfile::tempdir().unwrap();
        let open = |content: &[u8]| {
            let path = base.path().join("code");
            std::fs::write(&path, content).unwrap();
            mapped(&engine, &File::open(path).unwrap())
        };
        for damaged in [&b""[..], b"x", &[0; 5000]] {
            assert!(
                matches!(open(damaged), Err(Unusable::Refused(_))),
                "{damaged:?}"
            );
        }
        // Of a folder no pages are mapped, as of a file system without execution.
        let folder = mapped(&engine, &File::open(base.path()).unwrap());
        assert!(matches!(folder, Err(Unusable::System(_))), "{folder:?}");
        let said = |error: wasmtime::Error| Unusable::of(&error.context("mmap failed"));
        for errno in [
            rustix::io::Errno::NOMEM,
            rustix::io::Errno::MFILE,
            rustix::io::Errno::ACCESS,
        ] {
            assert!(matches!(said(errno.into()), Unusable::System(_)), "{errno}");
            let seen = io::Error::from(errno);
            assert!(matches!(said(seen.into()), Unusable::System(_)), "{errno}");
        }
        let damaged = wasmtime::Error::msg("no ELF");
        assert!(matches!(said(damaged), Unusable::Refused(_)));
    }
}
