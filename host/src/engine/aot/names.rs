//! What the files of the folder are called. Whatever has another name is somebody else's, and left alone.

/// What a file is to its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What makes the entry found.
    Record,
    /// The native code, of this length.
    Code(u64),
    /// What the component said of itself.
    Said,
    /// What the component imports and exports.
    Shape,
    /// The turn to compile it.
    Lock,
}

/// How the name of a file begins that is being written.
pub(super) const DRAFT: &str = ".new-";

pub(super) fn record(key: &str) -> String {
    format!("{key}.len")
}

/// The length is part of the name, so that a record never meets the code of another compilation.
pub(super) fn code(key: &str, length: u64) -> String {
    format!("{key}.{length}.code")
}

/// `under` is a digest of what the answer depends on besides the component.
pub(super) fn said(key: &str, under: &str) -> String {
    format!("{key}.{under}.about")
}

pub(super) fn shape(key: &str) -> String {
    format!("{key}.shape")
}

pub(super) fn lock(key: &str) -> String {
    format!("{key}.lock")
}

/// The key and part of a file with this name, of this version of the program or another; none where it is not one of ours.
pub(super) fn parse(name: &str) -> Option<(&str, Part)> {
    let (key, rest) = name.split_at_checked(64)?;
    let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hex(key) {
        return None;
    }
    let part = match rest {
        ".len" => Part::Record,
        ".lock" => Part::Lock,
        ".shape" => Part::Shape,
        // Earlier versions had one answer under a key of its own.
        ".about" => Part::Said,
        _ => {
            let (middle, ending) = rest.strip_prefix('.')?.split_once('.')?;
            match ending {
                "code" => Part::Code(length(middle)?),
                "about" if middle.len() == 16 && is_hex(middle) => Part::Said,
                _ => return None,
            }
        }
    };
    Some((key, part))
}

/// A length as [`code`] writes it, and no other way.
fn length(text: &str) -> Option<u64> {
    text.parse()
        .ok()
        .filter(|length: &u64| length.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_again_and_others_are_not_ours() {
        let key = "0123456789abcdef".repeat(4);
        for (name, part) in [
            (record(&key), Part::Record),
            (code(&key, 1234), Part::Code(1234)),
            (said(&key, "0123456789abcdef"), Part::Said),
            (format!("{key}.about"), Part::Said),
            (lock(&key), Part::Lock),
            (shape(&key), Part::Shape),
        ] {
            assert_eq!(parse(&name), Some((key.as_str(), part)), "{name}");
        }
        for name in [
            "",
            "notes.txt",
            "key.len",
            ".new-abcdef",
            &key,
            &format!("{key}.code"),
            &format!("{key}.-1.code"),
            &format!("{key}.+1.code"),
            &format!("{key}.01.code"),
            &format!("{key}.99999999999999999999.code"),
            &format!("{key}.1.code.bak"),
            &format!("{key}.0123.about"),
            &format!("{key}.len~"),
            &format!("{}.len", key.to_uppercase()),
            &format!("{}é.len", &key[..63]),
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
