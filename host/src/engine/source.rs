//! Reads a component file: bounded, regular files only, identified by what was read.

use super::{
    digest::Digest,
    known::{Known, KnownFiles},
};
use crate::escape::printable;
use std::{
    fs::{File, Metadata},
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

/// The largest component file: Python's are 18 MB, StarlingMonkey's 12 MB.
pub const MAX_FILE: u64 = 128 * 1024 * 1024;
/// The largest text file: text is for small, hand-written components, and takes long to parse.
pub const MAX_TEXT: u64 = 1024 * 1024;

/// A component, read at most once: what was read is what is checked, identified and run. A large file that is known is read only where
/// it must be compiled.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    content: Content,
    size: usize,
    digest: Digest,
}

#[derive(Clone, Debug)]
enum Content {
    Read(Arc<[u8]>),
    Embedded(&'static [u8]),
    Unread(Arc<Unread>),
}

/// A file that was read before and has not changed since.
#[derive(Debug)]
struct Unread {
    path: PathBuf,
    known: Known,
    bytes: OnceLock<Vec<u8>>,
}

/// Why a file is not taken as a component.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be read.
    #[error(
        "cannot read {}: {error}{}",
        shown(&path.to_string_lossy()),
        if error.kind() == std::io::ErrorKind::NotFound {
            "\n  help: name the component's file; `arborist build` makes that of a project"
        } else {
            ""
        }
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The path is a directory, a FIFO, a device or a socket.
    #[error("{} is {found}, and a component is a regular file{}", shown(&path.to_string_lossy()), hint.map(|h| format!("\n  help: {h}")).unwrap_or_default())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        found: &'static str,
        /// What to do about it.
        hint: Option<&'static str>,
    },
    /// The file is larger than a component may be.
    #[error("{} has {size} bytes, and {what} has at most {most}", shown(&path.to_string_lossy()))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// What it was taken for.
        what: &'static str,
        /// The bound in bytes.
        most: u64,
    },
    /// The file is not what it was a moment ago.
    #[error("{} changed while it was looked at\n  help: run the command again; if that says the same, forget what is known of files: arborist cache clear --all", shown(&path.to_string_lossy()))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A part of this program is not what its manifest says.
    #[error(
        "{name} is not the component that this program's manifest describes\n  help: run scripts/build-runners, and build the program again"
    )]
    Misbuilt {
        /// The built-in.
        name: String,
    },
    /// The bytes are something else.
    #[error(
        "{name} is {found}, and a runner is a WebAssembly component (.wasm, or .wat for its text)\n  help: {hint}"
    )]
    NotAComponent {
        /// The file or built-in.
        name: String,
        /// What was found.
        found: String,
        /// What to do about it.
        hint: &'static str,
    },
}

const BUILD: &str = "build it for the component model, for instance with `cargo build --target wasm32-wasip2`, or from Python with `componentize-py`";

impl Source {
    /// The component in `bytes`, called `name` in messages.
    ///
    /// # Errors
    /// The bytes are no component.
    pub fn from_bytes(name: &str, bytes: impl Into<Arc<[u8]>>) -> Result<Self, SourceError> {
        let bytes = bytes.into();
        check_magic(name, &bytes)?;
        Ok(Self {
            name: shown(name),
            digest: Digest::of(&bytes),
            size: bytes.len(),
            content: Content::Read(bytes),
        })
    }

    /// The component in `bytes`, which are part of this program, and whose `digest` was taken when they were built. It is compared where
    /// the bytes are asked for.
    #[must_use]
    pub fn embedded(name: &str, bytes: &'static [u8], digest: Digest) -> Self {
        Self {
            name: shown(name),
            content: Content::Embedded(bytes),
            size: bytes.len(),
            digest,
        }
    }

    /// Reads the component at `path`: binary, or text where it is called `.wat` or begins like one.
    ///
    /// # Errors
    /// The file cannot be read, is too large, or is no component.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        Self::parse(path, read_all(&open(path)?.0, path)?)
    }

    /// [`Source::read`] for a file that `known` may know, and knows from then on if it is a large one.
    ///
    /// # Errors
    /// Those of [`Source::read`].
    pub fn read_unless_known(path: &Path, known: &KnownFiles) -> Result<Self, SourceError> {
        if let Some(source) = Self::known(path, known) {
            return Ok(source);
        }
        let (file, seen) = open(path)?;
        let source = Self::parse(path, read_all(&file, path)?)?;
        // A text's digest is that of the binary that it became.
        if let (Some(place), true) = (known.place(&seen), source.size as u64 == seen.len()) {
            place.remember(&file, source.digest);
        }
        Ok(source)
    }

    /// The component at `path`, if it is a large file that `known` knows. It is not read, and what it is not is not told.
    #[must_use]
    pub fn known(path: &Path, known: &KnownFiles) -> Option<Self> {
        let (_file, seen) = open(path).ok()?;
        let place = known.place(&seen)?;
        let (digest, size) = (place.digest()?, usize::try_from(seen.len()).ok()?);
        Some(Self {
            name: shown(&path.to_string_lossy()),
            content: Content::Unread(Arc::new(Unread {
                path: path.to_owned(),
                known: place,
                bytes: OnceLock::new(),
            })),
            size,
            digest,
        })
    }

    fn parse(path: &Path, bytes: Vec<u8>) -> Result<Self, SourceError> {
        let name = shown(&path.to_string_lossy());
        if !looks_like_text(path, &bytes) {
            return Self::from_bytes(&name, bytes);
        }
        if bytes.len() as u64 > MAX_TEXT {
            return Err(SourceError::TooLarge {
                path: path.to_owned(),
                size: bytes.len() as u64,
                what: "a .wat file",
                most: MAX_TEXT,
            });
        }
        let binary = wat::parse_bytes(&bytes).map_err(|error| SourceError::NotAComponent {
            name: name.clone(),
            found: format!(
                "text that does not parse as WebAssembly: {}",
                first_lines(&error)
            ),
            hint: "a .wat file holds `(component …)` in WebAssembly's text format",
        })?;
        Self::from_bytes(&name, binary.into_owned())
    }

    /// What the component is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The component's bytes. Those of a known file are read when they are asked for the first time: that may be waited for.
    ///
    /// # Errors
    /// The file cannot be read any more, or is another one now.
    pub fn bytes(&self) -> Result<&[u8], SourceError> {
        let unread = match &self.content {
            Content::Read(bytes) => return Ok(bytes),
            Content::Embedded(bytes) if Digest::of(bytes) == self.digest => return Ok(bytes),
            Content::Embedded(_) => {
                return Err(SourceError::Misbuilt {
                    name: self.name.clone(),
                });
            }
            Content::Unread(unread) => unread,
        };
        if let Some(bytes) = unread.bytes.get() {
            return Ok(bytes);
        }
        let path = &unread.path;
        let bytes = read_all(&open(path)?.0, path)?;
        if Digest::of(&bytes) != self.digest {
            unread.known.forget();
            return Err(SourceError::Changed { path: path.clone() });
        }
        // Whoever was faster has read the same.
        Ok(unread.bytes.get_or_init(|| bytes))
    }

    /// Whether its file was not read.
    #[cfg(test)]
    pub(super) fn is_unread(&self) -> bool {
        matches!(&self.content, Content::Unread(unread) if unread.bytes.get().is_none())
    }

    /// The digest of the bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// A name for messages: a path may hold anything.
fn shown(name: &str) -> String {
    printable(name, 400).into_owned()
}

/// Opens a regular file that is not too large.
fn open(path: &Path) -> Result<(File, Metadata), SourceError> {
    let fail = |error| read_error(path, error);
    // A device may act on being opened, so look before, and once more after: by then it may be a FIFO, for which nobody waits.
    regular(path, &std::fs::metadata(path).map_err(fail)?)?;
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY)
            .bits()
            .cast_signed(),
    );
    let file = options.open(path).map_err(fail)?;
    let metadata = file.metadata().map_err(fail)?;
    regular(path, &metadata)?;
    if metadata.len() > MAX_FILE {
        return Err(too_large(path, metadata.len()));
    }
    Ok((file, metadata))
}

fn read_all(file: &File, path: &Path) -> Result<Vec<u8>, SourceError> {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(MAX_FILE)).unwrap_or(0));
    let read = file.take(MAX_FILE + 1).read_to_end(&mut bytes);
    read.map_err(|error| read_error(path, error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(too_large(path, bytes.len() as u64));
    }
    Ok(bytes)
}

fn read_error(path: &Path, error: std::io::Error) -> SourceError {
    SourceError::Read {
        path: path.to_owned(),
        error,
    }
}

fn too_large(path: &Path, size: u64) -> SourceError {
    SourceError::TooLarge {
        path: path.to_owned(),
        size,
        what: "a component",
        most: MAX_FILE,
    }
}

fn regular(path: &Path, metadata: &std::fs::Metadata) -> Result<(), SourceError> {
    if metadata.is_file() {
        return Ok(());
    }
    let (found, hint) = if metadata.is_dir() {
        ("a directory", Some("name the .wasm file in it"))
    } else {
        ("a device, a pipe or a socket", None)
    };
    Err(SourceError::NotAFile {
        path: path.to_owned(),
        found,
        hint,
    })
}

fn looks_like_text(path: &Path, bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    !bytes.starts_with(b"\0asm")
        && (path.extension().is_some_and(|extension| extension == "wat")
            || start.starts_with(b"(component")
            || start.starts_with(b"(module")
            || start.starts_with(b";;"))
}

/// Decides by the first eight bytes: magic, version and layer.
fn check_magic(name: &str, bytes: &[u8]) -> Result<(), SourceError> {
    let (found, hint) = match bytes {
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => return Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => (
            "a core WebAssembly module",
            "wrap it with `wasm-tools component new`, or build it for the component model: `cargo build --target wasm32-wasip2`",
        ),
        [0, b'a', b's', b'm', ..] => (
            "WebAssembly of a version that this host does not know",
            BUILD,
        ),
        [0x7f, b'E', b'L', b'F', ..] => (
            "a native or precompiled artefact, which Arborist never loads from outside",
            "give the .wasm file that it was made from; Arborist compiles it and keeps the result by itself",
        ),
        [] => ("an empty file", BUILD),
        _ => ("not WebAssembly", BUILD),
    };
    Err(SourceError::NotAComponent {
        name: name.to_owned(),
        found: found.to_owned(),
        hint,
    })
}

/// The error's reason and position, escaped, without the lines of the file that it quotes.
fn first_lines(error: &wat::Error) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).take(2).collect();
    printable(&lines.join(" "), 400).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        Source::from_bytes("x.wasm", bytes.to_vec())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn each_kind_of_file_is_named() {
        assert!(refusal(b"").contains("an empty file"));
        assert!(refusal(b"\0asm\x01\0\0\0").contains("core WebAssembly module"));
        assert!(refusal(b"\x7fELF\x02\x01").contains("precompiled"));
        assert!(refusal(b"hello").contains("not WebAssembly"));
        assert!(refusal(b"\0asm\x0e\0\x01\0").contains("version"));
    }

    #[test]
    fn text_has_a_bound_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wat");
        let most = usize::try_from(MAX_TEXT).unwrap();
        let write = |length: usize| {
            let text = "(component)".to_owned() + &" ".repeat(length - 11);
            std::fs::write(&path, text).unwrap();
        };
        write(most);
        assert!(Source::read(&path).is_ok());
        write(most + 1);
        assert!(matches!(
            Source::read(&path),
            Err(SourceError::TooLarge { most: MAX_TEXT, .. })
        ));
    }

    #[test]
    fn text_becomes_a_component() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wat");
        std::fs::write(&path, "(component)").unwrap();
        assert_eq!(
            Source::read(&path).unwrap().bytes().unwrap(),
            b"\0asm\x0d\0\x01\0"
        );
        std::fs::write(&path, "(component").unwrap();
        assert!(
            Source::read(&path)
                .unwrap_err()
                .to_string()
                .contains("does not parse")
        );
    }

    #[test]
    fn only_regular_files_of_a_sane_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            Source::read(folder.path())
                .unwrap_err()
                .to_string()
                .contains("a directory")
        );
        let sparse = folder.path().join("big.wasm");
        File::create(&sparse).unwrap().set_len(4 << 30).unwrap();
        assert!(
            Source::read(&sparse)
                .unwrap_err()
                .to_string()
                .contains("at most")
        );
        #[cfg(unix)]
        assert!(
            Source::read(Path::new("/dev/zero"))
                .unwrap_err()
                .to_string()
                .contains("a device")
        );
    }
}
