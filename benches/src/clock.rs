//! CPU time, which a busy machine disturbs less than the clock on the wall.

use rustix::time::{ClockId, clock_gettime};
use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What this thread has computed so far.
#[must_use]
pub fn thread() -> Duration {
    of(ClockId::ThreadCPUTime)
}

fn of(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// How much CPU time of this thread `work` takes, in microseconds.
pub fn cpu(work: impl FnOnce()) -> f64 {
    let began = thread();
    work();
    micros(thread() - began)
}

/// How long `work` takes on the wall, in microseconds.
pub fn wall(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    micros(began.elapsed())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// What a whole process took, in milliseconds: CPU time of all its threads, and time on the wall.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// CPU time.
    pub cpu: f64,
    /// Time from start to end.
    pub wall: f64,
}

/// Runs `command` to its end, with its output thrown away.
///
/// # Panics
/// It fails.
pub fn process(command: &mut Command) -> Process {
    let before = children();
    let began = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("it starts");
    let wall = began.elapsed().as_secs_f64() * 1e3;
    assert!(
        status.success(),
        "{command:?} failed: {:?} {:?}",
        status.code(),
        status.signal()
    );
    Process {
        cpu: (children() - before).as_secs_f64() * 1e3,
        wall,
    }
}

/// What children that have ended computed.
#[allow(
    unsafe_code,
    reason = "no crate without other features gives this figure in microseconds"
)]
fn children() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a `rusage`, which the call fills; all zeroes is one as well.
    let usage = unsafe {
        assert_eq!(
            libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()),
            0
        );
        usage.assume_init()
    };
    let time = |time: libc::timeval| {
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let micros = u64::try_from(time.tv_usec).unwrap_or(0);
        Duration::from_secs(seconds) + Duration::from_micros(micros)
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}
