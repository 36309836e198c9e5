//! Names as a workflow engine takes them, made from names as people write them; always the same from the same.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Longest DAG name that Dagu takes, in bytes (it is ASCII).
const MAX_DAG_NAME: usize = 40;
/// Longest step name that Dagu takes, in bytes of UTF-8.
const MAX_STEP_NAME: usize = 40;
/// Longest run of digits in a suffix that makes a name unique; ten thousand steps need five.
const MAX_SUFFIX: usize = 6;

/// A valid DAG name, 1 to 40 of `[A-Za-z0-9._-]`. Borrowed if the name is one already.
///
/// Dagu keeps a DAG's history under its name, so where letters are lost a digest of the whole name is
/// appended: two names that differ only in those stay two.
pub(super) fn dag_name(name: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if name.len() <= MAX_DAG_NAME && name.chars().all(fits) && starts_well {
        return Cow::Borrowed(name);
    }
    let mut made = String::new();
    for c in name.chars() {
        if fits(c) {
            made.push(c);
        } else if !made.ends_with('-') {
            made.push('-');
        }
    }
    let made = made.trim_matches(['-', '.']);
    let lost_letters = name.chars().any(|c| !c.is_ascii() && c.is_alphanumeric());
    if !lost_letters && !made.is_empty() && made.len() <= MAX_DAG_NAME {
        return Cow::Owned(made.to_owned());
    }
    let digest = format!("{:08x}", digest(name));
    let room = MAX_DAG_NAME - digest.len() - 1;
    // `made` is ASCII, so every index is a boundary.
    let kept = made
        .get(..room)
        .unwrap_or(made)
        .trim_end_matches(['-', '.', '_']);
    Cow::Owned(if kept.is_empty() {
        format!("dag-{digest}")
    } else {
        format!("{kept}-{digest}")
    })
}

/// Valid and unique step names in the order given. Letters of every script stay, and blanks and the like inside; characters
/// that mean something to a shell, a path or a template become `-`.
///
/// Unique also as the engine's log files are: Dagu writes every character outside `[A-Za-z0-9_-]` as `_`
/// there, and two steps that share a file mix their output.
pub(super) fn step_names<'a>(names: &[&'a str]) -> Vec<Cow<'a, str>> {
    let valid: Vec<Cow<'a, str>> = names.iter().map(|name| step_name(name)).collect();
    let mut taken: HashSet<String> = HashSet::with_capacity(names.len());
    // A name that needs no change is not to lose it to one that was changed into it.
    let keeps: Vec<bool> = valid
        .iter()
        .map(|name| matches!(name, Cow::Borrowed(_)) && taken.insert(log_name(name)))
        .collect();
    let mut next: HashMap<String, usize> = HashMap::new();
    valid
        .into_iter()
        .zip(keeps)
        .map(|(name, kept)| {
            if kept || taken.insert(log_name(&name)) {
                return name;
            }
            let base = cut(&name, MAX_STEP_NAME - MAX_SUFFIX).trim_end().to_owned();
            let counter = next.entry(log_name(&base)).or_insert(1);
            loop {
                *counter += 1;
                let candidate = format!("{base}-{counter}");
                if taken.insert(log_name(&candidate)) {
                    return Cow::Owned(candidate);
                }
            }
        })
        .collect()
}

fn step_name(name: &str) -> Cow<'_, str> {
    let fits = |c: char| {
        c.is_alphanumeric()
            || matches!(c, ' ' | '-' | '_' | '.' | ':' | ',' | '+' | '=' | '@' | '%')
    };
    if name.len() <= MAX_STEP_NAME
        && name.chars().all(fits)
        && name.trim() == name
        && !name.is_empty()
    {
        return Cow::Borrowed(name);
    }
    let made: String = name
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .collect();
    let made = cut(made.trim_matches([' ', '-']), MAX_STEP_NAME).trim_end_matches([' ', '-']);
    if made.is_empty() {
        Cow::Owned("step".to_owned())
    } else {
        Cow::Owned(made.to_owned())
    }
}

/// How Dagu writes a step's name into the name of its log file.
fn log_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// The longest beginning of at most `max` bytes.
fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// FNV-1a, 32 bits: short, stable across versions, and nothing here needs to resist an attacker, who can
/// choose the name itself.
fn digest(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::{dag_name, log_name, step_names};
    use std::collections::HashSet;

    #[test]
    fn dag_names() {
        for same in ["nightly", "a.b_c-9", "_x", &"x".repeat(40)] {
            assert_eq!(dag_name(same), same);
        }
        assert_eq!(dag_name("Back up the DB!"), "Back-up-the-DB");
        assert_eq!(dag_name("../../etc/passwd"), "etc-passwd");
        assert_eq!(dag_name("-rf"), "rf");
        for odd in [
            "备份",
            "备份 db",
            "…",
            "---",
            "   ",
            &"long ".repeat(20),
            "é",
            "${X}",
            ".",
        ] {
            let name = dag_name(odd);
            assert!((1..=40).contains(&name.len()), "{odd}: {name}");
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
                "{name}"
            );
            assert!(!name.starts_with(['-', '.']), "{name}");
        }
        assert_ne!(dag_name("备份 db"), dag_name("恢复 db"));
        assert_ne!(
            dag_name(&format!("{}a", "x".repeat(40))),
            dag_name(&format!("{}b", "x".repeat(40)))
        );
    }

    #[test]
    fn step_names_are_valid_unique_and_keep_what_they_can() {
        let long = "y".repeat(50);
        let names = [
            "a b",
            "a_b",
            "a/b",
            "Build",
            "build",
            "备份",
            "恢复",
            "$(rm -rf ~)",
            "`x`",
            "-n",
            "5",
            &long,
            &long,
            "a-b",
            " a ",
            "a",
            "''",
            "\"\"",
        ];
        let made = step_names(&names);
        assert_eq!(
            &made[..6],
            ["a b", "a_b-2", "a-b-2", "Build", "build", "备份"]
        );
        assert_eq!(made[6], "恢复-2");
        assert_eq!(made[13], "a-b");
        assert_eq!(made[15], "a");
        let logs: HashSet<String> = made.iter().map(|name| log_name(name)).collect();
        assert_eq!(logs.len(), names.len());
        for name in &made {
            assert!((1..=40).contains(&name.len()), "{name}");
            assert!(
                !name.contains(['$', '`', '/', '\'', '"', '(', '~', '\\']),
                "{name}"
            );
        }
    }

    #[test]
    fn many_equal_names_take_linear_time() {
        let names = vec!["same name!"; 10_000];
        let made: HashSet<_> = step_names(&names).into_iter().collect();
        assert_eq!(made.len(), 10_000);
        assert!(made.iter().all(|name| name.len() <= 40));
    }
}
