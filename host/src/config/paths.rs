//! Settings that are paths or hold one.

use std::path::{Path, PathBuf};

use super::node::{At, Node};
use super::resolve::Resolver;
use super::section::{self, Text};
use super::settings::{AuditFile, CacheSettings, Source};
use super::trust::beneath;

impl Resolver<'_> {
    pub(super) fn component(&mut self, section: Option<&Text>) -> Option<PathBuf> {
        if let Some(path) = &self.invocation.component {
            self.sources
                .insert("component".to_owned(), Source::Flag("--component"));
            return Some(self.base.current.join(path));
        }
        let (path, at) = section?;
        self.note("component", Some(at));
        // A path that is refused is still a component: that the runner is not built in is no fault.
        Some(self.path(path, at, "component", true).unwrap_or_default())
    }

    pub(super) fn cache(&mut self, cache: Option<&section::Cache>) -> Option<CacheSettings> {
        let cache = cache?;
        let dir = match &cache.dir {
            Some((dir, at)) => {
                let path = self.path(dir, at, "cache.dir", true)?;
                self.note("cache.dir", Some(at));
                path
            }
            None => {
                let Some(folder) = self.folders.results() else {
                    let message = "nothing is cached: `cache` has no `dir`, and there is no cache folder of yours without $HOME";
                    self.report.warn(Some(&cache.at), message);
                    return None;
                };
                folder
            }
        };
        self.note("cache.ttl", Some(&cache.at));
        Some(CacheSettings {
            dir,
            ttl: cache.ttl,
        })
    }

    pub(super) fn audit(&mut self, node: Option<&Node>) -> Option<AuditFile> {
        // What the file says is judged also where the flag comes before it.
        let written = node.and_then(|node| {
            let path = super::written::text(node, "audit", "the path of a file", &mut self.report)?
                .to_owned();
            self.path(&path, &node.at, "audit", true)
        });
        if let Some(path) = &self.invocation.audit {
            self.sources
                .insert("audit".to_owned(), Source::Flag("--audit"));
            return Some(AuditFile {
                path: self.base.current.join(path),
                found: false,
                by_flag: true,
            });
        }
        self.note("audit", node.map(|node| &node.at));
        Some(AuditFile {
            path: written?,
            found: self.base.stranger,
            by_flag: false,
        })
    }

    /// A path: relative to the file that says it, or to the current folder.
    pub(super) fn path(
        &mut self,
        path: &str,
        at: &At,
        key: &str,
        confined: bool,
    ) -> Option<PathBuf> {
        if path == "~" || path.starts_with("~/") {
            self.report.fault(
                at,
                format!("`{key}` begins with `~`, which only a shell expands"),
                "write the path in full",
            );
            return None;
        }
        if !matches!(at, At::File(_)) {
            return Some(self.base.current.join(path));
        }
        if !(self.base.stranger && confined) {
            return Some(self.base.file.join(path));
        }
        let below = beneath(&self.base.file, Path::new(path));
        if below.is_none() {
            let help = "in a file that was found, not named, paths stay beneath its folder; name the file with --config if you trust it";
            self.report.fault(
                at,
                format!("`{key}` leads out of the folder of the file"),
                help,
            );
        }
        if below.as_deref().is_some_and(is_of_git) {
            let help = "git runs what is in there, so a file that was found, not named, has no say in it: choose a path outside `.git`, or name the file with --config if you trust it";
            self.report
                .fault(at, format!("`{key}` leads into a `.git` folder"), help);
            return None;
        }
        below
    }
}

/// Whether a path goes through a folder that git keeps a repository in, also where the file system takes capitals for the same.
fn is_of_git(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str().eq_ignore_ascii_case(".git"))
}
