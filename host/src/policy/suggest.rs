//! The rule that a denial suggests.

use super::rule::Rule;
use super::target::Target;

/// Longest path that a suggested rule has, in bytes.
const MAX_PATH: usize = 200;

/// The narrowest rule that permits `target`, as text: its method, its origin, and its path as far as that is plain. It is safe
/// between double quotes, in YAML and for a shell.
pub(super) fn narrowest(target: &Target) -> String {
    let origin = format!("{} {}", target.method(), target.origin());
    let rule = format!("{origin}{}", plain_start(target.path()));
    // A path that may climb is permitted by no prefix.
    let permits = |rule: &str| {
        rule.parse::<Rule>()
            .is_ok_and(|rule| rule.check(target).is_ok())
    };
    if permits(&rule) { rule } else { origin }
}

/// The first whole segments of a canonical path, up to one that is empty, too long, or has a character that means something to a
/// shell: the path is the guest's, and the rule is pasted into a command line.
fn plain_start(path: &str) -> &str {
    let mut kept = 0;
    let mut at = 0;
    for segment in path.split_inclusive('/').skip(1) {
        at += segment.len();
        let name = segment.strip_suffix('/').unwrap_or(segment);
        if name.is_empty() || !name.bytes().all(is_plain) || at + 1 > MAX_PATH {
            break;
        }
        // A slash at the end of the path is part of it, and one before a further segment is not.
        kept = match path.len() == at + 1 {
            true => path.len(),
            false => at + 1 - usize::from(segment.ends_with('/')),
        };
    }
    path.get(..kept).unwrap_or_default()
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b':' | b'@' | b'+' | b',' | b'=' | b'%'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_says_method_and_path_as_far_as_they_are_plain() {
        let long = "x".repeat(MAX_PATH);
        for (path, kept) in [
            ("", ""),
            ("/", ""),
            ("/v1", "/v1"),
            ("/v1/", "/v1/"),
            ("/v1/chat/completions?key=value", "/v1/chat/completions"),
            ("/v1/models/a:b@1,2=%C3%A9", "/v1/models/a:b@1,2=%C3%A9"),
            ("/v1//x", "/v1"),
            ("//x", ""),
            ("/v1/$(reboot)/x", "/v1"),
            ("/$(reboot)", ""),
            ("/v1/`reboot`", "/v1/%60reboot%60"),
            ("/v1/a!b", "/v1"),
            ("/v1/*", "/v1"),
            ("/v1/a;b", "/v1"),
            // The prefix of a path that may climb permits nothing of it.
            ("/v1/..%2Fx", ""),
            (format!("/v1/{long}").as_str(), "/v1"),
        ] {
            let target = Target::parse("POST", &format!("https://a.test{path}")).unwrap();
            let rule = narrowest(&target);
            assert_eq!(rule, format!("POST https://a.test{kept}"), "{path}");
            assert!(rule.parse::<Rule>().unwrap().check(&target).is_ok());
        }
    }
}
