//! One run in a process of its own, with everything compiled before.

use super::{Plan, Row};
use crate::{
    bare::{Bare, Setup},
    clock,
    rounds::{self, Compared},
};
use arborist::builtin;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const TEXT: &str = "Back up the orders database, then tell the team";

/// The twin as a process: it maps native code, makes an instance, calls it, prints what it says.
#[derive(Clone, Copy, Debug)]
pub struct BareProcess;

impl BareProcess {
    /// What the process does.
    ///
    /// # Panics
    /// The file is not what [`Bare::precompile`] gave, or the call fails.
    pub fn run(artefact: &Path, description: &str) {
        let runtime = super::runtime();
        let bare = Bare::map(Setup::OnDemand, artefact).expect("native code");
        let answer = runtime.block_on(bare.run(description, &[]));
        println!("{}", answer.expect("it answers"));
    }
}

pub(super) fn rows(plan: &Plan) -> Vec<Row> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // As an installation copies them: how a file was written decides what the system needs to map it, and a linker writes piecemeal.
    let installed = |program: &Path| {
        let name = program.file_name().expect("a program");
        let copy = folder.path().join(name);
        fs::copy(program, &copy).expect("a program that was built");
        copy
    };
    let plan = &Plan {
        arborist: installed(&plan.arborist),
        bare: installed(&plan.bare),
        ..plan.clone()
    };
    let mock = builtin::find("mock").expect("it comes with the host").bytes;
    let mut rows = small(plan, folder.path(), mock);
    for (language, component) in &plan.large {
        rows.push(large(plan, folder.path(), language, component));
    }
    rows
}

/// The built-in runner.
fn small(plan: &Plan, folder: &Path, mock: &[u8]) -> Vec<Row> {
    let artefact = artefact(folder, "mock", mock);
    let python = folder.join("runner.py");
    fs::write(&python, include_str!("../../twin/runner.py")).expect("the folder takes a file");
    let ours = || arborist(plan, folder, &["--runner", "mock"]);
    let bare = || measured(Command::new(&plan.bare).arg(&artefact).arg(TEXT));
    let old = || measured(Command::new(python3()).arg(&python).arg(TEXT));
    let row = |name, twin, goal, goal_ratio, figures| Row {
        name,
        what: "cold `arborist run --runner mock`, AOT cache warm".to_owned(),
        unit: "ms CPU",
        twin,
        figures,
        more_is_better: false,
        goal,
        goal_ratio: Some(goal_ratio),
    };
    vec![
        row(
            "cold",
            "a process that maps the code and calls it",
            Some(5.0),
            1.6,
            processes(plan, ours, bare),
        ),
        row(
            "cold-python",
            "`python3` with the runner of the old guide",
            None,
            0.35,
            processes(plan, ours, old),
        ),
    ]
}

/// A runner of 10 MB and more.
fn large(plan: &Plan, folder: &Path, language: &'static str, component: &Path) -> Row {
    let bytes = fs::read(component).expect("a component");
    let artefact = artefact(folder, language, &bytes);
    let path = component.to_str().expect("a plain path");
    let ours = || arborist(plan, folder, &["--component", path]);
    let bare = || measured(Command::new(&plan.bare).arg(&artefact).arg("probe"));
    Row {
        name: "cold-large",
        what: format!(
            "the same for a {language} runner of {} MB",
            bytes.len() / 1_000_000
        ),
        unit: "ms CPU",
        twin: "a process that maps the code and calls it",
        figures: processes(plan, ours, bare),
        more_is_better: false,
        goal: None,
        goal_ratio: None,
    }
}

fn processes(
    plan: &Plan,
    ours: impl Fn() -> clock::Process,
    twin: impl Fn() -> clock::Process,
) -> Compared {
    let often = plan.times(8);
    let mean = |run: &dyn Fn() -> clock::Process| {
        let total: f64 = (0..often).map(|_| run().cpu).sum();
        #[allow(clippy::cast_precision_loss, reason = "eight")]
        let often = often as f64;
        total / often
    };
    rounds::compare(plan.rounds, || mean(&ours), || mean(&twin))
}

fn arborist(plan: &Plan, home: &Path, args: &[&str]) -> clock::Process {
    let mut command = Command::new(&plan.arborist);
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .current_dir(home)
        .arg("run")
        .args(args)
        .arg(TEXT);
    clock::process(&mut command)
}

fn artefact(folder: &Path, name: &str, component: &[u8]) -> PathBuf {
    let path = folder.join(name).with_extension("code");
    let code = Bare::precompile(Setup::OnDemand, component).expect("wasmtime takes it");
    fs::write(&path, code).expect("the folder takes a file");
    path
}

/// The interpreter itself: what `python3` names can be a script that looks for it.
fn python3() -> PathBuf {
    let asked = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output();
    let found = asked.expect("python3 is there").stdout;
    PathBuf::from(String::from_utf8_lossy(&found).trim())
}

fn measured(command: &mut Command) -> clock::Process {
    clock::process(command.env_remove("RUST_BACKTRACE"))
}
