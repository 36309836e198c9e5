//! Whole configurations, from text to settings or faults.

mod builtin_urls;
mod consent;
mod engine;
mod faulty;
mod fields;
mod found;
mod precedence;
mod properties;
mod reach;
mod shown;
mod unexpanded;
mod way_out;

use std::path::{Path, PathBuf};

use super::resolve::resolve_with;
use super::*;

/// The certificate of an authority that nobody trusts.
const AUTHORITY: &str = include_str!("authority.pem");

/// A folder with a configuration file, and what surrounds it.
pub(super) struct Case {
    /// Kept for its drop.
    _temp: tempfile::TempDir,
    pub(super) root: PathBuf,
    pub(super) variables: Vec<(String, String)>,
    pub(super) invocation: Invocation,
    pub(super) folders: Folders,
}

impl Case {
    /// A repository with this file, which the user names.
    pub(super) fn named(text: &str) -> Self {
        let mut case = Self::found(text);
        case.invocation.config = Some(case.path());
        case
    }

    /// A repository with this file, which is found.
    pub(super) fn found(text: &str) -> Self {
        let case = Self::empty();
        std::fs::write(case.path(), text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(case.path(), mode).unwrap();
        }
        case
    }

    /// A repository without a file.
    pub(super) fn empty() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap().join("repo");
        std::fs::create_dir_all(root.join(".git")).unwrap();
        let home = root.parent().unwrap().join("home");
        let folders = Folders {
            state: Some(home.join("state/arborist")),
            cache: Some(home.join("cache/arborist")),
            home: Some(home),
        };
        let invocation = Invocation {
            folder: root.clone(),
            ..Invocation::default()
        };
        Self {
            _temp: temp,
            root,
            variables: Vec::new(),
            invocation,
            folders,
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.root.join(FILE_NAME)
    }

    /// Another file in the folder.
    pub(super) fn beside(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.root.join(name), content).unwrap();
        self
    }

    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Invocation)) -> Self {
        change(&mut self.invocation);
        self
    }

    pub(super) fn resolve(&self) -> Result<Settings, Faults> {
        let environment = Environment::from_iter(self.variables.iter().cloned());
        resolve_with(&self.invocation, &environment, &self.folders, None)
    }

    pub(super) fn settings(&self) -> Settings {
        match self.resolve() {
            Ok(settings) => settings,
            Err(faults) => panic!("{}", faults.render(false)),
        }
    }

    pub(super) fn faults(&self) -> Faults {
        self.resolve().expect_err("there should be a fault")
    }

    /// The text of the only fault.
    pub(super) fn fault(&self) -> String {
        let faults = self.faults();
        assert_eq!(faults.as_slice().len(), 1, "{faults}");
        faults.to_string()
    }
}

impl Settings {
    /// A field as the runner has it, a secret as its true value.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        Some(match &field.value {
            FieldValue::Plain(text) => text,
            FieldValue::Secret(secret) => secret.reveal(),
        })
    }

    pub(super) fn is_secret(&self, name: &str) -> bool {
        self.fields
            .iter()
            .any(|field| field.name == name && matches!(field.value, FieldValue::Secret(_)))
    }

    pub(super) fn bound(&self, name: &str) -> Vec<String> {
        self.binding(name)
            .unwrap()
            .to
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    pub(super) fn rules(&self) -> Vec<String> {
        self.policy
            .rules()
            .iter()
            .map(|rule| rule.rule().to_string())
            .collect()
    }

    pub(super) fn warned(&self) -> String {
        self.warnings
            .iter()
            .map(|warning| format!("{warning}\n"))
            .collect()
    }
}

pub(super) const USERS_FILE: &str = "\
runner: custom

custom:
  api_key: ${CUSTOM_API_KEY}
  endpoint: https://api.custom-service.com/v1/generate
";

#[test]
fn the_users_file_works_as_it_stands() {
    let case = Case::found(USERS_FILE).variable("CUSTOM_API_KEY", "sk-users-own-key");
    let settings = case.settings();
    assert_eq!(settings.runner.name, "custom");
    assert_eq!(settings.runner.origin, RunnerOrigin::Builtin);
    assert!(settings.runner.section_used);
    assert_eq!(settings.value("api_key"), Some("sk-users-own-key"));
    assert!(settings.is_secret("api_key"));
    assert_eq!(
        settings.value("endpoint"),
        Some("https://api.custom-service.com/v1/generate")
    );
    assert_eq!(settings.rules(), ["https://api.custom-service.com"]);
    assert_eq!(
        settings.bound("api_key"),
        ["https://api.custom-service.com"]
    );
    assert_eq!(settings.timeouts, Timeouts::default());
    assert!(settings.warnings.is_empty(), "{}", settings.warned());
}

#[test]
fn the_older_keys_of_the_guide_work() {
    let case = Case::found(
        "runner: custom\ncustom:\n  service_url: http://localhost:9000\n  auth_token: ${T}\n  rate_limit: 10\n  cache_dir: .cache/runner\n",
    )
    .variable("T", "a-long-enough-token");
    let settings = case.settings();
    assert_eq!(settings.rules(), ["http://localhost:9000"]);
    assert!(settings.is_secret("auth_token"));
    assert_eq!(settings.bound("auth_token"), ["http://localhost:9000"]);
    assert_eq!(settings.rate_limit.unwrap().requests, 10);
    assert_eq!(settings.cache.unwrap().dir, case.root.join(".cache/runner"));
}

#[test]
fn without_a_file_there_are_defaults() {
    let settings = Case::empty().settings();
    assert_eq!(settings.runner.name, "mock");
    assert_eq!(settings.runner.why, Source::Default);
    assert!(settings.file.is_none() && settings.fields.is_empty() && settings.rules().is_empty());
    for text in ["", "# nothing\n", "~\n", "---\n"] {
        assert_eq!(Case::found(text).settings().runner.name, "mock", "{text:?}");
    }
}

#[test]
fn the_template_resolves_as_it_stands_and_uncommented() {
    let settings = Case::found(TEMPLATE).settings();
    assert_eq!(settings.runner.name, "mock");
    assert!(settings.warnings.is_empty(), "{}", settings.warned());
    // A comment that is a key has no blank after its `#`.
    let uncommented: Vec<&str> = TEMPLATE
        .lines()
        .map(|line| {
            line.strip_prefix('#')
                .filter(|rest| {
                    !rest.is_empty()
                        && !rest.starts_with(" `")
                        && (!rest.starts_with(' ') || rest.starts_with("  "))
                })
                .unwrap_or(line)
        })
        .collect();
    let text = uncommented
        .join("\n")
        .replace("runner: mock", "runner: custom");
    let case = Case::named(&text)
        .beside("authorities.pem", AUTHORITY)
        .variable("CUSTOM_API_KEY", "sk-users-own-key");
    let settings = case.settings();
    assert_eq!(settings.rules().len(), 2);
    assert_eq!(settings.models.dagu.as_deref(), Some("small"));
    assert!(settings.warnings.is_empty(), "{}", settings.warned());
    let mine = case
        .with(|invocation| invocation.runner = Some("mine".to_owned()))
        .settings();
    assert!(
        matches!(mine.runner.origin, RunnerOrigin::File(path) if path.ends_with("runner.wasm"))
    );
    for key in &RESERVED {
        let there = TEMPLATE.lines().any(|line| {
            line.trim_start_matches(['#', ' '])
                .starts_with(&format!("{}:", key.name))
        });
        assert!(there, "`{}` in the template", key.name);
    }
}

#[test]
fn the_reference_page_explains_every_key() {
    let page = include_str!("../../../../docs/configuration.md");
    for key in &RESERVED {
        assert!(
            page.contains(&format!("| `{}` |", key.name)),
            "docs/configuration.md lacks `{}`",
            key.name
        );
    }
    for row in &crate::limits::ROWS {
        let default = row.limit.show(row.default);
        let line = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", row.name)));
        assert!(
            line.is_some_and(|line| line.contains(&default)),
            "docs/configuration.md lacks limit `{}` {default}",
            row.name
        );
    }
}

/// The text of a path for a YAML file.
pub(super) fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}
