//! What surrounds one attempt: the services, the port that nobody may knock at, the home folder and its files.

use super::{
    case::{Entry, Folder},
    fill::Fill,
    guest::Guest,
    key,
    service::Service as Written,
};
use arborist_tests::{
    Host,
    service::{Authority, Listener, Service},
};
use std::process::Command;

/// A description longer than this, or with a NUL in it, cannot be an argument and comes by standard input.
const LONGEST_ARGUMENT: usize = 100_000;

/// One attempt's surroundings, and what it asks for.
pub(crate) struct Stage {
    pub(crate) host: Host,
    pub(crate) service: Option<Service>,
    pub(crate) second: Option<Service>,
    pub(crate) other: Listener,
    pub(crate) fill: Fill,
    /// The whole command line, where it is none of `run`.
    command: Option<Vec<String>>,
    /// The description, where the command is `run`.
    pub(crate) description: Option<String>,
    /// The path of `--component`.
    pub(crate) component: Option<String>,
    /// The rules of `--allow`.
    pub(crate) allow: Vec<String>,
    /// `NAME=VALUE` each.
    pub(crate) params: Vec<String>,
    /// Further arguments.
    pub(crate) more: Vec<String>,
    stdin: Vec<u8>,
    env: Vec<(String, String)>,
}

impl Stage {
    /// Starts the services, and writes the files.
    pub(crate) fn new(folder: &Folder, entry: &Entry) -> Self {
        let host = if entry.own_cache {
            Host::with_own_cache()
        } else {
            Host::new()
        };
        let mut fill = Fill::default();
        fill.set("key", key::KEY);
        fill.set("home", host.home().to_str().unwrap());
        let other = Listener::silent();
        fill.set("other", &other.origin());
        fill.set("other.port", &other.address().port().to_string());
        let authority = Authority::new();
        let ca = host.file("authority.pem", authority.pem());
        fill.set("ca", ca.to_str().unwrap());
        fill_with(&mut fill, entry);
        let second = launch(
            entry.second.as_ref(),
            "second",
            folder,
            &authority,
            &mut fill,
        );
        fill_with(&mut fill, entry);
        let service = launch(
            entry.service.as_ref(),
            "service",
            folder,
            &authority,
            &mut fill,
        );
        fill_with(&mut fill, entry);
        for (name, text) in &entry.files {
            host.file(name, fill.text(text));
        }
        if let Some(config) = &entry.config {
            host.file("agent-arborist.yaml", fill.text(config));
        }
        // Of the guests only this one knows the third door.
        let third = entry.with.get("door").is_some_and(|door| door == "wasi3");
        let usual = if third { "streaming" } else { "plain" };
        let guest = entry.guest.clone();
        let guest = guest.unwrap_or(Guest::Named(usual.to_owned()));
        let placed = guest.place(&folder.path, host.home(), &fill);
        let is_run = entry.command.is_none();
        let pair =
            |(name, value): (&String, &String)| format!("{}={}", fill.text(name), fill.text(value));
        let env = |(name, value): (&String, &String)| (name.clone(), fill.text(value));
        Self {
            command: entry.command.as_ref().map(|command| fill.all(command)),
            description: is_run.then(|| fill.text(entry.ask.as_deref().unwrap_or("probe"))),
            component: placed.filter(|_| is_run && entry.config.is_none()),
            allow: fill.all(&entry.allow),
            params: entry.params.iter().map(pair).collect(),
            more: fill.all(&entry.args),
            stdin: fill.text(entry.stdin.as_deref().unwrap_or_default()).into(),
            env: entry.env.iter().map(env).collect(),
            host,
            service,
            second,
            other,
            fill,
        }
    }

    /// The command line.
    fn args(&self) -> Vec<String> {
        let mut args = self.command.clone().unwrap_or_default();
        let mut add = |flag: &str, values: &[String]| {
            for value in values {
                args.extend([flag.to_owned(), value.clone()]);
            }
        };
        if let Some(description) = &self.description {
            let shown = if self.description_by_stdin() {
                "-"
            } else {
                description
            };
            add("run", &[shown.to_owned()]);
        }
        add("--component", self.component.as_slice());
        add("--allow", &self.allow);
        add("--param", &self.params);
        args.extend(self.more.iter().cloned());
        args
    }

    fn description_by_stdin(&self) -> bool {
        self.description
            .as_ref()
            .is_some_and(|text| text.contains('\0') || text.len() > LONGEST_ARGUMENT)
    }

    /// The variables of the environment, but for `PATH`.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let home = self.host.home().to_str().unwrap();
        let given = [
            ("HOME", home),
            ("XDG_CACHE_HOME", self.host.cache().to_str().unwrap()),
            key::CANARY,
            (key::VARIABLE, key::KEY),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        given.into_iter().chain(self.env.iter().cloned()).collect()
    }

    /// The command, and its standard input.
    pub(crate) fn command(&self) -> (Command, &[u8]) {
        let mut command = self.host.command();
        command.args(self.args()).envs(self.environment());
        let stdin = match &self.description {
            Some(description) if self.description_by_stdin() => description.as_bytes(),
            _ => &self.stdin,
        };
        (command, stdin)
    }

    /// The command line as the message of a failed test shows it.
    pub(crate) fn shown(&self) -> String {
        let shorten = |arg: &String| {
            let shown: String = arg.escape_debug().take(300).collect();
            format!("'{shown}'")
        };
        self.args()
            .iter()
            .map(shorten)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether the attempt itself says this, so that finding it again tells nothing.
    pub(crate) fn says(&self, text: &str) -> bool {
        let params = self.params.iter();
        let mut said = params.chain(&self.more).chain(&self.description);
        said.any(|it| it.contains(text))
    }
}

/// A word of a variant may stand in what a service says, and a service's address in such a word: so they are filled anew
/// whenever more is known.
fn fill_with(fill: &mut Fill, entry: &Entry) {
    entry
        .with
        .iter()
        .for_each(|(word, text)| fill.set(word, text));
}

fn launch(
    written: Option<&Written>,
    word: &str,
    folder: &Folder,
    authority: &Authority,
    fill: &mut Fill,
) -> Option<Service> {
    let written = written?;
    let behaviour = written.behaviour(&folder.path, fill);
    let service = match written.identity() {
        Some(identity) => Service::start_tls(authority, identity, behaviour),
        None => Service::start(behaviour),
    };
    fill.set(word, &service.origin());
    fill.set(&format!("{word}.port"), &service.port().to_string());
    Some(service)
}
