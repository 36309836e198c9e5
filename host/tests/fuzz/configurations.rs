//! Configurations: from any file, any variables and any flags to settings or to faults.

use crate::material::{bent, bytes, config, lines, soup};
use arborist::config::{
    Environment, Faults, FieldInfo, FieldValue, Folders, Invocation, RunnerOrigin, Settings,
    TEMPLATE, resolve,
};
use arborist::escape::is_hidden;
use arborist::limits::ROWS;
use arborist::secrets::carries_in_clear;
use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};
use std::path::PathBuf;

/// Most bytes of a report of faults, whatever the file: what people can still read.
const REPORT_BYTES: usize = 100_000;
/// The value of the variable that files may ask for. No word of the dictionary is in it.
const HUSHED: &str = "Kq7ZvHushedValue9wXy";

fn words() -> Vec<String> {
    lines(include_str!("words/configurations.txt"))
}

fn seeds() -> Vec<String> {
    [
        "runner: custom\n\ncustom:\n  api_key: ${X_KEY}\n  endpoint: https://api.custom-service.com/v1/generate\n",
        "runner: custom\ncustom:\n  api_key: ${X_KEY}\n  allow:\n    - https://a.example\n    - POST https://*.example.com:8443/v1/\n    - http://localhost:11434\n  networks: [10.0.0.0/8]\n  secrets: {api_key: {to: [https://a.example], in: [header, body]}}\n  limits: {memory: 256MiB, cpu: 10s, requests: 64}\ntimeouts: {generate_task_spec: 300, generate_dagu: 300}\n",
        "runner: mine\nmine:\n  component: ./runner.wasm\n  endpoint: http://localhost:1/v1\n  nested: {a: [1, {b: c}], token: \"Bearer ${X_KEY}\"}\n  expose: [nested.token]\n",
        "runner: custom\ncustom: &c {api_key: \"$${X_KEY} ${X_KEY}\", endpoint: https://a.example}\nother: *c\n",
        TEMPLATE,
    ]
    .map(str::to_owned)
    .into()
}

/// What surrounds a file: whether it is named or found, and what flags and variables say.
#[derive(Clone, Debug)]
struct Around {
    named: bool,
    set: Vec<String>,
    set_env: Vec<String>,
    allow: Vec<String>,
    limits: Vec<String>,
    overlay: Option<(String, String)>,
}

fn around() -> impl Strategy<Value = Around> {
    let few =
        || prop_oneof![5 => Just(Vec::new()), 1 => prop::collection::vec(soup(words(), 4), 1..3)];
    let pairs = || prop_oneof![5 => Just(Vec::new()), 1 => prop::collection::vec((soup(words(), 3), soup(words(), 3)).prop_map(|(key, value)| format!("{key}={value}")), 1..3)];
    let overlay = prop::option::weighted(
        0.2,
        (
            "AGENT_ARBORIST_(CUSTOM__|MINE__)?[A-Z_]{1,9}",
            soup(words(), 3).prop_map(|value| value.replace('\0', "")),
        ),
    );
    (prop::bool::ANY, pairs(), pairs(), few(), pairs(), overlay).prop_map(
        |(named, set, set_env, allow, limits, overlay)| Around {
            named,
            set,
            set_env,
            allow,
            limits,
            overlay,
        },
    )
}

/// One repository for all cases of a thread: to make one takes longer than to resolve what is in it.
struct Place {
    _temp: tempfile::TempDir,
    root: PathBuf,
    folders: Folders,
}

impl Place {
    fn new() -> Self {
        let temp = tempfile::tempdir().expect("a temporary folder");
        let base = temp.path().canonicalize().expect("a path");
        let root = base.join("repo");
        std::fs::create_dir_all(root.join(".git")).expect("a repository");
        let folders = Folders {
            cache: None,
            state: Some(base.join("home/state")),
            home: Some(base.join("home")),
        };
        Self {
            _temp: temp,
            root,
            folders,
        }
    }

    fn resolve(&self, text: &[u8], around: &Around) -> Result<Settings, Faults> {
        let path = self.root.join("agent-arborist.yaml");
        std::fs::write(&path, text).expect("it can be written");
        let invocation = Invocation {
            config: around.named.then_some(path),
            folder: self.root.clone(),
            set: around.set.clone(),
            set_env: around.set_env.clone(),
            allow: around.allow.clone(),
            limits: around.limits.clone(),
            ..Invocation::default()
        };
        let variables = [("X_KEY".to_owned(), HUSHED.to_owned())];
        let environment =
            Environment::from_iter(variables.into_iter().chain(around.overlay.clone()));
        resolve(&invocation, &environment, &self.folders)
    }
}

/// Everything that must hold for a file and what surrounds it.
fn judge(text: &[u8], around: &Around) {
    thread_local! {
        static PLACE: Place = Place::new();
    }
    PLACE.with(|place| match place.resolve(text, around) {
        Ok(settings) => {
            judge_settings(&settings, place, around);
            judge_reach(&settings, text, around);
            let again = place.resolve(text, around).expect("it was sound before");
            assert_eq!(format!("{again:?}"), format!("{settings:?}"));
        }
        Err(faults) => judge_faults(&faults),
    });
}

fn judge_faults(faults: &Faults) {
    assert!(!faults.as_slice().is_empty());
    for shown in [faults.to_string(), faults.render(false)] {
        assert!(
            !shown.is_empty() && shown.len() <= REPORT_BYTES,
            "{} bytes",
            shown.len()
        );
        assert!(
            !shown.chars().any(|c| c != '\n' && is_hidden(c)),
            "{shown:?}"
        );
    }
    judge_hushed(&[
        format!("{faults:?}"),
        faults.to_string(),
        faults.render(true),
    ]);
}

/// The variable's value is in none of them.
fn judge_hushed(shown: &[String]) {
    for shown in shown {
        assert!(!shown.contains(HUSHED), "{shown}");
    }
}

fn judge_settings(settings: &Settings, place: &Place, around: &Around) {
    let warned: Vec<String> = settings.warnings.iter().map(ToString::to_string).collect();
    judge_hushed(&[
        format!("{settings:?}"),
        format!("{:?} {:?}", settings.rows(), settings.explain()),
        warned.concat(),
    ]);
    for row in &ROWS {
        let value = settings.limits.get(row.limit);
        assert!(value > 0 && value <= row.ceiling, "{}", row.name);
    }
    // A secret has a binding of its own, and goes in clear only where that was written down.
    for field in &settings.fields {
        let bound = settings
            .secrets
            .iter()
            .filter(|binding| binding.field == field.name);
        let secret = matches!(field.value, FieldValue::Secret(_));
        assert_eq!(bound.count(), usize::from(secret), "{}", field.name);
        if let FieldValue::Plain(text) = &field.value {
            assert!(
                !text.contains(HUSHED) || !is_key(&field.name),
                "{} is plain",
                field.name
            );
        }
    }
    // What was found may be a stranger's: its paths stay beneath its folder.
    if !around.named && around.overlay.is_none() && around.set.is_empty() {
        if let RunnerOrigin::File(path) = &settings.runner.origin {
            assert!(path.starts_with(&place.root), "{}", path.display());
        }
        assert!(settings.ca.is_none() && settings.route.proxy.is_none());
    }
    let checked = settings.clone().check(&[FieldInfo {
        name: "endpoint".to_owned(),
        required: true,
        secret: true,
        ..FieldInfo::default()
    }]);
    match checked {
        Ok(checked) => assert!(checked.fields.iter().any(|field| field.name == "endpoint")),
        Err(faults) => judge_faults(&faults),
    }
}

/// Nobody gets anything that was not written down: no request without a URL, no secret in clear without a binding.
fn judge_reach(settings: &Settings, text: &[u8], around: &Around) {
    let text = format!("{} {around:?}", String::from_utf8_lossy(text));
    assert!(text.contains("://") || settings.policy.rules().is_empty());
    for origin in settings.secrets.iter().flat_map(|binding| &binding.to) {
        assert!(
            !carries_in_clear(origin) || text.contains("secrets"),
            "{origin}"
        );
    }
}

/// Whether the name's last word is one of those that make a secret.
fn is_key(name: &str) -> bool {
    name.rsplit(['.', '_', '-'])
        .next()
        .is_some_and(|word| matches!(word, "key" | "token"))
}

fn any_file() -> impl Strategy<Value = String> {
    prop_oneof![5 => bent(seeds(), words()), 3 => soup(words(), 40), 1 => bytes(300)]
}

const ALONE: Around = Around {
    named: true,
    set: Vec::new(),
    set_env: Vec::new(),
    allow: Vec::new(),
    limits: Vec::new(),
    overlay: None,
};

#[test]
fn the_seeds_hold() {
    for seed in seeds() {
        judge(seed.as_bytes(), &ALONE);
        judge(
            seed.as_bytes(),
            &Around {
                named: false,
                ..ALONE
            },
        );
    }
}

#[test]
fn what_is_repeated_without_end_is_bounded() {
    for (word, count) in [
        ("[", 100_000),
        ("{a: ", 60_000),
        ("- ", 100_000),
        ("- x\n", 60_000),
        ("? ", 60_000),
        ("&a [*a, ", 30_000),
        ("\"", 200_000),
        ("${", 100_000),
        ("${X_KEY}", 30_000),
        ("${UNSET}", 30_000),
        ("api_key: ${UNSET}\n", 10_000),
        ("\n", 200_000),
        ("#", 200_000),
        ("a: ", 80_000),
        ("\t", 200_000),
    ] {
        for before in [
            "",
            "runner: custom\ncustom:\n  api_key: ",
            "runner: custom\ncustom: {allow: ",
        ] {
            judge(format!("{before}{}", word.repeat(count)).as_bytes(), &ALONE);
        }
    }
}

proptest! {
    #![proptest_config(config(4))]

    #[test]
    fn any_file_gives_sound_settings_or_clear_faults(text in any_file(), around in around()) {
        judge(text.as_bytes(), &around);
    }

    #[test]
    fn any_bytes_do(bytes in prop::collection::vec(prop::num::u8::ANY, 0..200)) {
        judge(&bytes, &ALONE);
    }

    #[test]
    fn a_variable_is_expanded_once_and_never_shown(value in "[ -~]{8,40}", key in "(api_key|token|x\\.password|plain)") {
        let place = Place::new();
        let text = format!("runner: custom\ncustom:\n  {key}: ${{X}}\n  endpoint: https://a.example\n");
        std::fs::write(place.root.join("agent-arborist.yaml"), text).unwrap();
        let invocation = Invocation { config: Some(place.root.join("agent-arborist.yaml")), folder: place.root.clone(), ..Invocation::default() };
        let environment = Environment::from_iter([("X".to_owned(), value.clone())]);
        let Ok(settings) = resolve(&invocation, &environment, &place.folders) else { return Ok(()) };
        let field = settings.fields.iter().find(|field| field.name.starts_with(&key[..1])).unwrap();
        let found = match &field.value {
            FieldValue::Plain(text) => text.as_str(),
            FieldValue::Secret(secret) => secret.reveal(),
        };
        assert_eq!(found, value);
    }
}
