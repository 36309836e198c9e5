//! The command line, as clap reads it.

mod project;
mod runner;
mod settings;

pub(crate) use project::{BuildArgs, CheckArgs, NewArgs, TestArgs};
pub(crate) use runner::{ConfigArgs, Format, LogFormat, Report, RunnerArgs, TalkArgs, TapeArgs};
pub(crate) use settings::{
    CacheArgs, CacheCommand, CacheKind, ConfigCommand, ExplainArgs, SettingsArgs, WarmArgs,
};

use arborist::engine::CompileOrder;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use runner::duration;
use std::{path::PathBuf, time::Duration};

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    internal error
  2    usage
  3    configuration, also where the runner does not accept it
  4    the component cannot be used, or could not be built
  5    the runner reported an error
  6    the sandbox stopped the runner, the gateway refused what it needed (also in
       `config explain --request`), or the audit log could not be written
  7    a task spec or DAG, given or returned, is not valid
  8    a check or test failed
  130  interrupted";

/// The hidden command that compiles a component in a child process.
pub(crate) const COMPILE: &str = "compile-component";

const RUN_EXAMPLES: &str = "\
Examples:
  arborist run \"Back up the orders database every night and check the copy\"
  arborist run --runner openai --stream \"Back up the orders database\" > backup.yaml
  arborist run --component my-runner.wasm --dagu backup.dag.yaml \"Back up the orders database\"
  echo \"Rotate the logs\" | arborist run -o rotate.yaml";

const DAGU_EXAMPLES: &str = "\
Examples:
  arborist dagu spec.yaml -o dag.yaml
  arborist run \"Rotate the logs\" | arborist dagu > dag.yaml";

const NEW_EXAMPLES: &str = "\
Examples:
  arborist new my-runner --lang python
  cd my-runner && arborist build";

const GRAPH_EXAMPLES: &str = "\
Examples:
  arborist graph spec.yaml
  arborist run \"Rotate the logs\" | arborist graph
  arborist graph dag.yaml --format svg -o plan.svg";

const CHECK_EXAMPLES: &str = "\
The service that the runner asks is the check's own. It speaks the protocols of OpenAI, Anthropic and Ollama, and answers any other
request in JSON with {name, description, steps, output, response}. Fields that nobody sets get made-up values.

Examples:
  arborist check my-runner.wasm
  arborist check my-runner.wasm --set model=small --allow \"POST https://api.example.com\"
  arborist check openai --format json
  arborist check my-runner.wasm --answers tape.yaml";

const TEST_EXAMPLES: &str = "\
A test file says what the runner is given, what its service answers, and what must come out:
  tests:
  - name: makes a plan
    description: Rotate the logs
    exchanges:
    - request: {method: POST, url: https://api.example.com/v1/generate}
      response: {status: 200, json: {name: rotate, steps: [{name: a, command: logrotate}]}}
    expect: {name: rotate, steps: 1, requests: 1}

Examples:
  arborist test
  arborist test --filter refused tests/errors.test.yaml
  arborist test --update";

/// Runs AI runners that nobody has to trust.
///
/// A runner is a WebAssembly component that turns a description into a task spec. It runs in a sandbox
/// without files, environment or sockets, and its output is checked before you see it.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Turn a description into a task spec
    #[command(visible_alias = "generate-task-spec", after_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Turn a task spec into a DAG for Dagu
    #[command(visible_alias = "generate-dagu", after_help = DAGU_EXAMPLES)]
    Dagu(Box<DaguArgs>),
    /// Draw a task spec or DAG: as text, Mermaid, DOT or SVG
    #[command(after_help = GRAPH_EXAMPLES)]
    Graph(GraphArgs),
    /// Start a project: a runner of your own that builds as it stands
    #[command(after_help = NEW_EXAMPLES)]
    New(NewArgs),
    /// Build the component of a project with its language's own tools, and check it
    Build(BuildArgs),
    /// Check a runner against the contract: inputs, failing services, secrets, limits; without a network
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Run a runner's own tests: *.test.yaml files, answered without a network
    #[command(after_help = TEST_EXAMPLES)]
    Test(TestArgs),
    /// Show what a component is, what it asks for and what it may use
    Inspect(InspectArgs),
    /// List the runners, and say which one is selected and why
    Runners(RunnersArgs),
    /// Write a commented agent-arborist.yaml to start from
    Init(InitArgs),
    /// Check, show and explain the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// List what is kept between runs, remove it, or compile ahead
    Cache {
        #[command(subcommand)]
        command: CacheCommand,
    },
    /// Compile the component on standard input; what this program starts itself for
    #[command(name = COMPILE, hide = true)]
    Compile {
        /// What the compilation may use
        order: CompileOrder,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// What the task should do; `-` reads it from standard input, as does a pipe without it
    pub(crate) description: Option<String>,
    #[command(flatten)]
    pub(crate) runner: RunnerArgs,
    /// Write the task spec to this file, and nothing to standard output
    #[arg(short, long, value_name = "SPEC.yaml", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Show on standard error what the runner has so far, as it comes
    #[arg(long)]
    pub(crate) stream: bool,
    /// Also make a DAG for Dagu and write it to this file
    #[arg(long, value_name = "DAG.yaml", value_hint = ValueHint::FilePath)]
    pub(crate) dagu: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Print what would run, and run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DaguArgs {
    /// The task spec; `-` reads it from standard input, as does a pipe without it
    #[arg(value_name = "SPEC.yaml", value_hint = ValueHint::FilePath)]
    pub(crate) spec: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) runner: RunnerArgs,
    /// Write the DAG to this file, and nothing to standard output
    #[arg(short, long, value_name = "DAG.yaml", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Print what would run, and run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// The task spec or DAG; `-` reads it from standard input, as does a pipe without it
    #[arg(value_name = "SPEC|DAG", value_hint = ValueHint::FilePath)]
    pub(crate) plan: Option<PathBuf>,
    /// What to draw it as
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Picture,
    /// Write the picture to this file, and nothing to standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Read it as a DAG, also where it could be a task spec
    #[arg(long)]
    pub(crate) dag: bool,
    /// Draw text with ASCII characters alone
    #[arg(long)]
    pub(crate) ascii: bool,
    /// How wide text may be; without it as wide as the terminal, or 80 columns
    #[arg(long, value_name = "COLUMNS", value_parser = columns)]
    pub(crate) width: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// A component file (.wasm or .wat), or the name of a runner
    #[arg(value_name = "FILE|NAME", value_hint = ValueHint::FilePath, required_unless_present = "engine")]
    pub(crate) runner: Option<PathBuf>,
    /// Show how the sandbox's engine is set up on this machine, and why; without FILE|NAME nothing else
    #[arg(long)]
    pub(crate) engine: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Report,
    /// Change a limit of the sandbox
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub(crate) limits: Vec<String>,
    /// Give up after this time, in seconds or as 1m30s; a large component takes some to compile
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunnersArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print the list
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Report,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Where to write it; `-` is standard output
    #[arg(value_name = "FILE", default_value = "agent-arborist.yaml", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
}

/// A width of text, within reason.
fn columns(text: &str) -> Result<usize, String> {
    let columns = text
        .parse()
        .ok()
        .filter(|columns| (20..=10_000).contains(columns));
    columns.ok_or_else(|| "it takes a number of columns from 20 to 10000".to_owned())
}

/// What a plan is drawn as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Picture {
    /// Boxes and lines for a terminal, or a list where they do not fit
    #[default]
    Text,
    /// A flowchart for Markdown, as GitHub draws it
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture for browsers
    Svg,
}
