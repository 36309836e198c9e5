//! The key that must not get out, and every form in which it is looked for.

use arborist_tests::service::Encoding;
use std::{fs, path::Path};

/// Looks like a key, and has characters in it that JSON, URLs and base64 write differently.
pub(crate) const KEY: &str = "sk-live-4f9Qz/7Lw+2XbTnR8vKcYd3JmE6hGs";
/// The variable that holds it.
pub(crate) const VARIABLE: &str = "CASE_API_KEY";
/// A variable of the user's that no case has anything to do with.
pub(crate) const CANARY: (&str, &str) = ("UNRELATED", "canary-in-the-environment-77f2");

/// How the key may be spelled where it is looked for.
const SPELLINGS: [Encoding; 7] = [
    Encoding::Plain,
    Encoding::Json,
    Encoding::JsonUnicode,
    Encoding::Base64,
    Encoding::Base64Url,
    Encoding::Percent,
    Encoding::PercentAll,
];

/// The forms of the key.
pub(crate) fn forms() -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = SPELLINGS
        .iter()
        .map(|spelling| spelling.encode(KEY.as_bytes()))
        .map(|form| form.trim_ascii_start().to_vec())
        .collect();
    // In base64 it looks different at each of three positions; the ends depend on what is beside it.
    for before in ["x", "xx", "xxx"] {
        let whole = Encoding::Base64Url.encode(format!("{before}{KEY}").as_bytes());
        forms.push(whole[4..whole.len() - 4].to_vec());
    }
    // JSON puts quotes around it, which are not the key's.
    for form in &mut forms {
        form.retain(|byte| *byte != b'"');
    }
    forms
}

/// Whether any form of the key is in these bytes.
pub(crate) fn is_in(bytes: &[u8]) -> bool {
    let standard: Vec<u8> = bytes
        .iter()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    forms()
        .iter()
        .any(|form| holds(bytes, form) || holds(&standard, form))
}

/// The files below a folder that hold the key.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() && fs::read(&path).is_ok_and(|bytes| is_in(&bytes)) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Whether the search finds what it is for: everything else that is said about the key hangs on it.
///
/// # Errors
/// A spelling that it misses, or a find where there is none.
pub(crate) fn check() -> Result<(), String> {
    for spelling in SPELLINGS {
        for before in ["", "a", "Bearer ", "user:", "{\"key\":\""] {
            let text = spelling.encode(format!("{before}{KEY}\" and more").as_bytes());
            if !is_in(&text) {
                return Err(format!("{spelling:?} after {before:?} is not found"));
            }
        }
    }
    if is_in(&KEY.as_bytes()[1..]) || is_in(b"sk-live-") || is_in(b"") {
        return Err("it is found where it is not".to_owned());
    }
    Ok(())
}
