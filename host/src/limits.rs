//! Every bound on a run, in one place: name, unit, default, ceiling and reason.
//!
//! A limit is set by `limits:` in a section of the configuration or by `--limit NAME=VALUE`, shown by
//! `arborist inspect`, and named in the message when a run meets it. What a run may take in wall-clock
//! time is not here: it is a deadline (`timeouts:`, `--timeout`), since it also covers work of the host.

mod cache_size;

pub use cache_size::{CacheSize, CacheSizeError};

use std::{fmt, str::FromStr, time::Duration};

/// The most instances that a pool may be asked for: each takes 4 GiB of address space, and a process has 128 TiB of it. No bound on a
/// run either.
pub const MAX_INSTANCES: u32 = 30_000;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes; written `256MiB`, `64KiB` or as a plain number.
    Bytes,
    /// A time, kept in milliseconds; written `10s`, `500ms` or as a plain number of seconds.
    Time,
    /// A plain number.
    Count,
}

impl Unit {
    /// How a value of this unit is written, for error messages.
    #[must_use]
    pub fn accepted(self) -> &'static str {
        match self {
            Self::Bytes => "a size such as 256MiB, 64KiB or 1048576",
            Self::Time => "a time such as 10s, 500ms or 2m",
            Self::Count => "a whole number",
        }
    }
}

/// One bound on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Limit {
    /// The sum of all linear memories of a run.
    Memory,
    /// CPU time of the guest.
    Cpu,
    /// The text that a call returns.
    Output,
    /// HTTP requests of a run, retries and redirects included.
    Requests,
    /// The body of one HTTP request.
    Request,
    /// The body of one HTTP answer.
    Response,
    /// Log lines, standard output, standard error and progress of a call.
    Logs,
    /// Elements of all tables of a run.
    TableElements,
    /// Core instances of a run.
    Instances,
    /// Linear memories of a run.
    Memories,
    /// Tables of a run.
    Tables,
    /// Live component-model handles.
    Handles,
    /// Live host resources: streams, pollables, requests, answers.
    Resources,
    /// Bytes of one request for random bytes.
    Random,
    /// Bytes of memory that the process which compiles a component may write to.
    CompileMemory,
    /// CPU time of the process that compiles a component, all threads together.
    CompileCpu,
}

/// The documentation of a limit, as `inspect` and the docs show it.
#[derive(Debug)]
pub struct Row {
    /// The limit.
    pub limit: Limit,
    /// Its name in `limits:` and `--limit`.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Its value where nobody sets it.
    pub default: u64,
    /// The largest value that a configuration may give it.
    pub ceiling: u64,
    /// What it bounds, why the default, and what happens when it is met.
    pub about: &'static str,
}

/// Every limit, in the order in which they are shown. The index of a row is its limit's discriminant.
pub const ROWS: [Row; 16] = [
    Row {
        limit: Limit::Memory,
        name: "memory",
        unit: Unit::Bytes,
        default: 256 * MIB,
        ceiling: 4096 * MIB,
        about: "all linear memories together; a Python runner takes about 40 MiB. Growth beyond it fails in the guest",
    },
    Row {
        limit: Limit::Cpu,
        name: "cpu",
        unit: Unit::Time,
        default: 10_000,
        ceiling: 3_600_000,
        about: "time the guest computes in one call, waiting left out; a slow machine needs well under a second. Ends the run",
    },
    Row {
        limit: Limit::Output,
        name: "output",
        unit: Unit::Bytes,
        default: MIB,
        ceiling: 16 * MIB,
        about: "the text that a call returns; a spec of 1,000 steps is about 200 KiB. Ends the run",
    },
    Row {
        limit: Limit::Requests,
        name: "requests",
        unit: Unit::Count,
        default: 64,
        ceiling: 100_000,
        about: "HTTP requests of a run, each retry and each redirect counted. Further ones are refused",
    },
    Row {
        limit: Limit::Request,
        name: "request",
        unit: Unit::Bytes,
        default: 8 * MIB,
        ceiling: 64 * MIB,
        about: "the body of one HTTP request. A larger one is refused",
    },
    Row {
        limit: Limit::Response,
        name: "response",
        unit: Unit::Bytes,
        default: 32 * MIB,
        ceiling: 1024 * MIB,
        about: "the body of one HTTP answer. The request fails when it is passed",
    },
    Row {
        limit: Limit::Logs,
        name: "logs",
        unit: Unit::Bytes,
        default: MIB,
        ceiling: 256 * MIB,
        about: "log lines, standard output and error, and progress of a call. The rest is dropped, and the log says so",
    },
    Row {
        limit: Limit::TableElements,
        name: "table-elements",
        unit: Unit::Count,
        default: 200_000,
        ceiling: 10_000_000,
        about: "elements of all tables together, 8 bytes each; JavaScript engines take about 10,000. Growth beyond it fails in the guest",
    },
    Row {
        limit: Limit::Instances,
        name: "instances",
        unit: Unit::Count,
        default: 100,
        ceiling: 10_000,
        about: "core instances; Python runners have about 40. The component is not started beyond it",
    },
    Row {
        limit: Limit::Memories,
        name: "memories",
        unit: Unit::Count,
        default: 20,
        ceiling: 1_000,
        about: "linear memories; languages use 1 to 3. The component is not started beyond it",
    },
    Row {
        limit: Limit::Tables,
        name: "tables",
        unit: Unit::Count,
        default: 40,
        ceiling: 1_000,
        about: "tables; languages use 1 to 20. The component is not started beyond it",
    },
    Row {
        limit: Limit::Handles,
        name: "handles",
        unit: Unit::Count,
        default: 10_000,
        ceiling: 1_000_000,
        about: "live component-model handles. Taking one more traps",
    },
    Row {
        limit: Limit::Resources,
        name: "resources",
        unit: Unit::Count,
        default: 1_000,
        ceiling: 1_000_000,
        about: "live host resources: streams, pollables, requests, answers; each can hold up to 80 KiB of the host's memory. Taking one more traps",
    },
    Row {
        limit: Limit::Random,
        name: "random",
        unit: Unit::Bytes,
        default: 64 * KIB,
        ceiling: 16 * MIB,
        about: "bytes of one call for random bytes. A larger call traps",
    },
    Row {
        limit: Limit::CompileMemory,
        name: "compile-memory",
        unit: Unit::Bytes,
        default: 2048 * MIB,
        ceiling: 65_536 * MIB,
        about: "memory of the process that compiles a component, which happens once; a Python runner takes about 350 MiB. The component is not used beyond it",
    },
    Row {
        limit: Limit::CompileCpu,
        name: "compile-cpu",
        unit: Unit::Time,
        default: 120_000,
        ceiling: 3_600_000,
        about: "CPU time of the process that compiles a component, which happens once; a Python runner takes about 15 s. The component is not used beyond it",
    },
];

impl Limit {
    /// The limit's documentation.
    #[must_use]
    pub fn row(self) -> &'static Row {
        // The order of ROWS is held by a test, so the fallback is never taken.
        let [first, ..] = &ROWS;
        ROWS.get(self as usize).unwrap_or(first)
    }

    /// A value of this limit as people write it.
    #[must_use]
    pub fn show(self, value: u64) -> String {
        match self.row().unit {
            Unit::Bytes => bytesize::ByteSize::b(value).display().iec().to_string(),
            Unit::Time => humantime::format_duration(Duration::from_millis(value)).to_string(),
            Unit::Count => value.to_string(),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(name: &str) -> Result<Self, LimitError> {
        ROWS.iter()
            .find(|row| row.name == name)
            .map(|row| row.limit)
            .ok_or_else(|| {
                let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
                LimitError::Unknown {
                    near: nearest(name, &names),
                    names: names.join(", "),
                }
            })
    }
}

/// The name of `names` that `name` is most likely a slip of.
fn nearest(name: &str, names: &[&'static str]) -> Option<&'static str> {
    let name: String = name.chars().take(64).collect();
    names
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Why a limit cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// There is no such limit.
    #[error("there is no such limit{}; the limits are {names}", near.map(|n| format!(" (did you mean `{n}`?)")).unwrap_or_default())]
    Unknown {
        /// The limit that was probably meant.
        near: Option<&'static str>,
        /// All names.
        names: String,
    },
    /// The value is not one of the limit's unit.
    #[error("limit `{limit}` takes {}", limit.row().unit.accepted())]
    Value {
        /// The limit.
        limit: Limit,
    },
    /// The value is zero, or larger than the ceiling.
    #[error("limit `{limit}` takes a value from {} to {}", limit.show(1), limit.show(limit.row().ceiling))]
    Range {
        /// The limit.
        limit: Limit,
    },
}

/// The limits of one run: whoever holds it holds valid values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits([u64; ROWS.len()]);

impl Default for Limits {
    fn default() -> Self {
        Self(ROWS.each_ref().map(|row| row.default))
    }
}

impl Limit {
    /// Whether it bounds how a component is compiled, and not what a run may do.
    #[must_use]
    pub fn is_of_compiling(self) -> bool {
        matches!(self, Self::CompileMemory | Self::CompileCpu)
    }
}

impl Limits {
    /// The values of all limits that a runner can meet, each as eight bytes, in their order: what a remembered answer of a runner depends on.
    pub fn of_run(&self) -> impl Iterator<Item = [u8; 8]> {
        let met = ROWS.iter().map(|row| row.limit);
        let met = met.filter(|limit| !limit.is_of_compiling());
        met.map(|limit| self.get(limit).to_le_bytes())
    }

    /// The value of `limit`: bytes, milliseconds or a count, as its unit says.
    #[must_use]
    pub fn get(&self, limit: Limit) -> u64 {
        self.0.get(limit as usize).copied().unwrap_or_default()
    }

    /// The value of `limit` for interfaces that count in `usize`; the largest `usize` where it is more.
    #[must_use]
    pub fn size(&self, limit: Limit) -> usize {
        usize::try_from(self.get(limit)).unwrap_or(usize::MAX)
    }

    /// CPU time of the guest in one call.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        Duration::from_millis(self.get(Limit::Cpu))
    }

    /// Sets the limit called `name` from its text in a configuration or on the command line.
    ///
    /// # Errors
    /// An unknown name, a text that is not of the limit's unit, or a value of 0 or above its ceiling.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), LimitError> {
        let limit: Limit = name.trim().parse()?;
        let value = parse(limit, text.trim()).ok_or(LimitError::Value { limit })?;
        if value == 0 || value > limit.row().ceiling {
            return Err(LimitError::Range { limit });
        }
        if let Some(slot) = self.0.get_mut(limit as usize) {
            *slot = value;
        }
        Ok(())
    }
}

fn bytes(text: &str) -> Option<u64> {
    let size = text.parse::<bytesize::ByteSize>().ok()?;
    Some(size.as_u64())
}

fn parse(limit: Limit, text: &str) -> Option<u64> {
    match limit.row().unit {
        Unit::Bytes => bytes(text),
        Unit::Count => text.parse().ok(),
        Unit::Time => {
            if let Ok(seconds) = text.parse::<u64>() {
                return seconds.checked_mul(1000);
            }
            let time = humantime::parse_duration(text).ok()?;
            u64::try_from(time.as_millis()).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_limits_place() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(row.limit as usize, index, "{}", row.name);
            assert!(
                row.default > 0 && row.default <= row.ceiling,
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn values_are_read_in_their_unit() {
        let mut limits = Limits::default();
        limits.set("memory", "64MiB").unwrap();
        limits.set("cpu", "500ms").unwrap();
        limits.set("requests", "3").unwrap();
        assert_eq!(limits.get(Limit::Memory), 64 * MIB);
        assert_eq!(limits.cpu(), Duration::from_millis(500));
        assert_eq!(limits.get(Limit::Requests), 3);
        limits.set("cpu", "2").unwrap();
        assert_eq!(limits.cpu(), Duration::from_secs(2));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_accepted_form() {
        let mut limits = Limits::default();
        let refusal = |limits: &mut Limits, name: &str, text: &str| {
            limits.set(name, text).unwrap_err().to_string()
        };
        assert!(refusal(&mut limits, "memroy", "1MiB").contains("did you mean `memory`"));
        assert!(refusal(&mut limits, "memory", "lots").contains("256MiB"));
        assert!(refusal(&mut limits, "memory", "0").contains("from"));
        assert!(refusal(&mut limits, "memory", "5GiB").contains("4.0 GiB"));
        assert!(refusal(&mut limits, "cpu", "-1s").contains("10s"));
        assert!(refusal(&mut limits, "requests", "1e9").contains("whole number"));
        assert!(refusal(&mut limits, "cpu", "99999999999999999999").contains("10s"));
        assert_eq!(limits, Limits::default());
    }
}
