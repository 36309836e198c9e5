//! Entries that are found, and the many that are not.

use super::*;
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn key(byte: u8) -> CacheKey {
    CacheKey::new(&[byte; 32])
}

fn cache(folder: &Path, byte: u8) -> ResultCache {
    ResultCache::new(folder.to_path_buf(), key(byte), DAY)
}

fn named(cache: &ResultCache, input: &str) -> EntryName {
    let mut question = cache.question();
    question.part("input", input);
    question.name()
}

fn entry(text: &str) -> Entry {
    Entry {
        operation: "task spec".to_owned(),
        runner: "mock".to_owned(),
        digest: "sha256:00".to_owned(),
        warnings: vec!["a word".to_owned()],
        text: text.to_owned(),
        ..Entry::default()
    }
}

/// A cache with one entry, and the entry's file.
fn filled() -> (tempfile::TempDir, ResultCache, EntryName, PathBuf) {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(&base.path().join("results"), 1);
    let name = named(&cache, "x");
    cache.keep(&name, entry("name: a\n")).unwrap();
    let path = cache.folder().join(format!("{}.result", name.as_str()));
    (base, cache, name, path)
}

#[test]
fn what_is_kept_is_found_by_the_same_question_alone() {
    let (_base, cache, name, _) = filled();
    let found = cache.find(&name).unwrap().entry;
    assert_eq!(
        (found.text.as_str(), found.warnings.len()),
        ("name: a\n", 1)
    );
    assert!(cache.find(&named(&cache, "y")).is_none());
    // Parts do not run into each other.
    let pair = |first: &str, second: &str| {
        let mut question = cache.question();
        question.list("p", [first]);
        question.list("p", [second]);
        question.name()
    };
    let list = |values: &[&str]| {
        let mut question = cache.question();
        question.list("p", values);
        question.name()
    };
    let names = [
        pair("ab", "c"),
        pair("a", "bc"),
        list(&["ab", "c"]),
        list(&["abc"]),
        list(&["ab", "c", ""]),
        list(&[]),
    ];
    for (at, name) in names.iter().enumerate() {
        assert!(!names[..at].contains(name), "{at}");
    }
}

#[test]
fn what_was_touched_is_a_miss() {
    let (_base, cache, name, path) = filled();
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(cache.find(&name).is_none(), "byte {at}");
        std::fs::write(&path, &whole[..at]).unwrap();
        assert!(cache.find(&name).is_none(), "cut at {at}");
    }
    std::fs::write(&path, [whole.as_slice(), b" "].concat()).unwrap();
    assert!(cache.find(&name).is_none(), "longer");
    std::fs::write(&path, &whole).unwrap();
    assert!(cache.find(&name).is_some());
    // Under another name, which its tag is not for.
    let other = named(&cache, "y");
    std::fs::rename(
        &path,
        cache.folder().join(format!("{}.result", other.as_str())),
    )
    .unwrap();
    assert!(cache.find(&other).is_none() && cache.find(&name).is_none());
}

#[test]
fn an_entry_of_another_key_is_a_miss_under_either_name() {
    let (_base, ours, name, path) = filled();
    let theirs = cache(ours.folder(), 2);
    assert_ne!(named(&theirs, "x"), name);
    assert!(theirs.find(&name).is_none());
    theirs.keep(&name, entry("name: forged\n")).unwrap();
    assert!(ours.find(&name).is_none() && path.exists());
    assert_eq!(
        (
            list(ours.folder(), &key(1)).unknown,
            list(ours.folder(), &key(2)).unknown
        ),
        (1, 0)
    );
}

#[test]
#[cfg(unix)]
fn a_link_a_second_name_and_a_file_that_others_may_write_are_misses() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let (base, cache, name, path) = filled();
    let aside = base.path().join("aside");
    std::fs::rename(&path, &aside).unwrap();
    symlink(&aside, &path).unwrap();
    assert!(cache.find(&name).is_none(), "a link");
    // It is the link that is replaced, and not what it leads to.
    cache.keep(&name, entry("name: b\n")).unwrap();
    assert!(
        cache.find(&name).is_some() && std::fs::read_to_string(&aside).unwrap().contains("name: a")
    );
    std::fs::hard_link(&path, base.path().join("second")).unwrap();
    assert!(cache.find(&name).is_none(), "a second name");
    std::fs::remove_file(base.path().join("second")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o622)).unwrap();
    assert!(cache.find(&name).is_none(), "writable");
}

#[test]
fn a_result_is_used_for_the_shorter_of_two_times() {
    static NOW: AtomicU64 = AtomicU64::new(1_000_000);
    fn clock() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW.load(Ordering::Relaxed))
    }
    let base = tempfile::tempdir().unwrap();
    let cache = |ttl| ResultCache::new(base.path().join("r"), key(1), ttl).with_clock(clock);
    let (hour, day) = (cache(Duration::from_secs(3600)), cache(DAY));
    let name = named(&day, "x");
    day.keep(&name, entry("a")).unwrap();
    NOW.fetch_add(3599, Ordering::Relaxed);
    assert_eq!(hour.find(&name).unwrap().age, Duration::from_secs(3599));
    NOW.fetch_add(1, Ordering::Relaxed);
    assert!(hour.find(&name).is_none() && day.find(&name).is_some());
    hour.keep(&name, entry("b")).unwrap();
    NOW.fetch_add(3600, Ordering::Relaxed);
    assert!(day.find(&name).is_none(), "it was made for an hour");
    day.keep(&name, entry("c")).unwrap();
    NOW.fetch_sub(10, Ordering::Relaxed);
    assert!(day.find(&name).is_none(), "made in the future");
}

#[test]
fn there_is_a_bound_on_what_is_kept() {
    let (_base, cache, name, path) = filled();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(UNIX_EPOCH).unwrap();
    for number in 0..MAX_ENTRIES {
        let name = format!("{number:064x}.result");
        std::fs::write(cache.folder().join(name), "").unwrap();
    }
    let next = named(&cache, "next");
    cache.keep(&next, entry("a")).unwrap();
    assert!(cache.find(&name).is_none() && cache.find(&next).is_some());
    let large = "x".repeat(usize::try_from(MAX_ENTRY_BYTES).unwrap());
    let error = cache.keep(&next, entry(&large)).unwrap_err();
    assert!(matches!(error, KeepError::TooLarge(_)), "{error}");
}

#[test]
fn clearing_takes_what_is_ours_and_nothing_else() {
    let (_base, cache, _, path) = filled();
    let folder = cache.folder();
    let foreign = [
        "notes.txt",
        "short.result",
        &format!("{}.result", "A".repeat(64)),
        &format!("{}.result", "0".repeat(64)),
        &format!("{}.lock.txt", "0".repeat(64)),
    ]
    .map(|name| folder.join(name));
    for path in &foreign {
        std::fs::write(path, "mine").unwrap();
    }
    let damaged = folder.join(format!("{}.result", "1".repeat(64)));
    std::fs::write(&damaged, "arborist result 1 half").unwrap();
    let lock = folder.join(format!("{}.lock", "2".repeat(64)));
    std::fs::write(&lock, "").unwrap();
    let cleared = clear(folder, Which::Expired);
    assert_eq!((cleared.entries, cleared.kept), (1, 0));
    assert!(!damaged.exists() && !lock.exists() && path.exists());
    let expired = ResultCache::new(folder.to_path_buf(), key(9), Duration::from_millis(1))
        .with_clock(|| UNIX_EPOCH + DAY);
    expired.keep(&named(&expired, "old"), entry("a")).unwrap();
    assert_eq!(clear(folder, Which::Expired).entries, 1, "of another key");
    assert_eq!(clear(folder, Which::All).entries, 1);
    assert!(!path.exists() && foreign.iter().all(|path| path.exists()));
    assert_eq!(clear(&folder.join("none"), Which::All), Cleared::default());
}

#[test]
fn a_list_shows_what_verifies() {
    let (_base, cache, name, _) = filled();
    std::fs::write(
        cache.folder().join(format!("{}.result", "1".repeat(64))),
        "x",
    )
    .unwrap();
    let listing = list(cache.folder(), &key(1));
    assert_eq!(listing.unknown, 1);
    let [one] = listing.entries.as_slice() else {
        panic!("{listing:?}")
    };
    assert_eq!(
        (&one.name, one.expired, one.entry.runner.as_str()),
        (&name, false, "mock")
    );
    assert_eq!(list(Path::new("/nonexistent"), &key(1)), Listing::default());
}

#[tokio::test]
async fn a_turn_is_one_at_a_time_and_ends_with_who_has_it() {
    let (_base, cache, name, _) = filled();
    let first = cache.turn(&name, Instant::now()).await.unwrap();
    assert_eq!(cache.turn(&name, Instant::now()).await.unwrap_err(), Late);
    // Another question is nobody's business.
    drop(
        cache
            .turn(&named(&cache, "y"), Instant::now())
            .await
            .unwrap(),
    );
    let lock = cache.folder().join(format!("{}.lock", name.as_str()));
    let waiting = cache.turn(&name, Instant::now() + Duration::from_secs(60));
    let (second, ()) = tokio::join!(waiting, async {
        assert!(lock.exists());
        drop(first);
    });
    assert!(second.is_ok() && lock.exists());
    drop(second);
    assert!(!lock.exists());
}

#[tokio::test]
async fn where_no_lock_can_be_had_nobody_waits() {
    let (_base, cache, name, _) = filled();
    let lock = cache.folder().join(format!("{}.lock", name.as_str()));
    std::fs::create_dir(&lock).unwrap();
    let turns = (
        cache.turn(&name, Instant::now()).await,
        cache.turn(&name, Instant::now()).await,
    );
    assert!(turns.0.is_ok() && turns.1.is_ok());
}

#[test]
fn the_key_is_made_once_and_only_taken_while_it_is_private() {
    let base = tempfile::tempdir().unwrap();
    let state = base.path().join("state/arborist");
    let name = |key: CacheKey| ResultCache::new(PathBuf::new(), key, DAY).question().name();
    let made: Vec<_> = std::thread::scope(|scope| {
        let start = || scope.spawn(|| CacheKey::of_folder(&state).unwrap());
        let threads: Vec<_> = (0..8).map(|_| start()).collect();
        threads
            .into_iter()
            .map(|thread| name(thread.join().unwrap()))
            .collect()
    });
    assert!(
        made.iter().all(|other| *other == made[0]),
        "all take the same"
    );
    let path = state.join("cache.key");
    std::fs::write(&path, "short").unwrap();
    let replaced = name(CacheKey::of_folder(&state).unwrap());
    assert_ne!(replaced, made[0]);
    assert_eq!(name(CacheKey::of_folder(&state).unwrap()), replaced);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        mode(&path, 0o640);
        assert!(matches!(
            CacheKey::of_folder(&state),
            Err(KeyError::Exposed(_))
        ));
        mode(&path, 0o600);
        mode(&state, 0o770);
        assert!(matches!(
            CacheKey::of_folder(&state),
            Err(KeyError::NotPrivate { .. })
        ));
    }
}

#[test]
fn files_that_are_not_its_own_are_nobodys_to_sweep() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path();
    let (theirs, draft) = (
        folder.join("experiment.result"),
        folder.join(".new-notes.txt"),
    );
    for path in [&theirs, &draft] {
        let file = std::fs::File::create(path).unwrap();
        // It takes no room on the disk.
        file.set_len(MAX_BYTES + 1).unwrap();
        file.set_modified(UNIX_EPOCH).unwrap();
    }
    let cache = cache(folder, 1);
    let name = named(&cache, "x");
    cache.keep(&name, entry("name: a\n")).unwrap();
    assert!(theirs.exists() && draft.exists());
    assert!(cache.find(&name).is_some());
    let cleared = clear(folder, Which::All);
    assert_eq!(cleared.entries, 1);
    assert!(theirs.exists() && draft.exists());
}
