//! The command line, as clap reads it.

use arborist::{
    engine::CompileOrder,
    project::{Language, Name},
};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

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

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  arborist config explain
  arborist config explain --request \"POST https://api.example.com/v1/generate\"";

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
    /// List cached results, or remove them
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
pub(crate) struct CheckArgs {
    /// A component file (.wasm or .wat), or the name of a runner; without it the selected runner
    #[arg(value_name = "FILE|NAME", value_hint = ValueHint::FilePath)]
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
    /// Answer requests with the replies of this cassette, in their order: for a protocol that the check does not speak
    #[arg(long, value_name = "CASSETTE", value_hint = ValueHint::FilePath)]
    pub(crate) answers: Option<PathBuf>,
    /// Give each call so many seconds; 30 without it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<u64>,
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
    /// Give each test so many seconds; 120 without it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<u64>,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
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
pub(crate) struct NewArgs {
    /// The runner's name, and the folder that is made
    pub(crate) name: Name,
    /// What it is to be written in
    #[arg(long, value_enum)]
    pub(crate) lang: Lang,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The project's folder
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// What the project is written in; without it, what its files say
    #[arg(long, value_enum)]
    pub(crate) lang: Option<Lang>,
    /// Build for this world of the project's wit/, as described-streaming-runner; without it, for described-runner.
    /// For Python, JavaScript and TypeScript
    #[arg(long)]
    pub(crate) world: Option<String>,
    /// End a tool that takes longer than this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "1800")]
    pub(crate) timeout: u64,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
}

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
    /// End the run after this many seconds, whatever it is doing
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<u64>,
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

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// A component file (.wasm or .wat), or the name of a runner
    #[arg(value_name = "FILE|NAME", value_hint = ValueHint::FilePath)]
    pub(crate) runner: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Report,
    /// Change a limit of the sandbox
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub(crate) limits: Vec<String>,
    /// Give up after this many seconds; a large component takes some to compile
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<u64>,
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
    /// List the cached results with their age and size
    Ls(CacheArgs),
    /// Remove the cached results that are expired or cannot be read
    Clear {
        #[command(flatten)]
        folders: CacheArgs,
        /// Remove all of them
        #[arg(long)]
        all: bool,
    },
}

/// Which folders of results.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Look at the folder of this runner rather than the selected one's
    #[arg(long, value_name = "NAME")]
    pub(crate) runner: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Report,
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

/// A time in whole seconds, at most a day.
fn seconds(text: &str) -> Result<u64, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (1..=86_400).contains(seconds));
    seconds.ok_or_else(|| "it takes whole seconds, from 1 to 86400 (a day)".to_owned())
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

/// A language of projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    Rust,
    Python,
    Js,
    Ts,
    C,
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
