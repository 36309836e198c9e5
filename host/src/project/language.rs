//! The languages that projects are made in.

use super::recipe;
use std::{fmt, path::Path};

/// A language with a template and a toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Rust, with cargo.
    Rust,
    /// Python, with componentize-py.
    Python,
    /// JavaScript, with jco.
    Js,
    /// TypeScript, with tsc and jco.
    Ts,
    /// C, with zig and wasm-tools.
    C,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 5] = [Self::Rust, Self::Python, Self::Js, Self::Ts, Self::C];

    /// The word that names it on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Js => "js",
            Self::Ts => "ts",
            Self::C => "c",
        }
    }

    /// The file that a project in it has.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Python => "app.py",
            Self::Js => "package.json",
            Self::Ts => "tsconfig.json",
            Self::C => "main.c",
        }
    }

    /// What a user types once, in the project's folder, before the first build.
    #[must_use]
    pub fn setup(self) -> &'static [&'static str] {
        recipe::setup(self)
    }

    /// The languages that a folder's files speak for.
    pub(super) fn of(folder: &Path) -> Vec<Self> {
        let has = |language: &Self| folder.join(language.mark()).is_file();
        let mut found: Vec<Self> = Self::ALL.into_iter().filter(has).collect();
        // A project in TypeScript has a package.json as well.
        if found.contains(&Self::Ts) {
            found.retain(|language| *language != Self::Js);
        }
        found
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Js => "JavaScript",
            Self::Ts => "TypeScript",
            Self::C => "C",
        })
    }
}
