//! Compiling happens in a child process that is bounded, knows nothing, and ends with whoever waits for it.

use arborist::{
    engine::{Compiler, CompilerCommand, Engine, EngineOptions, Source},
    limits::Limits,
};
use arborist_tests::{Host, host};
use rustix::process::{Pid, Signal};
use std::{
    fs, io,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

const MIB: u64 = 1024 * 1024;
/// Whatever is waited for has come by then, or never comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A component of 2 KB that no compiler gets done with: the type of an instance with a resource, doubled 30 times.
fn type_bomb() -> String {
    let mut text =
        "(component (type $i0 (instance (export \"r\" (type (sub resource)))))".to_owned();
    for level in 0..30 {
        let next = level + 1;
        text.push_str(&format!(
            "(type $i{next} (instance (alias outer 1 $i{level} (type $x))
               (export \"a\" (instance (type $x))) (export \"b\" (instance (type $x)))))"
        ));
    }
    // What the host wants to see before it has anything compiled.
    text.push_str("(instance $none) (export \"arborist:runner/generate@0.1.0\" (instance $none)))");
    text
}

/// A process that is not ours to wait for.
#[derive(Clone, Debug)]
struct Process(u32);

impl Process {
    fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        fs::read(format!("/proc/{}/{file}", self.0))
    }

    /// A line of its status.
    fn status(&self, name: &str) -> Option<String> {
        let status = String::from_utf8(self.read("status").ok()?).ok()?;
        let mut lines = status.lines();
        lines.find_map(|line| {
            Some(
                line.strip_prefix(name)?
                    .strip_prefix(':')?
                    .trim()
                    .to_owned(),
            )
        })
    }

    /// Whether it runs: not gone, and not dead and waiting for its parent to hear of it.
    fn runs(&self) -> bool {
        self.status("State")
            .is_some_and(|state| !state.starts_with(['Z', 'X']))
    }

    /// The most memory it has had resident, in bytes.
    fn peak(&self) -> u64 {
        let kib = self.status("VmHWM");
        let kib = kib.and_then(|kib| kib.strip_suffix(" kB")?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    /// Its child that compiles, once it has read the component: it is bounded by then.
    fn compiler(&self) -> Option<Self> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0)).ok()?;
        let children = tasks.filter_map(|task| {
            let task = task.ok()?.path();
            fs::read_to_string(task.join("children")).ok()
        });
        let children = children.collect::<Vec<_>>().join(" ");
        let mut children = children.split_whitespace();
        children.find_map(|pid| {
            let child = Self(pid.parse().ok()?);
            let line = child.read("cmdline").ok()?;
            let busy = child.peak() > 48 * MIB;
            let compiles = line
                .split(|byte| *byte == 0)
                .any(|arg| arg == b"compile-component");
            (compiles && busy).then_some(child)
        })
    }
}

/// Waits for something to come about.
#[track_caller]
fn until<T>(what: &str, mut come: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(it) = come() {
            return it;
        }
        assert!(began.elapsed() < PATIENCE, "{what} never comes about");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A host that compiles the bomb, and the child that does it.
fn compiling(host: &Host, more: &[&str]) -> (Child, Process) {
    host.file("bomb.wat", type_bomb());
    let mut command = host.command();
    command
        .args(["run", "x", "--component", "bomb.wat"])
        .args(more)
        .env("CANARY", "of-the-host")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let started = command.spawn().unwrap();
    let host = Process(started.id());
    let child = until("a compilation", || host.compiler());
    (started, child)
}

/// Its exit code, and that the child is gone too.
#[track_caller]
fn ends(mut host: Child, child: &Process) -> Option<i32> {
    let code = host.wait().unwrap().code();
    until("the end of the child", || (!child.runs()).then_some(()));
    code
}

fn signal(child: &Child, signal: Signal) {
    rustix::process::kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn a_compilation_ends_with_its_host() {
    let home = Host::with_own_cache();
    let (host, child) = compiling(&home, &[]);
    signal(&host, Signal::INT);
    assert_eq!(ends(host, &child), Some(130));
    let (host, child) = compiling(&home, &["--timeout", "3"]);
    assert_eq!(ends(host, &child), Some(6));
    // Nothing is left in the cache either.
    let aot = fs::read_dir(home.cache().join("arborist/aot")).unwrap();
    assert_eq!(aot.count(), 0);
    let (host, child) = compiling(&home, &[]);
    signal(&host, Signal::KILL);
    assert_eq!(ends(host, &child), None);
    // It had the turn, which ended with it: whoever compiles the same next waits for nobody.
    let (host, child) = compiling(&home, &[]);
    signal(&host, Signal::INT);
    assert_eq!(ends(host, &child), Some(130));
}

#[test]
fn the_child_knows_nothing_and_is_bounded() {
    let home = Host::with_own_cache();
    let (host, child) = compiling(&home, &["--limit", "compile-memory=1GiB"]);
    assert_eq!(child.read("environ").unwrap(), b"");
    assert_eq!(
        fs::read_link(format!("/proc/{}/cwd", child.0)).unwrap(),
        std::path::Path::new("/")
    );
    let limits = String::from_utf8(child.read("limits").unwrap()).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let mut words = line[name.len()..].split_whitespace();
        words.next().unwrap().to_owned()
    };
    assert_eq!(limit("Max data size"), (1024 * MIB).to_string());
    assert_eq!(limit("Max cpu time"), "120");
    assert_eq!(limit("Max core file size"), "0");
    assert_eq!(limit("Max file size"), "0");
    // Nothing of the host's is open in it but the component, the artefact, and where it says what is wrong; what this
    // test itself inherited went past the host too.
    let inherited = open_files("/proc/self/fd");
    let mut open = open_files(&format!("/proc/{}/fd", child.0));
    open.retain(|file| !inherited.contains(file));
    assert!(open.len() <= 3, "{open:?}");
    signal(&host, Signal::INT);
    assert_eq!(ends(host, &child), Some(130));
}

#[test]
fn a_bomb_of_two_kilobytes_goes_off_in_little_memory() {
    let home = Host::with_own_cache();
    assert!(wat::parse_str(type_bomb()).unwrap().len() < 2048);
    let (mut host, child) = compiling(&home, &["--limit", "compile-memory=128MiB"]);
    let watched = Process(host.id());
    let (mut hosts, mut childs) = (0, 0);
    let code = until("the end of the host", || {
        hosts = watched.peak().max(hosts);
        childs = child.peak().max(childs);
        host.try_wait().unwrap()
    });
    assert_eq!(code.code(), Some(4));
    let mut said = String::new();
    io::Read::read_to_string(&mut host.stderr.take().unwrap(), &mut said).unwrap();
    assert!(
        said.contains("its limit `compile-memory` of 128.0 MiB"),
        "{said}"
    );
    assert!(hosts < 100 * MIB, "the host took {} MiB", hosts / MIB);
    assert!(childs < 200 * MIB, "the child took {} MiB", childs / MIB);
}

#[test]
fn the_hidden_command_says_what_it_is() {
    let home = Host::new();
    for args in [
        &["compile-component"][..],
        &["compile-component", "runner.wasm"],
        &["compile-component", "1:2"],
    ] {
        let error = home.run(args).failed(2);
        let told = [
            "Arborist's own use",
            "Usage: arborist compile-component <ORDER>",
        ];
        assert!(
            told.iter().any(|it| error.contains(it)),
            "{args:?}: {error}"
        );
    }
    // An order from nobody: the process that it names has not started this one.
    let error = home
        .run(&["compile-component", "1000000000:10:1"])
        .failed(4);
    assert!(error.contains("its parent has ended"), "{error}");
    // One that leaves no room.
    let order = format!("1:1:{}", std::process::id());
    let ran = home.run_with(&["compile-component", &order], b"\0asm\x0d\0\x01\0");
    assert_ne!(ran.code, Some(0));
    assert_eq!(ran.stdout, "");
    assert!(
        !home
            .run(&["--help"])
            .succeeded()
            .contains("compile-component")
    );
}

/// What the descriptors in a folder of `/proc` lead to.
fn open_files(folder: &str) -> Vec<std::path::PathBuf> {
    let descriptors = fs::read_dir(folder).unwrap();
    let target = |it: io::Result<fs::DirEntry>| fs::read_link(it.ok()?.path()).ok();
    descriptors.filter_map(target).collect()
}

/// The engine of a test, which compiles as the binary does.
fn engine(cache: &std::path::Path) -> Engine {
    let worker = CompilerCommand::new(host::command().get_program().into(), ["compile-component"]);
    Engine::new(EngineOptions {
        cache: Some(cache.to_owned()),
        compiler: Compiler::Child(worker),
        ..EngineOptions::default()
    })
    .unwrap()
}

fn load(engine: &Engine, source: &Source) -> arborist::engine::Component {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(engine.load(source, &Limits::default()))
        .unwrap()
}

#[test]
fn a_cache_that_takes_no_file_is_no_obstacle() {
    let home = Host::with_own_cache();
    let cache = home.home().join("aot");
    let engine = engine(&cache);
    // It was in order when the engine started.
    fs::remove_dir(&cache).unwrap();
    let source = Source::read(crate::guests::DESCRIBED.as_ref()).unwrap();
    let component = load(&engine, &source);
    assert!(component.not_kept().is_some());
    assert!(!cache.exists());
    // Nor is one that is no folder.
    home.file("cache", "");
    let ran = home.run(&["run", "x"]);
    assert!(ran.stderr.contains("warning:"), "{}", ran.stderr);
    let _spec = ran.succeeded();
}

#[test]
fn what_was_read_is_what_is_run() {
    let home = Host::with_own_cache();
    let path = home.file("runner.wasm", fs::read(crate::guests::DESCRIBED).unwrap());
    let link = home.home().join("link.wasm");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let source = Source::read(&link).unwrap();
    // Between reading and compiling somebody puts another component there.
    fs::write(&path, fs::read(crate::guests::PLAIN).unwrap()).unwrap();
    let component = load(&engine(&home.home().join("aot")), &source);
    let first = fs::read(crate::guests::DESCRIBED).unwrap();
    assert_eq!(component.digest(), arborist::engine::Digest::of(&first));
    assert!(component.shape().describes());
}
