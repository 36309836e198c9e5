//! The folder that holds artefacts: ours, and private.

use crate::private::{self, Others};
use std::path::{Path, PathBuf};

/// A folder that only this user can write to.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

/// Why a folder cannot hold artefacts.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or looked at.
    #[error("cannot use {} for compiled components: {error}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Somebody else could put code into it.
    #[error("will not keep compiled components in {}: {found}\n  help: `chmod 700` the folder if it is yours, or remove it", path.display())]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        found: &'static str,
    },
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, FolderError> {
        let fail = |error| FolderError::Io {
            path: path.to_owned(),
            error,
        };
        private::make_folder(path).map_err(fail)?;
        if let Some(found) = private::flaw(path, Others::Nothing).map_err(fail)? {
            return Err(FolderError::NotPrivate {
                path: path.to_owned(),
                found,
            });
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_folder_is_made_private_and_refused_when_it_is_not() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("deep/aot");
        Folder::open(&path).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o770)).unwrap();
        assert!(matches!(
            Folder::open(&path),
            Err(FolderError::NotPrivate { .. })
        ));
    }

    #[test]
    fn a_link_is_no_folder() {
        let base = tempfile::tempdir().unwrap();
        let real = base.path().join("real");
        Folder::open(&real).unwrap();
        let link = base.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        // For what it is, and not for its mode, which says something else on every system.
        assert!(matches!(
            Folder::open(&link),
            Err(FolderError::NotPrivate {
                found: "it is no folder",
                ..
            })
        ));
    }
}
