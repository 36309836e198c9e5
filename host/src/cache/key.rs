//! The key that names and tags are made under.

use crate::{
    escape::printable,
    private::{self, Others},
};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::{
    fmt,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The key's file in the state folder.
const FILE: &str = "cache.key";
/// Its length in bytes.
const BYTES: usize = 32;
/// What SHA-256 takes at a time: a shorter key is filled up with zeros, by the definition of HMAC.
const BLOCK: usize = 64;

/// 32 random bytes that make names and tags unforgeable. Its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct CacheKey(Zeroizing<[u8; BLOCK]>);

/// Why there is no key, and so no cache.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder or the file cannot be made or read.
    #[error("the key of the result cache in {} cannot be used: {error}", shown(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Somebody else could know or replace the key.
    #[error("the key of the result cache is not kept in {}: {found}\n  help: make the folder your own with `chmod go-w`, or remove it", shown(.path))]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        found: &'static str,
    },
    /// The file is a link, belongs to somebody else, or others may read or write it.
    #[error("the key of the result cache in {} is not yours alone\n  help: remove the file; a new one is made, and what is cached is made anew", shown(.0))]
    Exposed(PathBuf),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl CacheKey {
    /// A key that the caller keeps: random bytes, one for each tenant.
    #[must_use]
    pub fn new(bytes: &[u8; BYTES]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        for (to, from) in block.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self(block)
    }

    /// The key in the user's state folder, made there if it is missing; one that is cut short is replaced. Of several processes
    /// that make one at once, all take the same.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn of_folder(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(FILE);
        let failed = |error| KeyError::Io {
            path: path.clone(),
            error,
        };
        private::make_folder(folder).map_err(failed)?;
        if let Some(found) = private::flaw(folder, Others::Look).map_err(failed)? {
            let path = folder.to_path_buf();
            return Err(KeyError::NotPrivate { path, found });
        }
        match read(&path)? {
            Kept::Key(key) => return Ok(key),
            // Asked once: what was missing may be there by now, and is then another's whole key, which stays.
            Kept::Nothing => make(folder, &path, false)?,
            Kept::Damaged => make(folder, &path, true)?,
        }
        // The one that lies there now, whoever made it.
        match read(&path)? {
            Kept::Key(key) => Ok(key),
            Kept::Nothing | Kept::Damaged => Err(failed(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    pub(super) fn hmac(&self) -> Hmac<Sha256> {
        let block: &[u8; BLOCK] = &self.0;
        Hmac::new(block.into())
    }
}

/// What is where the key should be.
enum Kept {
    Key(CacheKey),
    Nothing,
    /// A file without a whole key in it.
    Damaged,
}

fn read(path: &Path) -> Result<Kept, KeyError> {
    if path
        .symlink_metadata()
        .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    {
        return Ok(Kept::Nothing);
    }
    let exposed = || KeyError::Exposed(path.to_path_buf());
    let file = private::open(path).ok_or_else(exposed)?;
    if !private::is_hidden_from_others(&file) {
        return Err(exposed());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES + 1));
    file.take(BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| KeyError::Io {
            path: path.to_path_buf(),
            error,
        })?;
    let whole = bytes.as_slice().try_into();
    Ok(whole.map_or(Kept::Damaged, |bytes| Kept::Key(CacheKey::new(bytes))))
}

/// Puts a new key into place as a whole. One that is there already stays, unless it is to be replaced.
fn make(folder: &Path, path: &Path, replaces: bool) -> Result<(), KeyError> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(bytes.as_mut())?;
    let written = || -> io::Result<()> {
        // Made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes.as_ref())?;
        file.as_file().sync_all()?;
        if replaces {
            file.persist(path).map_err(|error| error.error)?;
            return Ok(());
        }
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
            _ => Ok(()),
        }
    };
    written().map_err(|error| KeyError::Io {
        path: path.to_path_buf(),
        error,
    })
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 400).into_owned()
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CacheKey(****)")
    }
}
