//! Whatever the file holds, the host does not panic, and what it says is fit for a terminal.

use proptest::prelude::*;

use super::*;
use crate::config::document::{self, MAX_FILE_BYTES};
use crate::escape::is_hidden;

/// Pieces that configurations are made of, whole and broken.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "runner",
        "custom",
        "mock",
        "api_key",
        "allow",
        "secrets",
        "limits",
        "timeouts",
        "endpoint",
        "cache",
        "retry",
        ": ",
        ":",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\"",
        "'",
        "${X_KEY}",
        "${",
        "$${",
        "}",
        "&a ",
        "*a",
        "!!str ",
        "| \n",
        ">",
        "#",
        " # c",
        "~",
        "5",
        "1e3",
        "true",
        "https://a.example",
        "https://u:p@a.example/?q",
        "\t",
        "\r\n",
        "\u{202e}",
        "\u{0}",
        "é",
        "<<",
        "---\n",
        "? ",
        "%TAG",
        "@",
        "`",
        "hushhushhush",
    ];
    prop_oneof![4 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

/// One folder for all cases: to make one takes longer than to resolve what is in it.
fn with_file<T>(text: &[u8], act: impl FnOnce(&Case) -> T) -> T {
    thread_local! {
        static CASE: Case = Case::named("").variable("X_KEY", "sk-0123456789");
    }
    CASE.with(|case| {
        std::fs::write(case.path(), text).unwrap();
        act(case)
    })
}

fn survives(text: &[u8]) {
    with_file(text, judge);
}

fn judge(case: &Case) {
    match case.resolve() {
        Ok(settings) => {
            let shown = format!(
                "{settings:?} {:?} {:?}",
                settings.rows(),
                settings.explain()
            );
            assert!(!shown.contains("sk-0123456789"), "{shown}");
            let _ = settings.check(&[FieldInfo {
                name: "endpoint".to_owned(),
                required: true,
                secret: true,
                ..FieldInfo::default()
            }]);
        }
        Err(faults) => {
            assert!(!faults.as_slice().is_empty());
            for shown in [faults.to_string(), faults.render(false)] {
                assert!(!shown.contains("sk-0123456789"), "{shown}");
                assert!(
                    !shown.chars().any(|c| c != '\n' && is_hidden(c)),
                    "{shown:?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
    }

    #[test]
    fn what_looks_like_a_configuration_never_panics(pieces in proptest::collection::vec(piece(), 0..40)) {
        survives(pieces.concat().as_bytes());
    }

    #[test]
    fn a_secret_in_the_file_is_never_shown(before in proptest::collection::vec(piece(), 0..10), key in "(api_key|x\\.token|PASSWORD)", after in proptest::collection::vec(piece(), 0..10)) {
        let clean = |pieces: &[String]| pieces.concat().replace("hush", "");
        let text = format!("{}\ncustom:\n  {key}: hushhushhush\n{}", clean(&before), clean(&after));
        if let Err(faults) = with_file(text.as_bytes(), Case::resolve) {
            for shown in [faults.to_string(), faults.render(true), format!("{faults:?}")] {
                prop_assert!(!shown.contains("hush"), "{}\n{}", text, shown);
            }
        }
    }
}

#[test]
fn what_is_far_too_much_is_a_short_report() {
    let bomb = (0..12).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, index| {
            let aliases = vec![format!("*a{index}"); 9].join(", ");
            format!("{text}a{0}: &a{0} [{aliases}]\n", index + 1)
        },
    );
    let texts = [
        ("aliases", bomb),
        ("flow", "[".repeat(100_000)),
        ("maps", "{a: ".repeat(60_000)),
        (
            "block",
            (0..2_000)
                .map(|depth| format!("{}a:\n", " ".repeat(depth.min(100))))
                .collect(),
        ),
        ("wide", "- x\n".repeat(60_000)),
        (
            "keys",
            (0..30_000).map(|index| format!("k{index}: 1\n")).collect(),
        ),
        ("self", "a: &a [*a]\n".to_owned()),
        ("scalar", format!("a: {}", "x".repeat(MAX_FILE_BYTES - 10))),
        ("too large", " ".repeat(MAX_FILE_BYTES + 1)),
        ("quotes", "\"".repeat(200_000)),
        ("spaces", format!("a:{}b", " ".repeat(200_000))),
        (
            "one line",
            format!(
                "custom: {{{}}}\nrunner: custom",
                "api_key: \"${UNSET}\", ".repeat(10_000)
            ),
        ),
        (
            "many",
            format!(
                "runner: custom\ncustom: {{{}}}",
                (0..6_000)
                    .map(|index| format!("k{index}: \"${{U}}\", "))
                    .collect::<String>()
            ),
        ),
    ];
    for (name, text) in texts {
        let case = Case::named(&text);
        let rendered = case.faults().render(false);
        assert!(rendered.len() < 100_000, "{name}: {}", rendered.len());
    }
}

#[test]
fn aliases_that_are_not_too_much_are_expanded() {
    let settings = Case::named("runner: custom\ncustom: {a: &x [one, two], b: *x}\n").settings();
    assert_eq!(settings.value("b.1"), Some("two"));
    assert!(document::read("a: &a\n").complete);
}
