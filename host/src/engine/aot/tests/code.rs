//! Native code on its way into the folder.

use super::*;

#[test]
fn code_is_in_the_folder_while_it_arrives_and_nobody_makes_way_for_a_half() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 2500);
    put(&cache, "a", 1);
    let mut code = cache.arriving();
    assert!(drafts(&cache).is_empty(), "nothing has come");
    for piece in 1..=4 {
        code.take(&[7; 500]).unwrap();
        assert_eq!(drafts(&cache), [piece * 500]);
    }
    assert!(is_there(&cache, "a"));
    // Whoever compiles it is gone.
    drop(code);
    assert!(drafts(&cache).is_empty() && is_there(&cache, "a"));
    // It comes to an end, and is more than may be kept with its record: it goes on in memory, and only that is told.
    let mut code = cache.arriving();
    code.take(&[7; 2000]).unwrap();
    code.take(&[8; 600]).unwrap();
    assert!(drafts(&cache).is_empty());
    code.finish().unwrap();
    let found = code.load(|code| Ok(read(code))).unwrap();
    assert_eq!(found, [vec![7; 2000], vec![8; 600]].concat());
    let error = cache.write(&cache.key(source("b").digest()), &source("b"), code);
    let told = error.unwrap_err().to_string();
    assert!(
        told.contains("takes 2.5 KiB, and `engine.cache_size` is 2.4 KiB"),
        "{told}"
    );
    assert!(is_there(&cache, "a"), "it makes way for nothing");
}

fn read(code: Code<'_>) -> Vec<u8> {
    match code {
        Code::Bytes(bytes) => bytes.to_vec(),
        Code::File(file) => fs::read(format!(
            "/proc/self/fd/{}",
            std::os::fd::AsRawFd::as_raw_fd(file)
        ))
        .unwrap(),
    }
}

#[test]
fn code_that_cannot_be_mapped_from_its_place_moves_on() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 1 << 20);
    let tried = std::cell::RefCell::new(Vec::new());
    let open = |until: usize, kind: io::ErrorKind| {
        let tried = &tried;
        move |code: Code<'_>| {
            assert_eq!(read(code), [7; 1000]);
            let mut tried = tried.borrow_mut();
            tried.push(match code {
                Code::File(file) => file.metadata().unwrap().nlink(),
                Code::Bytes(_) => 2,
            });
            if tried.len() < until {
                return Err(Unusable::System(kind.into()));
            }
            Ok(())
        }
    };
    let code = || {
        let mut code = cache.arriving();
        code.take(&[7; 1000]).unwrap();
        code
    };
    let denied = io::ErrorKind::PermissionDenied;
    let ((), kept) = cache.keep(&source("a"), code(), open(1, denied)).unwrap();
    assert!(kept.is_none() && is_there(&cache, "a"));
    assert_eq!(tried.take(), [1]);
    // A file with a name, one without, and memory.
    let ((), kept) = cache.keep(&source("b"), code(), open(3, denied)).unwrap();
    assert_eq!(tried.take(), [1, 0, 2]);
    let told = kept.unwrap().to_string();
    assert!(
        told.contains("maps no code from") && !is_there(&cache, "b"),
        "{told}"
    );
    // Without memory no other place helps; the code is as good as any.
    let none = io::ErrorKind::OutOfMemory;
    assert!(cache.keep(&source("c"), code(), open(9, none)).is_err());
    assert_eq!(tried.take(), [1]);
    assert!(is_there(&cache, "c") && drafts(&cache).is_empty());
    let damaged = |_: Code<'_>| Err::<(), _>(Unusable::Refused("no code".to_owned()));
    assert!(cache.keep(&source("d"), code(), damaged).is_err());
    assert!(!is_there(&cache, "d") && drafts(&cache).is_empty());
}

#[test]
fn what_a_disk_has_lost_is_not_mapped() {
    let base = tempfile::tempdir().unwrap();
    let cache = cache(base.path(), 1 << 20);
    let mut code = arrived(&cache, 100_000);
    let files = fs::read_dir(cache.path()).unwrap().map(Result::unwrap);
    for draft in files.filter(|file| file.file_name().to_string_lossy().starts_with(".new-")) {
        let mut bytes = fs::read(draft.path()).unwrap();
        bytes[70_000] = 1;
        fs::write(draft.path(), bytes).unwrap();
    }
    // It has to be copied, and is not what came any more.
    let denied = |_: Code<'_>| Err::<(), _>(Unusable::System(rustix::io::Errno::ACCESS.into()));
    let error = code.load(denied).unwrap_err().to_string();
    assert!(error.contains("lost"), "{error}");
}
