//! A secret's value.

use std::fmt;

use zeroize::Zeroizing;

/// Shortest secret in bytes. A shorter one cannot be scrubbed from answers without cutting ordinary text to pieces.
pub const MIN_SECRET_BYTES: usize = 8;

/// A value that is never shown. `Debug` and `Display` give `****`, whatever its length; its memory is overwritten when it is
/// dropped. It cannot be serialised and is compared with nothing.
#[derive(Clone)]
pub struct Secret(Held);

#[derive(Clone)]
enum Held {
    Value(Zeroizing<String>),
    Unset,
    TooShort,
}

impl Secret {
    /// Takes a value.
    ///
    /// # Errors
    /// It has fewer than [`MIN_SECRET_BYTES`] bytes.
    pub fn new(value: String) -> Result<Self, TooShort> {
        let value = Zeroizing::new(value);
        if value.len() < MIN_SECRET_BYTES {
            Err(TooShort)
        } else {
            Ok(Self(Held::Value(value)))
        }
    }

    /// A secret that nobody gave, for a replay: nothing is sent, so nothing needs it.
    #[must_use]
    pub const fn unset() -> Self {
        Self(Held::Unset)
    }

    /// A secret whose value is too short to be one, for a replay too. The value is not kept: nothing can be scrubbed of it.
    #[must_use]
    pub const fn too_short() -> Self {
        Self(Held::TooShort)
    }

    /// Whether there is no value that could be sent: nobody gave one, or it is too short.
    #[must_use]
    pub const fn is_unset(&self) -> bool {
        !matches!(self.0, Held::Value(_))
    }

    /// Whether somebody gave a value that is too short.
    #[must_use]
    pub const fn is_too_short(&self) -> bool {
        matches!(self.0, Held::TooShort)
    }

    /// The value itself, for the one who puts it on the wire; empty if unset.
    #[must_use]
    pub fn reveal(&self) -> &str {
        match &self.0 {
            Held::Value(value) => value,
            Held::Unset | Held::TooShort => "",
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// The value is shorter than a secret may be. How long it is, is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret needs at least {MIN_SECRET_BYTES} bytes")]
pub struct TooShort;

#[cfg(test)]
mod tests {
    use super::{Secret, TooShort};

    #[test]
    fn is_never_shown() {
        let secret = Secret::new("sk-very-secret".to_owned()).unwrap();
        assert_eq!(
            format!("{secret} {secret:?} {:?}", Some(&secret)),
            "**** **** Some(****)"
        );
        assert_eq!(secret.reveal(), "sk-very-secret");
    }

    #[test]
    fn short_ones_are_refused_by_bytes() {
        assert_eq!(Secret::new("1234567".to_owned()).unwrap_err(), TooShort);
        assert!(Secret::new("12345678".to_owned()).is_ok());
        assert!(Secret::new("ключ".to_owned()).is_ok());
        for (without, short) in [(Secret::unset(), false), (Secret::too_short(), true)] {
            assert!(without.is_unset() && without.reveal().is_empty());
            assert_eq!(without.is_too_short(), short);
        }
    }
}
