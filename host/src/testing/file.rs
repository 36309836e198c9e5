//! A file of tests.

use super::{
    expect::Expect,
    read::{Keys, Reader},
};
use crate::{
    cassette::{self, CassetteError, Exchange, Player},
    config::{self, Environment, Fault, Faults, Folders, Invocation, Item, Laid, Place, Settings},
    escape::printable,
    runner::{Description, InputError, Parameters},
    spec::TaskSpec,
};
use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

/// Most tests in a file.
pub const MAX_TESTS: usize = 1_000;

const OF_FILE: [&str; 5] = ["component", "runner", "config", "variables", "tests"];
const OF_TEST: [&str; 8] = [
    "name",
    "description",
    "spec",
    "parameters",
    "config",
    "exchanges",
    "cassette",
    "expect",
];

/// The tests of a file. Nothing of the process' environment is in them. `Debug` shows no configuration.
pub struct Suite {
    /// The file.
    pub path: PathBuf,
    folder: PathBuf,
    component: Option<PathBuf>,
    runner: Option<String>,
    variables: Environment,
    config: Option<Laid>,
    /// The tests, in the order of the file; names are unique.
    pub tests: Vec<Test>,
}

/// One test.
pub struct Test {
    /// What it shows.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What the runner is given.
    pub input: Input,
    /// The parameters of its calls.
    pub parameters: Parameters,
    config: Option<Laid>,
    /// What services answer.
    pub exchanges: Exchanges,
    /// What must come out; none is what was accepted before.
    pub expect: Option<Expect>,
}

/// What a runner is given.
#[derive(Clone, Debug)]
pub enum Input {
    /// A description, of which a spec is made.
    Description(Description),
    /// A spec, of which a DAG is made.
    Spec(Box<TaskSpec>),
}

/// What services answer.
#[derive(Clone, Debug)]
pub enum Exchanges {
    /// These, each of which must be asked for.
    Inline(Vec<Exchange>),
    /// Those of a cassette, of which some may be left.
    Cassette(PathBuf),
}

impl Suite {
    /// Reads a file of tests: YAML of at most 256 KiB with at most [`MAX_TESTS`] tests.
    ///
    /// # Errors
    /// All that is wrong with it, each fault with its place.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let root = Item::read(path, "a map with `tests`")?;
        let mut reader = Reader::default();
        let suite = suite(path, &root, &mut reader);
        match suite.filter(|_| reader.faults.is_empty()) {
            Some(suite) => Ok(suite),
            None => Err(Faults::of(reader.faults)),
        }
    }

    /// The settings of a test's run. Variables are those of the file alone, and a secret that has no value is no fault.
    ///
    /// # Errors
    /// All that is wrong with the configuration.
    pub fn settings(&self, test: &Test, folders: &Folders) -> Result<Settings, Faults> {
        let invocation = Invocation {
            folder: self.folder.clone(),
            runner: self.runner.clone(),
            component: self.component.clone(),
            replay: true,
            ..Invocation::default()
        };
        let laid = match (&self.config, &test.config) {
            (Some(file), Some(test)) => file.with(test),
            (Some(laid), None) | (None, Some(laid)) => laid.clone(),
            (None, None) => Laid::of_fields([]),
        };
        config::resolve_over(&invocation, &self.variables, folders, &laid)
    }
}

impl Test {
    /// Plays the test's exchanges.
    ///
    /// # Errors
    /// Its cassette cannot be read; why, in words that can be shown.
    pub fn player(&self) -> Result<Player, String> {
        match &self.exchanges {
            Exchanges::Inline(exchanges) => Ok(Player::new(exchanges.clone())),
            Exchanges::Cassette(path) => {
                let name = printable(&path.to_string_lossy(), 400).into_owned();
                let text = text_of(path)
                    .map_err(|error| format!("the cassette {name} cannot be read: {error}"))?;
                let played: Result<Player, CassetteError> = Player::read(&text);
                played.map_err(|error| format!("{name} is no cassette: {error}"))
            }
        }
    }
}

/// A file's text, as long as a cassette may be, and a byte more for the reader to refuse.
fn text_of(path: &Path) -> std::io::Result<String> {
    // Before it is opened, which for a pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let file = File::open(path)?;
    let mut text = String::new();
    file.take(cassette::MAX_BYTES as u64 + 1)
        .read_to_string(&mut text)?;
    Ok(text)
}

fn suite(path: &Path, root: &Item, reader: &mut Reader) -> Option<Suite> {
    let keys = reader.keys(root, "a file of tests", &OF_FILE)?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let folder = folder.canonicalize().unwrap_or(folder);
    let component = text(&keys, "component", reader).map(|file| folder.join(file));
    let runner = text(&keys, "runner", reader);
    let variables = keys.get("variables");
    let variables = variables.map_or_else(Vec::new, |item| reader.pairs(item, "variables"));
    let config = laid(&keys, reader);
    let Some(list) = keys.get("tests") else {
        reader.fault(
            root,
            "there are no `tests`",
            Some("such as `tests: [{name: …, description: …, expect: {…}}]`"),
        );
        return None;
    };
    let items = reader.list(list, "tests");
    if items.len() > MAX_TESTS {
        let message = format!(
            "there are {} tests, and a file has at most {MAX_TESTS}",
            items.len()
        );
        reader.fault(list, message, Some("make several files of it"));
        return None;
    }
    let tests: Vec<Test> = items
        .iter()
        .filter_map(|item| test(item, &folder, reader))
        .collect();
    for (index, test) in tests.iter().enumerate() {
        if tests
            .iter()
            .take(index)
            .any(|other| other.name == test.name)
        {
            reader.faults.push(Fault {
                message: format!(
                    "the name `{}` is an earlier test's",
                    printable(&test.name, 100)
                ),
                place: Some(test.place.clone()),
                help: Some("give each test a name of its own".to_owned()),
                usage: false,
            });
        }
    }
    Some(Suite {
        path: path.to_path_buf(),
        folder,
        component,
        runner,
        variables: variables.into_iter().collect(),
        config,
        tests,
    })
}

fn test(item: &Item, folder: &Path, reader: &mut Reader) -> Option<Test> {
    let keys = reader.keys(item, "a test", &OF_TEST)?;
    let name = text(&keys, "name", reader);
    if keys.get("name").is_none() {
        let help = "say what the test shows: `name: makes a plan`";
        reader.fault(item, "a test has no `name`", Some(help));
    }
    let input = input(item, &keys, reader);
    let parameters = keys
        .get("parameters")
        .map(|item| {
            let pairs = reader.pairs(item, "parameters");
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let parsed = Parameters::parse(&pairs);
            parsed.unwrap_or_else(|error| {
                reader.fault(item, error.to_string(), None);
                Parameters::default()
            })
        })
        .unwrap_or_default();
    let exchanges = exchanges(&keys, folder, reader);
    let about_spec = keys.get("spec").is_some();
    let expect = keys
        .get("expect")
        .and_then(|item| Expect::read(item, about_spec, reader));
    Some(Test {
        name: name?,
        place: item.place(),
        input: input?,
        parameters,
        config: laid(&keys, reader),
        exchanges: exchanges?,
        expect,
    })
}

fn input(item: &Item, keys: &Keys, reader: &mut Reader) -> Option<Input> {
    match (keys.get("description"), keys.get("spec")) {
        (Some(item), None) => {
            let text = reader.text(item, "description")?;
            match Description::new(&text) {
                Ok(description) => Some(Input::Description(description)),
                Err(InputError::EmptyDescription) => {
                    let help = "the host refuses it before it calls a runner, so that no runner needs a test of it";
                    reader.fault(item, "the `description` is empty", Some(help));
                    None
                }
                Err(error) => {
                    reader.fault(item, error.to_string(), None);
                    None
                }
            }
        }
        (None, Some(item)) => spec(item, "spec", reader).map(|spec| Input::Spec(Box::new(spec))),
        _ => {
            let message = "a test has one of `description` and `spec`";
            reader.fault(
                item,
                message,
                Some("a description becomes a spec, and a spec a DAG"),
            );
            None
        }
    }
}

/// A task spec, as YAML within the file.
pub(super) fn spec(item: &Item, key: &str, reader: &mut Reader) -> Option<TaskSpec> {
    match TaskSpec::parse(&item.texts().to_string()) {
        Ok(spec) => Some(spec.value),
        Err(error) => {
            reader.fault(
                item,
                format!("`{key}` is no valid task spec: {error}"),
                None,
            );
            None
        }
    }
}

fn exchanges(keys: &Keys, folder: &Path, reader: &mut Reader) -> Option<Exchanges> {
    match (keys.get("exchanges"), keys.get("cassette")) {
        (None, None) => Some(Exchanges::Inline(Vec::new())),
        (None, Some(item)) => {
            let file = reader.text(item, "cassette")?;
            Some(Exchanges::Cassette(folder.join(file)))
        }
        (Some(list), None) => {
            let items = reader.list(list, "exchanges");
            let mut exchanges = Vec::with_capacity(items.len());
            for item in &items {
                match cassette::exchange(item.json()) {
                    Ok(exchange) => exchanges.push(exchange),
                    Err(reason) => {
                        let help = "an exchange has `request` with `method` and `url`, and one of `response`, `not_connected` and `broken`; docs/cassettes.md has all keys";
                        reader.fault(item, reason, Some(help));
                    }
                }
            }
            Some(Exchanges::Inline(exchanges))
        }
        (Some(item), Some(_)) => {
            reader.fault(item, "a test has one of `exchanges` and `cassette`", None);
            None
        }
    }
}

fn laid(keys: &Keys, reader: &mut Reader) -> Option<Laid> {
    let item = keys.get("config")?;
    if item.map().is_none() {
        reader.wrong(item, "`config`", "a map");
        return None;
    }
    Some(item.laid())
}

fn text(keys: &Keys, key: &str, reader: &mut Reader) -> Option<String> {
    reader.text(keys.get(key)?, key)
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite")
            .field("path", &self.path)
            .field("tests", &self.tests)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Test {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Test")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
