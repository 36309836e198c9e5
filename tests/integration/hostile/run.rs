//! One attempt, by the real binary.

use super::{
    case::{Attempt, Folder},
    check,
    stage::Stage,
};
use arborist_tests::host;

/// Runs an attempt and judges it.
///
/// # Errors
/// Everything that is not as it must be, and what was seen.
pub(crate) fn attempt(folder: &Folder, attempt: &Attempt) -> Result<(), String> {
    let stage = Stage::new(folder, &attempt.entry);
    let (mut command, stdin) = stage.command();
    let ran = host::run(&mut command, stdin);
    let faults = check::faults(&stage, &attempt.entry.expect, &ran);
    if faults.is_empty() {
        return Ok(());
    }
    let mut report = format!("{}\n", attempt.entry.about);
    for fault in faults {
        report.push_str(&format!("  fault: {fault}\n"));
    }
    report.push_str(&format!("  command: arborist {}\n", stage.shown()));
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
