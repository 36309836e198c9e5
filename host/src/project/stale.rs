//! Whether a project's component is older than what it was made of.

use super::{Language, found::shown};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Most entries of folders that are looked at. Of a larger project only that part is judged.
const MAX_ENTRIES: usize = 2_000;
/// How deep folders are looked into.
const MAX_DEPTH: usize = 6;
/// A checkout or a copy writes sources and a component within moments, in any order.
const MOMENT: Duration = Duration::from_secs(2);
/// Folders of what tools make or fetch.
const MADE: [&str; 6] = [
    "target",
    "node_modules",
    "venv",
    "__pycache__",
    "dist",
    "build",
];

/// A component whose sources were changed after it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The source that was changed last, from the project's folder.
    pub source: PathBuf,
    component: PathBuf,
}

impl Stale {
    /// Whether `component` lies in a project's folder, so that there is something to look at: a few names of files are asked for.
    #[must_use]
    pub fn concerns(component: &Path) -> bool {
        component.parent().and_then(language_of).is_some()
    }

    /// What there is to know of `component` by the times of its project's files: none where it does not lie in a project's folder,
    /// is no older than its sources, or cannot be judged. Only files are looked at, 2,000 entries at most, and no link is followed.
    #[must_use]
    pub fn of(component: &Path) -> Option<Self> {
        let folder = component.parent()?;
        let language = language_of(folder)?;
        let built = fs::metadata(component).ok()?.modified().ok()?;
        let mut newest = Newest {
            language,
            entries: 0,
            found: None,
        };
        newest.look(folder, Path::new(""), 0);
        let (changed, source) = newest.found?;
        (changed > built.checked_add(MOMENT)?).then(|| Self {
            source,
            component: component.to_owned(),
        })
    }
}

/// The one language that a project's folder is in.
fn language_of(folder: &Path) -> Option<Language> {
    match Language::of(folder).as_slice() {
        [language] => Some(*language),
        _ => None,
    }
}

impl std::fmt::Display for Stale {
    /// One line, with what to do.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.component.file_name().unwrap_or_default();
        let (name, source) = (shown(Path::new(name)), shown(&self.source));
        write!(
            f,
            "{name} is older than {source}; `arborist build` makes it anew"
        )
    }
}

/// The source that was changed last.
struct Newest {
    language: Language,
    entries: usize,
    found: Option<(SystemTime, PathBuf)>,
}

impl Newest {
    /// Looks into `folder`, which is at `inner` in the project.
    fn look(&mut self, folder: &Path, inner: &Path, depth: usize) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return;
            }
            let name = entry.file_name();
            let (Some(text), Ok(kind)) = (name.to_str(), entry.file_type()) else {
                continue;
            };
            let inner = inner.join(&name);
            if kind.is_dir() {
                if depth < MAX_DEPTH && !text.starts_with('.') && !MADE.contains(&text) {
                    self.look(&entry.path(), &inner, depth + 1);
                }
            } else if kind.is_file() && is_source(self.language, text, depth == 0) {
                let changed = entry.metadata().and_then(|metadata| metadata.modified());
                let newer = |changed: &SystemTime| {
                    self.found
                        .as_ref()
                        .is_none_or(|(latest, _)| changed > latest)
                };
                if let Some(changed) = changed.ok().filter(newer) {
                    self.found = Some((changed, inner));
                }
            }
        }
    }
}

/// Whether a component is made of such a file. What the tools write themselves, as `Cargo.lock` and what `tsc` makes, is none.
fn is_source(language: Language, name: &str, at_root: bool) -> bool {
    let ending = Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str());
    let ending = ending.unwrap_or_default();
    let of_language = match language {
        Language::Rust => ending == "rs" || name == "Cargo.toml",
        Language::Python => ending == "py",
        Language::Js => matches!(ending, "js" | "mjs") || at_root && name == "package.json",
        Language::Ts => {
            matches!(ending, "ts" | "mts")
                || at_root && matches!(name, "package.json" | "tsconfig.json")
        }
        Language::C => matches!(ending, "c" | "h"),
    };
    of_language || ending == "wit"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    /// A project of these files, changed so many seconds after the component was made.
    fn project(files: &[(&str, i64)]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let built = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for (name, after) in files.iter().chain(&[("mine.wasm", 0)]) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = File::create(&path).unwrap();
            let time = match u64::try_from(*after) {
                Ok(after) => built + Duration::from_secs(after),
                Err(_) => built - Duration::from_secs(after.unsigned_abs()),
            };
            file.set_modified(time).unwrap();
        }
        let component = folder.path().join("mine.wasm");
        (folder, component)
    }

    #[test]
    fn the_source_that_was_changed_last_is_named() {
        let (_folder, component) = project(&[
            ("Cargo.toml", -5),
            ("src/lib.rs", 10),
            ("src/inner/deep.rs", 20),
            ("wit/runner.wit", 5),
            ("target/release/build/x.rs", 90),
            ("notes.md", 90),
            (".git/x.rs", 90),
        ]);
        let stale = Stale::of(&component).unwrap();
        assert_eq!(stale.source, Path::new("src/inner/deep.rs"));
        assert_eq!(
            stale.to_string(),
            "mine.wasm is older than src/inner/deep.rs; `arborist build` makes it anew"
        );
    }

    #[test]
    fn what_each_language_is_made_of_counts_and_nothing_else() {
        for (mark, source, other) in [
            ("Cargo.toml", "src/lib.rs", "build/x.js"),
            ("app.py", "helper.py", "runner.test.yaml"),
            ("package.json", "runner.js", "agent-arborist.yaml"),
            ("tsconfig.json", "runner.ts", "build/runner.d.ts"),
            ("main.c", "bindings/runner.h", "core.wasm"),
        ] {
            let files = |source_after, other_after| {
                [(mark, 0), (source, source_after), (other, other_after)]
            };
            let (_folder, component) = project(&files(3, 0));
            let stale = Stale::of(&component).unwrap();
            assert_eq!(stale.source, Path::new(source), "{mark}");
            let (_folder, component) = project(&files(0, 99));
            assert_eq!(Stale::of(&component), None, "{mark}");
        }
    }

    #[test]
    fn what_cannot_be_judged_is_not() {
        // No project, two at once, no component, and what was written at one time.
        let (_folder, component) = project(&[("src/lib.rs", 10)]);
        assert!(!Stale::concerns(&component));
        assert_eq!(Stale::of(&component), None);
        let (_folder, component) = project(&[("Cargo.toml", 10), ("app.py", 10)]);
        assert_eq!(Stale::of(&component), None);
        let (folder, _) = project(&[("app.py", 10)]);
        assert_eq!(Stale::of(&folder.path().join("other.wasm")), None);
        let (_folder, component) = project(&[("app.py", 1)]);
        assert_eq!(Stale::of(&component), None);
    }

    #[test]
    fn a_tree_without_end_is_looked_at_with_a_bound() {
        let (folder, component) = project(&[("app.py", 0)]);
        let mut deep = folder.path().to_owned();
        for _ in 0..20 {
            deep.push("d");
        }
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("late.py"), "").unwrap();
        assert_eq!(Stale::of(&component), None);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(".", folder.path().join("round")).unwrap();
            assert_eq!(Stale::of(&component), None);
        }
        let mut newest = Newest {
            language: Language::Python,
            entries: MAX_ENTRIES - 2,
            found: None,
        };
        newest.look(folder.path(), Path::new(""), 0);
        assert_eq!(newest.entries, MAX_ENTRIES + 1);
    }
}
