//! Where an example runs: a fresh home, with services at loopback addresses in the place of the page's.

use super::{
    page::{Answer, Console},
    places::{KEYS, PLACES, Place},
};
use arborist_tests::{Host, Ran, host, pty::Terminal, service::Service};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

/// A home with its services.
pub(super) struct Stage {
    host: Host,
    services: Vec<(&'static Place, Service)>,
    files: Vec<(String, String)>,
    /// How the page calls the home.
    shown: &'static str,
    /// What was typed that holds for what is typed next: changes of the folder and of variables.
    before: Vec<String>,
    folder: PathBuf,
    /// All that was printed.
    printed: String,
}

impl Stage {
    /// `answers` are those of the section, with what the page has as their bodies.
    pub(super) fn new(shown: &'static str, answers: &[(Answer, String)]) -> Self {
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
        let host = Host::new();
        let stage = Self {
            folder: host.home().to_owned(),
            host,
            services: services.collect(),
            files: Vec::new(),
            shown,
            before: Vec::new(),
            printed: String::new(),
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

    /// Changes a file where the user is, by a difference.
    ///
    /// # Panics
    /// What it takes away does not stand there once.
    pub(super) fn edit(&self, name: &str, difference: &str) {
        let side = |other: char| -> String {
            let lines = difference.lines().filter(|line| !line.starts_with(other));
            lines
                .map(|line| format!("{}\n", line.get(1..).unwrap_or_default()))
                .collect()
        };
        let (old, new) = (side('+'), side('-'));
        let path = self.folder.join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(&old).count(), 1, "{name}: {old}");
        fs::write(path, text.replace(&old, &new)).unwrap();
    }

    /// Puts tools where commands that were shown before would install them.
    ///
    /// # Panics
    /// They were not shown, or the tools are not there.
    pub(super) fn install(&self, commands: &[&str]) {
        for command in commands {
            let shown = self.printed.lines().any(|line| line.trim() == *command);
            assert!(shown, "nothing said to type {command}");
        }
        let javascript = commands.iter().any(|command| command.starts_with("npm"));
        let (from, to) = if javascript {
            ("javascript-1.35.0-7.0.2/node_modules", "node_modules")
        } else {
            ("componentize-py-0.25.1", ".venv")
        };
        let tools = host::target().join("tools").join(from);
        assert!(tools.is_dir(), "install it with scripts/install-toolchains");
        symlink(tools, self.folder.join(to)).unwrap();
    }

    /// Runs a command as a shell would, after one that ended with that exit code. Errors are where they were among the
    /// results, and addresses and folders as the page has them.
    pub(super) fn run(&mut self, command: &str, after: i32, how: &Console) -> Ran {
        for (name, content) in &self.files {
            let content = if how.offline {
                content.clone()
            } else {
                self.aimed(content)
            };
            self.host.file(name, content);
        }
        let command = if how.offline {
            command.to_owned()
        } else {
            self.aimed(command)
        };
        let mut shell = self.shell();
        let before = self.before.concat();
        if !how.offline {
            for (place, service) in &self.services {
                for (variable, path) in place.defaults {
                    shell.env(format!("AGENT_ARBORIST_{variable}"), service.url(path));
                }
            }
        }
        // A project has settings of its own.
        let settings = self.folder.join("agent-arborist.yaml");
        let own = fs::read_to_string(&settings).ok();
        if let (Some(own), false) = (&own, how.offline) {
            fs::write(&settings, self.aimed(own)).unwrap();
        }
        let script = format!("{before}(exit {after})\n{command}");
        let mut ran = match &how.typed {
            None => host::run(shell.args(["-c", &format!("exec 2>&1\n{script}")]), b""),
            Some(answer) => {
                shell.args(["-c", &script]);
                at_a_terminal(shell, answer)
            }
        };
        if let (Some(own), false) = (own, how.offline) {
            fs::write(&settings, own).unwrap();
        }
        if command.starts_with("cd ") || command.starts_with("export ") {
            self.before.push(format!("{command}\n"));
        }
        if let Some(folder) = command.strip_prefix("cd ") {
            self.folder.push(folder);
        }
        ran.stdout = self.put_back(&ran.stdout);
        self.printed.push_str(&ran.stdout);
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
        let mut text = text.replace(home, self.shown);
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

/// What the screen shows when a command has ended that asked something and was answered.
fn at_a_terminal(command: Command, answer: &str) -> Ran {
    let mut terminal = Terminal::start(command);
    terminal.expect("yes/no?");
    terminal.type_line(answer);
    let code = terminal.wait().code();
    Ran {
        code,
        stdout: format!("{}\n", terminal.screen().trim_end()),
        stderr: String::new(),
        peak: 0,
    }
}
