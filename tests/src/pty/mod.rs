//! A command at a terminal: type what a user would type, read what a user would see.
//!
//! The pseudo-terminal is the crate `pty-process` (its parent half of a fork is unsafe code that does not belong
//! here), the screen is `vt100`. What the command writes is kept as it came and drawn on a screen, so that a test
//! can ask for what is to be read on it, whatever the colours and cursor movements in between.
//!
//! ```
//! use arborist_tests::pty::Terminal;
//! use std::process::Command;
//!
//! let mut command = Command::new("sh");
//! command.args(["-c", "printf 'Sure? '; read answer; echo you said $answer"]);
//! let mut terminal = Terminal::start(command);
//! terminal.expect("Sure?");
//! terminal.type_line("yes");
//! assert!(terminal.wait().success());
//! assert!(terminal.screen().contains("you said yes"));
//! ```

#[cfg(test)]
mod tests;

use pty_process::{Size, blocking};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, kill_process_group},
};
use std::{
    fmt,
    io::{ErrorKind, Read, Write as _},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The size of the screen, in characters: what a test prints fits.
const ROWS: u16 = 100;
const COLUMNS: u16 = 200;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(300);

/// The longest text that may be typed at once, in bytes: a terminal takes no line of 4096 bytes or more.
const LONGEST_LINE: usize = 4000;

/// What is kept of the output, in bytes.
const MOST_OUTPUT: usize = 64 << 20;

/// How often a wait looks again.
const TICK: Duration = Duration::from_millis(5);

/// A command that runs at a terminal of its own. Dropping this ends the command.
pub struct Terminal {
    child: Child,
    status: Option<ExitStatus>,
    pty: Arc<blocking::Pty>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    stdout: Option<JoinHandle<Vec<u8>>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    transcript: Vec<u8>,
    screen: vt100::Parser,
    stopping: bool,
    ended: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            transcript: Vec::new(),
            screen: vt100::Parser::new(ROWS, COLUMNS, 0),
            stopping: false,
            ended: false,
        }
    }
}

impl Terminal {
    /// Starts a command with standard input, output and error at a new terminal of 100 lines of 200 characters.
    /// `TERM` is set if the command does not set it.
    ///
    /// # Panics
    /// There is no terminal to be had, or the command does not start.
    #[must_use]
    pub fn start(command: Command) -> Self {
        Self::launch(command, false)
    }

    /// The same with a pipe for standard output: the user sees standard error, and a program gets the result.
    ///
    /// # Panics
    /// As [`Terminal::start`].
    #[must_use]
    pub fn start_piped(command: Command) -> Self {
        Self::launch(command, true)
    }

    fn launch(mut command: Command, piped: bool) -> Self {
        if command.get_envs().all(|(name, _)| name != "TERM") {
            command.env("TERM", "xterm-256color");
        }
        let (pty, pts) = blocking::open().expect("a terminal");
        pty.resize(Size::new(ROWS, COLUMNS))
            .expect("a terminal has a size");
        let mut command = blocking::Command::from(command);
        if piped {
            command = command.stdout(Stdio::piped());
        }
        let mut child = command.spawn(pts).expect("the command starts");
        let stdout = child.stdout.take().map(|pipe| thread::spawn(|| all(pipe)));
        let pty = Arc::new(pty);
        let shared = Arc::new(Shared::default());
        let (ours, theirs) = (Arc::clone(&pty), Arc::clone(&shared));
        Self {
            child,
            status: None,
            pty,
            shared,
            reader: Some(thread::spawn(move || read(&ours, &theirs))),
            stdout,
        }
    }

    /// Types a text and the enter key.
    ///
    /// # Panics
    /// The text has 4000 bytes or more, or the terminal is gone.
    pub fn type_line(&self, text: &str) {
        self.press(&format!("{text}\r"));
    }

    /// Presses keys: these bytes, `"\x03"` for Ctrl-C, `"\x04"` for the end of the input, `"\x1b[A"` for an arrow.
    ///
    /// # Panics
    /// There are 4000 or more, or the terminal is gone.
    pub fn press(&self, keys: &str) {
        assert!(keys.len() < LONGEST_LINE, "a terminal takes no such line");
        (&*self.pty)
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
    }

    /// What is on the screen, without trailing space; wrapped lines are one.
    #[must_use]
    pub fn screen(&self) -> String {
        self.shared.state().screen.screen().contents()
    }

    /// Every byte that was written to the terminal, what it echoes included; at most 64 MiB.
    #[must_use]
    pub fn transcript(&self) -> Vec<u8> {
        self.shared.state().transcript.clone()
    }

    /// Waits until the screen shows this, and gives the screen.
    ///
    /// # Panics
    /// It does not within a minute, or the command ends before; the message holds the screen.
    #[track_caller]
    pub fn expect(&self, text: &str) -> String {
        let shows = |screen: &str| screen.contains(text);
        match self.wait_screen(PATIENCE, shows) {
            Ok(screen) => screen,
            Err(screen) => panic!("{text:?} is not on the screen:\n{screen}"),
        }
    }

    /// Waits until the screen is as wanted, and gives it.
    ///
    /// # Errors
    /// The screen as it is, if that does not happen in time or the command's output ends before.
    pub fn wait_screen(
        &self,
        longest: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String, String> {
        let began = Instant::now();
        let mut state = self.shared.state();
        loop {
            let screen = state.screen.screen().contents();
            if wanted(&screen) {
                return Ok(screen);
            }
            let left = longest.saturating_sub(began.elapsed());
            if state.ended || left.is_zero() {
                return Err(screen);
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The process id of the command.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the command's end and the last of its output.
    ///
    /// # Panics
    /// It does not end within a minute: it is killed, and the message holds the screen.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.ended() {
                break status;
            }
            if began.elapsed() > PATIENCE {
                let screen = self.screen();
                self.kill();
                panic!("the command did not end within {PATIENCE:?}:\n{screen}");
            }
            thread::sleep(TICK);
        };
        // What it left behind may still hold the terminal: a moment is enough for what it wrote itself.
        let _ = self.wait_screen(Duration::from_secs(1), |_| false);
        status
    }

    /// Waits for the command's end and gives what it wrote into the pipe of [`Terminal::start_piped`].
    ///
    /// # Panics
    /// As [`Terminal::wait`]; or there is no pipe, or what came is not UTF-8.
    #[track_caller]
    pub fn wait_stdout(&mut self) -> (ExitStatus, String) {
        let status = self.wait();
        let stdout = self.stdout.take().expect("a pipe that was not yet read");
        let stdout = stdout.join().expect("the reader ends");
        (status, String::from_utf8(stdout).expect("UTF-8"))
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().expect("a child can be waited for");
        }
        self.status
    }

    /// Ends the command and what it started in its process group.
    fn kill(&mut self) {
        // Once it was waited for, its number may be another process's.
        if self.ended().is_none() {
            // One that ended just now is as it should be.
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            self.status = self.child.wait().ok();
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.kill();
        self.shared.state().stopping = true;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal")
            .field("pid", &self.pid())
            .field("status", &self.status)
            .field("screen", &self.screen())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Draws what comes until nobody holds the terminal any more.
fn read(pty: &blocking::Pty, shared: &Shared) {
    let mut some = vec![0; 1 << 16];
    let tick = Timespec::try_from(TICK).expect("a short time");
    loop {
        if shared.state().stopping {
            break;
        }
        let mut polled = [PollFd::new(pty, PollFlags::IN)];
        if !matches!(poll(&mut polled, Some(&tick)), Ok(ready) if ready > 0) {
            continue;
        }
        match (&*pty).read(&mut some) {
            Ok(length) if length > 0 => {
                let mut state = shared.state();
                state.screen.process(&some[..length]);
                let room = MOST_OUTPUT.saturating_sub(state.transcript.len());
                state
                    .transcript
                    .extend_from_slice(&some[..length.min(room)]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Linux says EIO when the last holder has closed, others say the end.
            _ => break,
        }
        shared.changed.notify_all();
    }
    shared.state().ended = true;
    shared.changed.notify_all();
}

fn all(mut pipe: ChildStdout) -> Vec<u8> {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes).expect("the pipe can be read");
    bytes
}
