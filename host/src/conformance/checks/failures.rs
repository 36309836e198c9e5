//! Services that fail.

use super::{Asked, Check, Subject, Verdict, judged, tired};
use crate::{
    conformance::{
        inputs::USUAL,
        service::{Behaviour, COMMANDS, Fault},
        subject::Way,
    },
    engine::RunnerError,
};

/// What the contract asks for where something fails.
#[derive(Clone, Copy)]
enum Due {
    /// `service` with this status; and whether it passes, where that is clear.
    Status(u16, Option<bool>),
    /// `service` without a status.
    NoAnswer,
    /// `invalid-response` or `service`.
    BadAnswer,
    /// An error of the runner's, whichever; not a claim that the input or the configuration is wrong.
    AnyError,
    /// The service's spec, or `invalid-response` or `service`.
    SpecOrBad,
    /// `service` or `other`.
    Denied,
}

const ROWS: [(&str, Option<Fault>, Due); 17] = [
    ("service.denied", None, Due::Denied),
    (
        "service.401",
        Some(Fault::Status(401)),
        Due::Status(401, Some(false)),
    ),
    (
        "service.403",
        Some(Fault::Status(403)),
        Due::Status(403, Some(false)),
    ),
    (
        "service.404",
        Some(Fault::Status(404)),
        Due::Status(404, Some(false)),
    ),
    (
        "service.429",
        Some(Fault::Status(429)),
        Due::Status(429, Some(true)),
    ),
    (
        "service.500",
        Some(Fault::Status(500)),
        Due::Status(500, None),
    ),
    (
        "service.503",
        Some(Fault::Status(503)),
        Due::Status(503, Some(true)),
    ),
    ("service.refused", Some(Fault::NotConnected), Due::NoAnswer),
    ("service.broken", Some(Fault::Broken), Due::NoAnswer),
    ("service.timeout", Some(Fault::TimedOut), Due::NoAnswer),
    ("service.cut", Some(Fault::Cut), Due::BadAnswer),
    ("service.json", Some(Fault::NotJson), Due::BadAnswer),
    ("service.empty", Some(Fault::Empty), Due::BadAnswer),
    ("service.html", Some(Fault::Html), Due::BadAnswer),
    ("service.type", Some(Fault::OtherType), Due::SpecOrBad),
    ("service.huge", Some(Fault::Huge), Due::BadAnswer),
    ("service.endless", Some(Fault::Endless), Due::AnyError),
];

pub(super) async fn check(subject: &mut Subject, usual: &Asked, checks: &mut Vec<Check>) {
    for (id, fault, due) in ROWS {
        if usual.seen.requests.is_empty() {
            let reason = "it makes no requests".to_owned();
            checks.push(Check::new(id, Verdict::Skipped(reason)));
            continue;
        }
        if matches!(fault, Some(Fault::OtherType)) && subject.has_answers() {
            let reason = "the answers are not the check's own".to_owned();
            checks.push(Check::new(id, Verdict::Skipped(reason)));
            continue;
        }
        if tired(subject, id, checks) {
            continue;
        }
        let way = Way {
            behaviour: fault.map(Behaviour::Faulty),
            denied: fault.is_none(),
            ..Way::default()
        };
        let asked = subject.ask(id, USUAL, &way).await;
        checks.push(Check::new(id, judged(blame(&asked, due))));
    }
}

fn blame(asked: &Asked, due: Due) -> Option<String> {
    if matches!(due, Due::SpecOrBad)
        && let Some(Ok(spec)) = asked.spec()
    {
        let given = |command: &&str| spec.steps().iter().any(|step| step.command() == *command);
        return (!COMMANDS.iter().all(given))
            .then(|| format!("{}, which is not the service's", asked.told()));
    }
    if asked.outcome.is_ok() {
        return Some(format!("{}, as if nothing had failed", asked.told()));
    }
    let Some(error) = asked.error() else {
        return Some(asked.told());
    };
    let fits = match due {
        Due::Status(wanted, passes) => match error {
            RunnerError::Service {
                status, retryable, ..
            } if *status == Some(wanted) => {
                return passes.filter(|passes| passes != retryable).map(|passes| {
                    format!("it reported `service` with status {wanted} and `retryable: {retryable}`, and {passes} is due")
                });
            }
            RunnerError::Service { status, .. } => {
                let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
                return Some(format!(
                    "it reported `service` with status {status}, and {wanted} is due"
                ));
            }
            _ => false,
        },
        Due::NoAnswer => matches!(error, RunnerError::Service { status: None, .. }),
        Due::BadAnswer | Due::SpecOrBad => matches!(
            error,
            RunnerError::Service { .. } | RunnerError::InvalidResponse(_)
        ),
        Due::Denied => matches!(
            error,
            RunnerError::Service { status: None, .. } | RunnerError::Other(_)
        ),
        Due::AnyError => matches!(
            error,
            RunnerError::Service { .. } | RunnerError::InvalidResponse(_) | RunnerError::Other(_)
        ),
    };
    (!fits).then(|| asked.told())
}
