//! A runner's own tests: YAML files that say what it is given, what services answer, and what must come out.
//!
//! 1. [`Suite::read`] makes tests of a file, or tells all that is wrong with it.
//! 2. [`Tester::run`] runs one, without a network: requests are answered by the test's exchanges.
//! 3. [`Tested::judge`] holds what came out against what the test expects, or against what was [`Accepted`] before.
//!
//! Reads files and never prints. No run outlives its test, and none sees another's.

mod accepted;
mod diff;
mod expect;
mod file;
mod judge;
mod read;
mod requests;
mod run;
mod script;

pub use accepted::{Accepted, AcceptedError};
pub use diff::{Diff, DiffLine};
pub use expect::{Expect, Steps};
pub use file::{Exchanges, Input, MAX_TESTS, Suite, Test};
pub use judge::{Failing, Verdict};
pub use requests::{RequestPattern, Requests};
pub use run::{Failed, Made, Tested, Tester};
