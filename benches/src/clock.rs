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

/// Which of the processors that this process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processor {
    /// The first.
    First,
    /// The last, which is another one where there are two.
    Last,
}

/// Keeps this thread on one processor, and what it starts: waking another one costs what waking oneself does not, and where the system puts
/// two threads that talk to each other is its own affair from one moment to the next.
///
/// # Panics
/// The system does not say which there are.
#[allow(
    unsafe_code,
    reason = "the safe wrappers of this are in no crate that is here"
)]
pub fn stay_on(which: Processor) {
    // SAFETY: an array of bits, for which all zeroes is the empty set; the system fills it, and gets its size.
    let permitted = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        let size = std::mem::size_of::<libc::cpu_set_t>();
        assert_eq!(libc::sched_getaffinity(0, size, &raw mut set), 0);
        set
    };
    let most = usize::try_from(libc::CPU_SETSIZE).unwrap_or(0);
    // SAFETY: each number is less than the set has bits.
    let mut there = (0..most).filter(|cpu| unsafe { libc::CPU_ISSET(*cpu, &permitted) });
    let cpu = match which {
        Processor::First => there.next(),
        Processor::Last => there.next_back(),
    };
    let cpu = cpu.expect("a processor that this thread runs on");
    // SAFETY: as above; the system reads the set.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        // A system that forbids it leaves the threads where they are.
        libc::sched_setaffinity(0, std::mem::size_of::<libc::cpu_set_t>(), &raw const set);
    }
}
