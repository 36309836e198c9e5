//! The parent's side: starts the child, gives it the component, and says how it ended.

use super::{CompileError, CompileOrder};
use crate::{engine::source::Source, limits::Limit};
use std::{
    ffi::OsString,
    fs::File,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
};

/// As much of a child's explanation as is read, in bytes.
const EXPLANATION: u64 = 16 * 1024;

/// The command that compiles: a program that ends in [`super::compile_as_child`].
#[derive(Clone, Debug)]
pub struct CompilerCommand {
    program: PathBuf,
    args: Vec<OsString>,
}

impl CompilerCommand {
    /// `program` with `args`; the work order follows as one more argument.
    #[must_use]
    pub fn new(program: PathBuf, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            program,
            args: args.into_iter().map(Into::into).collect(),
        }
    }
}

/// Compiles `source` into `artefact`. Dropping the future kills the child.
pub(super) async fn compile(
    worker: &CompilerCommand,
    source: &Source,
    order: &CompileOrder,
    artefact: File,
) -> Result<(), CompileError> {
    let failed = |error: io::Error| CompileError::Refused(format!("the compiler failed: {error}"));
    let mut command = Command::new(&worker.program);
    command
        .args(&worker.args)
        .arg(order.to_string())
        // A stranger's bytes are read there: nothing of the user's surroundings goes along.
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(artefact)
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // Ctrl-C is for the host, which says what becomes of its children.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    let input = child.stdin.take();
    let errors = child.stderr.take();
    let give = async {
        // A child that ends before it has read everything says why.
        if let Some(mut input) = input {
            drop(input.write_all(source.bytes()).await);
        }
    };
    let listen = async {
        let mut said = Vec::new();
        if let Some(errors) = errors {
            drop(errors.take(EXPLANATION).read_to_end(&mut said).await);
        }
        String::from_utf8_lossy(&said).into_owned()
    };
    let ((), said, status) = tokio::join!(give, listen, child.wait());
    judge(status.map_err(failed)?, &said)
}

/// What the end of a child means.
fn judge(status: ExitStatus, said: &str) -> Result<(), CompileError> {
    if status.success() {
        return Ok(());
    }
    Err(match ended_by(status) {
        None => CompileError::Refused(said.trim().to_owned()),
        Some("SIGXCPU") => CompileError::Limit(Limit::CompileCpu),
        Some("SIGXFSZ") => {
            CompileError::Refused("its native code is larger than any runner's".to_owned())
        }
        // What the allocator's failure says before it aborts.
        Some(_) if said.contains("memory allocation of") => {
            CompileError::Limit(Limit::CompileMemory)
        }
        Some(signal) => CompileError::Refused(format!("it crashed the compiler ({signal})")),
    })
}

/// The signal that ended a process, by name.
#[cfg(unix)]
fn ended_by(status: ExitStatus) -> Option<&'static str> {
    use rustix::process::Signal;
    use std::os::unix::process::ExitStatusExt as _;
    const NAMES: [(Signal, &str); 7] = [
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::BUS, "SIGBUS"),
        (Signal::ILL, "SIGILL"),
        (Signal::KILL, "SIGKILL"),
    ];
    let number = status.signal()?;
    let known = NAMES.iter().find(|(signal, _)| signal.as_raw() == number);
    Some(known.map_or("a signal", |(_, name)| name))
}

#[cfg(not(unix))]
fn ended_by(_: ExitStatus) -> Option<&'static str> {
    None
}
