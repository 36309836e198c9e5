//! One tool with all that it starts.

use super::{ProcessError, shown};
use std::{
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::process::{Child, Command};

/// How long what a tool leaves behind may go on to say something.
const GRACE: Duration = Duration::from_secs(1);

/// A process and all that it starts: dropping it ends them.
pub(super) struct Group(pub(super) Child);

impl Group {
    pub(super) fn start(
        program: &Path,
        arguments: &[String],
        folder: &Path,
    ) -> Result<Self, ProcessError> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder)
            // What a tool says of itself would push what it says of the project out of the lines that are shown.
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A group of its own: compilers and scripts start others, which must not go on alone.
        #[cfg(unix)]
        command.process_group(0);
        command.spawn().map(Self).map_err(|error| {
            let program = shown(program);
            match error.kind() {
                io::ErrorKind::NotFound => ProcessError::NotFound { program },
                _ => ProcessError::Start {
                    program,
                    reason: error.to_string(),
                },
            }
        })
    }

    /// Waits for its end. What it left behind may hold its streams open for long: nobody waits for that.
    pub(super) async fn finish(
        &mut self,
        reading: impl Future<Output = ()>,
    ) -> io::Result<ExitStatus> {
        tokio::pin!(reading);
        tokio::select! {
            () = &mut reading => self.0.wait().await,
            status = self.0.wait() => {
                drop(tokio::time::timeout(GRACE, reading).await);
                status
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self
            .0
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw)
        {
            // It was not waited for, so the id is still its own. Whoever has ended already needs no ending.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}
