//! The result cache: what a runner made of the same question before, kept in a folder.
//!
//! A [`ResultCache`] is a folder with a [`CacheKey`]. Whoever wants a result describes all that it depends on as a
//! [`Question`], which gives the entry its name; [`ResultCache::find`] reads an entry, [`ResultCache::keep`] writes one, and a
//! [`Turn`] keeps two runs with the same question from asking at the same time, in one process and across processes.
//!
//! The folder is not trusted. Names and integrity tags are HMACs under the key, which is random and the user's (a server has one
//! for each tenant): an entry of somebody else's, one that was committed to a repository, or one that was renamed, cut or changed
//! is a miss and nothing more. Secrets enter names alone. Neither a missing nor a damaged nor an unwritable cache fails a run.

mod entry;
mod key;
mod list;
mod question;
mod store;
#[cfg(test)]
mod tests;

pub use crate::turn::{Late, Turn};
pub use entry::Entry;
pub use key::{CacheKey, KeyError};
pub use list::{Cleared, Listed, Listing, Which, clear, list};
pub use question::{EntryName, Question};
pub use store::{Found, KeepError, ResultCache};

/// The most entries of a folder; the oldest go first.
pub const MAX_ENTRIES: usize = 1_000;
/// The most bytes of a folder's entries together: 64 MiB.
pub const MAX_BYTES: u64 = 64 << 20;
/// The largest entry in bytes, 5 MiB: the largest DAG, and what is said of it.
pub const MAX_ENTRY_BYTES: u64 = 5 << 20;
