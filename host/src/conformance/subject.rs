//! The runner under check, and how it is called.

use super::{
    asked::Asked,
    notes::{Noted, Notes},
    report::Report,
    service::{Behaviour, Plan, Seen, Service},
};
use crate::{
    cassette::Exchange,
    config::{FieldValue, Settings},
    engine::{Call, CallError, Component, RunnerInfo, Usage},
    gateway::{Session, Tape},
    policy::Policy,
    runner::{
        BeginError, Deadline, Description, Outside, Parameters, RunError, Runner, StartError,
    },
    spec::TaskSpec,
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::Instant;

/// What a check is made with.
#[derive(Debug)]
pub struct SubjectOptions {
    /// The runner.
    pub component: Component,
    /// What it says of itself, or why it does not.
    pub described: Result<Option<RunnerInfo>, RunError>,
    /// Settings to try, the first of which are used that the runner accepts; with the names of the fields that are made up.
    pub candidates: Vec<(Settings, Vec<String>)>,
    /// The parameters of each call.
    pub parameters: Parameters,
    /// What answers the runner instead of the check's own service: the answers of a cassette, whose requests are not compared. Not
    /// empty.
    pub answers: Option<Vec<Exchange>>,
    /// How long a call may take.
    pub time: Duration,
}

/// A runner under check.
#[derive(Debug)]
pub struct Subject {
    pub(super) component: Component,
    pub(super) described: Result<Option<RunnerInfo>, RunError>,
    runner: Arc<Runner>,
    pub(super) made_up: Vec<String>,
    parameters: Parameters,
    answers: Option<Vec<Exchange>>,
    time: Duration,
    understood: bool,
    pub(super) so_far: SoFar,
}

/// What was seen in all calls so far.
#[derive(Debug, Default)]
pub(super) struct SoFar {
    pub(super) read: BTreeSet<String>,
    pub(super) read_all: bool,
    pub(super) usage: Usage,
    /// Calls that did not end in time.
    pub(super) late: usize,
    /// Results and errors that held a placeholder, by the check in which they did.
    pub(super) leaked: Vec<&'static str>,
    /// The same of log lines and progress.
    pub(super) logged: Vec<&'static str>,
    /// Checks in which it said more than it may.
    pub(super) silenced: Vec<&'static str>,
    /// Checks in which a limit stopped it.
    pub(super) limits: Vec<String>,
    /// Checks in which standard output held a spec.
    pub(super) printed: Vec<&'static str>,
}

/// A call that differs from the usual one.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub(super) behaviour: Option<Behaviour>,
    pub(super) denied: bool,
    pub(super) without: Option<String>,
    pub(super) parameters: Option<Parameters>,
}

impl Subject {
    /// Makes a runner ready to be checked: finds out which of the candidates it accepts.
    ///
    /// # Errors
    /// The settings are not what it takes.
    pub async fn new(options: SubjectOptions) -> Result<Self, StartError> {
        let SubjectOptions {
            component,
            described,
            candidates,
            parameters,
            answers,
            time,
        } = options;
        let mut first = None;
        for (settings, made_up) in candidates {
            let settings = bounded(settings, time);
            let deadline = Deadline::after(Instant::now(), time);
            let outside = Outside::default();
            // A runner that cannot be asked what it is is told by its own check.
            let runner = match &described {
                Ok(_) => Runner::new(component.clone(), settings, outside, deadline).await?,
                Err(_) => Runner::unchecked(component.clone(), settings, outside),
            };
            let mut subject = Self {
                component: component.clone(),
                described: Ok(None),
                runner: Arc::new(runner),
                made_up,
                parameters: parameters.clone(),
                answers: answers.clone(),
                time,
                understood: false,
                so_far: SoFar::default(),
            };
            let asked = subject.usual().await;
            let refuses = asked
                .error()
                .is_some_and(|error| error.kind() == "invalid-config");
            if !refuses || described.is_err() {
                first = Some((subject, asked));
                break;
            }
            first.get_or_insert((subject, asked));
        }
        // There is always one.
        let (mut subject, asked) = first.ok_or(StartError::Late(time))?;
        subject.understood = asked.makes_spec();
        subject.so_far = SoFar::default();
        subject.described = described;
        Ok(subject)
    }

    /// Whether it makes a spec of what it is answered. One that does not may speak a protocol that the check's own service does not: see
    /// [`Subject::answered_by`].
    #[must_use]
    pub fn understands_answers(&self) -> bool {
        self.understood
    }

    /// The same runner, answered by the exchanges of a cassette, whose requests are not compared, if it makes a spec of them.
    pub async fn answered_by(mut self, exchanges: Vec<Exchange>) -> Self {
        let before = self.answers.replace(exchanges);
        self.understood = self.usual().await.makes_spec();
        if !self.understood {
            self.answers = before;
        }
        self.so_far = SoFar::default();
        self
    }

    /// The usual call, before anything is checked.
    async fn usual(&mut self) -> Asked {
        self.ask("", super::inputs::USUAL, &Way::default()).await
    }

    /// Whether it holds a secret.
    pub(super) fn has_secret(&self) -> bool {
        let fields = &self.runner.settings().fields;
        fields
            .iter()
            .any(|field| matches!(field.value, FieldValue::Secret(_)))
    }

    pub(super) fn settings(&self) -> &Settings {
        self.runner.settings()
    }

    pub(super) fn has_answers(&self) -> bool {
        self.answers.is_some()
    }

    /// Asks for a spec.
    pub(super) async fn ask(&mut self, check: &'static str, text: &str, way: &Way) -> Asked {
        let service = self.service(way, Plan::usual());
        let notes = Arc::new(Notes::default());
        let started = self.start(&service, &notes, way);
        let asked = match (started, Description::new(text)) {
            (Ok(running), Ok(description)) => {
                let outcome = running.answer(&description).await;
                Asked::new(outcome, running.session(), notes.take(), service.seen())
            }
            _ => unstarted(),
        };
        self.note(check, &asked);
        asked
    }

    /// Asks for a DAG.
    pub(super) async fn ask_dag(&mut self, check: &'static str, spec: &TaskSpec) -> Asked {
        let way = Way::default();
        let service = self.service(&way, Plan::dag(spec));
        let notes = Arc::new(Notes::default());
        let asked = match self.start(&service, &notes, &way) {
            Ok(running) => {
                let outcome = running.answer_to_spec(spec).await;
                Asked::new(outcome, running.session(), notes.take(), service.seen())
            }
            Err(_) => unstarted(),
        };
        self.note(check, &asked);
        asked
    }

    /// Asks what it is, with this configuration, and what it said to that.
    pub(super) async fn describe(
        &self,
        configured: bool,
    ) -> (Result<Option<RunnerInfo>, CallError>, Noted) {
        let fields = self.runner.settings().fields.iter().filter(|_| configured);
        let config = fields.map(|field| {
            let value = match &field.value {
                FieldValue::Plain(text) => text.clone(),
                FieldValue::Secret(_) => "a-placeholder-of-the-check".to_owned(),
            };
            (field.name.clone(), value)
        });
        let notes = Arc::new(Notes::default());
        let call = Call {
            limits: self.runner.settings().limits.clone(),
            config: config.collect(),
            session: Session::closed(),
            observer: Arc::<Notes>::clone(&notes),
            deadline: Instant::now() + self.time,
            time: self.time,
        };
        let info = self.component.ask_about(&call).await;
        (info, notes.take())
    }

    pub(super) fn report(&self, checks: Vec<super::Check>) -> Report {
        Report {
            runner: self.component.name().to_owned(),
            checks,
            made_up: self.made_up.clone(),
            from_cassette: self.has_answers(),
            usage: self.so_far.usage,
        }
    }

    fn service(&self, way: &Way, plan: Plan) -> Arc<Service> {
        let usual = || match &self.answers {
            Some(given) => Behaviour::Given(given.clone()),
            None => Behaviour::Good(plan),
        };
        Arc::new(Service::new(way.behaviour.clone().unwrap_or_else(usual)))
    }

    fn start(
        &self,
        service: &Arc<Service>,
        notes: &Arc<Notes>,
        way: &Way,
    ) -> Result<crate::runner::Running, BeginError> {
        let mut runner = Arc::clone(&self.runner);
        if way.denied || way.without.is_some() {
            let mut settings = self.runner.settings().clone();
            if way.denied {
                settings.policy = Policy::deny_all();
            }
            if let Some(field) = &way.without {
                settings = settings.without(field);
            }
            let component = self.component.clone();
            runner = Arc::new(Runner::unchecked(component, settings, Outside::default()));
        }
        let tape = Tape::Replay(Arc::<Service>::clone(service));
        let parameters = way.parameters.as_ref().unwrap_or(&self.parameters).clone();
        runner.start_taped(tape, parameters, Arc::<Notes>::clone(notes), Instant::now())
    }

    fn note(&mut self, check: &'static str, asked: &Asked) {
        let so_far = &mut self.so_far;
        let noted = &asked.noted;
        so_far.read.extend(noted.read.iter().cloned());
        so_far.read_all |= noted.read_all;
        so_far.usage.memory = so_far.usage.memory.max(noted.usage.memory);
        so_far.usage.cpu = so_far.usage.cpu.max(noted.usage.cpu);
        so_far.late += usize::from(asked.late());
        let mut mark = |is: bool, list: fn(&mut SoFar) -> &mut Vec<&'static str>| {
            if is {
                list(so_far).push(check);
            }
        };
        mark(asked.leaked, |so_far| &mut so_far.leaked);
        mark(noted.said.contains("[secret "), |so_far| &mut so_far.logged);
        mark(noted.silenced, |so_far| &mut so_far.silenced);
        let printed = noted.printed.contains("steps") && TaskSpec::parse(&noted.printed).is_ok();
        mark(printed, |so_far| &mut so_far.printed);
        if let Some(crate::engine::Stop::Limit { limit, detail }) = asked.stop() {
            so_far
                .limits
                .push(format!("{check}: its limit `{limit}`: {detail}"));
        }
    }
}

/// Settings as they are for a check: nothing waits, and every call has the same time.
fn bounded(mut settings: Settings, time: Duration) -> Settings {
    settings.retry = None;
    settings.rate_limit = None;
    settings.timeouts.task_spec = time;
    settings.timeouts.dagu = time;
    settings.timeouts.whole = None;
    settings
}

/// The system gives no random bytes, or an input of ours is none.
fn unstarted() -> Asked {
    let stop = crate::engine::Stop::Trap("the run could not be started".to_owned());
    let frames = Vec::new();
    let outcome = Err(CallError::Stopped { stop, frames });
    Asked::new(
        outcome,
        &Session::closed(),
        Noted::default(),
        Seen::default(),
    )
}
