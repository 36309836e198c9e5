//! What `arborist check` checks, with which settings and answers.

use crate::{
    args::CheckArgs,
    exit::{Exit, Failure},
    output, settings,
};
use arborist::{
    builtin,
    cassette::{self, Exchange, MAX_BYTES},
    config::{FILE_NAME, FILE_VARIABLE, Invocation, Settings},
    escape::printable,
};
use std::path::{Path, PathBuf};

/// The cassette of a project, as `arborist new` writes one.
const CASSETTE: &str = "cassette.yaml";

/// What is to be checked.
pub(super) enum Checked {
    /// The runner that the configuration selects.
    Selected,
    /// The same of a project's folder.
    Project(PathBuf),
    /// A built-in runner, or a section of the configuration.
    Named(String),
    Component(PathBuf),
}

impl Checked {
    pub(super) fn of(args: &CheckArgs) -> Self {
        let Some(runner) = &args.runner else {
            return Self::Selected;
        };
        // As for `inspect`: what names a runner is one, and a file that is called like a runner is meant by `./NAME`. A project's
        // folder is told by its configuration.
        match runner.to_str().filter(|name| !name.contains(['/', '.'])) {
            // A folder that is called like a built-in runner does not take its place.
            Some(name) if args.lent.is_none() && builtin::find(name).is_some() => {
                Self::Named(name.to_owned())
            }
            _ if runner.join(FILE_NAME).is_file() => Self::Project(runner.clone()),
            Some(name) if args.lent.is_none() => Self::Named(name.to_owned()),
            _ if runner.is_dir() => Self::Project(runner.clone()),
            _ => Self::Component(runner.clone()),
        }
    }

    /// What else is meant by a name that no runner has: the folder of that name.
    pub(super) fn or_folder(&self) -> Option<Self> {
        match self {
            Self::Named(name) if Path::new(name).is_dir() => Some(Self::Project(name.into())),
            _ => None,
        }
    }

    /// The folder of the project that is checked, if one is.
    pub(super) fn project(&self, settings: &Settings) -> Result<Option<PathBuf>, Failure> {
        let named = settings.file.as_ref().is_some_and(|file| file.named);
        let file = settings.file.as_ref().map(|file| &file.path);
        let home = file.and_then(|file| file.parent());
        // The default would be the built-in runner, which passes: nobody who names nothing means that.
        if matches!(self, Self::Selected)
            && file.is_none()
            && settings.runner.name == builtin::DEFAULT
        {
            let message = format!(
                "there is no {FILE_NAME} here or above, so there is no project to check\n  help: name a project's folder or a component, or check a built-in runner by its name: arborist check {}",
                builtin::DEFAULT
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        let Self::Project(folder) = self else {
            let selected = matches!(self, Self::Selected);
            return Ok(home.filter(|_| selected).map(Path::to_path_buf));
        };
        let place = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let of_file = |home: &Path| home.canonicalize().is_ok_and(|home| home == place);
        if home.is_some_and(of_file) {
            return Ok(Some(place));
        }
        let shown = |path: &Path| printable(&path.to_string_lossy(), 400).into_owned();
        let folder = shown(folder);
        let message = match file {
            // By --config or the variable, whatever the folder has.
            Some(file) if named => format!(
                "the folder {folder} is to be checked, and the configuration in force is {}\n  help: leave out --config and unset ${FILE_VARIABLE}, or name the project's own: --config {folder}/{FILE_NAME}",
                shown(file)
            ),
            Some(file) => format!(
                "there is no {FILE_NAME} in {folder}, and the one above it, {}, is of another project\n  help: name the component: arborist check {folder}/NAME.wasm; or check the project above: arborist check {}",
                shown(file),
                home.map(shown).unwrap_or_default()
            ),
            None => format!(
                "there is no {FILE_NAME} in {folder}, so it is not known which runner it has\n  help: name the component: arborist check {folder}/NAME.wasm"
            ),
        };
        Err(Failure::new(Exit::Usage, message))
    }
}

/// Nothing is sent, so that an unset secret is no fault.
pub(super) fn invocation(args: &CheckArgs, checked: &Checked) -> Result<Invocation, Failure> {
    let base = Invocation {
        runner: args.lent.clone(),
        set: args.set.clone(),
        set_env: args.set_env.clone(),
        allow: args.allow.clone(),
        limits: args.limits.clone(),
        replay: true,
        ..settings::of_file(&args.config)?
    };
    Ok(match checked {
        Checked::Selected => base,
        Checked::Named(name) => Invocation {
            runner: Some(name.clone()),
            ..base
        },
        Checked::Component(file) => Invocation {
            component: Some(file.clone()),
            ..base
        },
        // `--config` is from where the user is.
        Checked::Project(project) => Invocation {
            config: base.config.map(|file| base.folder.join(file)),
            folder: base.folder.join(project),
            ..base
        },
    })
}

/// What answers instead of the check's own service, where the user names it.
pub(super) async fn answers(named: Option<&Path>) -> Result<Option<Vec<Exchange>>, Failure> {
    match named {
        Some(path) => read_answers(path).await.map(Some),
        None => Ok(None),
    }
}

/// What may answer where the check's own service is not understood: the project's own cassette. It is read only then, so that a damaged one
/// is nobody else's trouble.
pub(super) async fn reserve(project: Option<&Path>) -> Result<Option<Vec<Exchange>>, Failure> {
    let cassette = project.map(|folder| folder.join(CASSETTE));
    let Some(path) = cassette.filter(|path| path.is_file()) else {
        return Ok(None);
    };
    read_answers(&path).await.map(Some).map_err(|failure| {
        let message = format!(
            "the runner makes no spec of what the check's own service answers, and the project's cassette cannot answer instead: {}\n  help: record it anew (arborist run --record {CASSETTE} …), name another one with --answers, or remove it",
            failure.message
        );
        Failure::new(failure.exit, message)
    })
}

async fn read_answers(path: &Path) -> Result<Vec<Exchange>, Failure> {
    let text = output::read_file(path, "a cassette", MAX_BYTES).await?;
    let name = printable(&path.to_string_lossy(), 400).into_owned();
    let exchanges = output::aside(move || {
        let refused =
            |reason| Failure::new(Exit::Usage, format!("{name} is no cassette: {reason}"));
        cassette::read(&text).map_err(refused)
    });
    let exchanges = exchanges.await?;
    if exchanges.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "the cassette {} is empty, and nothing is answered by it",
                printable(&path.to_string_lossy(), 400)
            ),
        ));
    }
    Ok(exchanges)
}
