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

/// One attempt's surroundings.
pub(crate) struct Stage {
    pub(crate) host: Host,
    pub(crate) service: Option<Service>,
    pub(crate) second: Option<Service>,
    pub(crate) other: Listener,
    pub(crate) fill: Fill,
    stdin: Vec<u8>,
    args: Vec<String>,
    env: Vec<(String, String)>,
}

impl Stage {
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
        // A word of a variant may stand in what a service says, and a service's address in such a word.
        let with = |fill: &mut Fill| {
            entry
                .with
                .iter()
                .for_each(|(word, text)| fill.set(word, text))
        };
        with(&mut fill);
        let mut start = |written: &Option<Written>, word: &str| {
            let service = launch(written.as_ref()?, folder, &authority, &fill);
            fill.set(word, &service.origin());
            fill.set(&format!("{word}.port"), &service.port().to_string());
            with(&mut fill);
            Some(service)
        };
        let second = start(&entry.second, "second");
        let service = start(&entry.service, "service");
        let mut stage = Self {
            host,
            service,
            second,
            other,
            fill,
            stdin: Vec::new(),
            args: Vec::new(),
            env: Vec::new(),
        };
        stage.set(folder, entry);
        stage
    }

    /// Writes the files, and makes the command line.
    fn set(&mut self, folder: &Folder, entry: &Entry) {
        let fill = &self.fill;
        for (name, text) in &entry.files {
            self.host.file(name, fill.text(text));
        }
        if let Some(config) = &entry.config {
            self.host.file("agent-arborist.yaml", fill.text(config));
        }
        self.stdin = fill
            .text(entry.stdin.as_deref().unwrap_or_default())
            .into_bytes();
        match &entry.command {
            Some(command) => self.args = fill.all(command),
            None => {
                self.args.push("run".to_owned());
                let ask = fill.text(entry.ask.as_deref().unwrap_or("probe"));
                if ask.contains('\0') || ask.len() > LONGEST_ARGUMENT {
                    self.args.push("-".to_owned());
                    self.stdin = ask.into_bytes();
                } else {
                    self.args.push(ask);
                }
            }
        }
        let guest = entry
            .guest
            .clone()
            .unwrap_or(Guest::Named("plain".to_owned()));
        let placed = guest.place(&folder.path, self.host.home());
        if let Some(path) = placed
            && entry.config.is_none()
            && entry.command.is_none()
        {
            self.args.extend(["--component".to_owned(), path]);
        }
        for rule in &entry.allow {
            self.args.extend(["--allow".to_owned(), fill.text(rule)]);
        }
        for (name, value) in &entry.params {
            let pair = format!("{}={}", fill.text(name), fill.text(value));
            self.args.extend(["--param".to_owned(), pair]);
        }
        self.args.extend(fill.all(&entry.args));
        let given = entry.env.iter();
        self.env = given
            .map(|(name, value)| (name.clone(), fill.text(value)))
            .collect();
    }

    /// The command, and its standard input.
    pub(crate) fn command(&self) -> (Command, &[u8]) {
        let mut command = self.host.command();
        command
            .args(&self.args)
            .env(key::CANARY.0, key::CANARY.1)
            .env(key::VARIABLE, key::KEY)
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        (command, &self.stdin)
    }

    /// The command line as the message of a failed test shows it.
    pub(crate) fn shown(&self) -> String {
        let shorten = |arg: &String| {
            let shown: String = arg.escape_debug().take(300).collect();
            format!("'{shown}'")
        };
        self.args.iter().map(shorten).collect::<Vec<_>>().join(" ")
    }
}

fn launch(written: &Written, folder: &Folder, authority: &Authority, fill: &Fill) -> Service {
    let behaviour = written.behaviour(&folder.path, fill);
    match written.identity() {
        Some(identity) => Service::start_tls(authority, identity, behaviour),
        None => Service::start(behaviour),
    }
}
