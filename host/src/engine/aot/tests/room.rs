//! Who makes way for what, and when; and what is removed because it is damaged.

use super::*;

/// What a runner says of itself that takes so many bytes and a few more, under these limits.
fn remember(cache: &AotCache, name: &str, bytes: usize, handles: usize) {
    let info = crate::engine::RunnerInfo {
        name: "x".repeat(bytes),
        version: String::new(),
        description: String::new(),
        config: Vec::new(),
    };
    let mut limits = crate::limits::Limits::default();
    limits.set("handles", &handles.to_string()).unwrap();
    cache.remember(source(name).digest(), &limits, &info);
}

#[test]
fn only_what_is_damaged_is_removed() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 4000);
    put(&cache, "a", 1);
    let digest = source("a").digest();
    for errno in [
        rustix::io::Errno::NOMEM,
        rustix::io::Errno::MFILE,
        rustix::io::Errno::ACCESS,
    ] {
        let open = |_: Code<'_>| Err::<(), _>(Unusable::System(errno.into()));
        assert!(cache.load(digest, open).is_none());
        assert!(is_there(&cache, "a"), "{errno}");
    }
    // Of the engine's own mouth.
    let engine = engine();
    assert!(
        cache
            .load(digest, |code| component(&engine, code))
            .is_none()
    );
    assert!(!is_there(&cache, "a"));
}

#[test]
fn no_more_goes_than_must() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 8000);
    put_bytes(&cache, "small", 9, 100);
    put_bytes(&cache, "less", 8, 200);
    put_bytes(&cache, "large", 7, 5000);
    put_bytes(&cache, "young", 1, 1000);
    // The large one is needed, and is enough.
    put_bytes(&cache, "new", 0, 2500);
    assert_eq!(names(&cache), ["new", "young", "less", "small"]);
    // As many as must, the oldest first.
    put_bytes(&cache, "newer", 0, 4150);
    assert_eq!(names(&cache), ["newer", "new", "young"]);
}

#[test]
fn nobody_makes_way_for_what_cannot_be_written() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 2500);
    put(&cache, "a", 2);
    put(&cache, "b", 1);
    let code = arrived(&cache, 1000);
    // Somebody has swept the draft away, so that it gets no name.
    for file in fs::read_dir(cache.path()).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().starts_with(".new-") {
            fs::remove_file(file.path()).unwrap();
        }
    }
    let key = cache.key(source("c").digest());
    let error = cache.write(&key, &source("c"), code).unwrap_err();
    assert!(matches!(error, NotKept::Io { .. }), "{error}");
    assert_eq!(names(&cache), ["b", "a"]);
}

#[test]
fn an_entry_that_is_written_anew_counts_once() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 1700);
    put_bytes(&cache, "a", 1, 1000);
    // Of another length, as the same compiler does not make it, but an earlier version may.
    put_bytes(&cache, "a", 0, 1400);
    assert!(is_there(&cache, "a"));
    let codes = Contents::of(&cache.folder).bytes();
    assert!(codes < 1700, "the old code is gone: {codes}");
}

#[test]
fn a_bound_that_was_lowered_holds_for_ones_own_entry() {
    let base = tempfile::tempdir().unwrap();
    let roomy = cache(base.path(), 1 << 20);
    put_bytes(&roomy, "a", 0, 5000);
    put_bytes(&roomy, "b", 2, 300);
    remember(&roomy, "a", 200, 1);
    let small = cache(base.path(), 4000);
    remember(&small, "a", 200, 2);
    assert!(!is_there(&small, "a") && is_there(&small, "b"));
    assert!(small.list().bytes <= 4000);
}

#[test]
fn the_answers_of_ones_own_entry_are_bounded() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 1 << 20);
    put(&cache, "a", 0);
    let key = cache.key(source("a").digest());
    let answers = || {
        let files = fs::read_dir(cache.path()).unwrap().map(Result::unwrap);
        let names = files.map(|file| file.file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".about")).collect();
        names.sort();
        names
    };
    for number in 1..=40 {
        remember(&cache, "a", 100, number);
        assert!(answers().len() <= MOST_ANSWERS);
    }
    let full = answers();
    assert_eq!(full.len(), MOST_ANSWERS);
    // One that is said again takes no other's place.
    remember(&cache, "a", 90, 40);
    assert_eq!(answers(), full);
    // By bytes as well: what is left of the bound.
    let tight = self::cache(base.path(), 2400);
    remember(&tight, "a", 100, 50);
    assert!(is_there(&tight, "a") && tight.list().bytes <= 2400);
    assert!(!answers().is_empty());
    // And when the code is written anew.
    for number in 1..=40 {
        fs::write(
            cache
                .path()
                .join(names::said(&key, &format!("{number:016x}"))),
            "{}",
        )
        .unwrap();
    }
    put(&cache, "a", 0);
    assert_eq!(answers().len(), MOST_ANSWERS);
}
