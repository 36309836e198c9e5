//! The wall clock, read in one place.

use std::time::{Duration, SystemTime};

/// What time it is, as all processes of this machine see it. It may be set back; what must not is an `Instant`.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// A time without what is less than a millisecond, for messages.
#[must_use]
pub fn whole_millis(time: Duration) -> Duration {
    Duration::from_millis(millis(time))
}

/// A time in whole milliseconds; the largest number where it is more.
#[must_use]
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
