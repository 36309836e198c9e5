//! From a project to a component.

use super::{
    BuildError, Language, Project, ProjectError, ToolError,
    found::{file_name, shown},
    process::{self},
    recipe::Recipe,
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a tool may take to answer a question about the project.
const QUESTION: Duration = Duration::from_secs(120);

/// What happens while a project is built.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// This command is run now, as a user would type it.
    Step(&'a str),
    /// A command wrote this line, which is escaped.
    Line(&'a str),
    /// Something of the tools is worth a word.
    Warning(&'a str),
}

/// What cargo makes, and where.
struct Crate {
    name: String,
    file: PathBuf,
}

/// Runs the project's toolchain and gives the component's file, which is not looked at yet. `time` is for each of the
/// commands. Dropping the future ends what runs.
///
/// # Errors
/// A tool is missing, too old, fails or takes too long, or there is no component after all.
pub async fn build(
    project: &Project,
    time: Duration,
    observe: &(dyn Fn(Event<'_>) + Sync),
) -> Result<PathBuf, BuildError> {
    let recipe = Recipe::new(
        project.language,
        &project.name,
        &project.main,
        &project.world,
    );
    // Tools are started there, so their own places must not depend on where this program is.
    let folder = project.place.as_path();
    let mut tools = Vec::new();
    for tool in &recipe.tools {
        let found = tool.find(folder).await?;
        if let Some(newer) = &found.newer {
            observe(Event::Warning(newer));
        }
        tools.push(found);
    }
    let made = match project.language {
        Language::Rust => {
            target(folder).await?;
            Some(described(folder).await?)
        }
        _ => None,
    };
    for command in &recipe.steps {
        let Some(tool) = tools.get(command.tool) else {
            continue;
        };
        observe(Event::Step(&command.typed(&tool.typed)));
        let say = |line: &str| observe(Event::Line(line));
        process::run(&tool.program, &command.arguments, folder, time, &say).await?;
    }
    let component = match made {
        Some(made) => brought(&made, &project.shown_folder())?,
        None => project
            .shown_folder()
            .join(format!("{}.wasm", project.name)),
    };
    if !component.is_file() {
        let file = shown(&component);
        return Err(BuildError::NoComponent { file });
    }
    Ok(component)
}

/// Whether Rust's standard library for components is there.
async fn target(folder: &Path) -> Result<(), BuildError> {
    let arguments = ["--print", "target-libdir", "--target", "wasm32-wasip2"];
    let said = process::ask(Path::new("rustc"), &arguments, folder, QUESTION).await?;
    if Path::new(said.trim()).is_dir() {
        Ok(())
    } else {
        Err(ToolError::NoTarget.into())
    }
}

/// Asks cargo what the package in this folder makes: it alone knows workspaces and where targets are put.
async fn described(folder: &Path) -> Result<Crate, BuildError> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let said = process::ask(Path::new("cargo"), &arguments, folder, QUESTION).await;
    let said = said.map_err(ProjectError::from)?;
    let manifest = folder.join(Language::Rust.mark());
    let fault = |reason: &str| {
        BuildError::Project(ProjectError::Manifest {
            file: shown(&manifest),
            reason: reason.to_owned(),
            help: "a component is a library; Cargo.toml needs:  [lib] crate-type = [\"cdylib\"]",
        })
    };
    let metadata: Value = serde_json::from_str(&said)
        .map_err(|_| fault("cargo describes it in a way that is not known here"))?;
    let whole = manifest.canonicalize().unwrap_or_else(|_| manifest.clone());
    let packages = metadata.get("packages").and_then(Value::as_array);
    let is_this = |package: &&Value| {
        package
            .get("manifest_path")
            .and_then(Value::as_str)
            .is_some_and(|path| {
                Path::new(path)
                    .canonicalize()
                    .is_ok_and(|path| path == whole)
            })
    };
    let package = packages.and_then(|packages| packages.iter().find(is_this));
    let package = package.ok_or_else(|| fault("it is no package"))?;
    let targets = package.get("targets").and_then(Value::as_array);
    let is_library = |target: &&Value| {
        let types = target.get("crate_types").and_then(Value::as_array);
        types.is_some_and(|types| types.iter().any(|kind| kind == "cdylib"))
    };
    let target = targets.and_then(|targets| targets.iter().find(is_library));
    let target = target
        .and_then(|target| target.get("name"))
        .and_then(Value::as_str);
    let target = target.ok_or_else(|| fault("it makes no library of type `cdylib`"))?;
    let name = package
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or(target);
    let folder = metadata
        .get("target_directory")
        .and_then(Value::as_str)
        .unwrap_or("target");
    let file = format!("{}.wasm", target.replace('-', "_"));
    Ok(Crate {
        name: file_name(name),
        file: Path::new(folder).join("wasm32-wasip2/release").join(file),
    })
}

/// The component beside the sources, replaced as a whole.
fn brought(made: &Crate, folder: &Path) -> Result<PathBuf, BuildError> {
    let component = folder.join(format!("{}.wasm", made.name));
    let failed = |_: std::io::Error| BuildError::NoComponent {
        file: shown(&component),
    };
    if !made.file.is_file() {
        let file = shown(&made.file);
        return Err(BuildError::NoComponent { file });
    }
    let mut draft = tempfile::Builder::new();
    draft.prefix(".arborist-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any program makes a file: the umask decides.
        draft.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let place = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut draft = draft.tempfile_in(place).map_err(failed)?;
    let mut source = std::fs::File::open(&made.file).map_err(failed)?;
    std::io::copy(&mut source, draft.as_file_mut()).map_err(failed)?;
    draft
        .persist(&component)
        .map_err(|error| failed(error.error))?;
    Ok(component)
}
