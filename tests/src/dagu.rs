//! The real Dagu engine, with a home of its own for every use.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs, io};

use serde_json::Value;

/// The pinned version, which `scripts/install-dagu` installs.
pub const VERSION: &str = "1.30.2";

/// A Dagu with an empty home and history, which are gone when this is dropped.
#[derive(Debug)]
pub struct Dagu {
    binary: PathBuf,
    home: tempfile::TempDir,
}

/// How a step ended, as Dagu recorded it.
#[derive(Debug)]
pub struct StepRun {
    /// Dagu's word for how it ended, such as `succeeded`.
    pub status: String,
    /// Everything it wrote to standard output.
    pub stdout: Vec<u8>,
    /// Everything it wrote to standard error.
    pub stderr: Vec<u8>,
    /// When it started and ended, as Dagu writes times: they compare as text within one run.
    pub started_at: String,
    /// See `started_at`.
    pub finished_at: String,
}

impl Dagu {
    /// Finds the binary: `$ARBORIST_DAGU`, else `target/dagu/dagu` in this folder or above.
    ///
    /// # Errors
    /// There is none, or no temporary folder can be made; the message says what to run.
    pub fn new() -> io::Result<Self> {
        let binary = binary().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("Dagu {VERSION} is not installed: run scripts/install-dagu, or set ARBORIST_DAGU to the binary"),
            )
        })?;
        let home = tempfile::Builder::new()
            .prefix("arborist-dagu-")
            .tempdir()?;
        fs::create_dir(home.path().join("work"))?;
        // Without this mark Dagu writes examples into every new home.
        fs::create_dir_all(home.path().join("dagu/dags"))?;
        fs::write(home.path().join("dagu/dags/.examples-created"), "")?;
        Ok(Self { binary, home })
    }

    /// A folder to put a DAG into: Dagu runs steps in the folder of the DAG's file.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// `dagu validate PATH`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn validate(&self, path: &Path) -> io::Result<Output> {
        self.command().arg("validate").arg(path).output()
    }

    /// `dagu start -q PATH`: exit code 0 if every step succeeded.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, path: &Path) -> io::Result<Output> {
        self.command().args(["start", "-q"]).arg(path).output()
    }

    /// What a task spec means by a command, run where and as Dagu runs steps: `sh -e -c`, or the interpreter that its first line names.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn shell(&self, command: &str) -> io::Result<Output> {
        let script = self.home.path().join("script");
        let mut shell = if command.starts_with("#!") {
            fs::write(&script, command)?;
            let mut words = command
                .lines()
                .next()
                .and_then(|line| line.get(2..))
                .unwrap_or_default()
                .split_whitespace();
            let mut interpreter = Command::new(words.next().unwrap_or("sh"));
            interpreter.args(words).arg(&script);
            interpreter
        } else {
            let mut shell = Command::new("sh");
            shell.args(["-e", "-c", command]);
            shell
        };
        self.prepare(&mut shell);
        shell.output()
    }

    /// Empties the folder of [`Dagu::work`].
    ///
    /// # Errors
    /// Something in it cannot be removed.
    pub fn clear_work(&self) -> io::Result<()> {
        fs::remove_dir_all(self.work())?;
        fs::create_dir(self.work())
    }

    /// What a step wrote to standard output in the newest run of that DAG.
    ///
    /// # Errors
    /// As [`Dagu::step`].
    pub fn step_stdout(&self, dag_name: &str, step: &str) -> io::Result<String> {
        let run = self.step(dag_name, step)?;
        String::from_utf8(run.stdout)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// How a step ended in the newest run of that DAG.
    ///
    /// # Errors
    /// There was no such run or step, or its log cannot be read.
    pub fn step(&self, dag_name: &str, step: &str) -> io::Result<StepRun> {
        let missing = |what: String| io::Error::new(io::ErrorKind::NotFound, what);
        let runs = self.home.path().join("dagu/data/dag-runs").join(dag_name);
        let newest =
            newest_status(&runs)?.ok_or_else(|| missing(format!("no run of {dag_name}")))?;
        let history = fs::read_to_string(newest)?;
        let status: Value = history
            .lines()
            .next_back()
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| missing(format!("the run of {dag_name} has no status")))?;
        let nodes = status.get("nodes").and_then(Value::as_array);
        let node = nodes
            .and_then(|nodes| {
                nodes
                    .iter()
                    .find(|node| node.pointer("/step/name").and_then(Value::as_str) == Some(step))
            })
            .ok_or_else(|| missing(format!("no step {step} in {dag_name}")))?;
        let text = |key: &str| {
            node.get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        // A step that never started has no log.
        let log = |key: &str| match text(key) {
            path if path.is_empty() => Ok(Vec::new()),
            path => fs::read(path),
        };
        Ok(StepRun {
            status: label(node),
            stdout: log("stdout")?,
            stderr: log("stderr")?,
            started_at: text("startedAt"),
            finished_at: text("finishedAt"),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        self.prepare(&mut command);
        command
    }

    /// Leaves nothing of the caller's environment but `PATH`.
    fn prepare(&self, command: &mut Command) {
        command
            .env_clear()
            .env(
                "PATH",
                env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into()),
            )
            .env("HOME", self.home.path())
            .env("DAGU_HOME", self.home.path().join("dagu"))
            // Whoever starts Dagu may use any shell; a DAG of ours must not depend on it.
            .env("SHELL", "/bin/false")
            .current_dir(self.work())
            .stdin(Stdio::null());
    }
}

/// Dagu writes the status of a step as a number.
fn label(node: &Value) -> String {
    match node.get("status").and_then(Value::as_u64) {
        Some(0) => "not started".to_owned(),
        Some(2) => "failed".to_owned(),
        Some(3) => "aborted".to_owned(),
        Some(4) => "succeeded".to_owned(),
        Some(5) => "skipped".to_owned(),
        other => format!("status {other:?}"),
    }
}

fn binary() -> Option<PathBuf> {
    if let Some(path) = env::var_os("ARBORIST_DAGU") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .map(|folder| folder.join("target/dagu/dagu"))
        .find(|path| path.is_file())
}

/// Runs are kept as `YEAR/MONTH/DAY/dag-run_TIME_ID/attempt_TIME_ID/status.jsonl`: the last in the order of names is the newest.
fn newest_status(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut entries: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    entries.sort();
    for entry in entries.into_iter().rev() {
        if entry.is_dir() {
            if let Some(found) = newest_status(&entry)? {
                return Ok(Some(found));
            }
        } else if entry.file_name().is_some_and(|name| name == "status.jsonl") {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}
