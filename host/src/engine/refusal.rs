//! What the system refused, found in an error of wasmtime.

use std::io;

/// The system's own error among the causes of `error`, if there is one. A guest cannot make it: it has a type.
pub(super) fn of_system(error: &wasmtime::Error) -> Option<io::Error> {
    if error.is::<wasmtime::OutOfMemory>() {
        return Some(io::ErrorKind::OutOfMemory.into());
    }
    error.chain().find_map(|cause| {
        if let Some(errno) = cause.downcast_ref::<rustix::io::Errno>() {
            return Some((*errno).into());
        }
        let seen = cause.downcast_ref::<io::Error>()?;
        // Others are made by who reads, of what it reads.
        match seen.raw_os_error() {
            Some(number) => Some(io::Error::from_raw_os_error(number)),
            None => (seen.kind() == io::ErrorKind::OutOfMemory).then(|| seen.kind().into()),
        }
    })
}
