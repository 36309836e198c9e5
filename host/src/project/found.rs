//! Finding out what a folder is.

use super::{Language, process::ProcessError, recipe::WORLD, world::worlds};
use crate::escape::printable;
use serde_json::Value;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

/// The most of a package.json that is read, in bytes.
const MANIFEST: u64 = 1 << 20;
/// The most bytes of a world's name.
const NAME: usize = 200;
/// Worlds that a message names.
const WORLDS_SHOWN: usize = 20;
/// The worlds of the contract that stand in a file of their own.
const STREAMING: [&str; 2] = ["streaming-runner", "described-streaming-runner"];
/// Characters of a path that a message shows.
const SHOWN: usize = 400;

/// A folder that holds a runner's sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// As the user named it.
    pub(super) folder: PathBuf,
    /// Where it is, whatever the current folder.
    pub(super) place: PathBuf,
    pub(super) language: Language,
    /// The component's file is called by it.
    pub(super) name: String,
    /// What jco is given, relative to the folder.
    pub(super) main: String,
    /// What componentize-py and jco build for.
    pub(super) world: String,
}

/// Why a folder is no project that can be built.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// There is no such folder.
    #[error(
        "{0} is no folder\n  help: name the folder of a runner's sources; `arborist new` makes one"
    )]
    NoFolder(String),
    /// Nothing in it says which language it is in.
    #[error(
        "{folder} has no file that tells the language: {marks}\n  help: name the project's own folder, or start one with `arborist new`"
    )]
    NoLanguage {
        /// The folder.
        folder: String,
        /// The files that would.
        marks: String,
    },
    /// More than one language is possible.
    #[error("{folder} could be a project in {found}\n  help: say which one it is with --lang")]
    Ambiguous {
        /// The folder.
        folder: String,
        /// The languages.
        found: String,
    },
    /// `--lang` names a language that the folder is not in.
    #[error("{folder} has no {mark}, which a project in {language} has")]
    OtherLanguage {
        /// The folder.
        folder: String,
        /// The language that was named.
        language: Language,
        /// Its file.
        mark: &'static str,
    },
    /// A file of the project does not say what is needed.
    #[error("{file}: {reason}\n  help: {help}")]
    Manifest {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        help: &'static str,
    },
    /// What is given as a world is no name of one.
    #[error(
        "{0} is no name of a world\n  help: name one of those in wit/, as `described-streaming-runner`"
    )]
    World(String),
    /// The project's files define no such world.
    #[error("{folder} has no world `{world}`; it has: {found}\n  help: {help}")]
    NoWorld {
        /// The folder that would define it.
        folder: String,
        /// The world.
        world: String,
        /// Those that it defines.
        found: String,
        /// What to do.
        help: String,
    },
    /// A world is given where the sources have one already.
    #[error("a project in {0} names its world in its own sources\n  help: leave out --world; {1}")]
    OwnWorld(Language, &'static str),
    /// cargo could not say what the project is.
    #[error(transparent)]
    Cargo(#[from] ProcessError),
}

impl Project {
    /// The folder as the user named it, and nothing where that is the current one.
    pub(super) fn shown_folder(&self) -> PathBuf {
        match self.folder.as_os_str() == "." {
            true => PathBuf::new(),
            false => self.folder.clone(),
        }
    }

    /// What the folder is: by its files, or in the language that the user says.
    ///
    /// # Errors
    /// It is no folder, is in no language or in several, or its package.json says nothing that could be used.
    pub fn find(folder: &Path, language: Option<Language>) -> Result<Self, ProjectError> {
        let shown = shown(folder);
        if !folder.is_dir() {
            return Err(ProjectError::NoFolder(shown));
        }
        let language = match (language, Language::of(folder).as_slice()) {
            (Some(language), _) if folder.join(language.mark()).is_file() => language,
            (Some(language), _) => {
                let mark = language.mark();
                return Err(ProjectError::OtherLanguage {
                    folder: shown,
                    language,
                    mark,
                });
            }
            (None, [language]) => *language,
            (None, []) => {
                let marks = Language::ALL.map(Language::mark).join(", ");
                return Err(ProjectError::NoLanguage {
                    folder: shown,
                    marks,
                });
            }
            (None, several) => {
                let found: Vec<String> = several.iter().map(Language::to_string).collect();
                let found = found.join(" or ");
                return Err(ProjectError::Ambiguous {
                    folder: shown,
                    found,
                });
            }
        };
        let (name, main) = match language {
            Language::Js | Language::Ts => package(folder)?,
            _ => (own_name(folder), String::new()),
        };
        let place = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let folder = folder.to_owned();
        Ok(Self {
            folder,
            place,
            language,
            name,
            main,
            world: WORLD.to_owned(),
        })
    }

    /// The same, built for that world of its `wit` folder rather than for `described-runner`. At most 200 bytes.
    ///
    /// # Errors
    /// It is no name of a world, the project's `wit` folder does not define it, or the project's sources name theirs themselves.
    pub fn in_world(self, world: &str) -> Result<Self, ProjectError> {
        let place = match self.language {
            Language::Rust => "it stands where the bindings are generated, as `world: \"…\"`",
            Language::C => {
                "its bindings are of one world: make them anew with `wit-bindgen c wit --world WORLD`"
            }
            Language::Python | Language::Js | Language::Ts => "",
        };
        if !place.is_empty() {
            return Err(ProjectError::OwnWorld(self.language, place));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '/' | '@' | '.');
        let begins = world.starts_with(|c: char| c.is_ascii_alphabetic());
        if !begins || world.len() > NAME || !world.chars().all(fits) {
            let shown = printable(world, NAME).into_owned();
            return Err(ProjectError::World(format!("`{shown}`")));
        }
        self.defines(world)?;
        let world = world.to_owned();
        Ok(Self { world, ..self })
    }

    /// Refuses a world that the project's own WIT does not define. Of one that names its package, and of a folder that cannot be
    /// read, the tools know more.
    fn defines(&self, world: &str) -> Result<(), ProjectError> {
        let Ok(worlds) = worlds(&self.place.join("wit")) else {
            return Ok(());
        };
        if world.contains(['/', ':']) || worlds.iter().any(|other| other == world) {
            return Ok(());
        }
        let folder = shown(&self.shown_folder().join("wit"));
        let help = if STREAMING.contains(&world) {
            format!(
                "it is in the contract's streaming.wit, which projects of an older `arborist new` lack: copy wit/streaming.wit of a new one to {folder}"
            )
        } else {
            format!("name one of these, or define it in a file of {folder}")
        };
        let found: Vec<String> = worlds
            .iter()
            .map(|world| format!("`{}`", printable(world, NAME)))
            .take(WORLDS_SHOWN)
            .collect();
        Err(ProjectError::NoWorld {
            folder,
            world: world.to_owned(),
            found: match found.is_empty() {
                true => "none".to_owned(),
                false => found.join(", "),
            },
            help,
        })
    }

    /// What it is written in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }
}

pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), SHOWN).into_owned()
}

/// The folder's own name, also where it is given as `.`.
fn own_name(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    file_name(&name.unwrap_or_default())
}

/// A name as a file has it: nothing in it that leads elsewhere or is an option to a tool.
pub(super) fn file_name(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or_default();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name.chars().filter(|c| fits(*c)).take(100).collect();
    let name = name.trim_start_matches(['-', '.']);
    if name.is_empty() {
        "runner".to_owned()
    } else {
        name.to_owned()
    }
}

/// The package.json, or what is wrong with it.
fn manifest(path: &Path) -> Result<Value, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(MANIFEST)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| format!("not valid JSON: {error}"))
}

/// Whether the folder's package.json names this package among those that it needs.
pub(super) fn depends_on(folder: &Path, package: &str) -> bool {
    let Ok(manifest) = manifest(&folder.join(Language::Js.mark())) else {
        return false;
    };
    let mut lists = ["devDependencies", "dependencies"].iter();
    lists.any(|list| {
        let list = manifest.get(list);
        list.is_some_and(|list| list.get(package).is_some())
    })
}

/// `name` and `main` of the package.json.
fn package(folder: &Path) -> Result<(String, String), ProjectError> {
    let path = folder.join(Language::Js.mark());
    let fault = |reason: String| ProjectError::Manifest {
        file: shown(&path),
        reason,
        help: "it needs at least {\"main\": \"runner.js\"}",
    };
    let package = manifest(&path).map_err(fault)?;
    let field = |name: &str| package.get(name).and_then(Value::as_str);
    let main =
        field("main").ok_or_else(|| fault("it names no `main`, the file to build".to_owned()))?;
    let main = main.trim_start_matches("./");
    if main.is_empty() || main.starts_with(['-', '/']) || main.split('/').any(|part| part == "..") {
        return Err(fault(
            "its `main` is no file beneath the project's folder".to_owned(),
        ));
    }
    let name = field("name").map_or_else(|| own_name(folder), file_name);
    Ok((name, main.to_owned()))
}
