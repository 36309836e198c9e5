//! The commands that look at settings and at what is kept.

use super::runner::{ConfigArgs, Report, TalkArgs, duration};
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::{path::PathBuf, time::Duration};

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  arborist config explain
  arborist config explain --request \"POST https://api.example.com/v1/generate\"";

const WARM_EXAMPLES: &str = "\
Examples:
  arborist cache warm
  arborist cache warm openai ./my-runner.wasm";

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Find every fault of the configuration, without running anything
    Check(SettingsArgs),
    /// Print every setting with its value and where it comes from; secrets as ****
    Show(SettingsArgs),
    /// Say in words where the runner may send requests, and which secrets may go where
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// List the cached results and the compiled components
    Ls(CacheArgs),
    /// Remove what no run would take: results that are expired or cannot be read, components that were compiled for another version
    Clear {
        #[command(flatten)]
        what: CacheArgs,
        /// Remove all of them
        #[arg(long)]
        all: bool,
    },
    /// Compile runners now, so that their first run starts at once
    #[command(after_help = WARM_EXAMPLES)]
    Warm(WarmArgs),
}

/// What of the caches, and which folder of results.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Leave the other kind alone
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) only: Option<CacheKind>,
    /// Look at the folder of this runner rather than the selected one's
    #[arg(long, value_name = "NAME")]
    pub(crate) runner: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Report,
}

/// What is kept between runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CacheKind {
    /// What runners made of the same question before
    Results,
    /// Native code
    Components,
}

/// Which runners to compile.
#[derive(Debug, Args)]
pub(crate) struct WarmArgs {
    /// Runners or component files (.wasm or .wat); without any, those that are built in and each section with a component
    #[arg(value_name = "RUNNER|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) runners: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Report,
    /// Give up after this time: in seconds, or as 1m30s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

/// Which settings to look at.
#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Look at this runner rather than the selected one
    #[arg(long, value_name = "NAME")]
    pub(crate) runner: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Report,
}

/// Which settings to explain, and for which request.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Say whether this request would be permitted, and why; exit code 6 if not. Without a method: GET
    #[arg(long, value_name = "[METHOD ]URL")]
    pub(crate) request: Option<String>,
    /// As if this component file (.wasm or .wat) were run; it is not read
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) component: Option<PathBuf>,
    /// Permit requests by this rule too: [METHOD[,METHOD] ]SCHEME://HOST[:PORT][/PATH-PREFIX]
    #[arg(long = "allow", value_name = "RULE")]
    pub(crate) allow: Vec<String>,
}
