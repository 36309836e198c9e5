//! What the command says on standard error while it works and when it ends.

use crate::{args::TalkArgs, exit::Failure, writer::Writer};
use anstyle::{AnsiColor, Style};
use arborist::{
    engine::{Event, Level, Observer},
    escape::{printable, printable_lines},
    gateway::Session,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    collections::VecDeque,
    fmt::Display,
    io::IsTerminal as _,
    sync::{Mutex, PoisonError},
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
        $talk.writer.put(format!($($part)*) + "\n")
    };
}

/// Speaks to the user, as loud as the flags say.
pub(crate) struct Talk {
    args: TalkArgs,
    line: Option<ProgressBar>,
    kept: Mutex<Kept>,
    writer: Writer,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<String>,
    bytes: usize,
    cut: bool,
}

impl Talk {
    pub(crate) fn new(args: TalkArgs) -> Self {
        let line =
            (std::io::stderr().is_terminal() && !args.quiet && args.verbose == 0).then(|| {
                let line = ProgressBar::new_spinner();
                if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                    line.set_style(style);
                }
                line
            });
        Self {
            args,
            line,
            kept: Mutex::default(),
            writer: Writer::default(),
        }
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
        self.writer.flush();
    }

    /// Says something that only matters to those who asked for more.
    pub(crate) fn detail(&self, what: impl Display) {
        if self.args.verbose > 0 {
            put!(self, "{DIM}{what}{DIM:#}");
        }
    }

    /// Says something that nobody can turn off.
    pub(crate) fn say(&self, what: impl Display) {
        self.above(|| {
            put!(self, "{what}");
        });
    }

    /// Asks a question; the answer is typed behind it.
    pub(crate) fn ask(&self, question: impl Display) {
        self.writer.put(question.to_string());
        self.writer.flush();
    }

    pub(crate) fn warn(&self, what: impl Display) {
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
        self.done();
        if self.args.verbose == 0 && !self.args.quiet {
            self.show_kept();
        }
        if failure.message.is_empty() {
            // It was printed as a result.
        } else if failure.rendered {
            put!(self, "{}", failure.message.trim_end());
        } else {
            put!(self, "{ERROR}error{ERROR:#}: {}", styled(&failure.message));
        }
        self.writer.flush();
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
    fn event(&self, event: Event<'_>) {
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
                if self.args.verbose > 0 && level >= least {
                    put!(self, "{DIM}{line}{DIM:#}");
                }
                self.keep(line);
            }
            Event::Progress(chunk) => {
                let last = chunk.lines().rfind(|line| !line.trim().is_empty());
                if let (Some(last), Some(line)) = (last, &self.line) {
                    line.set_message(printable(last, LINE).into_owned());
                }
                if self.args.verbose > 0 {
                    // Each line is marked, so that none can be taken for the host's own words.
                    for line in printable_lines(chunk.trim_end(), LINE).lines() {
                        put!(self, "{DIM}progress{DIM:#} {line}");
                    }
                }
            }
            Event::Silenced => {
                self.warn("the runner says more than its limit `logs` allows; the rest is dropped");
            }
        }
    }
}

/// Colours the word that leads each line of advice.
fn styled(message: &str) -> String {
    message.replace("\n  help: ", &format!("\n  {HELP}help{HELP:#}: "))
}
