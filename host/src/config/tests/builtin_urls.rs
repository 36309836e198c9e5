//! The URLs that built-in runners have by default, which permit requests as a section's own do.

use super::*;
use crate::builtin::{ALL, SERVICES};

const KEY: &str = "sk-0123456789";
const OPENAI: &str = "https://api.openai.com";
const CLAUDE: &str = "https://api.anthropic.com";
const OLLAMA: &str = "http://localhost:11434";

fn case(text: &str) -> Case {
    Case::named(text).variable("X_KEY", KEY)
}

#[test]
fn a_key_alone_is_a_whole_section() {
    for (name, url, origin) in [
        ("openai", "https://api.openai.com/v1", OPENAI),
        ("claude", CLAUDE, CLAUDE),
        ("ollama", OLLAMA, OLLAMA),
    ] {
        let text = format!("runner: {name}\n{name}: {{api_key: \"${{X_KEY}}\"}}\n");
        let settings = case(&text).settings();
        assert_eq!(settings.rules(), [origin]);
        assert_eq!(settings.bound("api_key"), [origin]);
        assert_eq!(settings.value("base_url"), Some(url));
        let rows = settings.rows();
        let row = rows
            .iter()
            .find(|row| row.key == format!("{name}.base_url"));
        assert_eq!(row.unwrap().source, "default");
        assert!(settings.warnings.is_empty(), "{}", settings.warned());
        // Without a section too, and by the flag.
        let by_flag = Case::empty().with(|invocation| invocation.runner = Some(name.to_owned()));
        assert_eq!(by_flag.settings().rules(), [origin]);
    }
}

#[test]
fn what_is_set_takes_the_default_away_and_a_blank_does_not() {
    for (set, want) in [
        (
            "base_url: http://localhost:8000/v1",
            "http://localhost:8000",
        ),
        ("base_url: \" \"", OPENAI),
        ("base_url:", OPENAI),
        ("base_url: ~", OPENAI),
    ] {
        let text = format!("runner: openai\nopenai:\n  api_key: ${{X_KEY}}\n  {set}\n");
        let settings = case(&text).settings();
        assert_eq!(settings.rules(), [want], "{set}");
        assert_eq!(settings.bound("api_key"), [want], "{set}");
    }
    let variable = case("runner: openai\n").variable("AGENT_ARBORIST_OPENAI__BASE_URL", CLAUDE);
    assert_eq!(variable.settings().rules(), [CLAUDE]);
    let flag = case("runner: openai\n")
        .with(|invocation| invocation.set = vec![format!("base_url={CLAUDE}")]);
    assert_eq!(flag.settings().rules(), [CLAUDE]);
}

#[test]
fn allow_comes_instead_and_the_key_stays_bound() {
    let settings = case("runner: openai\nopenai: {api_key: \"${X_KEY}\", allow: []}\n").settings();
    assert_eq!(settings.rules(), [""; 0]);
    assert_eq!(settings.bound("api_key"), [OPENAI]);
}

#[test]
fn a_component_of_ones_own_has_no_default() {
    let text = "runner: openai\nopenai: {component: mine.wasm, api_key: \"${X_KEY}\"}\n";
    let own = case(text).beside("mine.wasm", "").settings();
    assert_eq!(own.rules(), [""; 0]);
    assert_eq!(own.bound("api_key"), [""; 0]);
    assert_eq!(own.value("base_url"), None);
    let lent = case("openai: {api_key: \"${X_KEY}\"}\n").with(|invocation| {
        invocation.runner = Some("openai".to_owned());
        invocation.component = Some("mine.wasm".into());
    });
    assert_eq!(lent.settings().bound("api_key"), [""; 0]);
}

#[test]
fn each_level_of_multi_model_has_its_service_and_its_key() {
    let settings = case(
        "runner: multi-model\nmulti-model:\n  high: {api_key: \"${X_KEY}\"}\n  medium: {api_key: \"${X_KEY}\"}\n  low: {service: ollama, model: m, api_key: \"${X_KEY}\"}\n",
    )
    .settings();
    assert_eq!(settings.rules(), [OPENAI, CLAUDE, OLLAMA]);
    assert_eq!(settings.bound("high.api_key"), [OPENAI]);
    assert_eq!(settings.bound("medium.api_key"), [CLAUDE]);
    assert_eq!(settings.bound("low.api_key"), [OLLAMA]);
    // What is no service has no URL; the runner says so.
    let unknown =
        case("runner: multi-model\nmulti-model: {high: {service: gpt}, low: {service: }}\n");
    assert_eq!(unknown.settings().rules(), [CLAUDE, OPENAI]);
}

#[test]
fn a_found_file_that_chooses_the_service_needs_leave() {
    let file = "runner: multi-model\nmulti-model: {high: {service: claude}}\n";
    let found = Case::found(file)
        .variable("AGENT_ARBORIST_MULTI_MODEL__HIGH__API_KEY", KEY)
        .variable("AGENT_ARBORIST_MULTI_MODEL__LOW__API_KEY", KEY);
    let wanted: Vec<String> = found
        .settings()
        .disclosures()
        .iter()
        .map(ToString::to_string)
        .collect();
    let want = format!("AGENT_ARBORIST_MULTI_MODEL__HIGH__API_KEY → {CLAUDE}");
    assert_eq!(wanted, [want]);
    let key =
        Case::found("runner: openai\nopenai: {api_key: \"${X_KEY}\"}\n").variable("X_KEY", KEY);
    assert_eq!(key.settings().disclosures().len(), 1);
}

#[test]
fn the_table_holds_together() {
    for builtin in &ALL {
        for default in builtin.urls {
            assert!(super::super::egress::is_url_name(default.field));
            assert!(default.url(None).is_some(), "{}", default.field);
        }
    }
    for (name, _) in SERVICES {
        assert!(ALL.iter().any(|builtin| builtin.name == name), "{name}");
    }
}
