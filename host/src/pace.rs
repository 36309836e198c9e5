//! How often a runner may ask: what `retry` and `rate_limit` of a section come to. The gateway keeps to them.

use std::{fmt, time::Duration};

/// How a request that failed is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, 1 to 10; the first is one of them.
    pub attempts: u32,
    /// The wait before the second attempt, at most 5 minutes. It doubles with each further one, up to 10 minutes; each is lengthened
    /// by chance, by as much again at most.
    pub delay: Duration,
}

impl Retry {
    /// What the keys of `retry:` mean where they are left out.
    pub const DEFAULT: Self = Self {
        attempts: 3,
        delay: Duration::from_secs(1),
    };
    /// The most attempts.
    pub const MAX_ATTEMPTS: u32 = 10;
    /// The longest wait before the second attempt.
    pub const MAX_DELAY: Duration = Duration::from_secs(300);
}

/// How many attempts there may be in any window of time of a certain length, wherever it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Attempts in a window, 1 to [`RateLimit::MAX_REQUESTS`]; retries and redirects are attempts.
    pub requests: u32,
    /// The length of the window; the configuration knows a second, a minute and an hour.
    pub per: Duration,
}

impl RateLimit {
    /// The most attempts in a window: 1,000,000, which take 8 MB of state.
    pub const MAX_REQUESTS: u32 = 1_000_000;
}

impl fmt::Display for RateLimit {
    /// As it is written: `10/m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per.as_secs() {
            1 => write!(f, "{}/s", self.requests),
            60 => write!(f, "{}/m", self.requests),
            3600 => write!(f, "{}/h", self.requests),
            seconds => write!(f, "{} in {seconds} s", self.requests),
        }
    }
}
