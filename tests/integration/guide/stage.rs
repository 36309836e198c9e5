//! Where an example runs: a fresh home, with services at loopback addresses in the place of the page's.

use super::{
    page::Answer,
    places::{KEYS, PLACES, Place},
};
use arborist_tests::{Host, Ran, host, service::Service};
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

/// A home with its services.
pub(super) struct Stage {
    host: Host,
    services: Vec<(&'static Place, Service)>,
    files: Vec<(String, String)>,
}

impl Stage {
    /// `answers` are those of the section, with what the page has as their bodies.
    pub(super) fn new(answers: &[(Answer, String)]) -> Self {
        for (answer, _) in answers {
            assert!(
                PLACES.iter().any(|place| place.origin == answer.origin),
                "{}",
                answer.origin
            );
        }
        let services = PLACES.iter().map(|place| {
            let mine = answers
                .iter()
                .filter(|(answer, _)| answer.origin == place.origin);
            (place, Service::start(place.behaviour(mine)))
        });
        let stage = Self {
            host: Host::new(),
            services: services.collect(),
            files: Vec::new(),
        };
        stage.agree();
        stage
    }

    pub(super) fn home(&self) -> &Path {
        self.host.home()
    }

    /// A file of the page.
    pub(super) fn file(&mut self, name: &str, content: &str) {
        self.files.push((name.to_owned(), content.to_owned()));
    }

    /// Runs a command as a shell would, after one that ended with that exit code. Errors are where they were among the
    /// results, and addresses and folders as the page has them.
    pub(super) fn run(&self, command: &str, after: i32, offline: bool) -> Ran {
        for (name, content) in &self.files {
            let content = if offline {
                content.clone()
            } else {
                self.aimed(content)
            };
            self.host.file(name, content);
        }
        let command = if offline {
            command.to_owned()
        } else {
            self.aimed(command)
        };
        let mut shell = self.shell();
        shell.args(["-c", &format!("exec 2>&1\n(exit {after})\n{command}")]);
        if !offline {
            for (place, service) in &self.services {
                for (variable, path) in place.defaults {
                    shell.env(format!("AGENT_ARBORIST_{variable}"), service.url(path));
                }
            }
        }
        let mut ran = host::run(&mut shell, b"");
        ran.stdout = self.put_back(&ran.stdout);
        ran
    }

    /// What its services hold against a request that no example may leave: one that broke off, or is no HTTP.
    pub(super) fn check(&self) {
        for (place, service) in &self.services {
            for seen in service.requests() {
                assert!(
                    seen.complete && seen.fault.is_none(),
                    "{}: {seen:?}",
                    place.origin
                );
            }
        }
    }

    fn shell(&self) -> Command {
        let arborist = self.host.command();
        let folder = Path::new(arborist.get_program()).parent().unwrap();
        let mut shell = Command::new("sh");
        shell.current_dir(self.home()).env_clear().envs(KEYS);
        for (name, value) in arborist.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        let path = std::env::var("PATH").unwrap_or_default();
        shell.env("PATH", format!("{}:{path}", folder.display()));
        shell
    }

    fn aimed(&self, text: &str) -> String {
        let aim = |text: String, (place, service): &(&Place, Service)| {
            text.replace(place.origin, &service.origin())
        };
        self.services.iter().fold(text.to_owned(), aim)
    }

    fn put_back(&self, text: &str) -> String {
        let home = self.home().to_str().unwrap();
        let mut text = text.replace(home, "/home/you/task");
        for (place, service) in &self.services {
            let authority = place.origin.split("://").nth(1).unwrap();
            text = text
                .replace(&service.origin(), place.origin)
                .replace(&service.address().to_string(), authority);
        }
        text
    }

    /// As if the user had been asked, and agreed, in an earlier run.
    fn agree(&self) {
        let folder = self.home().join(".local/state/arborist");
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let file = self
            .home()
            .canonicalize()
            .unwrap()
            .join("agent-arborist.yaml");
        let mut lines = String::new();
        for (place, service) in &self.services {
            let line = json!({"file": file, "variable": place.key, "target": service.origin()});
            lines.push_str(&format!("{line}\n"));
        }
        let path = folder.join("consent.jsonl");
        fs::write(&path, lines).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Takes that back.
    pub(super) fn forget(&self) {
        fs::remove_file(self.home().join(".local/state/arborist/consent.jsonl")).unwrap();
    }
}
