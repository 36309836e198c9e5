//! Awkward task specs against the real engine: each becomes a DAG that Dagu accepts, whose steps print what `sh -c`
//! prints for the command in the spec; or an error that names the step.
//!
//! A file of `corpus/specs` begins with comment lines: `about`, `expect` (`ok` or `error`), and as many as needed of `error` and `warning`,
//! each a text that standard error must hold. What a step prints is not written down: the shell is asked.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use arborist_tests::dagu::Dagu;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// DAGs that run at a time; each spends most of its time waiting for its steps to start.
const AT_A_TIME: usize = 4;

/// Exit code for a spec that is not valid.
const EXIT_INVALID: i32 = 7;

#[derive(Default)]
struct Expectation {
    error: bool,
    /// What standard error must hold.
    told: Vec<String>,
}

/// A spec as another reader of YAML sees it.
#[derive(Deserialize)]
struct Spec {
    #[serde(alias = "tasks")]
    steps: Vec<SpecStep>,
}

#[derive(Deserialize)]
struct SpecStep {
    name: String,
    command: String,
    #[serde(default, alias = "depends")]
    depends_on: Names,
}

/// A list of names, one name, or nothing. Not an untagged enum: that would take the name `no` for a boolean.
#[derive(Default)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor).map(Self)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a list of names")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(vec![name.to_owned()])
    }

    fn visit_i64<E>(self, name: i64) -> Result<Self::Value, E> {
        Ok(vec![name.to_string()])
    }

    fn visit_u64<E>(self, name: u64) -> Result<Self::Value, E> {
        Ok(vec![name.to_string()])
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Self::Value, A::Error> {
        std::iter::from_fn(|| names.next_element().transpose()).collect()
    }
}

#[derive(Deserialize)]
struct DagFile {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    steps: Vec<DagStep>,
}

#[derive(Deserialize)]
struct DagStep {
    name: String,
}

#[test]
fn every_spec_of_the_corpus_runs_as_meant_or_is_refused_by_name() {
    let files = corpus();
    assert!(files.len() >= 60, "{} files", files.len());
    let next = AtomicUsize::new(0);
    let faults: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME)
            .map(|_| {
                scope.spawn(|| {
                    let mut faults = Vec::new();
                    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if let Err(fault) = check(file) {
                            faults.push(format!("{}: {fault}", file.display()));
                        }
                    }
                    faults
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    assert!(
        faults.is_empty(),
        "{} of {} failed:\n{}",
        faults.len(),
        files.len(),
        faults.join("\n")
    );
}

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/specs");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn expectation(text: &str) -> Expectation {
    let mut expected = Expectation::default();
    for line in text.lines().map_while(|line| line.strip_prefix("# ")) {
        match line.split_once(": ") {
            Some(("expect", word)) => expected.error = word == "error",
            Some(("error", told)) => expected.told.push(told.to_owned()),
            Some(("warning", told)) => expected.told.push(told.to_owned()),
            _ => {}
        }
    }
    expected
}

fn check(file: &Path) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let expected = expectation(&text);
    let output = arborist_tests::arborist()
        .arg("dagu")
        .arg(file)
        .output()
        .map_err(|error| error.to_string())?;
    let told = String::from_utf8_lossy(&output.stderr);
    if let Some(missing) = expected
        .told
        .iter()
        .find(|part| !told.contains(part.as_str()))
    {
        return Err(format!("standard error lacks `{missing}`:\n{told}"));
    }
    if let Some(c) = told.chars().find(|c| c.is_control() && *c != '\n') {
        return Err(format!("standard error holds {c:?}"));
    }
    if expected.error {
        return match (output.status.code(), output.stdout.is_empty()) {
            (Some(EXIT_INVALID), true) => Ok(()),
            (code, _) => Err(format!(
                "expected exit code {EXIT_INVALID} and nothing on standard output, got {code:?}"
            )),
        };
    }
    if !output.status.success() {
        return Err(format!("{}:\n{told}", output.status));
    }
    run(&text, &output.stdout)
}

fn run(spec: &str, dag_text: &[u8]) -> Result<(), String> {
    let spec: Spec = serde_saphyr::from_str(spec).map_err(|error| format!("the spec: {error}"))?;
    let dag_text = std::str::from_utf8(dag_text).map_err(|error| error.to_string())?;
    let dag: DagFile =
        serde_saphyr::from_str(dag_text).map_err(|error| format!("the DAG: {error}"))?;
    if dag.kind != "graph" || dag.steps.len() != spec.steps.len() {
        return Err("the DAG is no graph, or lacks steps".to_owned());
    }
    let dagu = Dagu::new().map_err(|error| error.to_string())?;
    let path = dagu.work().join("dag.yaml");
    let put = || fs::write(&path, dag_text).map_err(|error| error.to_string());
    // The shell is asked with the same files in place.
    put()?;
    let meant = ask_the_shell(&dagu, &spec)?;
    dagu.clear_work().map_err(|error| error.to_string())?;
    put()?;
    let validated = dagu.validate(&path).map_err(|error| error.to_string())?;
    if !validated.status.success() {
        return Err(format!(
            "dagu validate: {}",
            String::from_utf8_lossy(&validated.stderr)
        ));
    }
    let started = dagu.start(&path).map_err(|error| error.to_string())?;
    let all_succeed = meant.values().all(|meant| meant.succeeds) && meant.len() == spec.steps.len();
    if started.status.success() != all_succeed {
        return Err(format!("dagu start ended with {}", started.status));
    }
    compare(&dagu, &dag, &spec, &meant)
}

/// What `sh -c` does with a command.
struct Meant {
    stdout: Vec<u8>,
    succeeds: bool,
}

/// Runs every step in an order that the dependencies allow, each in the folder that Dagu will run it in; steps behind a failed one are left out.
fn ask_the_shell<'a>(dagu: &Dagu, spec: &'a Spec) -> Result<HashMap<&'a str, Meant>, String> {
    let mut meant: HashMap<&str, Meant> = HashMap::new();
    let mut waiting: Vec<&SpecStep> = spec.steps.iter().collect();
    loop {
        let ready: HashSet<&str> = waiting
            .iter()
            .filter(|step| {
                step.depends_on
                    .0
                    .iter()
                    .all(|name| meant.get(name.as_str()).is_some_and(|m| m.succeeds))
            })
            .map(|step| step.name.as_str())
            .collect();
        if ready.is_empty() {
            break;
        }
        for step in waiting
            .iter()
            .filter(|step| ready.contains(step.name.as_str()))
        {
            let output = dagu
                .shell(&step.command)
                .map_err(|error| format!("{}: {error}", step.name))?;
            meant.insert(
                &step.name,
                Meant {
                    stdout: output.stdout,
                    succeeds: output.status.success(),
                },
            );
        }
        waiting.retain(|step| !ready.contains(step.name.as_str()));
    }
    Ok(meant)
}

fn compare(
    dagu: &Dagu,
    dag: &DagFile,
    spec: &Spec,
    meant: &HashMap<&str, Meant>,
) -> Result<(), String> {
    let mut faults = String::new();
    for (step, in_dag) in spec.steps.iter().zip(&dag.steps) {
        let run = dagu
            .step(&dag.name, &in_dag.name)
            .map_err(|error| error.to_string())?;
        let Some(meant) = meant.get(step.name.as_str()) else {
            if run.status == "succeeded" || !run.stdout.is_empty() {
                let _ = writeln!(
                    faults,
                    "  {}: ran although what it depends on failed",
                    step.name
                );
            }
            continue;
        };
        let same_end = (run.status == "succeeded") == meant.succeeds;
        if run.stdout != meant.stdout || !same_end {
            let meant_text = String::from_utf8_lossy(&meant.stdout);
            let text = String::from_utf8_lossy(&run.stdout);
            let _ = writeln!(
                faults,
                "  {}: meant {meant_text:?}, got {text:?} ({})",
                step.name, run.status
            );
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(format!("\n{faults}"))
    }
}
