//! URLs that the section's own rules are not for.

use super::Case;

fn unreached(body: &str) -> Vec<String> {
    let text = format!("runner: custom\ncustom:\n  {body}\n");
    let warnings = Case::named(&text).settings().unreached();
    warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_url_that_no_rule_is_for_is_told_with_the_rule_to_add() {
    let told = unreached(
        "allow: [\"POST https://a.example/v2\"]\n  endpoint: https://a.example/v1/generate",
    );
    assert_eq!(told.len(), 1, "{told:?}");
    for part in [
        ":4:13: requests to `endpoint` will be denied",
        "POST https://a.example/v1/generate, which no rule of `custom.allow` permits",
        "the rule `POST https://a.example/v2` is for other paths",
        r#"in the place of its `allow`:   allow: ["POST https://a.example/v2", "POST https://a.example/v1/generate"]"#,
    ] {
        assert!(told[0].contains(part), "{part}: {told:?}");
    }
    for body in [
        "allow: []\n  endpoint: https://a.example/v1",
        "allow: [http://a.example]\n  endpoint: https://a.example/v1",
        "allow: [https://a.example]\n  endpoint: https://a.example:8443/v1",
        "allow: [https://*.a.example]\n  levels: {high: {base_url: https://a.example/v1}}",
        // The field alone is not enough for such an address.
        "endpoint: http://169.254.169.254/latest",
    ] {
        assert_eq!(unreached(body).len(), 1, "{body}");
    }
    let two = "allow: [https://a.example]\n  endpoint: https://b.example\n  service_url: https://c.example";
    assert_eq!(unreached(two).len(), 2);
}

#[test]
fn a_url_that_a_rule_begins_with_or_goes_on_from_is_fine() {
    for body in [
        "endpoint: https://a.example/v1",
        "endpoint: http://127.0.0.1:11434",
        "allow: [https://a.example]\n  endpoint: https://a.example/v1",
        "allow: [GET https://a.example/v1]\n  endpoint: https://a.example/v1",
        // The runner puts the rest of the path behind it.
        "allow: [POST https://a.example/v1/chat]\n  base_url: https://a.example/v1",
        "allow: [POST https://a.example/v1/chat]\n  base_url: https://a.example",
        "allow: [https://*.example]\n  model: https://b.test",
        "allow: [https://a.example]\n  endpoint: none",
        "allow: [https://a.example]\n  endpoint: \"\"",
    ] {
        let body = body.replace("*.example", "*.a.example");
        assert_eq!(unreached(&body), [] as [&str; 0], "{body}");
    }
}

#[test]
fn the_default_url_of_a_built_in_runner_counts() {
    let text = "runner: openai\nopenai:\n  allow: [https://proxy.example]\n";
    let told = Case::named(text).settings().unreached();
    assert_eq!(told.len(), 1);
    assert!(told[0].message.contains("`base_url`"), "{}", told[0]);
    assert!(told[0].place.is_none());
}
