//! Large component files, which are not read where they are known.

use super::{ending, folder};
use arborist::builtin;
use arborist_tests::{Host, host::until};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

/// More than a file that is simply read.
const LARGE: usize = 2 << 20;

/// `component` with a custom section behind it, so that it has a size of its own choosing.
fn padded(component: &[u8], filler: u8) -> Vec<u8> {
    let mut bytes = component.to_vec();
    // An id of 0, the length in five bytes, a name of no bytes.
    let rest = LARGE - bytes.len() - 6;
    bytes.push(0);
    let length = (0..5).map(|at| {
        let more = if at < 4 { 0x80 } else { 0 };
        u8::try_from(rest >> (7 * at) & 0x7f).unwrap() | more
    });
    bytes.extend(length);
    bytes.push(0);
    bytes.resize(LARGE, filler);
    bytes
}

fn known(host: &Host) -> PathBuf {
    host.cache().join("arborist/known")
}

/// Writes a file as large as the one that is there, and gives it that one's time.
fn replace(path: &Path, bytes: &[u8]) {
    let seen = fs::metadata(path).unwrap();
    assert_eq!(seen.len(), bytes.len() as u64);
    fs::write(path, bytes).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(seen.modified().unwrap()).unwrap();
}

#[test]
fn a_large_file_is_known_once_it_was_left_alone_and_a_change_is_seen() {
    let host = Host::with_own_cache();
    let mock = builtin::find("mock").unwrap().bytes;
    let path = host.file("large.wasm", padded(mock, b'a'));
    let path_text = path.to_str().unwrap();
    let run = || host.run(&["run", "--component", path_text, "back it up", "-v"]);
    let digest = || {
        let args = ["run", "--component", path_text, "x", "--dry-run"];
        let told = host.run(&args).succeeded();
        told.split_once("sha256:").unwrap().1[..64].to_owned()
    };
    drop(run().succeeded());
    // It was too young for that.
    assert_eq!(ending(&known(&host), ".file").len(), 0);
    until(|| {
        let age = fs::metadata(&path).unwrap().modified().unwrap().elapsed();
        age.is_ok_and(|age| age > Duration::from_secs(4))
    });
    drop(run().succeeded());
    assert_eq!(ending(&known(&host), ".file").len(), 1);
    let (first, ran) = (digest(), run());
    assert!(ran.stderr.contains("already compiled"), "{}", ran.stderr);
    drop(ran.succeeded());

    // What is compiled no more is read again, though its digest was known.
    fs::remove_dir_all(folder(&host)).unwrap();
    let ran = run();
    assert!(ran.stderr.contains("compiled in"), "{}", ran.stderr);
    drop(ran.succeeded());
    assert_eq!(digest(), first);

    replace(&path, &padded(mock, b'b'));
    assert_ne!(digest(), first);
    replace(&path, &[0; LARGE]);
    let told = run().failed(4);
    assert!(told.contains("not WebAssembly"), "{told}");

    drop(host.run(&["cache", "clear", "--all"]).succeeded());
    assert_eq!(ending(&known(&host), ".file").len(), 0);
}
