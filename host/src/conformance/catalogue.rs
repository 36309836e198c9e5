//! What is checked. The order is that of the report.

/// A check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name, which stays the same from version to version.
    pub id: &'static str,
    /// What it shows, in one line.
    pub title: &'static str,
    /// What the contract asks for.
    pub asks: &'static str,
    /// What to do where it fails.
    pub next: &'static str,
}

const fn row(id: &'static str, title: &'static str, asks: &'static str, next: &'static str) -> Row {
    Row {
        id,
        title,
        asks,
        next,
    }
}

const STATUS: &str = "a status that says that the service failed is the error `service` with that status; `retryable` is true for 429 and 503, and false for 401, 403 and 404";
const STATUS_NEXT: &str = "look at `response.status` before the body, and return `service` with it";
const NO_ANSWER: &str = "where no answer comes the error is `service` without a status";
const NO_ANSWER_NEXT: &str = "turn each `http-error` into `service` with `status: none`";
const BAD_ANSWER: &str = "an answer that is not what was asked for is the error `invalid-response` (or `service`); a spec is never made up in its place";
const BAD_ANSWER_NEXT: &str = "parse the body with an error path that ends in `invalid-response`; never unwrap, and have no fallback spec";
const INPUT: &str = "any description of up to 1 MiB becomes a valid spec, or the error `invalid-input`; it reaches the service as it was given";
const INPUT_NEXT: &str = "build request bodies with a JSON library rather than by joining texts, and do not cut, parse or evaluate the description; where the spec repeats it, its first thousand characters without NUL are enough";
const DAG: &str =
    "`generate-dagu-config` answers `unsupported`, or a valid DAG with every step of the spec";
const DAG_NEXT: &str = "return `unsupported`: the host then makes the DAG itself, and better";

/// Every check.
pub const ROWS: [Row; 46] = [
    row(
        "component.contract",
        "its exports and imports fit the contract",
        "a runner exports `arborist:runner/generate@0.1.0` with the types of `wit/`, and imports what the host gives",
        "build it against the `wit` folder of this version; `arborist inspect` shows what it has",
    ),
    row(
        "describe.answers",
        "`describe` answers without configuration",
        "`about.describe` is called in a fresh instance whose configuration is empty and whose HTTP is denied, and answers",
        "return constants from `describe`, and read nothing in it",
    ),
    row(
        "describe.texts",
        "it says its name, version and purpose",
        "name and version are there and short, and the description is one line",
        "fill in `runner-info`: name, version, and what it does in one line",
    ),
    row(
        "describe.fields",
        "the fields that it declares can be set",
        "names are unique, printable and not those of Arborist's own keys; each has a description; a secret has no default, and the default of a URL is one",
        "mend the field named here in `describe`",
    ),
    row(
        "describe.same",
        "`describe` always says the same",
        "the answer is remembered by the component's digest, so it must not depend on configuration, time or chance",
        "return constants from `describe`",
    ),
    row(
        "spec.valid",
        "a description becomes a valid task spec",
        "`generate-task-spec` returns YAML or JSON with `name`, `description` and `steps`, each with `name` and `command`",
        "see what it answered below; fields that it needs and the check cannot guess are given with `--set`, and answers of an unknown protocol with `--answers CASSETTE`",
    ),
    row(
        "spec.answer",
        "the spec is the one that the service gave",
        "the steps that the service answered with are in the result",
        "return what the service said, and nothing else",
    ),
    row(
        "spec.parameters",
        "a parameter that it does not know changes nothing",
        "a runner ignores the parameters that it does not know",
        "pass over unknown names",
    ),
    row(
        "config.required",
        "a missing required field is told as such",
        "without a field that is declared as required the error is `invalid-config`",
        "return `invalid-config` with the field's name, or declare the field as optional with its default",
    ),
    row(
        "config.declared",
        "every field that it reads is declared",
        "`describe` lists every configuration field that the runner reads",
        "add the field to `describe`",
    ),
    row(
        "config.used",
        "every field that it declares is read",
        "`describe` lists what the runner reads, and no more",
        "take the field out of `describe`, or read it",
    ),
    row("input.word", "a description of one word", INPUT, INPUT_NEXT),
    row("input.long", "a description of 1 MiB", INPUT, INPUT_NEXT),
    row(
        "input.line",
        "one line of 200,000 characters",
        INPUT,
        INPUT_NEXT,
    ),
    row(
        "input.unicode",
        "astral, right-to-left and combining characters",
        INPUT,
        INPUT_NEXT,
    ),
    row("input.control", "control characters", INPUT, INPUT_NEXT),
    row("input.quotes", "quotes and backslashes", INPUT, INPUT_NEXT),
    row(
        "input.prompt",
        "a text that gives orders to a model",
        INPUT,
        INPUT_NEXT,
    ),
    row(
        "input.yaml",
        "a text that looks like YAML",
        INPUT,
        INPUT_NEXT,
    ),
    row(
        "input.json",
        "a text that looks like JSON",
        INPUT,
        INPUT_NEXT,
    ),
    row("dag.minimal", "a spec of one step", DAG, DAG_NEXT),
    row("dag.large", "a spec of 200 steps", DAG, DAG_NEXT),
    row("dag.unicode", "a spec of many scripts", DAG, DAG_NEXT),
    row(
        "same.result",
        "the same answers give the same result",
        "with the same exchanges a run gives the same result, also after another run",
        "take time, random numbers and the order of hash maps out of the result",
    ),
    row(
        "same.requests",
        "the same description asks the same",
        "the same input makes the same requests, so that a cassette of one run answers the next",
        "take time and random numbers out of the requests",
    ),
    row(
        "service.denied",
        "the egress rules deny its requests",
        "a denied request is the error `service` or `other`, and never a spec",
        "turn `denied` into an error, and hand its text on",
    ),
    row(
        "service.401",
        "the service answers 401",
        STATUS,
        STATUS_NEXT,
    ),
    row(
        "service.403",
        "the service answers 403",
        STATUS,
        STATUS_NEXT,
    ),
    row(
        "service.404",
        "the service answers 404",
        STATUS,
        STATUS_NEXT,
    ),
    row(
        "service.429",
        "the service answers 429",
        STATUS,
        STATUS_NEXT,
    ),
    row(
        "service.500",
        "the service answers 500",
        STATUS,
        STATUS_NEXT,
    ),
    row(
        "service.503",
        "the service answers 503",
        STATUS,
        STATUS_NEXT,
    ),
    row(
        "service.refused",
        "there is no connection",
        NO_ANSWER,
        NO_ANSWER_NEXT,
    ),
    row(
        "service.broken",
        "the connection breaks after the request",
        NO_ANSWER,
        NO_ANSWER_NEXT,
    ),
    row(
        "service.timeout",
        "no answer comes in time",
        NO_ANSWER,
        NO_ANSWER_NEXT,
    ),
    row(
        "service.cut",
        "the answer breaks off in the middle",
        BAD_ANSWER,
        BAD_ANSWER_NEXT,
    ),
    row(
        "service.json",
        "the answer is no JSON",
        BAD_ANSWER,
        BAD_ANSWER_NEXT,
    ),
    row(
        "service.empty",
        "the answer is empty",
        BAD_ANSWER,
        BAD_ANSWER_NEXT,
    ),
    row(
        "service.html",
        "the answer is a web page",
        BAD_ANSWER,
        BAD_ANSWER_NEXT,
    ),
    row(
        "service.type",
        "the answer is right and its content type is not",
        "it is taken for what it is, or is an error; a spec is never made up in its place",
        BAD_ANSWER_NEXT,
    ),
    row(
        "service.huge",
        "the answer has 8 MiB and nothing of use",
        BAD_ANSWER,
        BAD_ANSWER_NEXT,
    ),
    row(
        "service.endless",
        "the answer never ends",
        "an answer without an end meets a limit, and that is an error of the runner's, not a trap",
        "hand the `http-error` of `read` or `send` on, and bound what is kept of an answer",
    ),
    row(
        "secret.result",
        "no secret is in a result or an error",
        "a secret, or its placeholder, belongs into a request and nowhere else",
        "do not copy requests, headers or the configuration into results and errors",
    ),
    row(
        "secret.logs",
        "no secret is logged or shown",
        "a secret, or its placeholder, belongs into a request and nowhere else",
        "do not log requests, headers or the configuration",
    ),
    row(
        "output.stdout",
        "nothing on standard output is taken for a result",
        "the result is what `generate-task-spec` returns; standard output becomes log lines",
        "return the spec instead of printing it",
    ),
    row(
        "limits.default",
        "it stays within the limits",
        "memory, CPU time and log volume are bounded by the limits in force",
        "`arborist inspect` shows the limits; `--limit NAME=VALUE` changes one, and so does `limits:` in the runner's section",
    ),
];

/// The row of a check.
pub(super) fn of(id: &str) -> Row {
    // A test holds that every check has its row.
    let unknown = row("unknown", "", "", "");
    ROWS.iter()
        .copied()
        .find(|row| row.id == id)
        .unwrap_or(unknown)
}
