//! What commands share: which runner with what, how much is said, and how things are printed.

use arborist::config;
use clap::{Args, ValueEnum, ValueHint};
use std::{path::PathBuf, time::Duration};

/// The shortest time that can be given.
const MILLISECOND: Duration = Duration::from_millis(1);

/// Which runner, with what, and for how long.
#[derive(Debug, Args)]
pub(crate) struct RunnerArgs {
    /// The runner: a component file (.wasm or .wat)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) component: Option<PathBuf>,
    /// The runner: a built-in one, or a section of the configuration; see `arborist runners`
    #[arg(long, value_name = "NAME")]
    pub(crate) runner: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Set a field of the runner's to this text
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Set a field of the runner's to the value of an environment variable; the way to give a secret
    #[arg(long = "set-env", value_name = "KEY=VARIABLE")]
    pub(crate) set_env: Vec<String>,
    /// Permit requests by this rule too: [METHOD[,METHOD] ]SCHEME://HOST[:PORT][/PATH-PREFIX]
    #[arg(long = "allow", value_name = "RULE")]
    pub(crate) allow: Vec<String>,
    /// Append a line of JSON to this file for each request that the runner attempts
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) audit: Option<PathBuf>,
    /// Give the runner a parameter, such as model=NAME; can be given more than once
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
    /// End the run after this time, whatever it is doing: in seconds, or as 1m30s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Change a limit of the sandbox; see `arborist inspect`
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub(crate) limits: Vec<String>,
    /// Neither take results from the cache that the configuration names, nor keep them there
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) tape: TapeArgs,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

/// Whether requests are recorded, or answered from a record.
#[derive(Debug, Args)]
pub(crate) struct TapeArgs {
    /// Record the runner's HTTP exchanges in this cassette; a secret stands there as [secret NAME]
    #[arg(long, value_name = "FILE.yaml", value_hint = ValueHint::FilePath)]
    pub(crate) record: Option<PathBuf>,
    /// Answer the runner's requests from this cassette; nothing is sent, and no secret need be set
    #[arg(long, value_name = "FILE.yaml", value_hint = ValueHint::FilePath, conflicts_with = "record")]
    pub(crate) replay: Option<PathBuf>,
}

/// Which configuration file.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file; without it $AGENT_ARBORIST_CONFIG, or agent-arborist.yaml here or above
    #[arg(short = 'c', long = "config", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct TalkArgs {
    /// Say more: what happens, and what the runner logs; twice for its debug lines
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// How to write what is said on standard error
    #[arg(long, value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
}

/// A time of at most a day, as the configuration takes times too.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let time = config::time(text).filter(|time| (MILLISECOND..=DAY).contains(time));
    time.ok_or_else(|| {
        "it takes seconds such as 30, or a time such as 1m30s or 500ms, up to a day".to_owned()
    })
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Yaml,
    Json,
    /// Everything that happens as events, one JSON object a line; the last is the result or the error
    Ndjson,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    #[default]
    Text,
    Json,
}
