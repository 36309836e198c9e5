//! The user's own folders.

use std::path::{Path, PathBuf};

use super::environment::Environment;

const NAME: &str = "arborist";

/// Where Arborist keeps what is the user's: a pure function of the environment, by the XDG base
/// directory specification. Nothing is created here. None where the environment does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    /// What can be thrown away: `$XDG_CACHE_HOME/arborist`, else `~/.cache/arborist`.
    pub cache: Option<PathBuf>,
    /// What should last, such as what the user agreed to: `$XDG_STATE_HOME/arborist`, else
    /// `~/.local/state/arborist`.
    pub state: Option<PathBuf>,
    /// The home folder: `$HOME`, on Windows `%USERPROFILE%`.
    pub home: Option<PathBuf>,
}

impl Folders {
    /// The folders that `environment` names. As the specification says, a path that is not absolute
    /// is passed over.
    #[must_use]
    pub fn of(environment: &Environment) -> Self {
        let absolute = |name| environment.path(name).filter(|path| path.is_absolute());
        let home = absolute("HOME")
            .or_else(|| {
                if cfg!(windows) {
                    absolute("USERPROFILE")
                } else {
                    None
                }
            })
            .map(Path::to_path_buf);
        let folder = |variable, below: &str| {
            let base = absolute(variable).map(Path::to_path_buf);
            base.or_else(|| Some(home.as_ref()?.join(below)))
                .map(|base| base.join(NAME))
        };
        Self {
            cache: folder("XDG_CACHE_HOME", ".cache"),
            state: folder("XDG_STATE_HOME", ".local/state"),
            home,
        }
    }

    /// Where results are cached by those who name no folder for it.
    #[must_use]
    pub fn results(&self) -> Option<PathBuf> {
        Some(self.cache.as_ref()?.join("results"))
    }

    /// Where it is remembered what large component files hold.
    #[must_use]
    pub fn known_files(&self) -> Option<PathBuf> {
        Some(self.cache.as_ref()?.join("known"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follow_xdg() {
        let home = Folders::of(&Environment::from_iter([("HOME", "/home/ann")]));
        assert_eq!(home.cache.unwrap(), Path::new("/home/ann/.cache/arborist"));
        assert_eq!(
            home.state.unwrap(),
            Path::new("/home/ann/.local/state/arborist")
        );
        let xdg = Folders::of(&Environment::from_iter([
            ("XDG_CACHE_HOME", "/c"),
            ("XDG_STATE_HOME", "relative"),
            ("HOME", "/home/ann"),
        ]));
        assert_eq!(xdg.cache.unwrap(), Path::new("/c/arborist"));
        assert_eq!(
            xdg.state.unwrap(),
            Path::new("/home/ann/.local/state/arborist")
        );
        let none = Folders::of(&Environment::from_iter([("HOME", "")]));
        assert_eq!(none, Folders::default());
    }
}
