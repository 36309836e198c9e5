//! Does what its description says: the first word names a behaviour, the rest is its argument. Anything
//! else is answered with what the guest can see of its surroundings.
//!
//! | description | what happens |
//! | --- | --- |
//! | `probe` or any other text | a spec with a step for each thing looked at ([`probe`]) |
//! | `counter` | the value of a counter in linear memory, from 1 |
//! | `spec TEXT` | returns TEXT as it is |
//! | `answer N` | a spec whose description has N bytes |
//! | `invalid-utf8` | returns bytes that are no text |
//! | `error:KIND [N]` | the error of that kind, with a text of N bytes; `error:service` takes the parameters `status` and `retryable` |
//! | `unsupported` | `error:unsupported` |
//! | `trap`, `panic`, `recursion`, `exit [N]` | ends without an answer |
//! | `loop`, `sleep [SECONDS]`, `emit-forever` | never ends, on the CPU, in a clock, in host calls; `sleep` with a number returns |
//! | `random-forever` | the same in calls for random numbers |
//! | `zeroes [N]` | N times 4 KiB of zeroes to standard error, 100,000 by default |
//! | `memory [MIB]`, `memory-try [MIB]` | takes memory until refused, or so much; the second reports how much |
//! | `dirty BEHAVIOUR` | takes and fills all memory that there is, logs `dirtied`, and goes on with that behaviour |
//! | `fresh` | takes all memory that there is; how much, and how many bytes of it were not zero |
//! | `log-flood [N]`, `stdout-flood [N]`, `stderr-flood [N]` | N lines of 1 KiB, 100,000 by default |
//! | `stdout TEXT`, `stderr TEXT`, `log TEXT` | says TEXT there, `{FIELD}` replaced by the configuration's, then answers as usual |
//! | `log-as CONTEXT` | logs a line in that context, then answers as usual |
//! | `progress TEXT` | emits TEXT word by word, then answers as usual |
//! | `emit-huge [N]` | emits N bytes in one call, one more than is allowed by default |
//! | `handles [N]` | keeps N pollables, 2,000,000 by default |
//! | `random-huge [N]` | asks for N random bytes in one call, 1 GiB by default |
//! | `http METHOD URL`, `open METHOD URL` | sends a request ([`asked`], [`web`]) |
//! | `wasi METHOD URL` | the same by `wasi:http` ([`second_door`]) |
//! | `keep WHAT [N]` | makes N of what [`keep`] lists and keeps them, 1,000,000 by default |
//! | `hoard N HEADERS` | builds N requests for `wasi:http` that are never sent, and tells what was taken of each ([`second_door`]) |
//! | `leave HOW METHOD URL`, `leave-wasi HOW METHOD URL` | reads the first piece of an answer, and then: `trap`; `sleep` for ever; `drop` the answer and sleep; `return` |
//! | `requests N METHOD URL`, `wasi-requests N METHOD URL` | sends N requests one after the other and counts the outcomes |
//! | `at-once N METHOD URL` | N requests by `wasi:http`, all under way at once, waited for together |
//! | `verdicts [[METHOD, URL], …]` | what each door says to each URL ([`verdicts`]) |
//!
//! `generate-dagu-config` returns the parameter `dagu`, with the parameter `dagu-counter` a DAG with the counter, and
//! without either `unsupported`.

mod asked;
mod bindings;
mod hostile;
mod keep;
mod probe;
mod report;
mod second_door;
mod verdicts;
mod web;

use asked::{number, parameter, unusable};
use bindings::arborist::runner::runner_types::ServiceFailure;
use bindings::exports::arborist::runner::generate::{Guest, Parameter, RunnerError};
use report::Report;

struct Plain;

impl Guest for Plain {
    fn generate_task_spec(
        description: String,
        parameters: Vec<Parameter>,
    ) -> Result<String, RunnerError> {
        let (behaviour, argument) = description
            .split_once([' ', '\n'])
            .unwrap_or((description.as_str(), ""));
        if let Some(kind) = behaviour.strip_prefix("error:") {
            return Err(error(kind, argument, &parameters)?);
        }
        match behaviour {
            "unsupported" => return Err(RunnerError::Unsupported),
            "spec" => return Ok(argument.to_owned()),
            "verdicts" => return verdicts::run(argument),
            "wasi" => return second_door::run(argument, &parameters),
            "wasi-requests" => return second_door::requests(argument, &parameters),
            "at-once" => return second_door::at_once(argument, &parameters),
            "keep" => return keep::run(argument),
            "hoard" => return second_door::hoard(argument),
            "leave-wasi" => return second_door::leave(argument, &parameters),
            "http" | "open" | "requests" | "leave" => {
                return web::run(behaviour, argument, &parameters);
            }
            _ => {}
        }
        if let Some(answer) = hostile::run(behaviour, argument)? {
            return Ok(answer);
        }
        Ok(probe::report(&description, &parameters))
    }

    fn generate_dagu_config(
        _spec: String,
        parameters: Vec<Parameter>,
    ) -> Result<String, RunnerError> {
        if crate::parameter(&parameters, "dagu-counter").is_some() {
            let count = hostile::count();
            return Ok(format!(
                "{{name: counter, steps: [{{name: counter, command: \"{count}\"}}]}}"
            ));
        }
        if let Some(ask) = crate::parameter(&parameters, "dagu-http") {
            return web::run("http", ask, &parameters);
        }
        let dagu = parameters
            .into_iter()
            .find(|parameter| parameter.name == "dagu");
        dagu.map(|parameter| parameter.value)
            .ok_or(RunnerError::Unsupported)
    }
}

fn error(kind: &str, argument: &str, parameters: &[Parameter]) -> Result<RunnerError, RunnerError> {
    let message = match argument.trim().parse() {
        Ok(length) => "x".repeat(length),
        Err(_) if argument.is_empty() => format!("the guest says {kind}"),
        Err(_) => argument.to_owned(),
    };
    Ok(match kind {
        "invalid-config" => RunnerError::InvalidConfig(message),
        "invalid-input" => RunnerError::InvalidInput(message),
        "service" => RunnerError::Service(ServiceFailure {
            status: parameter(parameters, "status").and_then(|status| status.parse().ok()),
            message,
            retryable: parameter(parameters, "retryable") == Some("true"),
        }),
        "invalid-response" => RunnerError::InvalidResponse(message),
        "other" => RunnerError::Other(message),
        "unsupported" => RunnerError::Unsupported,
        _ => return Err(unusable(&format!("no error is named {kind}"))),
    })
}

fn spec_with(name: &str, value: impl std::fmt::Display) -> String {
    let mut report = Report::new("");
    report.add(name, value);
    report.to_spec()
}

bindings::export!(Plain with_types_in bindings);
