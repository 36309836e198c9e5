//! What was meant to be a variable, and a file that forgets to say which runner.

use super::Case;

/// What the only warnings say.
fn warnings(case: &Case) -> Vec<String> {
    let warnings = case.settings().warnings;
    warnings
        .into_iter()
        .map(|warning| warning.message)
        .collect()
}

fn section(line: &str) -> Case {
    let endpoint = "endpoint: https://api.example.com";
    Case::named(&format!(
        "runner: custom\ncustom:\n  {endpoint}\n  {line}\n"
    ))
}

#[test]
fn a_secret_that_is_a_dollar_and_a_name_is_refused() {
    for (line, write) in [
        ("api_key: $CUSTOM_API_KEY", "`api_key: ${CUSTOM_API_KEY}`"),
        ("api_key: '$CUSTOM_API_KEY'", "`api_key: ${CUSTOM_API_KEY}`"),
        ("a: {token: $SOME_THING}", "`a.token: ${SOME_THING}`"),
        (
            "secrets: [pass]\n  pass: $CUSTOM_API_KEY",
            "`pass: ${CUSTOM_API_KEY}`",
        ),
    ] {
        let faults = section(line)
            .variable("SOME_THING", "x")
            .faults()
            .to_string();
        assert!(faults.contains("without braces"), "{line}: {faults}");
        assert!(faults.contains(write), "{line}: {faults}");
    }
    // What may be a password is not repeated.
    let faults = section("password: $ECRET_WORD_1").faults();
    let shown = format!("{faults} {}", faults.render(false));
    assert!(
        shown.contains("${NAME}") && !shown.contains("ECRET_WORD"),
        "{shown}"
    );
}

#[test]
fn a_name_alone_is_used_with_a_word() {
    for (line, write) in [
        ("api_key: CUSTOM_API_KEY", "${CUSTOM_API_KEY}"),
        ("api_key: OF_NOTHING", "${OF_NOTHING}"),
        ("model: $OF_NOTHING", "${OF_NOTHING}"),
    ] {
        let case = section(line).variable("OF_NOTHING", "x");
        let said = warnings(&case);
        assert!(
            said.len() == 1 && said[0].contains(write),
            "{line}: {said:?}"
        );
    }
}

#[test]
fn what_is_a_value_is_left_alone() {
    for line in [
        "api_key: ${CUSTOM_API_KEY}",
        "api_key: sk-0123456789",
        "api_key: ABCDEFGH_12345678",
        "api_key: $2b$10$abcdefgh",
        "model: LARGE",
        "model: $5",
        "currency: $USD",
    ] {
        // A variable's own value is what it is.
        let case = section(line).variable("CUSTOM_API_KEY", "$OTHER_API_KEY");
        assert_eq!(warnings(&case), [""; 0], "{line}");
    }
    let case = section("model: x").variable("AGENT_ARBORIST_CUSTOM__API_KEY", "$OTHER_API_KEY");
    assert_eq!(warnings(&case), [""; 0]);
}

#[test]
fn a_file_without_a_runner_says_that_its_sections_are_not_used() {
    let text = "custom:\n  endpoint: https://api.example.com\n";
    let said = warnings(&Case::named(text));
    assert_eq!(
        said,
        [
            "no `runner:` is written, so `mock` runs and the section `custom` is not used; write `runner: custom` at the top level, or give --runner custom"
        ]
    );
    let more = warnings(&Case::named(&format!(
        "{text}mock: {{}}\nopenai: {{}}\nollama: {{}}\n"
    )));
    assert!(
        more.len() == 1 && more[0].contains("the section `custom` and 2 others are not used"),
        "{more:?}"
    );
    let silent = [
        Case::named("mock: {}\n"),
        Case::named("timeouts: {}\n"),
        Case::named(&format!("runner: mock\n{text}")),
        Case::named(text).variable("AGENT_ARBORIST_RUNNER", "mock"),
        Case::named(text).with(|invocation| invocation.runner = Some("mock".to_owned())),
        Case::named(text).with(|invocation| invocation.component = Some("x.wasm".into())),
    ];
    for case in silent {
        assert_eq!(warnings(&case), [""; 0]);
    }
}
