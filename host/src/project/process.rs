//! Runs the tools of a toolchain: bounded in time and in what is kept of their output, and ended with whoever waits for them.

mod group;

use self::group::Group;
use super::found::shown;
use crate::escape::printable;
use std::{collections::VecDeque, path::Path, process::ExitStatus, time::Duration};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Lines of a tool's output that an error shows: the last ones.
pub const LINES_SHOWN: usize = 40;
/// The longest line that is kept, in bytes; what is longer goes on as another.
const LINE: usize = 4096;
/// Bytes of an answer that are kept where a tool is asked something.
const ANSWER: u64 = 8 << 20;

/// Why a tool did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no such program.
    #[error("there is no program {program}")]
    NotFound {
        /// The program, as it is shown.
        program: String,
    },
    /// It cannot be started.
    #[error("{program} cannot be started: {reason}")]
    Start {
        /// The program, as it is shown.
        program: String,
        /// What the system says.
        reason: String,
    },
    /// It ended with a failure.
    #[error("{program} has failed ({status}); the end of what it said stands above")]
    Failed {
        /// The program, as it is shown.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it said, escaped; each line with its newline.
        output: String,
    },
    /// It takes too long.
    #[error("{program} has not ended within {seconds} s\n  help: give it more with --timeout TIME")]
    Late {
        /// The program, as it is shown.
        program: String,
        /// The time that it had.
        seconds: u64,
        /// The end of what it said, escaped; each line with its newline.
        output: String,
    },
}

impl ProcessError {
    /// The end of what the tool said, each line with its newline.
    #[must_use]
    pub fn output(&self) -> &str {
        match self {
            Self::Failed { output, .. } | Self::Late { output, .. } => output,
            Self::NotFound { .. } | Self::Start { .. } => "",
        }
    }
}

/// Runs a tool without standard input. Each line that it says, on either of its streams, is escaped and given to `say`.
/// Dropping the future ends the tool and, on Unix, what it has started.
pub(super) async fn run(
    program: &Path,
    arguments: &[String],
    folder: &Path,
    time: Duration,
    say: &(dyn Fn(&str) + Sync),
) -> Result<(), ProcessError> {
    let name = shown(program);
    let mut group = Group::start(program, arguments, folder)?;
    let mut tail = Tail {
        lines: VecDeque::new(),
        say,
    };
    let (out, err) = (group.0.stdout.take(), group.0.stderr.take());
    let work = async {
        let (sender, mut lines) = tokio::sync::mpsc::channel(64);
        let reading = async {
            tokio::join!(read_lines(out, sender.clone()), read_lines(err, sender));
        };
        let keeping = async {
            while let Some(line) = lines.recv().await {
                tail.take(&line);
            }
        };
        let reading = async {
            tokio::join!(reading, keeping);
        };
        group.finish(reading).await
    };
    let ended = tokio::time::timeout(time, work).await;
    let output = tail.text();
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(ProcessError::Failed {
            program: name,
            status,
            output,
        }),
        Ok(Err(error)) => Err(ProcessError::Start {
            program: name,
            reason: error.to_string(),
        }),
        Err(_) => Err(ProcessError::Late {
            program: name,
            seconds: time.as_secs(),
            output,
        }),
    }
}

/// Asks a tool something and gives what it writes to standard output.
pub(super) async fn ask(
    program: &Path,
    arguments: &[&str],
    folder: &Path,
    time: Duration,
) -> Result<String, ProcessError> {
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect();
    let mut group = Group::start(program, &arguments, folder)?;
    let (out, err) = (group.0.stdout.take(), group.0.stderr.take());
    let (mut said, mut complained) = (Vec::new(), Vec::new());
    let work = async {
        let reading = async {
            tokio::join!(read_all(out, &mut said), read_all(err, &mut complained));
        };
        group.finish(reading).await
    };
    let ended = tokio::time::timeout(time, work).await;
    let program = shown(program);
    let output = || {
        let mut tail = Tail {
            lines: VecDeque::new(),
            say: &|_| {},
        };
        let complained = String::from_utf8_lossy(&complained);
        complained.lines().for_each(|line| tail.take(line));
        tail.text()
    };
    match ended {
        Ok(Ok(status)) if status.success() => Ok(String::from_utf8_lossy(&said).into_owned()),
        Ok(Ok(status)) => Err(ProcessError::Failed {
            program,
            status,
            output: output(),
        }),
        Ok(Err(error)) => Err(ProcessError::Start {
            program,
            reason: error.to_string(),
        }),
        Err(_) => Err(ProcessError::Late {
            program,
            seconds: time.as_secs(),
            output: output(),
        }),
    }
}

/// Keeps what a stream says, up to its bound, and reads on.
async fn read_all(stream: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    if let Some(mut stream) = stream {
        // What cannot be read was not said.
        drop((&mut stream).take(ANSWER).read_to_end(into).await);
        drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
    }
}

/// Hands over what a stream says, line by line.
async fn read_lines(stream: Option<impl AsyncRead + Unpin>, to: tokio::sync::mpsc::Sender<String>) {
    let Some(mut stream) = stream else { return };
    let mut line = Vec::new();
    let mut buffer = vec![0; LINE];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        for &byte in buffer.get(..read).unwrap_or_default() {
            // Progress bars write their line anew with a carriage return.
            if matches!(byte, b'\n' | b'\r') || line.len() == LINE {
                send(&mut line, &to).await;
            }
            if !matches!(byte, b'\n' | b'\r') {
                line.push(byte);
            }
        }
        if read == 0 {
            return send(&mut line, &to).await;
        }
    }
}

async fn send(line: &mut Vec<u8>, to: &tokio::sync::mpsc::Sender<String>) {
    if !line.is_empty() {
        let text = String::from_utf8_lossy(line).into_owned();
        line.clear();
        // Nobody listens any more: nobody has to hear it.
        drop(to.send(text).await);
    }
}

/// The end of what a tool says.
struct Tail<'a> {
    lines: VecDeque<String>,
    say: &'a (dyn Fn(&str) + Sync),
}

impl Tail<'_> {
    fn take(&mut self, line: &str) {
        let line = printable(&without_colour(line), LINE).into_owned();
        if line.trim().is_empty() {
            return;
        }
        (self.say)(&line);
        self.lines.push_back(line);
        if self.lines.len() > LINES_SHOWN {
            self.lines.pop_front();
        }
    }

    fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// The line without what tools colour it with, also where nobody sees it.
fn without_colour(line: &str) -> String {
    anstream::adapter::strip_str(line).to_string()
}
