//! A snapshot of the environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

/// The environment as it was at one moment; nothing else in the library reads it. `Debug` shows
/// names only, since values may be secrets.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The environment of this process.
    #[must_use]
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The value of a variable. One that is empty counts as unset; one that is not UTF-8 is told
    /// apart by [`Self::is_text`].
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(OsStr::new(name))?
            .to_str()
            .filter(|value| !value.is_empty())
    }

    /// The value of a variable as a path; empty counts as unset.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.0
            .get(OsStr::new(name))
            .filter(|value| !value.is_empty())
            .map(Path::new)
    }

    /// Whether the variable is unset, empty or UTF-8, so that [`Self::get`] tells all there is.
    #[must_use]
    pub fn is_text(&self, name: &str) -> bool {
        self.0
            .get(OsStr::new(name))
            .is_none_or(|value| value.to_str().is_some())
    }

    /// Names that begin with `prefix`, in order, empty variables left out.
    pub(super) fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, _)| name.to_str())
            .filter(move |name| name.starts_with(prefix))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Environment;

    #[test]
    fn empty_is_unset_and_debug_shows_no_value() {
        let environment = Environment::from_iter([("A_KEY", "sk-very-secret"), ("EMPTY", "")]);
        assert_eq!(environment.get("A_KEY"), Some("sk-very-secret"));
        assert_eq!(environment.get("EMPTY"), None);
        assert_eq!(environment.get("ABSENT"), None);
        assert!(environment.is_text("ABSENT"));
        assert_eq!(environment.names("").collect::<Vec<_>>(), ["A_KEY"]);
        let shown = format!("{environment:?}");
        assert!(
            shown.contains("A_KEY") && !shown.contains("secret"),
            "{shown}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_utf8_is_told_apart() {
        use std::os::unix::ffi::OsStringExt as _;
        let value = std::ffi::OsString::from_vec(vec![0xff, 0xfe]);
        let environment = Environment::from_iter([("BAD", value)]);
        assert_eq!(environment.get("BAD"), None);
        assert!(!environment.is_text("BAD"));
        assert!(environment.path("BAD").is_some());
    }
}
