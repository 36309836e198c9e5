//! A run as events on standard output, for programs: `--format ndjson`.
//!
//! One JSON object a line; `docs/events.md` says what is in them. The last line is a `result` or an `error`, and there is
//! exactly one of them.

use crate::{
    exit::{Exit, Failure},
    output::{self, Staged},
    talk::Talk,
    writer::Writer,
};
use arborist::{
    clock,
    engine::{Event, Level},
    escape,
    gateway::{Ended, Wait},
    runner::{Operation, Running},
};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The events of one command.
pub(crate) struct Events {
    out: Writer,
    /// The run's id, once there is a run.
    run: OnceLock<String>,
    /// Whether the last event was given.
    over: AtomicBool,
}

#[derive(Serialize)]
struct Line<'a, T> {
    event: &'static str,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct Started<'a> {
    runner: &'a str,
    component: String,
    operation: &'static str,
}

#[derive(Serialize)]
struct Chunk<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Log<'a> {
    source: &'static str,
    level: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    context: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Waiting {
    #[serde(rename = "for")]
    of: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
    wait_ms: u64,
}

#[derive(Serialize)]
struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    task_spec: Option<Made>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dag: Option<Made>,
    network: Network,
}

#[derive(Serialize)]
struct Made {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    cached: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_ms: Option<u64>,
}

#[derive(Serialize)]
struct Network {
    requests: u64,
    retries: u64,
    refused: u64,
    sent: u64,
    received: u64,
}

#[derive(Serialize)]
struct Failed {
    class: &'static str,
    exit: u8,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    help: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// What a command made: canonical YAML, and where it goes.
pub(crate) struct Product {
    pub(crate) text: String,
    /// The file that it goes to; in the event where there is none.
    pub(crate) path: Option<PathBuf>,
    /// How old it is, if it comes from the cache.
    pub(crate) age: Option<Duration>,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self {
            out: Writer::stdout(),
            run: OnceLock::new(),
            over: AtomicBool::new(false),
        }
    }

    pub(crate) fn started(&self, running: &Running, operation: Operation) {
        let run = self.run.get_or_init(|| running.id().to_owned());
        debug_assert_eq!(run, running.id(), "one run a command");
        let runner = running.runner();
        self.put(
            "started",
            Started {
                runner: &runner.settings().runner.name,
                component: runner.component().digest().to_string(),
                operation: operation.key(),
            },
        );
    }

    /// What the runner says, and what it asked for.
    pub(crate) fn guest(&self, event: &Event<'_>) {
        match event {
            Event::Log {
                level,
                context,
                message,
            } => self.log("runner", *level, context, message),
            Event::Progress(text) => self.put("chunk", Chunk { text }),
            Event::Request(ended) => self.put::<&Ended<'_>>("request", ended),
            Event::Waits { wait, time } => self.put("wait", Waiting::of(*wait, *time)),
            // `Talk` warns of it, and that is an event of the host's.
            Event::Silenced => {}
        }
    }

    /// What the host warns of.
    pub(crate) fn warning(&self, message: &str) {
        self.log("host", Level::Warn, "", message);
    }

    fn log(&self, source: &'static str, level: Level, context: &str, message: &str) {
        let level = level.to_string();
        self.put(
            "log",
            Log {
                source,
                level,
                context,
                message,
            },
        );
    }

    /// Ends with an error, unless it has ended.
    pub(crate) fn failed(&self, failure: &Failure) {
        self.last("error", Failed::of(failure));
        self.out.flush();
    }

    fn last(&self, event: &'static str, what: impl Serialize) {
        if !self.over.swap(true, Ordering::Relaxed) {
            self.write(event, what);
        }
    }

    fn put<T: Serialize>(&self, event: &'static str, what: T) {
        if !self.over.load(Ordering::Relaxed) {
            self.write(event, what);
        }
    }

    fn write(&self, event: &'static str, what: impl Serialize) {
        let line = Line {
            event,
            time: humantime::format_rfc3339_millis(clock::now()).to_string(),
            run: self.run.get().map(String::as_str),
            what,
        };
        // Of plain data alone: nothing in it can fail to serialize.
        if let Ok(line) = serde_json::to_string(&line) {
            self.out.put(escape::json(&line) + "\n");
        }
    }
}

/// Ends with an error, and waits until it is read.
pub(crate) async fn end(events: &Arc<Events>, failure: &Failure) {
    events.last("error", Failed::of(failure));
    let events = Arc::clone(events);
    // The exit code says already that it failed.
    let read = output::aside(move || Ok(events.out.drain())).await;
    drop(read);
}

/// Writes the files, and then says that they are there. Waits until it is read.
pub(crate) async fn deliver(
    talk: &Arc<Talk>,
    running: &Running,
    task_spec: Option<Product>,
    dag: Option<Product>,
) -> Result<(), Failure> {
    let mut staged = Vec::new();
    for product in task_spec.iter().chain(&dag) {
        if let Some(path) = product.file() {
            staged.push(Staged::new(Some(path), product.text.clone())?);
        }
    }
    for file in staged {
        file.deliver().await?;
    }
    let summary = running.session().summary();
    let outcome = Outcome {
        task_spec: task_spec.map(Made::of),
        dag: dag.map(Made::of),
        network: Network {
            requests: summary.requests,
            retries: summary.retries,
            refused: summary.refused,
            sent: summary.sent,
            received: summary.received,
        },
    };
    let Some(events) = talk.events() else {
        return Ok(());
    };
    events.last("result", outcome);
    let events = Arc::clone(events);
    output::aside(move || {
        events.out.drain().map_err(|kind| {
            Failure::new(Exit::Internal, format!("cannot write the result: {kind}"))
        })
    })
    .await
}

impl Waiting {
    fn of(wait: Wait, time: Duration) -> Self {
        let (of, next) = match wait {
            Wait::Retry(next) => ("retry", Some(next)),
            Wait::Turn => ("rate_limit", None),
        };
        let wait_ms = clock::millis(time);
        Self { of, next, wait_ms }
    }
}

impl Product {
    fn file(&self) -> Option<&Path> {
        self.path.as_deref().filter(|path| *path != Path::new("-"))
    }
}

impl Made {
    fn of(product: Product) -> Self {
        let file = product
            .file()
            .map(|path| path.to_string_lossy().into_owned());
        Self {
            text: file.is_none().then_some(product.text),
            file,
            cached: product.age.is_some(),
            age_ms: product.age.map(clock::millis),
        }
    }
}

impl Failed {
    fn of(failure: &Failure) -> Self {
        let plain = |text: &str| anstream::adapter::strip_str(text.trim_end()).to_string();
        let all = |texts: &[String]| texts.iter().map(|text| plain(text)).collect();
        Self {
            class: failure.exit.class(),
            exit: failure.exit as u8,
            message: plain(&failure.message),
            help: all(&failure.help),
            notes: all(&failure.notes),
        }
    }
}
