//! What a runner says and does besides its result, in one call.

use super::words::Words;
use crate::engine::{Event, Observer, STDERR, STDOUT, Usage};
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Takes notes of a call.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Noted>);

/// What was noted. How much that can be, the limits of the run bound.
#[derive(Clone, Debug, Default)]
pub(super) struct Noted {
    /// What went to standard output.
    pub(super) printed: String,
    /// What it wrote to standard error last.
    pub(super) words: Words,
    /// Log lines and progress, placeholders as `[secret NAME]`.
    pub(super) said: String,
    /// Fields that were read.
    pub(super) read: BTreeSet<String>,
    /// Whether all of them were read at once.
    pub(super) read_all: bool,
    /// Whether it said more than it may.
    pub(super) silenced: bool,
    pub(super) usage: Usage,
}

/// Most names of fields that are kept, and their longest, in bytes.
const NAMES: (usize, usize) = (1_000, 200);

impl Notes {
    pub(super) fn take(&self) -> Noted {
        std::mem::take(&mut *self.noted())
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Notes {
    fn event(&self, event: Event<'_>) {
        let mut noted = self.noted();
        match event {
            Event::Log {
                context, message, ..
            } => {
                if context == STDOUT {
                    noted.printed.push_str(message);
                    noted.printed.push('\n');
                }
                if context == STDERR {
                    noted.words.push(message);
                }
                noted.said.push_str(message);
                noted.said.push('\n');
            }
            Event::Progress(chunk) => noted.said.push_str(chunk),
            Event::Silenced => noted.silenced = true,
            // The service has them.
            Event::Request(_) | Event::Waits { .. } => {}
        }
    }

    fn reads(&self, field: Option<&str>) {
        let mut noted = self.noted();
        match field {
            None => noted.read_all = true,
            Some(name) if noted.read.len() < NAMES.0 => {
                let end = name.floor_char_boundary(NAMES.1);
                noted
                    .read
                    .insert(name.get(..end).unwrap_or_default().to_owned());
            }
            Some(_) => {}
        }
    }

    fn used(&self, usage: Usage) {
        let mut noted = self.noted();
        noted.usage.memory = noted.usage.memory.max(usage.memory);
        noted.usage.cpu = noted.usage.cpu.max(usage.cpu);
    }
}
