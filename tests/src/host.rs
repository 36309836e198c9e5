//! The real `arborist` binary.

use std::{
    env, fs,
    io::{Read, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A run that has not ended by then hangs: it is killed, and the test fails. No run that works comes near it, also on a machine with
/// other work to do: the slowest builds a component in Python, in 15 seconds where nothing else runs.
const PATIENCE: Duration = Duration::from_secs(900);

/// A home of its own for the binary, which is gone when this is dropped.
#[derive(Debug)]
pub struct Host {
    home: tempfile::TempDir,
    cache: PathBuf,
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// The most memory it had resident, in bytes, as far as it was seen; 0 where the system does not say.
    pub peak: u64,
}

impl Host {
    /// A fresh home that shares compiled components with other tests, so that each guest compiles once.
    ///
    /// # Panics
    /// No temporary folder can be made.
    #[must_use]
    pub fn new() -> Self {
        let mut host = Self::with_own_cache();
        host.cache = target().join("test-cache");
        host
    }

    /// A fresh home that shares nothing.
    ///
    /// # Panics
    /// No temporary folder can be made.
    #[must_use]
    pub fn with_own_cache() -> Self {
        let home = tempfile::Builder::new()
            .prefix("arborist-home-")
            .tempdir()
            .expect("a temporary folder");
        let cache = home.path().join("cache");
        Self { home, cache }
    }

    /// The home folder; also where the binary is started.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where the binary keeps what it compiled.
    #[must_use]
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Writes a file into the home folder and gives its path.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home().join(name);
        fs::write(&path, content).expect("the home folder can be written");
        path
    }

    /// The binary, started in the home folder.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = command();
        command
            .current_dir(self.home())
            .env("HOME", self.home())
            .env("XDG_CACHE_HOME", &self.cache);
        command
    }

    /// Runs the binary without standard input.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Ran {
        run(self.command().args(args), b"")
    }

    /// Runs the binary with that standard input.
    #[must_use]
    pub fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ran {
        run(self.command().args(args), stdin)
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Ran {
    /// Its standard output, once it is sure that it succeeded.
    ///
    /// # Panics
    /// It did not succeed.
    #[track_caller]
    #[must_use]
    pub fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Its standard error, once it is sure that it failed with that exit code and printed no result.
    ///
    /// # Panics
    /// It did not.
    #[track_caller]
    #[must_use]
    pub fn failed(self, code: i32) -> String {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        assert_eq!(self.stdout, "", "a failed run printed a result");
        self.stderr
    }
}

/// Waits until something is so.
///
/// # Panics
/// It is not for as long as a run may take.
#[track_caller]
pub fn until(so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "it never came");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a command to its end.
///
/// # Panics
/// It cannot be started, or does not end in time.
#[track_caller]
pub fn run(command: &mut Command, stdin: &[u8]) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("a pipe");
    let stdin = stdin.to_owned();
    // A run that does not read its input closes the pipe: that is its right.
    let writer = thread::spawn(move || drop(input.write_all(&stdin)));
    let stdout = reader(child.stdout.take().expect("a pipe"));
    let stderr = reader(child.stderr.take().expect("a pipe"));
    let (code, peak) = watch(&mut child);
    writer.join().expect("the writer ends");
    Ran {
        code,
        stdout: stdout.join().expect("the reader ends"),
        stderr: stderr.join().expect("the reader ends"),
        peak,
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("the pipe can be read");
        String::from_utf8(bytes).expect("the binary prints UTF-8")
    })
}

fn watch(child: &mut Child) -> (Option<i32>, u64) {
    let began = Instant::now();
    let mut peak = 0;
    loop {
        peak = peak.max(resident(child.id()));
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return (status.code(), peak);
        }
        if began.elapsed() > PATIENCE {
            child.kill().expect("the child can be ended");
            child.wait().expect("the child ends");
            panic!("the run did not end within {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The most memory that a process has had resident, in bytes.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// The binary with nothing of the caller's environment but `PATH`.
///
/// # Panics
/// It is not built.
#[must_use]
pub fn command() -> Command {
    let binary = profile().join(format!("arborist{}", env::consts::EXE_SUFFIX));
    assert!(
        binary.is_file(),
        "{} is not built: run the tests by scripts/test, which builds it first",
        binary.display()
    );
    let mut command = Command::new(binary);
    command.env_clear();
    if let Some(path) = env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// The folder that holds this build's binaries: the tests are in its `deps`.
fn profile() -> PathBuf {
    let test = env::current_exe().expect("the test knows its own path");
    test.parent()
        .and_then(Path::parent)
        .expect("tests are built into target/PROFILE/deps")
        .to_owned()
}

/// The target folder.
#[must_use]
pub fn target() -> PathBuf {
    profile().parent().map_or_else(profile, Path::to_owned)
}
