//! The parent's side: starts the child, gives it the component, takes the native code, and says how it ended.

use super::{CompileError, CompileOrder};
use crate::{
    engine::{aot::Arriving, source::Source},
    limits::Limit,
};
use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{ChildStdout, Command},
    task::spawn_blocking,
};

/// As much of a child's explanation as is read, in bytes.
const EXPLANATION: u64 = 16 * 1024;
/// The largest artefact, in bytes: about ten times what the largest real runners come to.
const MAX_ARTEFACT: u64 = 1024 * 1024 * 1024;

/// As much native code as is taken at once, in bytes.
const PIECE: usize = 256 * 1024;

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

/// Compiles `source`. The native code comes through a pipe, so that no disk and no limit on files decides whether it arrives, and goes
/// into `code` as it comes. Dropping the future kills the child.
pub(super) async fn compile(
    worker: &CompilerCommand,
    source: &Source,
    order: &CompileOrder,
    code: Arriving,
) -> Result<Arriving, CompileError> {
    let failed = |error: io::Error| CompileError::Refused(format!("the compiler failed: {error}"));
    // Whoever has looked at the component has read it.
    let bytes = source.bytes();
    let bytes = bytes.map_err(|error| CompileError::Refused(error.to_string()))?;
    let mut command = Command::new(&worker.program);
    command
        .args(&worker.args)
        .arg(order.to_string())
        // A stranger's bytes are read there: nothing of the user's surroundings goes along.
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // Ctrl-C is for the host, which says what becomes of its children.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    let input = child.stdin.take();
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let give = async {
        // A child that ends before it has read everything says why.
        if let Some(mut input) = input {
            drop(input.write_all(bytes).await);
        }
    };
    // The child holds it in its memory as well.
    let most = MAX_ARTEFACT.min(order.memory());
    let listen = async {
        let mut said = Vec::new();
        if let Some(errors) = errors {
            drop(errors.take(EXPLANATION).read_to_end(&mut said).await);
        }
        String::from_utf8_lossy(&said).into_owned()
    };
    let ((), code, said, status) =
        tokio::join!(give, receive(output, code, most), listen, child.wait());
    let code = code.map_err(failed)?.ok_or_else(|| {
        let reason = "its native code is larger than any runner's";
        CompileError::Refused(reason.to_owned())
    })?;
    judge(status.map_err(failed)?, &said)?;
    Ok(code)
}

/// Takes what a child writes, a piece at a time; none where it is more than `most`. Behind the bound the pipe is closed, and the child's
/// writing fails.
async fn receive(
    output: Option<ChildStdout>,
    mut code: Arriving,
    most: u64,
) -> io::Result<Option<Arriving>> {
    let Some(mut output) = output else {
        return Ok(Some(code));
    };
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        piece.clear();
        (&mut output)
            .take(PIECE as u64)
            .read_to_end(&mut piece)
            .await?;
        if piece.is_empty() {
            return Ok(Some(code));
        }
        if code.length() + piece.len() as u64 > most {
            return Ok(None);
        }
        // A disk may be waited for.
        let written = spawn_blocking(move || {
            code.take(&piece)?;
            Ok::<_, io::Error>((code, piece))
        });
        (code, piece) = written.await.map_err(io::Error::other)??;
    }
}

/// What the end of a child means.
fn judge(status: ExitStatus, said: &str) -> Result<(), CompileError> {
    if status.success() {
        return Ok(());
    }
    Err(match ended_by(status) {
        None => CompileError::Refused(said.trim().to_owned()),
        Some("SIGXCPU") => CompileError::Limit(Limit::CompileCpu),
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
    const NAMES: [(Signal, &str); 6] = [
        (Signal::XCPU, "SIGXCPU"),
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
