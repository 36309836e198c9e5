//! Fields, secrets and their bindings.

use super::*;
use crate::secrets::Places;

const SECRET: &str = "sk-0123456789";

fn custom(body: &str) -> Case {
    let body: String = body.lines().map(|line| format!("  {line}\n")).collect();
    Case::named(&format!("runner: custom\ncustom:\n{body}"))
        .variable("X_KEY", SECRET)
        .variable("PLAIN", "plain")
}

#[test]
fn values_keep_their_source_text_and_nest() {
    let settings = custom(
        "a: 1e3\nb: 0x10\nc: no\nd: ~\ne: \"1\"\nf: 2020-01-01\ng: 1_000\nh:\nhigh: {model: x, stop: [END, 5]}\nempty: []\ntext: |\n  one\n  two",
    )
    .settings();
    let expected = [
        ("a", "1e3"),
        ("b", "0x10"),
        ("c", "no"),
        ("d", "~"),
        ("e", "1"),
        ("f", "2020-01-01"),
        ("g", "1_000"),
        ("h", ""),
        ("high.model", "x"),
        ("high.stop.0", "END"),
        ("high.stop.1", "5"),
        ("text", "one\ntwo\n"),
    ];
    for (name, value) in expected {
        assert_eq!(settings.value(name), Some(value), "{name}");
    }
    assert_eq!(settings.fields.len(), expected.len());
}

#[test]
fn a_secret_is_known_by_field_variable_or_list() {
    let settings = custom(
        "api_key: literal-in-the-file\nauth: Bearer ${X_KEY}\nother: ${PLAIN}\nmax_token: 100\nuse_key: true\nno_key: ~\nempty_key: \"\"\nlisted: listed-value\nsecrets: [listed]",
    )
    .settings();
    for (name, secret) in [
        ("api_key", true),
        ("auth", true),
        ("listed", true),
        ("other", false),
        ("max_token", false),
        ("use_key", false),
        ("no_key", false),
        ("empty_key", false),
    ] {
        assert_eq!(settings.is_secret(name), secret, "{name}");
    }
    assert_eq!(settings.value("auth"), Some("Bearer sk-0123456789"));
    assert_eq!(settings.value("max_token"), Some("100"));
    let names: Vec<&str> = settings
        .secrets
        .iter()
        .map(|binding| binding.field.as_str())
        .collect();
    assert_eq!(names, ["api_key", "auth", "listed"]);
}

#[test]
fn a_variables_value_is_never_read_again() {
    let settings = custom("prompt: ${P}\nallow: [\"${HOST}/v1\"]")
        .variable("P", "${X_KEY} : [a, b] # c")
        .variable("HOST", "https://a.example")
        .settings();
    assert_eq!(settings.value("prompt"), Some("${X_KEY} : [a, b] # c"));
    assert_eq!(settings.rules(), ["https://a.example/v1"]);
    let literal = custom("prompt: $${PLAIN}").settings();
    assert_eq!(literal.value("prompt"), Some("${PLAIN}"));
}

#[test]
fn only_the_selected_section_needs_its_variables() {
    let text = "runner: custom\ncustom: {a: b}\nother: {component: x, api_key: \"${NOT_SET}\", allow: 5}\n";
    Case::named(text).settings();
}

#[test]
fn bindings_have_the_defaults_of_the_design() {
    let bound = |body: &str| custom(body).settings();
    let urls = bound(
        "api_key: ${X_KEY}\nendpoint: https://a.example/v1\nlog_url: https://b.example\nallow: [https://c.example]",
    );
    assert_eq!(
        urls.bound("api_key"),
        ["https://a.example", "https://b.example"]
    );
    assert_eq!(urls.rules(), ["https://c.example"]);
    let rules = bound(
        "api_key: ${X_KEY}\nallow: [https://*.a.example, POST https://b.example:8443/v1, http://localhost:1, http://c.example]",
    );
    assert_eq!(
        rules.bound("api_key"),
        ["http://localhost:1", "https://b.example:8443"]
    );
    assert!(
        rules
            .warned()
            .contains("`api_key` will not be sent to http://c.example, which is not encrypted"),
        "{}",
        rules.warned()
    );
    let written = bound(
        "api_key: ${X_KEY}\nsecrets: {api_key: {to: [http://c.example], in: [query, body]}}\nendpoint: https://a.example",
    );
    assert_eq!(written.bound("api_key"), ["http://c.example"]);
    assert_eq!(
        written.secrets[0].places,
        Places {
            header: false,
            query: true,
            body: true
        }
    );
    let listed = bound(
        "api_key: ${X_KEY}\nsecrets: {api_key:}\nendpoint: https://a.example\nexpose: [api_key]",
    );
    assert_eq!(listed.bound("api_key"), ["https://a.example"]);
    assert_eq!(listed.secrets[0].places, Places::default());
    assert!(listed.secrets[0].exposed);
    assert_eq!(bound("api_key: ${X_KEY}").bound("api_key"), [""; 0]);
}

#[test]
fn a_nested_secret_stays_with_its_own_service() {
    let settings = custom(
        "api_key: ${X_KEY}\nhigh: {api_key: \"${X_KEY}\", base_url: https://high.example}\nlow: {api_key: \"${X_KEY}\"}\nlocal: {base_url: http://localhost:11434}",
    )
    .settings();
    assert_eq!(settings.bound("high.api_key"), ["https://high.example"]);
    assert_eq!(settings.bound("low.api_key"), [""; 0]);
    assert_eq!(
        settings.bound("api_key"),
        ["http://localhost:11434", "https://high.example"]
    );
    assert_eq!(settings.rules().len(), 2);
}

#[test]
fn what_the_command_line_allows_gets_no_secret() {
    let case = custom("api_key: ${X_KEY}\nallow: [https://a.example]").with(|invocation| {
        invocation.allow = vec![
            "https://b.example".to_owned(),
            "https://a.example".to_owned(),
        ]
    });
    let settings = case.settings();
    assert_eq!(settings.rules(), ["https://a.example", "https://b.example"]);
    assert_eq!(settings.bound("api_key"), ["https://a.example"]);
}

#[test]
fn exposing_what_is_no_secret_is_mentioned() {
    let settings = custom("model: x\nexpose: [model]").settings();
    assert!(
        settings
            .warned()
            .contains("`expose` lists `model`, which is no secret")
    );
}

#[test]
fn allow_decides_and_an_empty_one_is_nothing_at_all() {
    let nothing = custom("allow: []\nendpoint: https://a.example").settings();
    assert!(nothing.rules().is_empty());
    let implied = custom("endpoint: https://a.example/v1?x=1\nurl: ${U}\nsite_url: not-a-url")
        .variable("U", "http://localhost:8080/x")
        .settings();
    assert_eq!(
        implied.rules(),
        ["https://a.example", "http://localhost:8080"]
    );
    assert!(
        implied.warned().contains("`site_url` is no URL"),
        "{}",
        implied.warned()
    );
}

#[test]
fn a_replay_needs_no_secret_but_all_else() {
    let replay = |invocation: &mut Invocation| invocation.replay = true;
    let settings =
        custom("api_key: ${UNSET}\nauth: Bearer ${UNSET_KEY}\nendpoint: https://a.example")
            .with(replay)
            .settings();
    assert!(settings.is_secret("api_key") && settings.is_secret("auth"));
    assert_eq!(settings.value("auth"), Some(""));
    assert_eq!(settings.bound("auth"), ["https://a.example"]);
    assert!(
        custom("model: ${UNSET}")
            .with(replay)
            .fault()
            .contains("`UNSET` is not set")
    );
    let by_flag = custom("a: b")
        .with(replay)
        .with(|invocation| invocation.set_env = vec!["token=UNSET".to_owned()])
        .settings();
    assert!(by_flag.is_secret("token"));
}

fn info(name: &str, required: bool, secret: bool) -> FieldInfo {
    let description = format!("what {name} is");
    FieldInfo {
        name: name.to_owned(),
        description,
        required,
        secret,
        default: None,
    }
}

#[test]
fn what_the_runner_requires_must_be_there() {
    let case = custom("model: x\nempty: ~");
    let faults = case
        .settings()
        .check(&[
            info("endpoint", true, false),
            info("auth_token", true, false),
            info("empty", true, false),
            info("model", true, false),
        ])
        .unwrap_err();
    let text = faults.to_string();
    assert_eq!(faults.as_slice().len(), 3, "{text}");
    for part in [
        "the runner `custom` needs the field `endpoint` (what endpoint is)",
        "--set endpoint=VALUE, or set the variable AGENT_ARBORIST_CUSTOM__ENDPOINT, or write `endpoint: …` below `custom:` in ",
        "--set-env auth_token=VARIABLE",
        "needs the field `empty`",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let with_default = FieldInfo {
        default: Some("x".to_owned()),
        ..info("absent", true, false)
    };
    case.settings()
        .check(&[with_default, info("model", true, false)])
        .unwrap();
    let nested = custom("levels: {high: x}").settings();
    nested.check(&[info("levels", true, false)]).unwrap();
}

#[test]
fn slips_of_declared_fields_are_seen() {
    let declared = [info("endpoint", true, false), info("model", false, false)];
    let faults = custom("endpiont: https://a.example\nmodle: x\ntemperature: 1")
        .settings()
        .check(&declared)
        .unwrap_err();
    let text = faults.to_string();
    assert_eq!(faults.as_slice().len(), 2, "{text}");
    assert!(
        text.contains(":3:3: the runner has no field `endpiont`; did you mean `endpoint`?"),
        "{text}"
    );
    let warned = custom("endpoint: https://a.example\nendpoints: x\nmodel: x")
        .settings()
        .check(&declared)
        .unwrap();
    assert!(
        warned
            .warned()
            .contains("the runner has no field `endpoints`"),
        "{}",
        warned.warned()
    );
    custom("anything: x").settings().check(&[]).unwrap();
}

#[test]
fn what_the_runner_does_not_read_is_told_once() {
    let declared = [info("endpoint", true, false), info("options", false, false)];
    let warned = |body: &str| {
        let settings = custom(body).settings().check(&declared).unwrap();
        settings.warned()
    };
    let read = "endpoint: https://a.example\noptions: {seed: 1}\nretry: {attempts: 2}";
    assert_eq!(warned(read), "");
    let more = warned(&format!("{read}\ntimeout: 5\nmax_attempts: 3"));
    assert!(
        more.contains(":6:3: the runner does not read `timeout`, `max_attempts`;"),
        "{more}"
    );
    let keys: String = (0..20).map(|at| format!("\nword{at}{at}: x")).collect();
    let many = warned(&format!("{read}{keys}"));
    assert!(many.contains("and 12 more;"), "{many}");
}

#[test]
fn what_the_runner_marks_becomes_a_secret_and_never_the_reverse() {
    let declared = [
        info("session", false, true),
        info("api_key", false, false),
        info("pool", false, true),
        info("count", false, true),
    ];
    let settings = custom("session: session-value\napi_key: ${X_KEY}\npool: [first-of-two, second-of-two]\ncount: 5\nendpoint: https://a.example").settings();
    assert!(!settings.is_secret("session"));
    let settings = settings.check(&declared).unwrap();
    for name in ["session", "api_key", "pool.0", "pool.1"] {
        assert!(settings.is_secret(name), "{name}");
        assert_eq!(settings.bound(name), ["https://a.example"], "{name}");
    }
    assert!(!settings.is_secret("count"));
    let order: Vec<&str> = settings
        .secrets
        .iter()
        .map(|binding| binding.field.as_str())
        .collect();
    assert_eq!(order, ["session", "api_key", "pool.0", "pool.1"]);
    let short = custom("session: short")
        .settings()
        .check(&declared)
        .unwrap_err()
        .to_string();
    assert!(
        short.contains("at least 8 bytes") && !short.contains("short"),
        "{short}"
    );
    let by_flag =
        custom("a: b").with(|invocation| invocation.set = vec!["session=session-value".to_owned()]);
    let refused = by_flag.settings().check(&declared).unwrap_err().to_string();
    assert!(
        refused.contains("--set-env session=VARIABLE") && !refused.contains("session-value"),
        "{refused}"
    );
}

#[test]
fn a_variable_that_holds_too_little_matters_only_where_it_would_be_sent() {
    let declared = [info("session", false, true)];
    let look = |invocation: &mut Invocation| invocation.replay = true;
    let case = || {
        custom("api_key: ${X_KEY}\nsession: ${SESSION}\nendpoint: https://a.example")
            .variable("X_KEY", "hush")
            .variable("SESSION", "hush")
            .variable("SHORT_TOKEN", "hush")
            .with(|invocation| invocation.set_env = vec!["token=SHORT_TOKEN".to_owned()])
    };
    let faults = case().faults().to_string();
    for variable in ["X_KEY", "SHORT_TOKEN"] {
        let help = format!("check the variable `{variable}`");
        assert!(faults.contains(&help), "{faults}");
    }
    let settings = case().with(look).settings().check(&declared).unwrap();
    for name in ["api_key", "session", "token"] {
        assert!(settings.is_secret(name), "{name}");
        assert_eq!(settings.value(name), Some(""), "{name}");
        assert_eq!(settings.bound(name), ["https://a.example"], "{name}");
    }
    let rows = settings.rows();
    let row = rows.iter().find(|row| row.key == "custom.api_key").unwrap();
    assert_eq!(row.value, "**** (too short)");
    let debug = format!("{settings:?} {rows:?}");
    assert!(!debug.contains("hush"), "{debug}");
    // Where it would be sent, what the runner marks is no different.
    let marked = custom("session: ${SESSION}").variable("SESSION", "hush");
    let refused = marked.settings().check(&declared).unwrap_err().to_string();
    assert!(
        refused.contains("check the variable `SESSION`"),
        "{refused}"
    );
    // What stands in the file is wrong for every command.
    let written = custom("api_key: hush").with(look);
    assert!(written.fault().contains("at least 8 bytes"));
}
