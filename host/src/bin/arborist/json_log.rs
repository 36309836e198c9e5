//! The log as JSON, one object a line: `--log-format json`.
//!
//! The library opens spans and tells events; this is the one subscriber. What a span says (the run, the runner, the call, the request)
//! stands in each line beneath it. Events of other crates never pass: they may hold what a request holds.

use crate::{args::TalkArgs, writer::Writer};
use arborist::{clock, escape};
use serde_json::{Map, Value};
use std::{fmt, sync::Arc};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

/// The target of the host's own events; those of its parts begin with it.
const OURS: &str = "arborist";
/// The target of what a guest logs: only for those who asked for more.
const GUEST: &str = "arborist::guest";
/// The target of what nobody can turn off, and of what was asked for by a flag of its own.
pub(crate) const SAID: &str = "arborist::said";
/// The longest text in a line, in characters.
const TEXT: usize = 16 * 1024;

/// Writes what happens as lines of JSON.
struct JsonLines {
    writer: Arc<Writer>,
    /// The least level that is written.
    least: Level,
    /// Whether guests are heard.
    guests: bool,
}

/// Makes this the log of the process.
pub(crate) fn install(args: TalkArgs, writer: &Arc<Writer>) {
    let least = match (args.quiet, args.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, _) => Level::TRACE,
    };
    let lines = JsonLines {
        writer: Arc::clone(writer),
        least,
        guests: args.verbose > 0,
    };
    // There is one Talk a process, and nobody else installs one.
    drop(tracing::subscriber::set_global_default(
        Registry::default().with(lines),
    ));
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let target = metadata.target();
        let ours = target == OURS
            || target
                .strip_prefix(OURS)
                .is_some_and(|rest| rest.starts_with("::"));
        // Spans are what other lines say of themselves.
        ours && (metadata.is_span()
            || target == SAID
            || (*metadata.level() <= self.least && (self.guests || target != GUEST)))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.least.max(Level::INFO)))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let metadata = event.metadata();
        let time = humantime::format_rfc3339_millis(clock::now()).to_string();
        let mut line = Map::new();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.extend(fields.0.clone());
            }
        }
        line.extend(own.0);
        line.insert("time".to_owned(), time.into());
        line.insert(
            "level".to_owned(),
            metadata.level().as_str().to_ascii_lowercase().into(),
        );
        line.insert("target".to_owned(), metadata.target().into());
        self.writer
            .put(escape::json(&Value::Object(line).to_string()) + "\n");
    }
}

/// What a span or an event says.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn text(&mut self, field: &Field, text: &str) {
        let end = text.char_indices().nth(TEXT).map(|(end, _)| end);
        let cut = match end {
            Some(end) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text.to_owned(),
        };
        self.set(field, cut);
    }
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }
}
