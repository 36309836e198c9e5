//! A run's results, taken from the cache where they were made before.
//!
//! What a result depends on is decided here, in one place: `Asked::question`. Left out are the settings that decide only whether and
//! when there is a result (time-outs, retries, rate limits, the audit log), since only results are kept, and only those of runs
//! that were refused nothing.

use super::{Deadline, Operation, Parameters, RunError, Running};
use crate::{
    cache::{Entry, EntryName, Found, Question, ResultCache},
    config::{FieldValue, Settings},
    escape::printable,
    spec::{Checked, Dag, SpecError, TaskSpec, Warning},
};
use std::time::Duration;

/// A result, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made<T> {
    /// The result, valid.
    pub value: T,
    /// What was dropped, renamed or translated when it was made.
    pub warnings: Vec<Warning>,
    /// How old it is, where it was not made now but comes from the cache.
    pub age: Option<Duration>,
    /// Why the cache did not keep it, where it should have; safe to show.
    pub not_kept: Option<String>,
}

/// One question of a run.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) operation: Operation,
    pub(super) input: &'a str,
    pub(super) parameters: &'a Parameters,
    pub(super) deadline: Deadline,
}

/// A result that has a canonical text.
pub(super) trait Kept: Sized + Send + 'static {
    /// Reads the text again.
    fn of(text: &str) -> Result<Checked<Self>, SpecError>;
    /// The canonical text.
    fn text(&self) -> String;
}

impl Kept for TaskSpec {
    fn of(text: &str) -> Result<Checked<Self>, SpecError> {
        Self::parse(text)
    }

    fn text(&self) -> String {
        self.to_yaml()
    }
}

impl Kept for Dag {
    fn of(text: &str) -> Result<Checked<Self>, SpecError> {
        Self::parse(text)
    }

    fn text(&self) -> String {
        self.to_yaml()
    }
}

impl<T> Made<T> {
    fn now(checked: Checked<T>) -> Self {
        Self {
            value: checked.value,
            warnings: checked.warnings,
            age: None,
            not_kept: None,
        }
    }
}

impl Running {
    /// The result of `ask`, or the one that was made of the same question before.
    pub(super) async fn through_cache<T: Kept>(
        &self,
        asked: Asked<'_>,
        ask: impl AsyncFnOnce() -> Result<Checked<T>, RunError>,
    ) -> Result<Made<T>, RunError> {
        // What is recorded must be asked for, and what a cassette answers is not to be kept.
        let Some(cache) = self
            .runner
            .cache
            .as_ref()
            .filter(|_| !self.session.is_taped())
        else {
            return self.checked(ask().await).map(Made::now);
        };
        if let Some(why) = self.must_not_be_kept() {
            let made = self.checked(ask().await).map(Made::now)?;
            return Ok(Made {
                not_kept: Some(why),
                ..made
            });
        }
        let name = asked.question(cache.question(), self).name();
        if let Some(made) = find(cache, &name).await {
            return Ok(made);
        }
        let deadline = asked.deadline;
        let turn = cache.turn(&name, deadline.at).await;
        let turn = turn.map_err(|_late| RunError::Waited(deadline.time))?;
        // Whoever had the turn before may have made it.
        if let Some(made) = find(cache, &name).await {
            return Ok(made);
        }
        let mut made = self.checked(ask().await).map(Made::now)?;
        made.not_kept = self.keep(cache, &name, asked.operation, &made).await;
        drop(turn);
        Ok(made)
    }

    /// A result that counts: told as the refusal that it failed for, and as a failure where it could not be written down.
    fn checked<T>(&self, made: Result<Checked<T>, RunError>) -> Result<Checked<T>, RunError> {
        let made = made.map_err(|error| error.after(&self.session))?;
        RunError::unaudited(&self.session).map(|()| made)
    }

    /// Why no result of this run may be kept, if none may.
    fn must_not_be_kept(&self) -> Option<String> {
        let settings = &self.runner.settings;
        let mut exposed = settings.secrets.iter().filter(|secret| secret.exposed);
        exposed.next().map(|secret| {
            let field = printable(&secret.field, 64);
            format!(
                "the runner gets `{field}` as it is (`expose`), and may have put it into the result"
            )
        })
    }

    /// Keeps a result; why not, if it could not be kept.
    async fn keep<T: Kept>(
        &self,
        cache: &ResultCache,
        name: &EntryName,
        operation: Operation,
        made: &Made<T>,
    ) -> Option<String> {
        if self.session.refusal().is_some() {
            return Some("the run was refused something that it asked for".to_owned());
        }
        let runner = &self.runner;
        let entry = Entry {
            operation: operation.name().to_owned(),
            runner: runner.settings.runner.name.clone(),
            digest: runner.component.digest().to_string(),
            warnings: made.warnings.iter().map(Warning::to_string).collect(),
            text: made.value.text(),
            ..Entry::default()
        };
        let texts = || entry.warnings.iter().chain([&entry.text]);
        if texts().any(|text| self.session.holds_secret(text)) {
            return Some("the value of a secret is in it".to_owned());
        }
        let (cache, name) = (cache.clone(), name.clone());
        aside(move || {
            cache
                .keep(&name, entry)
                .err()
                .map(|error| error.to_string())
        })
        .await
        .unwrap_or_default()
    }
}

impl Asked<'_> {
    /// Everything that the result can depend on.
    fn question(&self, mut question: Question, running: &Running) -> Question {
        let runner = &running.runner;
        let settings = &runner.settings;
        question.part("host", env!("CARGO_PKG_VERSION"));
        question.part("component", runner.component.digest().as_bytes());
        question.part("runner", &settings.runner.name);
        question.part("section", [u8::from(settings.runner.section_used)]);
        question.part("operation", self.operation.name());
        question.part("input", self.input);
        // The model of the settings is among them.
        let parameters = self.parameters.as_slice().iter();
        question.list(
            "parameters",
            parameters.flat_map(|parameter| [&parameter.name, &parameter.value]),
        );
        add_fields(&mut question, settings);
        add_way_out(&mut question, settings);
        // A runner sees what it is refused, and can answer by it.
        question.list("limits", settings.limits.of_run());
        question
    }
}

fn add_fields(question: &mut Question, settings: &Settings) {
    for field in &settings.fields {
        // Another key may be another account. It enters the name alone, which is an HMAC.
        match &field.value {
            FieldValue::Plain(text) => question.list("field", [&field.name, text]),
            FieldValue::Secret(secret) => {
                question.list("secret", [field.name.as_str(), secret.reveal()]);
                question.part("unset", [u8::from(secret.is_unset())]);
            }
        }
    }
    for binding in &settings.secrets {
        question.list("to", binding.to.iter().map(ToString::to_string));
        question.part("in", binding.places.to_string());
        question.part("exposed", [u8::from(binding.exposed)]);
    }
}

/// Where requests may go, and who answers them.
fn add_way_out(question: &mut Question, settings: &Settings) {
    let policy = &settings.policy;
    let rules = policy.rules().iter();
    question.list("allow", rules.map(|rule| rule.rule().to_string()));
    let networks = policy.networks().iter();
    question.list("networks", networks.map(ToString::to_string));
    let proxy = settings.route.proxy.iter();
    question.list("proxy", proxy.map(|proxy| proxy.origin().to_string()));
    let authorities = settings.route.authorities.iter();
    question.list("ca", authorities.flat_map(|all| all.certificates()));
}

async fn find<T: Kept>(cache: &ResultCache, name: &EntryName) -> Option<Made<T>> {
    let (cache, name) = (cache.clone(), name.clone());
    aside(move || {
        let Found { entry, age } = cache.find(&name)?;
        // What an older fault let in is no result either.
        let value = T::of(&entry.text).ok()?.value;
        let warnings = entry.warnings.into_iter().map(|message| Warning {
            message,
            step: None,
            at: None,
        });
        Some(Made {
            value,
            warnings: warnings.collect(),
            age: Some(age),
            not_kept: None,
        })
    })
    .await
    .flatten()
}

/// Does what may wait for a disk on a thread where it keeps nobody waiting; none if it panics.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
