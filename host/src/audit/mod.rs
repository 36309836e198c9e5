//! The audit log: what runs asked for over HTTP, what was decided, and what came of it.
//!
//! One [`AuditLog`] is a file that any number of runs, of any number of runners, share. A [`RunAudit`] is one run's part of
//! it, and the gateway holds an `Attempt` for each request while it is under way.
//!
//! Every attempt has exactly one line of the event `attempt`, written when its outcome is known: also if that is that the
//! run was cancelled, since it is written where the attempt is dropped. A request that is about to leave the machine is
//! announced by a line of the event `sending` before, so that a process that is killed leaves a trace too, and so that nothing
//! is sent that could not be written down. Where a line cannot be written, the log is failed for good, and the
//! gateway denies whatever is asked for after that.
//!
//! What reaches this module has no secrets and no placeholders in it any more: that is the gateway's part. Here every
//! text is bounded, and spelled so that it is one line, whatever shows it. `docs/audit.md` explains the fields.

mod attempt;
mod line;
mod log;
mod open;
mod run;
mod seen;
#[cfg(test)]
mod tests;

pub(crate) use attempt::{Asked, Attempt, Exchange};
pub use line::{MAX_LINE_BYTES, Outcome, Verdict};
pub use log::{AuditFailure, AuditLog};
pub use open::{Links, OpenError};
pub use run::{Audience, CallEnd, MAX_UNSENT, RunAudit, RunOf, UnderWay};
pub use seen::{Ended, Wait, Watch};
