//! What the command says on standard error while it works and when it ends.

use crate::{
    args::{LogFormat, TalkArgs},
    events::Events,
    exit::Failure,
    json_log::{self, SAID},
    progress::Lines,
    writer::Writer,
};
use anstyle::{AnsiColor, Style};
use arborist::{
    clock,
    engine::{Event, Level, Observer},
    escape::{printable, printable_lines},
    gateway::Session,
    runner::{Operation, Running},
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    collections::VecDeque,
    fmt::Display,
    io::IsTerminal as _,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// How much of a guest's log is kept for the case that the run fails, in bytes.
const KEPT: usize = 4 * 1024;
/// The longest line of a guest that is shown, in characters.
const LINE: usize = 2_000;

/// Gives a line to the writer.
macro_rules! put {
    ($talk:expr, $($part:tt)*) => {
        $talk.put(format!($($part)*) + "\n")
    };
}

/// Speaks to the user, as loud as the flags say.
pub(crate) struct Talk {
    args: TalkArgs,
    /// Whether progress is shown as it comes.
    stream: bool,
    line: Option<ProgressBar>,
    kept: Mutex<Kept>,
    progress: Mutex<Lines>,
    /// Whether what was written last is no whole line.
    mid_line: AtomicBool,
    writer: Arc<Writer>,
    /// Where everything is told as events too.
    events: Option<Arc<Events>>,
    /// The span of the run, once there is one.
    run: OnceLock<tracing::Span>,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<String>,
    bytes: usize,
    cut: bool,
}

impl Talk {
    /// `stream` shows a runner's progress as it comes; `events` tells everything on standard output.
    pub(crate) fn new(args: TalkArgs, stream: bool, events: bool) -> Self {
        let writer = Arc::new(Writer::stderr());
        let json = args.log_format == LogFormat::Json;
        if json {
            json_log::install(args, &writer);
        }
        let plain = !args.quiet && args.verbose == 0 && !json && !events;
        let line = (plain && std::io::stderr().is_terminal()).then(|| {
            let line = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                line.set_style(style);
            }
            line
        });
        Self {
            args,
            stream,
            line,
            kept: Mutex::default(),
            progress: Mutex::default(),
            mid_line: AtomicBool::new(false),
            writer,
            events: events.then(|| Arc::new(Events::new())),
            run: OnceLock::new(),
        }
    }

    /// Says that the run begins which everything is about from now on.
    pub(crate) fn runs(&self, running: &Running, operation: Operation) {
        self.run.get_or_init(|| running.span().clone());
        if let Some(events) = &self.events {
            events.started(running, operation);
        }
    }

    /// Where everything is told as events, if it is.
    pub(crate) fn events(&self) -> Option<&Arc<Events>> {
        self.events.as_ref()
    }

    /// Tells the JSON log, if there is one, and says whether there is.
    fn in_json(&self, tell: impl FnOnce(&tracing::Span)) -> bool {
        let json = self.args.log_format == LogFormat::Json;
        if json {
            let nowhere = tracing::Span::none();
            tell(self.run.get().unwrap_or(&nowhere));
        }
        json
    }

    /// Shows what is being waited for: a line that moves on a terminal, with `-v` a line of its own.
    pub(crate) fn waiting_for(&self, what: &str) {
        if let Some(line) = &self.line {
            line.set_message(what.to_owned());
            line.enable_steady_tick(Duration::from_millis(120));
        }
        self.detail(what);
    }

    /// Takes the moving line away, so that what is printed next stands by itself.
    pub(crate) fn done(&self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
        let mut lines = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let last = lines.finish();
        drop(lines);
        last.into_iter().for_each(|line| self.show_progress(&line));
        if self.mid_line.load(Ordering::Relaxed) {
            self.put(String::new());
        }
        self.writer.flush();
    }

    /// Gives text to the writer that begins a line, also behind progress that ended in the middle of one.
    fn put(&self, text: String) {
        let begins = if self.mid_line.swap(false, Ordering::Relaxed) {
            "\n"
        } else {
            ""
        };
        self.writer.put(format!("{begins}{text}"));
    }

    /// Says something that only matters to those who asked for more.
    pub(crate) fn detail(&self, what: impl Display) {
        if self.in_json(|run| tracing::info!(target: "arborist", parent: run, "{what}")) {
            return;
        }
        if self.args.verbose > 0 {
            put!(self, "{DIM}{what}{DIM:#}");
        }
    }

    /// Says something that nobody can turn off.
    pub(crate) fn say(&self, what: impl Display) {
        if self.in_json(|run| tracing::info!(target: SAID, parent: run, "{what}")) {
            return;
        }
        self.above(|| {
            put!(self, "{what}");
        });
    }

    /// Asks a question; the answer is typed behind it.
    pub(crate) fn ask(&self, question: impl Display) {
        self.put(question.to_string());
        self.writer.flush();
    }

    pub(crate) fn warn(&self, what: impl Display) {
        if let Some(events) = &self.events {
            events.warning(&what.to_string());
        }
        if self.in_json(|run| tracing::warn!(target: "arborist", parent: run, "{what}")) {
            return;
        }
        if !self.args.quiet {
            self.above(|| {
                put!(
                    self,
                    "{WARNING}warning{WARNING:#}: {}",
                    styled(&what.to_string())
                )
            });
        }
    }

    /// Says what the gateway refused to a run that succeeded all the same.
    pub(crate) fn warn_refused(&self, session: &Session) {
        if let Some(refusal) = session.refusal() {
            self.warn(refusal);
        }
    }

    /// Reports why the command did not succeed, after the end of the runner's log where it has one.
    pub(crate) fn fail(&self, failure: &Failure) {
        if let Some(events) = &self.events {
            events.failed(failure);
        }
        self.done();
        if self.args.verbose == 0 && !self.args.quiet {
            self.show_kept();
        }
        if self.in_json(|run| {
            let message = anstream::adapter::strip_str(&failure.text("help")).to_string();
            let (class, exit) = (failure.exit.class(), failure.exit as u8);
            tracing::error!(target: "arborist", parent: run, class, exit, "{message}");
        }) {
            self.writer.flush();
            return;
        }
        self.error(failure);
        self.writer.flush();
    }

    /// Says what is wrong, where more may be.
    pub(crate) fn error(&self, failure: &Failure) {
        if failure.message.is_empty() {
            // It was printed as a result.
        } else if failure.rendered {
            put!(self, "{}", failure.message.trim_end());
        } else {
            let text = failure.text(format!("{HELP}help{HELP:#}"));
            put!(self, "{ERROR}error{ERROR:#}: {text}");
        }
    }

    /// Shows what a tool said before it failed; with `-v` it was shown already.
    pub(crate) fn show_output(&self, text: &str) {
        if self.args.verbose == 0 && !text.is_empty() {
            self.above(|| put!(self, "{}", text.trim_end()));
        }
    }

    fn show_kept(&self) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.lines.is_empty() {
            return;
        }
        let earlier = if kept.cut {
            " (its end; all of it with -v)"
        } else {
            ""
        };
        if self.in_json(|run| {
            for line in &kept.lines {
                tracing::info!(target: SAID, parent: run, source = "runner", "{line}");
            }
        }) {
            return;
        }
        put!(self, "{DIM}the runner's log{earlier}:{DIM:#}");
        for line in &kept.lines {
            put!(self, "{DIM}  {line}{DIM:#}");
        }
    }

    /// Prints above the moving line.
    fn above(&self, print: impl FnOnce()) {
        match &self.line {
            Some(line) => line.suspend(|| {
                print();
                self.writer.flush();
            }),
            None => print(),
        }
    }

    /// A line of progress, marked so that none can be taken for the host's own words.
    fn show_progress(&self, line: &str) {
        let json = self.in_json(|run| {
            tracing::info!(target: "arborist::progress", parent: run, "{line}");
        });
        if !json && self.args.verbose > 0 {
            put!(self, "{DIM}progress{DIM:#} {}", printable_lines(line, LINE));
        }
    }

    /// Shows a piece right behind the one before.
    fn stream(&self, piece: &str) {
        if self.in_json(
            |run| tracing::info!(target: SAID, parent: run, source = "progress", "{piece}"),
        ) {
            return;
        }
        if let Some(line) = &self.line {
            // Two that write on one line would garble it.
            line.finish_and_clear();
        }
        let mid_line = !piece.ends_with('\n');
        self.writer
            .put(printable_lines(piece, usize::MAX).into_owned());
        self.mid_line.store(mid_line, Ordering::Relaxed);
    }

    /// Shows what became of a request; the JSON log has it already.
    fn request(&self, what: impl FnOnce() -> String) {
        if self.args.verbose > 0 && self.args.log_format == LogFormat::Text {
            put!(self, "{DIM}{}{DIM:#}", what());
        }
    }

    fn keep(&self, line: String) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += line.len();
        kept.lines.push_back(line);
        while kept.bytes > KEPT && kept.lines.len() > 1 {
            let dropped = kept.lines.pop_front().map_or(0, |line| line.len());
            kept.bytes -= dropped;
            kept.cut = true;
        }
    }
}

impl Observer for Talk {
    fn wants_requests(&self) -> bool {
        // The JSON log has them as spans.
        self.events.is_some() || self.args.verbose > 0 && self.args.log_format == LogFormat::Text
    }

    fn event(&self, event: Event<'_>) {
        if let Some(events) = &self.events {
            events.guest(&event);
        }
        match event {
            Event::Log {
                level,
                context,
                message,
            } => {
                let separator = if context.is_empty() { "" } else { ": " };
                let context = printable(context, 200);
                let line = format!("{level} {context}{separator}{}", printable(message, LINE));
                let least = if self.args.verbose > 1 {
                    Level::Trace
                } else {
                    Level::Info
                };
                let json = self.args.log_format == LogFormat::Json;
                if !json && self.args.verbose > 0 && level >= least {
                    put!(self, "{DIM}{line}{DIM:#}");
                }
                self.keep(line);
            }
            Event::Progress(piece) if self.stream => self.stream(piece),
            Event::Progress(piece) => {
                let mut lines = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
                let complete = lines.push(piece);
                if let Some(line) = &self.line {
                    line.set_message(printable(lines.latest(), LINE).into_owned());
                }
                drop(lines);
                complete.iter().for_each(|line| self.show_progress(line));
            }
            Event::Request(ended) => self.request(|| ended.line()),
            Event::Waits { wait, time } => {
                let time = humantime::format_duration(clock::whole_millis(time));
                self.request(|| format!("waits {time} for {wait}"));
                if let Some(line) = &self.line {
                    line.set_message(format!("waiting {time} for {wait}"));
                }
            }
            Event::Silenced => {
                self.warn("the runner says more than its limit `logs` allows in a call; the rest is dropped");
            }
        }
    }
}

/// Colours the word that leads each line of advice.
fn styled(message: &str) -> String {
    message.replace("\n  help: ", &format!("\n  {HELP}help{HELP:#}: "))
}
