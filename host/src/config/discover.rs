//! Finds the configuration file.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::fault::{Faults, shown_path};
use super::folders::Folders;
use super::trust::{FileError, read_found, read_named};

/// The name of a configuration file.
pub const FILE_NAME: &str = "agent-arborist.yaml";
/// The variable that names one.
pub const FILE_VARIABLE: &str = "AGENT_ARBORIST_CONFIG";
/// How many parents of the current folder are looked at.
const MAX_PARENTS: usize = 3;

/// A configuration file and its text.
pub(super) struct Found {
    /// As it was named, or canonical where it was found.
    pub(super) path: PathBuf,
    /// The folder that relative paths in it start from.
    pub(super) folder: PathBuf,
    /// Whether the user named it. One that was found may be a stranger's.
    pub(super) named: bool,
    pub(super) text: String,
}

/// The file that `--config` or the variable names, else the one that is found in `folder` or above.
pub(super) fn discover(
    flag: Option<&Path>,
    folder: &Path,
    environment: &Environment,
    folders: &Folders,
) -> Result<Option<Found>, Faults> {
    let (named, by) = match (flag, environment.path(FILE_VARIABLE)) {
        (Some(path), _) => (Some(path), "--config"),
        (None, variable) => (variable, FILE_VARIABLE),
    };
    match named {
        Some(path) => named_file(folder, path, by).map(Some),
        None => found_file(folder, folders.home.as_deref()),
    }
}

fn named_file(folder: &Path, path: &Path, by: &str) -> Result<Found, Faults> {
    let path = folder.join(path);
    let text = read_named(&path).map_err(|error| {
        let message = format!("{by}: {} cannot be used: {error}", shown_path(&path));
        let help = matches!(error, FileError::Absent).then(|| {
            format!(
                "name an existing file; `arborist init` writes {FILE_NAME} in the current folder"
            )
        });
        Faults::one(message, help)
    })?;
    let folder = path
        .parent()
        .map_or_else(|| folder.to_path_buf(), Path::to_path_buf);
    Ok(Found {
        path,
        folder,
        named: true,
        text,
    })
}

fn found_file(folder: &Path, home: Option<&Path>) -> Result<Option<Found>, Faults> {
    let start = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_path_buf());
    let home = home.map(|home| home.canonicalize().unwrap_or_else(|_| home.to_path_buf()));
    for folder in start.ancestors().take(1 + MAX_PARENTS) {
        // Canonical, so that the folder it counts as being in is the one that its owner put it in.
        match folder.join(FILE_NAME).canonicalize() {
            Ok(path) => return use_found(path).map(Some),
            // Not there, or nothing that this user could see.
            Err(_) if folder.join(FILE_NAME).symlink_metadata().is_err() => {}
            Err(error) => return Err(refused(&folder.join(FILE_NAME), &FileError::from(error))),
        }
        let repository = folder.join(".git").symlink_metadata().is_ok();
        if repository || home.as_deref() == Some(folder) {
            break;
        }
    }
    Ok(None)
}

fn use_found(path: PathBuf) -> Result<Found, Faults> {
    let text = read_found(&path).map_err(|error| refused(&path, &error))?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(Found {
        path,
        folder,
        named: false,
        text,
    })
}

fn refused(path: &Path, error: &FileError) -> Faults {
    let shown = shown_path(path);
    let help = match error {
        FileError::Writable => {
            format!("run `chmod go-w {shown}`, or name it if you trust it: --config {shown}")
        }
        FileError::Foreign => format!("if you trust it, name it: --config {shown}"),
        _ => format!("repair or remove it, or name another file with --config or ${FILE_VARIABLE}"),
    };
    Faults::one(format!("{shown} cannot be used: {error}"), Some(help))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    fn find(folder: &Path, home: &Path, variables: &[(&str, &str)]) -> Option<PathBuf> {
        let environment = Environment::from_iter(variables.iter().copied());
        let folders = Folders {
            home: Some(home.to_path_buf()),
            ..Folders::default()
        };
        discover(None, folder, &environment, &folders)
            .unwrap()
            .map(|found| found.path)
    }

    #[test]
    fn climbs_three_parents_and_stops_at_repository_and_home() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let deep = root.join("a/b/c/d");
        fs::create_dir_all(&deep).unwrap();
        let nowhere = Path::new("/nonexistent");
        let file = |folder: &str| {
            let path = root.join(folder).join(FILE_NAME);
            fs::write(&path, "").unwrap();
            path
        };
        let top = file("");
        assert_eq!(find(&deep, nowhere, &[]), None, "four parents up");
        assert_eq!(find(&root.join("a/b/c"), nowhere, &[]), Some(top.clone()));
        assert_eq!(
            find(&root.join("a/b"), &root.join("a"), &[]),
            None,
            "above home"
        );
        assert_eq!(
            find(&root.join("a/b"), &root, &[]),
            Some(top.clone()),
            "in home"
        );
        fs::create_dir(root.join("a/.git")).unwrap();
        assert_eq!(
            find(&root.join("a/b"), nowhere, &[]),
            None,
            "above the repository"
        );
        let inside = file("a");
        assert_eq!(
            find(&root.join("a/b"), nowhere, &[]),
            Some(inside),
            "at its root"
        );
        let named = top.to_str().unwrap();
        assert_eq!(
            find(&root.join("a/b"), nowhere, &[(FILE_VARIABLE, named)]),
            Some(top.clone())
        );
        assert_eq!(
            find(
                &root.join("a/b"),
                nowhere,
                &[(FILE_VARIABLE, "../../agent-arborist.yaml")]
            )
            .unwrap()
            .canonicalize()
            .unwrap(),
            top
        );
    }

    #[test]
    fn a_link_counts_as_where_it_leads() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        fs::create_dir(root.join("mine")).unwrap();
        fs::create_dir(root.join("theirs")).unwrap();
        fs::write(root.join("mine").join(FILE_NAME), "").unwrap();
        std::os::unix::fs::symlink(
            "../mine/agent-arborist.yaml",
            root.join("theirs").join(FILE_NAME),
        )
        .unwrap();
        let found = find(&root.join("theirs"), &root, &[]);
        assert_eq!(found, Some(root.join("mine").join(FILE_NAME)));
    }

    #[test]
    fn what_cannot_be_used_is_a_fault_that_says_what_to_do() {
        use std::os::unix::fs::PermissionsExt as _;
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let none = Environment::default();
        let fault = |flag: Option<&Path>| {
            let folders = Folders::default();
            discover(flag, &root, &none, &folders)
                .err()
                .unwrap()
                .to_string()
        };
        assert!(fault(Some(Path::new("absent.yaml"))).contains("no such file"));
        let path = root.join(FILE_NAME);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let text = fault(None);
        assert!(
            text.contains("chmod go-w") && text.contains("--config"),
            "{text}"
        );
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(fault(None).contains("not a regular file"));
        fs::remove_dir(&path).unwrap();
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert!(fault(None).contains("no such file"));
    }
}
