//! The commands of those who write runners.

use super::runner::{ConfigArgs, Report, TalkArgs, duration};
use arborist::project::{Language, Name};
use clap::{
    Arg, Args, Command, ValueEnum, ValueHint,
    builder::{EnumValueParser, PossibleValue, TypedValueParser},
    error::ErrorKind,
};
use std::{ffi::OsStr, path::PathBuf, time::Duration};

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The runner's name, and the folder that is made
    pub(crate) name: Name,
    /// What it is to be written in
    #[arg(long, ignore_case = true, value_parser = LangParser)]
    pub(crate) lang: Lang,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The project's folder
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// What the project is written in; without it, what its files say
    #[arg(long, ignore_case = true, value_parser = LangParser)]
    pub(crate) lang: Option<Lang>,
    /// Build for this world of the project's wit/, as described-streaming-runner; without it, for described-runner.
    /// For Python, JavaScript and TypeScript
    #[arg(long)]
    pub(crate) world: Option<String>,
    /// End a tool that takes longer than this, in seconds or as 30m
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30m")]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A project's folder, a component file (.wasm or .wat), or the name of a runner; without it the selected runner
    #[arg(value_name = "DIR|FILE|NAME", value_hint = ValueHint::AnyPath)]
    pub(crate) runner: Option<PathBuf>,
    /// Lend the component file this section of the configuration
    #[arg(long = "runner", value_name = "NAME")]
    pub(crate) lent: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Set a field of the runner's to this text
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Set a field of the runner's to the value of an environment variable
    #[arg(long = "set-env", value_name = "KEY=VARIABLE")]
    pub(crate) set_env: Vec<String>,
    /// Permit requests by this rule too; they are answered here all the same
    #[arg(long = "allow", value_name = "RULE")]
    pub(crate) allow: Vec<String>,
    /// An option for the runner, in every call
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
    /// Change a limit of the sandbox
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub(crate) limits: Vec<String>,
    /// Answer requests with the replies of this cassette, in their order: for a protocol that the check does not speak.
    /// Without it a project's cassette.yaml does that where need be
    #[arg(long, value_name = "CASSETTE", value_hint = ValueHint::FilePath)]
    pub(crate) answers: Option<PathBuf>,
    /// Give each call this time, in seconds or as 1m30s; 30 seconds without it
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Report,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Files of tests, or folders: of those each *.test.yaml in it and in its folder `tests`. Without any, this folder
    #[arg(value_name = "DIR|FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Run only the tests whose name holds this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Accept what comes out of tests that expect nothing of their own: NAME.expected.yaml beside NAME.test.yaml
    #[arg(long)]
    pub(crate) update: bool,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Report,
    /// Give each test this time, in seconds or as 1m30s; 2 minutes without it
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

/// A language of projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    Rust,
    Python,
    #[value(alias = "javascript")]
    Js,
    #[value(alias = "typescript")]
    Ts,
    C,
}

/// Reads a [`Lang`], and knows more of a language that has no template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LangParser;

impl TypedValueParser for LangParser {
    type Value = Lang;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Lang, clap::Error> {
        let go = ["go", "golang", "tinygo"];
        if go.iter().any(|word| value.eq_ignore_ascii_case(word)) {
            let message = "a runner in Go is started and built by hand: there is no template\n  help: the section Go of docs/writing-runners.md has the files and the commands\n";
            return Err(clap::Error::raw(ErrorKind::InvalidValue, message).with_cmd(command));
        }
        EnumValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = Lang::value_variants().iter();
        Some(Box::new(values.filter_map(Lang::to_possible_value)))
    }
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Rust => Self::Rust,
            Lang::Python => Self::Python,
            Lang::Js => Self::Js,
            Lang::Ts => Self::Ts,
            Lang::C => Self::C,
        }
    }
}
