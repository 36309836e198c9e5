//! The fields of a workflow beside its plan: which are accepted, and how far.

use super::dag::{ContinueOn, Retry};
use super::dag_read::{Map, Reader};
use super::limits::{MAX_RETRIES, MAX_SECONDS};
use super::read::get;
use super::report::{Position, Problem, Shown};
use super::yaml::{Node, Value};

/// Why a key that Dagu knows is not accepted from a runner.
fn reason(key: &str) -> &'static str {
    match key {
        "env" | "dotenv" | "secrets" | "params" => {
            "it would put values of the machine, or commands, into the run"
        }
        "handlerOn" | "precondition" | "preconditions" | "repeatPolicy" => {
            "it would run commands that are no steps of the plan"
        }
        "executor" | "type" | "config" | "container" | "ssh" | "llm" | "messages"
        | "registryAuths" => "it would run a step elsewhere than in a shell on this machine",
        "run" | "call" | "parallel" | "workerSelector" | "queue" => {
            "it would start other workflows or other machines"
        }
        "dir" | "workingDir" | "logDir" | "stdout" | "stderr" | "output" | "logOutput" => {
            "it would read or write outside the plan"
        }
        "schedule" | "mailOn" | "smtp" | "errorMail" | "infoMail" | "waitMail" | "mailOnError"
        | "otel" => "it would act beyond this run",
        "shell" => "only `sh` and `sh -e` are accepted",
        _ => "it is none of the keys that a workflow from a runner needs",
    }
}

impl Reader<'_> {
    /// Whether `shell: sh` or `shell: sh -e` stands there; anything else is refused.
    pub(super) fn shell(&mut self, map: &Map, step: Option<&str>) -> bool {
        let Some(node) = get(map, "shell").filter(|node| !node.is_null()) else {
            return false;
        };
        let is_sh =
            matches!(&node.value, Value::Scalar { text, .. } if text == "sh" || text == "sh -e");
        if !is_sh {
            let problem = Problem::RefusedKey {
                key: Shown::new("shell"),
                reason: reason("shell"),
            };
            self.report.fault(problem, step, Some(node.at));
        }
        is_sh
    }

    pub(super) fn retry(&mut self, node: &Node, step: Option<&str>) -> Option<Retry> {
        let map = self.map(node, "retryPolicy", step)?;
        self.refuse_unknown(map, &["limit", "intervalSec", "backoff"], step);
        let limit = self.number(map, "limit", step, node.at, (0, MAX_RETRIES))?;
        let interval_sec = self.number(map, "intervalSec", step, node.at, (0, MAX_SECONDS))?;
        let backoff = self.flag(map, "backoff", step).unwrap_or(false);
        Some(Retry {
            limit,
            interval_sec,
            backoff,
        })
    }

    pub(super) fn continue_on(&mut self, node: &Node, step: Option<&str>) -> ContinueOn {
        let Some(map) = self.map(node, "continueOn", step) else {
            return ContinueOn::default();
        };
        self.refuse_unknown(map, &["failure", "skipped", "markSuccess"], step);
        ContinueOn {
            failure: self.flag(map, "failure", step),
            skipped: self.flag(map, "skipped", step),
            mark_success: self.flag(map, "markSuccess", step),
        }
    }

    fn map<'a>(
        &mut self,
        node: &'a Node,
        key: &'static str,
        step: Option<&str>,
    ) -> Option<&'a Map> {
        match &node.value {
            Value::Map(map) => Some(map),
            _ if node.is_null() => None,
            _ => {
                let problem = Problem::WrongType {
                    key,
                    expected: "a map",
                    found: node.kind(),
                };
                self.report.fault(problem, step, Some(node.at));
                None
            }
        }
    }

    fn flag(&mut self, map: &Map, key: &'static str, step: Option<&str>) -> Option<bool> {
        let node = get(map, key)?;
        match &node.value {
            Value::Scalar { text, plain: true } if text == "true" => Some(true),
            Value::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                let problem = Problem::WrongType {
                    key,
                    expected: "`true` or `false`",
                    found: "something else",
                };
                self.report.fault(problem, step, Some(node.at));
                None
            }
        }
    }

    pub(super) fn seconds(
        &mut self,
        map: &Map,
        key: &'static str,
        step: Option<&str>,
    ) -> Option<u64> {
        let node = get(map, key)?;
        self.number(map, key, step, node.at, (1, MAX_SECONDS))
    }

    fn number(
        &mut self,
        map: &Map,
        key: &'static str,
        step: Option<&str>,
        at: Position,
        (min, max): (u64, u64),
    ) -> Option<u64> {
        let node = get(map, key);
        let number = node.and_then(|node| match &node.value {
            Value::Scalar { text, plain: true } if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().ok()
            }
            _ => None,
        });
        let number = number.filter(|n| (min..=max).contains(n));
        if number.is_none() {
            self.report.fault(
                Problem::OutOfRange { key, min, max },
                step,
                Some(node.map_or(at, |node| node.at)),
            );
        }
        number
    }

    pub(super) fn refuse_unknown(&mut self, map: &Map, known: &[&str], step: Option<&str>) {
        for (key, _) in map
            .iter()
            .filter(|(key, _)| !known.contains(&key.text.as_str()))
        {
            let problem = Problem::RefusedKey {
                key: Shown::new(&key.text),
                reason: reason(&key.text),
            };
            self.report.fault(problem, step, Some(key.at));
        }
    }
}
