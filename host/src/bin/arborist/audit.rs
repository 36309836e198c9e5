//! The audit log of a command.

use crate::{
    exit::{Exit, Failure},
    output,
};
use arborist::{
    audit::{AuditLog, Links},
    config::Settings,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Opens the log that the settings name, off the runtime's thread.
///
/// # Errors
/// It cannot be written: the fault of the flag or of the file that names it.
pub(crate) async fn open(settings: &Settings) -> Result<Option<Arc<AuditLog>>, Failure> {
    let Some(file) = settings.audit.clone() else {
        return Ok(None);
    };
    let exit = if file.by_flag {
        Exit::Usage
    } else {
        Exit::Config
    };
    let links = if file.found {
        Links::Refused
    } else {
        Links::Followed
    };
    output::aside(move || {
        let log = AuditLog::open(&file.path, links);
        log.map(Some).map_err(|error| Failure::new(exit, error))
    })
    .await
}

/// Refuses results that would replace the log.
///
/// # Errors
/// One of `results` is the log's file.
pub(crate) fn apart(settings: &Settings, results: &[&Option<PathBuf>]) -> Result<(), Failure> {
    let Some(log) = settings.audit.as_ref().map(|file| place(&file.path)) else {
        return Ok(());
    };
    let mut results = results.iter().filter_map(|path| path.as_deref());
    if results.any(|path| place(path) == log) {
        let message = "a result and the audit log cannot go to the same file\n  help: name another one with -o, --dagu or --audit";
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(())
}

/// Where a file is or would be, links of its folder resolved.
fn place(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new(".")).canonicalize();
        match (folder, path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    })
}
