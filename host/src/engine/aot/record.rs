//! What makes an entry found: the length of its code, and for people what it was made from.

use crate::{engine::digest::Digest, private};
use std::{io::Read as _, path::Path};

/// As much of a record as tells the length: 20 digits and the line's end.
const HEAD: u64 = 32;
/// The longest record, in bytes.
const MOST: u64 = 4096;

/// The length that the record at `path` names, if there is one that can be trusted.
pub(super) fn length(path: &Path) -> Option<u64> {
    let text = read(path, HEAD)?;
    text.split('\n').next()?.parse().ok()
}

/// What a record says to people. Versions before it said nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    /// The digest of the component.
    pub(super) digest: Option<Digest>,
    /// The version of the program that compiled it.
    pub(super) version: Option<String>,
    /// What the component was called then.
    pub(super) name: Option<String>,
}

impl About {
    /// A record of code of this length.
    pub(super) fn text(length: u64, digest: Digest, name: &str) -> String {
        // A name is a message's: escaped, so that it is one line, and cut.
        format!(
            "{length}\n{digest}\n{}\n{name}\n",
            env!("CARGO_PKG_VERSION")
        )
    }

    /// What the record at `path` says, as far as it can be read and trusted.
    pub(super) fn read(path: &Path) -> Self {
        let text = read(path, MOST).unwrap_or_default();
        let mut lines = text.lines().skip(1).filter(|line| !line.is_empty());
        Self {
            digest: lines.next().and_then(Digest::parse),
            version: lines.next().map(str::to_owned),
            name: lines.next().map(str::to_owned),
        }
    }
}

fn read(path: &Path, most: u64) -> Option<String> {
    let mut bytes = Vec::new();
    let file = private::open(path)?;
    file.take(most).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
