//! `config show` and `config explain`.

use super::*;

#[test]
fn every_setting_is_shown_with_its_source_and_no_secret() {
    let text = "runner: custom\ncustom:\n  api_key: ${X_KEY}\n  token: literal-in-file\n  model: \"\\e[31mred\"\n  endpoint: https://a.example/v1\n  networks: [10.0.0.0/8]\n";
    let case = Case::named(text)
        .variable("X_KEY", "sk-0123456789")
        .with(|invocation| invocation.allow = vec!["POST https://*.b.example".to_owned()]);
    let settings = case.settings();
    let rows = settings.rows();
    let row = |key: &str| {
        rows.iter()
            .find(|row| row.key == key)
            .unwrap_or_else(|| panic!("no row {key}"))
    };
    let path = case.path();
    let path = text_of(&path);
    assert_eq!(row("runner").value, "custom");
    assert_eq!(row("runner").source, format!("{path}:1:9"));
    assert_eq!(row("custom.component").value, "built in");
    assert_eq!(row("custom.api_key").value, "****");
    assert_eq!(
        row("custom.api_key").source,
        format!("{path}:3:12, from $X_KEY")
    );
    assert_eq!(row("custom.token").value, "****");
    assert_eq!(row("custom.model").value, "\\x1b[31mred");
    assert_eq!(row("custom.limits.memory").value, "256.0 MiB");
    assert_eq!(row("timeouts.generate_dagu").value, "5m");
    assert_eq!(row("timeouts.generate_dagu").source, "default");

    let lines = settings.explain();
    assert!(
        lines[0].contains("any method to a.example")
            && lines[0].contains("from the field `endpoint`"),
        "{lines:?}"
    );
    assert!(
        lines[1].contains("POST to any name below b.example") && lines[1].contains("from --allow"),
        "{lines:?}"
    );
    assert!(lines[2].contains("10.0.0.0/8"), "{lines:?}");
    assert_eq!(
        lines[3],
        "the secret `api_key` may be sent to https://a.example, in: header"
    );
    let all = format!("{settings:?} {rows:?} {lines:?}");
    for secret in ["sk-0123456789", "literal-in-file"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn that_nothing_is_permitted_is_said() {
    assert!(Case::empty().settings().explain()[0].contains("no request may be sent"));
    let settings = Case::named("runner: custom\ncustom: {api_key: literal-in-file}\n").settings();
    assert!(settings.explain()[1].contains("may be sent nowhere"));
}
