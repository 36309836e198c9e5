//! Configuration: the file as it was written, the environment and the command line become settings.
//!
//! The only module that reads the environment and YAML configuration. It reads files, keeps what the
//! user agreed to, and never prints. The parts, in the order in which they are used:
//!
//! 1. [`Environment`] and [`Folders`]: a snapshot of what surrounds the process.
//! 2. `discover`, `trust`: which file, and whose it is.
//! 3. `document`, `node`: the file's text as a tree that knows its places.
//! 4. `written`, `section`, `keys`, `values`: the tree as keys that mean something.
//! 5. `select`, `overlay`, `flags`, `expand`: the runner, and what variables and flags say.
//! 6. `egress`, `bind`, `way_out`: where requests and secrets may go, and through what.
//! 7. [`resolve`] puts it together into [`Settings`]; [`Settings::check`] holds them against what the
//!    runner says of itself; [`Settings::pending`] is what a stranger's file needs leave for.
//!
//! What is wrong is collected in [`Faults`], all of it, and shown with the text that it is about. No fault,
//! warning or `Debug` holds a secret or a variable's value.

mod bind;
mod bounds;
mod check;
mod consent;
mod discover;
mod document;
mod egress;
mod engine;
mod entries;
mod environment;
mod expand;
mod explain;
mod fault;
mod flags;
mod folders;
mod item;
mod keys;
mod laid;
mod mask;
mod node;
mod overlay;
mod paths;
mod reach;
mod report;
mod resolve;
mod section;
mod select;
mod settings;
mod source;
mod template;
#[cfg(test)]
mod tests;
mod trust;
mod unexpanded;
mod values;
mod verdict;
mod way_out;
mod written;

pub use check::FieldInfo;
pub use consent::{ConsentError, Disclosure, remember};
pub use discover::{FILE_NAME, FILE_VARIABLE};
pub use engine::{EngineSettings, Profile};
pub use environment::Environment;
pub use explain::Row;
pub use fault::{Fault, Faults, Place, Warning};
pub use folders::Folders;
pub use item::{Item, ItemKey};
pub use keys::{RESERVED, ReservedKey, Scope, Shape, reserved};
pub use laid::Laid;
pub use overlay::variable_for;
pub use resolve::{resolve, resolve_over};
pub use select::RUNNER_VARIABLE;
pub use settings::{
    AuditFile, CacheSettings, ConfigFile, Field, FieldValue, Invocation, Models, RunnerOrigin,
    Selected, Settings, Source, Timeouts,
};
pub use template::TEMPLATE;
pub use values::time;
pub use verdict::{Permitted, Refused, Verdict};
