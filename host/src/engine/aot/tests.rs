//! The folder as a whole: its bound, its order, and what is not its own.

mod code;
mod room;

use super::{contents::Contents, *};
use crate::clock;
use std::{
    fs::{self, File},
    os::unix::fs::{MetadataExt as _, symlink},
    time::SystemTime,
};

fn engine() -> wasmtime::Engine {
    wasmtime::Engine::new(&crate::engine::settings::on_demand()).unwrap()
}

fn cache(base: &Path, most: u64) -> AotCache {
    AotCache::open(&base.join("aot"), CacheSize::of(most), &engine()).unwrap()
}

fn source(name: &str) -> Source {
    Source::from_bytes(name, [b"\0asm\x0d\0\x01\0", name.as_bytes()].concat()).unwrap()
}

fn arrived(cache: &AotCache, bytes: usize) -> Arriving {
    let mut code = cache.arriving();
    code.take(&vec![0; bytes]).unwrap();
    code.finish().unwrap();
    code
}

fn write(cache: &AotCache, name: &str, bytes: usize) -> Result<(), NotKept> {
    let source = source(name);
    let code = arrived(cache, bytes);
    cache.write(&cache.key(source.digest()), &source, code)
}

/// An entry of 1,000 bytes of code that is none, used that many hours ago. The record takes less than 200.
fn put(cache: &AotCache, name: &str, hours: u64) {
    put_bytes(cache, name, hours, 1000);
}

fn put_bytes(cache: &AotCache, name: &str, hours: u64, bytes: usize) {
    write(cache, name, bytes).unwrap();
    let key = cache.key(source(name).digest());
    let names = [names::record(&key), names::code(&key, bytes as u64)];
    names
        .iter()
        .for_each(|name| touch(&cache.path().join(name), ago(hours)));
}

fn ago(hours: u64) -> SystemTime {
    clock::now() - Duration::from_secs(hours * 60 * 60)
}

fn is_there(cache: &AotCache, name: &str) -> bool {
    Entry::open(&cache.folder, &cache.key(source(name).digest())).is_some()
}

fn names(cache: &AotCache) -> Vec<String> {
    let kept = cache.list().components.into_iter();
    kept.map(|kept| kept.name.unwrap()).collect()
}

fn touch(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

#[test]
fn another_engine_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aot");
    let settings = crate::engine::settings::on_demand();
    let mut others = settings.clone();
    others.epoch_interruption(false);
    let [same, ours, theirs] = [&settings, &settings, &others]
        .map(|settings| wasmtime::Engine::new(settings).unwrap())
        .map(|engine| AotCache::open(&path, CacheSize::default(), &engine).unwrap())
        .map(|cache| cache.key(Digest::of(b"a component")));
    assert_eq!(same, ours);
    // Without this the two would take turns at throwing each other's artefacts away.
    assert_ne!(ours, theirs);
}

#[test]
fn what_was_not_used_for_the_longest_time_goes_first_and_whole() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 4000);
    put(&cache, "old", 3);
    put(&cache, "older", 5);
    put(&cache, "young", 1);
    assert_eq!(names(&cache), ["young", "old", "older"]);
    assert!(cache.list().bytes <= 4000);
    // Its use counts, and not when it was made.
    let key = cache.key(source("older").digest());
    Entry::open(&cache.folder, &key).unwrap().used();
    assert_eq!(names(&cache), ["older", "young", "old"]);
    let said = cache.path().join(names::said(
        &cache.key(source("old").digest()),
        "0123456789abcdef",
    ));
    fs::write(&said, "x").unwrap();
    touch(&said, ago(4));
    put(&cache, "new", 0);
    assert_eq!(names(&cache).len(), 3);
    assert!(!is_there(&cache, "old") && !said.exists() && is_there(&cache, "new"));
    assert!(cache.list().bytes <= 4000);
}

#[test]
fn what_a_process_has_opened_stays_its_own() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 2000);
    put(&cache, "a", 1);
    let key = cache.key(source("a").digest());
    let opened = Entry::open(&cache.folder, &key).unwrap();
    put(&cache, "b", 0);
    assert!(!is_there(&cache, "a"));
    // The name is gone, and not one byte of what it named.
    assert_eq!(opened.file().metadata().unwrap().len(), 1000);
}

#[test]
fn a_bound_below_one_entry_keeps_the_folder_and_says_so() {
    let base = tempfile::tempdir().unwrap();
    put(&cache(base.path(), 4000), "a", 1);
    let small = cache(base.path(), 900);
    let source = source("b");
    let error = write(&small, "b", 1000).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("takes 1000 B, and `engine.cache_size` is 900 B"),
        "{said}"
    );
    // The bound holds for what was there before.
    assert_eq!(small.list().bytes, 0);
    // One that fits where its answer does not stays, rather than make way for what belongs to it.
    let tight = cache(base.path(), 1200);
    put(&tight, "b", 0);
    let info = crate::engine::RunnerInfo {
        name: "x".repeat(300),
        version: String::new(),
        description: String::new(),
        config: Vec::new(),
    };
    tight.remember(source.digest(), &crate::limits::Limits::default(), &info);
    assert!(is_there(&tight, "b") && tight.list().bytes <= 1200);
}

#[test]
fn files_of_other_versions_go_by_their_age_and_those_of_others_stay() {
    let base = tempfile::tempdir().unwrap();
    let one = cache(&base.path().join("measured"), 3000);
    put(&one, "a", 0);
    let cache = cache(base.path(), 2 * one.list().bytes);
    let path = |name: &str| cache.path().join(name);
    let (key, orphan) = ("0".repeat(64), "1".repeat(64));
    let old = [
        format!("{key}.len"),
        format!("{key}.900.code"),
        format!("{orphan}.about"),
    ];
    for (name, content) in old.iter().zip([&b"900"[..], &[0; 900], b"{}"]) {
        fs::write(path(name), content).unwrap();
        touch(&path(name), SystemTime::UNIX_EPOCH);
    }
    let foreign = [
        "notes.txt",
        ".new-notes.txt",
        "key.len",
        &format!("{key}.code"),
        &format!("{}.len", "A".repeat(64)),
    ];
    for name in foreign {
        fs::write(path(name), [0; 5000]).unwrap();
        touch(&path(name), SystemTime::UNIX_EPOCH);
    }
    fs::create_dir(path(&format!("{}.len", "2".repeat(64)))).unwrap();
    let [unknown] = cache.list().components.try_into().unwrap();
    assert_eq!(
        (unknown.current, unknown.digest, unknown.bytes),
        (false, None, 903)
    );
    put(&cache, "a", 1);
    assert!(path(&old[0]).exists());
    put(&cache, "b", 0);
    assert!(old.iter().all(|name| !path(name).exists()));
    assert!(is_there(&cache, "a") && is_there(&cache, "b"));
    assert_eq!(cache.discard(Discard::All).components, 2);
    assert!(foreign.iter().all(|name| path(name).exists()));
    assert!(path(&format!("{}.len", "2".repeat(64))).is_dir());
}

#[test]
fn what_killed_processes_left_behind_is_swept() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 4000);
    let path = |name: &str| cache.path().join(name);
    let lock = names::lock(&"0".repeat(64));
    for name in [".new-aaaaaa", ".new-bbbbbb", &lock] {
        fs::write(path(name), "half").unwrap();
    }
    touch(&path(".new-aaaaaa"), ago(2));
    put(&cache, "a", 0);
    assert!(!path(".new-aaaaaa").exists() && path(".new-bbbbbb").exists());
    assert!(!path(&lock).exists() && is_there(&cache, "a"));
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_not_swept() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 4000);
    let turn = cache.turn(source("b").digest()).await.unwrap();
    put(&cache, "a", 0);
    let lock = names::lock(&cache.key(source("b").digest()));
    assert!(cache.path().join(&lock).exists());
    drop(turn);
    assert!(!cache.path().join(&lock).exists());
}

#[test]
fn what_is_planted_is_neither_taken_nor_followed_nor_waited_for() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 2000);
    let theirs = base.path().join("theirs");
    fs::write(&theirs, [0; 5000]).unwrap();
    touch(&theirs, SystemTime::UNIX_EPOCH);
    let name = |key: char, rest: &str| cache.path().join(key.to_string().repeat(64) + rest);
    // A link that leads out of the folder, a pipe, and a folder, each called like a part of an entry.
    symlink(&theirs, name('0', ".5000.code")).unwrap();
    symlink(&theirs, name('0', ".len")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    for rest in [".len", ".0.code", ".about", ".lock"] {
        rustix::fs::mkfifoat(rustix::fs::CWD, name('1', rest), mode).unwrap();
    }
    fs::create_dir(name('2', ".7.code")).unwrap();
    put(&cache, "a", 1);
    put(&cache, "b", 0);
    assert_eq!(names(&cache), ["b"]);
    assert_eq!(cache.discard(Discard::All).components, 1);
    assert_eq!(fs::read(&theirs).unwrap().len(), 5000);
    assert!(name('1', ".len").exists() && name('2', ".7.code").is_dir());
}

#[test]
fn a_record_that_was_planted_shows_nothing_that_a_terminal_obeys() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 4000);
    put(&cache, "a", 0);
    let record = cache
        .path()
        .join(names::record(&cache.key(source("a").digest())));
    let forged = format!("1000\n{}\n\u{1b}[31m\n\u{202e}name", Digest::of(b"other"));
    fs::write(&record, forged).unwrap();
    let [kept] = cache.list().components.try_into().unwrap();
    let said = format!("{:?}{:?}", kept.name, kept.version);
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said}");
    // The digest is not the one that the key was made of.
    assert!(!kept.current);
    fs::write(&record, vec![b'1'; 1 << 20]).unwrap();
    assert!(!is_there(&cache, "a"));
    assert_eq!(cache.discard(Discard::Useless).components, 1);
}

#[test]
fn a_folder_full_of_files_keeps_nobody_busy() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 4000);
    put(&cache, "a", 0);
    // Links to one file: they take no room, and are as many names.
    let more = crate::private::MOST_NAMES + 10;
    let first = cache.path().join("x");
    fs::write(&first, "").unwrap();
    for number in 0..more {
        let at = cache.path().join(format!("x{number}"));
        if fs::hard_link(&first, &at).is_err() {
            fs::write(&at, "").unwrap();
        }
    }
    assert!(cache.list().cut);
    assert!(is_there(&cache, "a"), "finding one looks at no other");
    put(&cache, "b", 0);
    assert!(is_there(&cache, "b"));
}

#[test]
fn many_small_entries_are_bounded_too() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 1 << 30);
    for number in 0..4_100 {
        let name = format!("{number:064x}.1.code");
        fs::write(cache.path().join(name), "x").unwrap();
    }
    put(&cache, "a", 0);
    assert_eq!(Contents::of(&cache.folder).entries.len(), 4_000);
    assert!(is_there(&cache, "a"));
}

#[test]
fn what_an_engine_takes_is_told_from_what_it_does_not() {
    let base = tempfile::tempdir().unwrap();
    let ours = cache(base.path(), 1 << 20);
    let mut others = crate::engine::settings::on_demand();
    others.epoch_interruption(false);
    let others = wasmtime::Engine::new(&others).unwrap();
    let theirs = AotCache::open(ours.path(), CacheSize::default(), &others).unwrap();
    put(&ours, "a", 0);
    put(&theirs, "b", 1);
    let current: Vec<_> = ours.list().components.iter().map(|it| it.current).collect();
    assert_eq!(current, [true, false]);
    assert_eq!(ours.discard(Discard::Useless).components, 1);
    assert_eq!(names(&ours), ["a"]);
}

#[test]
fn every_way_of_allocating_shares_what_was_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aot");
    let [pooled, on_demand] = [
        crate::engine::settings::pooling(2),
        crate::engine::settings::on_demand(),
    ]
    .map(|settings| wasmtime::Engine::new(&settings).unwrap())
    .map(|engine| AotCache::open(&path, CacheSize::default(), &engine).unwrap())
    .map(|cache| cache.key(Digest::of(b"a component")));
    assert_eq!(pooled, on_demand);
}

fn drafts(cache: &AotCache) -> Vec<u64> {
    let files = fs::read_dir(cache.path()).unwrap().map(Result::unwrap);
    let drafts = files.filter(|file| file.file_name().to_string_lossy().starts_with(".new-"));
    drafts.map(|file| file.metadata().unwrap().len()).collect()
}
