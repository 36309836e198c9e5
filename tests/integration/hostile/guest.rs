//! The components that cases run.

use super::{
    fill::Fill,
    parts::{self, Core},
};
use serde::Deserialize;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

/// The guests that `build.rs` built, by name.
const BUILT: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/guest_table.rs"));

/// The component of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Guest {
    /// A crate of `tests/guests`; a file of the case's folder, which has a dot in its name; or `none`.
    Named(String),
    /// One that is made.
    Made(Made),
}

/// A component that is made when the case runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Made {
    /// A runner that works but for the parts that are given.
    Core(Box<Core>),
    /// A whole component or module in the text format, assembled.
    Text(String),
    /// These bytes, as hexadecimal digits.
    Hex(String),
    /// A text so many times.
    Repeat { text: String, times: usize },
    /// A file of so many bytes that takes no space.
    Sparse(u64),
    /// A path of the machine, such as a device.
    Path(PathBuf),
}

impl Guest {
    /// Puts the component into `home`; its path relative to it, or absolute, and none where the case has none.
    pub(crate) fn place(&self, folder: &Path, home: &Path, fill: &Fill) -> Option<String> {
        let made = |name: &str, bytes: &[u8]| {
            fs::write(home.join(name), bytes).unwrap();
            Some(name.to_owned())
        };
        match self {
            Self::Named(name) if name == "none" => None,
            Self::Named(name) if name.contains('.') => {
                let file = if name.ends_with(".wat") {
                    "guest.wat"
                } else {
                    "guest.wasm"
                };
                made(
                    file,
                    &fs::read(folder.join(name)).expect("the guest's file"),
                )
            }
            Self::Named(name) => {
                let path = built(name);
                made("guest.wasm", &fs::read(path).expect("the guest is built"))
            }
            Self::Made(it) => it.place(home, fill),
        }
    }
}

/// The path of a guest that `build.rs` built.
pub(crate) fn built(name: &str) -> &'static str {
    let built = BUILT.iter().find(|(built, _)| *built == name);
    built
        .unwrap_or_else(|| panic!("no guest is called {name}"))
        .1
}

impl Made {
    fn place(&self, home: &Path, fill: &Fill) -> Option<String> {
        let bytes = match self {
            Self::Core(core) => core.binary(fill),
            Self::Text(text) => parts::binary(&fill.text(text)),
            Self::Hex(digits) => bytes(digits),
            Self::Repeat { text, times } => text.repeat(*times).into_bytes(),
            Self::Path(path) => return Some(path.to_str().unwrap().to_owned()),
            Self::Sparse(size) => {
                let file = File::create(home.join("guest.wasm")).unwrap();
                file.set_len(*size).unwrap();
                return Some("guest.wasm".to_owned());
            }
        };
        fs::write(home.join("guest.wasm"), bytes).unwrap();
        Some("guest.wasm".to_owned())
    }
}

fn bytes(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
