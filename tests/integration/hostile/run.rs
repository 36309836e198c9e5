//! One attempt: by the real binary with memory on demand, then out of a pool by the library, in a process that must outlive it.

use super::{
    alive,
    case::{Attempt, Folder},
    check, library,
    stage::Stage,
};
use arborist_tests::{Ran, host};

/// Small, so that it is set up at once.
const POOL: [(&str, &str); 2] = [
    ("AGENT_ARBORIST_ENGINE__PROFILE", "pooling"),
    ("AGENT_ARBORIST_ENGINE__INSTANCES", "4"),
];

/// Runs an attempt in each of the engine's profiles and judges it.
///
/// # Errors
/// Everything that is not as it must be, and what was seen.
pub(crate) fn attempt(folder: &Folder, attempt: &Attempt) -> Result<(), String> {
    let stage = Stage::new(folder, &attempt.entry);
    let (mut command, stdin) = stage.command();
    let ran = host::run(&mut command, stdin);
    judge(attempt, &stage, &ran, "by the binary")?;
    let stage = Stage::new(folder, &attempt.entry);
    if let Some(ran) = library::run(&stage) {
        judge(attempt, &stage, &ran, "by the library, out of a pool")?;
    } else {
        // What only the command line does, out of a pool as well.
        let (mut command, stdin) = stage.command();
        command.envs(POOL);
        let ran = host::run(&mut command, stdin);
        judge(attempt, &stage, &ran, "by the binary, out of a pool")?;
    }
    alive::check()
}

fn judge(attempt: &Attempt, stage: &Stage, ran: &Ran, way: &str) -> Result<(), String> {
    let faults = check::faults(stage, &attempt.entry.expect, ran);
    if faults.is_empty() {
        return Ok(());
    }
    let mut report = format!("{}\n", attempt.entry.about);
    for fault in faults {
        report.push_str(&format!("  fault: {fault}\n"));
    }
    report.push_str(&format!("  {way}: arborist {}\n", stage.shown()));
    for (what, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        let cut: String = text.chars().take(4000).collect();
        report.push_str(&format!("  {what}:\n{cut}\n"));
    }
    for service in stage.service.iter().chain(&stage.second) {
        let log = service.log();
        report.push_str(&log.chars().take(4000).collect::<String>());
        report.push('\n');
    }
    Err(report)
}
