//! The child that compiles: what it may use, what it sees, and that it ends with whoever waits for it.

use arborist::{
    engine::{Compiler, CompilerCommand, Engine, EngineOptions, LoadError, Source},
    limits::Limits,
};
use arborist_tests::host;
use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What does not happen within this time does not happen at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until there is something to see.
#[track_caller]
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Starts the hidden command as the host does; it waits for a component on its standard input.
fn child(order: &str) -> Child {
    let mut command = host::command();
    command.args(["compile-component", order]);
    let piped = || Stdio::piped();
    command.stdin(piped()).stdout(piped()).stderr(piped());
    command.spawn().unwrap()
}

/// Whether the process runs; one that has ended and that nobody has asked about does not.
fn runs(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap().starts_with(" Z"))
}

/// What a process may use: memory, CPU time, size of files and of core dumps; what holds now and what it may set.
fn limits(pid: u32) -> Option<[String; 4]> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name));
        let words = line.into_iter().flat_map(str::split_whitespace);
        words.take(2).collect::<Vec<_>>().join(" ")
    };
    Some(
        [
            "Max data size",
            "Max cpu time",
            "Max file size",
            "Max core file size",
        ]
        .map(line),
    )
}

#[test]
fn the_child_bounds_itself_before_it_reads() {
    let mib = 1024 * 1024;
    let mut child = child(&format!("{}:7:{}", 512 * mib, std::process::id()));
    let expected = [
        format!("{0} {0}", 512 * mib),
        "7 8".to_owned(),
        // It writes to pipes alone.
        "0 0".to_owned(),
        "0 0".to_owned(),
    ];
    until("it does not bound itself", || {
        (limits(child.id())? == expected).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_child_reads_no_more_than_a_component_may_have() {
    let mut child = child(&format!("{}:60:{}", 600 << 20, std::process::id()));
    let mut input = child.stdin.take().unwrap();
    // Without an end, until nobody reads any more.
    let piece = vec![0; 1 << 20];
    let given = (0..1024).take_while(|_| input.write_all(&piece).is_ok());
    assert!(given.count() < 200);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
}

#[test]
fn a_child_of_nobody_does_nothing() {
    let output = child("1000000000:60:1").wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("its parent has ended"),
        "{said}"
    );
}

#[test]
fn a_child_ends_with_its_parent() {
    let arborist = host::command().get_program().to_owned();
    let mut parent = Command::new("sh")
        .arg("-c")
        .arg("exec 3<&0; \"$0\" compile-component 1000000000:60:$$ <&3 >/dev/null 2>&1 & echo $!; wait")
        .arg(&arborist)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Stays open, so that the child has something to wait for.
    let _input = parent.stdin.take();
    let mut line = String::new();
    let mut said = std::io::BufReader::new(parent.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    let pid: u32 = line.trim().parse().unwrap();
    until("the child does not bound itself", || {
        let [_, cpu, _, core] = limits(pid)?;
        (cpu == "60 61" && core == "0 0").then_some(())
    });
    parent.kill().unwrap();
    parent.wait().unwrap();
    until("the child outlives its parent", || {
        (!runs(pid)).then_some(())
    });
}

/// Loads a component that the shell is to compile; what the shell says on standard error is the reason why not.
fn compiled_by(script: &str, look: impl Fn() -> bool) -> Option<LoadError> {
    compiled_under(&Limits::default(), None, script, look)
}

fn compiled_under(
    limits: &Limits,
    cache: Option<&Path>,
    script: &str,
    look: impl Fn() -> bool,
) -> Option<LoadError> {
    let compiler = Compiler::Child(CompilerCommand::new("/bin/sh".into(), ["-c", script]));
    let options = EngineOptions {
        compiler,
        cache: cache.map(Path::to_owned),
        ..EngineOptions::default()
    };
    let engine = Engine::new(options).unwrap();
    let source = Source::from_bytes("mock", arborist::builtin::find("mock").unwrap().bytes);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let source = source.unwrap();
        let work = engine.load(&source, limits);
        let looks = async {
            while !look() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            loaded = work => Some(loaded.expect_err("no shell compiles")),
            () = looks => None,
            () = tokio::time::sleep(PATIENCE) => panic!("it takes for ever"),
        }
    })
}

#[test]
fn the_child_sees_nothing_of_the_users_surroundings() {
    // The shell itself sets a few.
    let script = "pwd >&2; env | grep -vE '^(PWD|OLDPWD|SHLVL|_)=' >&2; read -r _ _ _ _ group _ < /proc/$$/stat; [ $group = $$ ] && echo alone >&2; exit 1";
    let said = compiled_by(script, || false).unwrap().to_string();
    // Its folder, no variable, and a process group that Ctrl-C does not reach.
    assert!(said.ends_with("does not compile: /\\nalone"), "{said}");
}

#[test]
fn a_child_that_says_too_much_is_not_listened_to() {
    let said = compiled_by("yes hostile >&2; exit 1", || false)
        .unwrap()
        .to_string();
    assert!(said.len() < 1024, "{said}");
}

#[test]
fn a_child_that_writes_for_ever_is_not_read_for_ever() {
    // Under the limit `compile-memory`, which no native code of its own making could pass.
    let mut limits = Limits::default();
    limits.set("compile-memory", "64MiB").unwrap();
    let said = compiled_under(&limits, None, "cat >/dev/null; exec yes", || false)
        .unwrap()
        .to_string();
    assert!(said.contains("larger than any runner's"), "{said}");
}

#[test]
fn a_child_that_nobody_waits_for_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!(
        "echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000000",
        file.display()
    );
    let started = || Path::new(&file).exists();
    assert!(compiled_by(&script, started).is_none());
    let pid: u32 = fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    until("the child goes on", || (!runs(pid)).then_some(()));
}

/// What the compiler gives is not held in the parent's own memory until there is all of it: it is in the draft of an entry as it comes.
#[test]
fn native_code_goes_to_its_draft_as_it_comes() {
    let base = tempfile::tempdir().unwrap();
    let cache = base.path().join("aot");
    let script = "cat >/dev/null; head -c 50000000 /dev/zero; exec sleep 1000000";
    let drafts = || {
        let files = fs::read_dir(&cache).into_iter().flatten().flatten();
        let sizes = files.filter(|file| file.file_name().to_string_lossy().starts_with(".new-"));
        sizes
            .map(|file| file.metadata().map_or(0, |it| it.len()))
            .collect::<Vec<_>>()
    };
    // All but what makes no whole piece.
    let there = || drafts().iter().any(|size| *size > 49_000_000);
    assert!(compiled_under(&Limits::default(), Some(&cache), script, there).is_none());
    // Whoever waited for it is gone, and so is the draft.
    until("the draft is left", || drafts().is_empty().then_some(()));
}

/// Without a folder it goes to a file of the system's memory that has no name.
#[test]
fn native_code_goes_to_a_file_without_a_name_where_none_is_kept() {
    let script = "cat >/dev/null; head -c 70000000 /dev/zero; exec sleep 1000000";
    let there = || {
        let open = fs::read_dir("/proc/self/fd")
            .into_iter()
            .flatten()
            .flatten();
        open.filter(|file| {
            let link = fs::read_link(file.path()).unwrap_or_default();
            link.to_string_lossy().contains("memfd:native-code")
        })
        .any(|file| fs::metadata(file.path()).is_ok_and(|it| it.len() > 69_000_000))
    };
    assert!(compiled_by(script, there).is_none());
}

/// What is no native code is neither kept nor mapped.
#[test]
fn what_the_compiler_makes_up_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let cache = base.path().join("aot");
    for script in ["cat >/dev/null", "cat >/dev/null; echo no code"] {
        for cache in [Some(cache.as_path()), None] {
            let error = compiled_under(&Limits::default(), cache, script, || false);
            let told = error.unwrap().to_string();
            assert!(told.contains("its native code cannot be loaded"), "{told}");
        }
    }
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
}
