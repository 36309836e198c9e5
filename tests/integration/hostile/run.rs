//! One attempt: by the real binary, then by the library, in a process that must outlive it.

use super::{
    alive,
    case::{Attempt, Folder},
    check, library,
    stage::Stage,
};
use arborist_tests::{Ran, host};

/// Runs an attempt both ways and judges it.
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
        judge(attempt, &stage, &ran, "by the library")?;
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
