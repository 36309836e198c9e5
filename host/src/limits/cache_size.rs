//! The one bound that is not a run's: what is kept on the disk.

use super::{MIB, bytes};
use std::{fmt, str::FromStr};

/// How many bytes of compiled components are kept on the disk. No bound on a run: it holds for the folder, whoever runs what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSize(u64);

impl CacheSize {
    /// The most that can be configured: 1 TiB.
    pub const MAX: Self = Self(1024 * 1024 * MIB);

    /// At most so many bytes, or [`Self::MAX`] where that is less; 0 keeps nothing.
    #[must_use]
    pub fn of(bytes: u64) -> Self {
        Self(bytes.min(Self::MAX.0))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl Default for CacheSize {
    /// 2 GiB: about 20 Python runners, or some thousand small ones.
    fn default() -> Self {
        Self(2048 * MIB)
    }
}

impl fmt::Display for CacheSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&bytesize::ByteSize::b(self.0).display().iec(), f)
    }
}

impl FromStr for CacheSize {
    type Err = CacheSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = bytes(text.trim()).filter(|bytes| *bytes <= Self::MAX.0);
        bytes.map(Self).ok_or(CacheSizeError)
    }
}

/// A text is no [`CacheSize`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a size such as 2GiB, up to {}; 0 keeps nothing", CacheSize::MAX)]
pub struct CacheSizeError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_may_have_a_size_or_none() {
        let size = |text: &str| text.parse().map(CacheSize::bytes);
        assert_eq!(size("512MiB"), Ok(512 * MIB));
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("1TiB"), Ok(CacheSize::MAX.bytes()));
        for text in ["", "-1", "lots", "2TiB"] {
            assert_eq!(size(text), Err(CacheSizeError), "{text}");
        }
        assert_eq!(CacheSize::default().to_string(), "2.0 GiB");
        assert_eq!(CacheSize::of(u64::MAX), CacheSize::MAX);
    }
}
