//! Flag, then variable, then file, then default; and which runner and section are meant.

use super::*;

const FILE: &str = "runner: custom\ntimeouts: {generate_task_spec: 10, generate_dagu: 1m}\nmodels: {task_spec: top, dagu: top-dagu}\ncustom:\n  model: file\n  nested: {deep: file}\n  list: [a, b]\n  limits: {memory: 64MiB, cpu: 3s}\n  models: {task_spec: section}\n  endpoint: https://file.example\nmine:\n  component: in/mine.wasm\n  endpoint: https://mine.example\n";

fn source(settings: &Settings, key: &str) -> String {
    let row = settings.rows().into_iter().find(|row| row.key == key);
    row.unwrap_or_else(|| panic!("no row {key}")).source
}

#[test]
fn variables_come_before_the_file_and_flags_before_both() {
    let file = Case::named(FILE).settings();
    assert_eq!(file.value("model"), Some("file"));
    assert!(source(&file, "custom.model").ends_with("agent-arborist.yaml:5:10"));
    assert_eq!(file.timeouts.task_spec.as_secs(), 10);
    assert_eq!(
        file.models,
        Models {
            task_spec: Some("section".to_owned()),
            dagu: Some("top-dagu".to_owned())
        }
    );
    assert_eq!(file.limits.get(crate::limits::Limit::Memory), 64 << 20);

    let case = Case::named(FILE)
        .variable("AGENT_ARBORIST_CUSTOM__MODEL", "variable")
        .variable("AGENT_ARBORIST_CUSTOM__NESTED__DEEP", "variable")
        .variable("AGENT_ARBORIST_CUSTOM__LIST__1", "variable")
        .variable("AGENT_ARBORIST_CUSTOM__NEW_ONE", "${NOT_EXPANDED}")
        .variable("AGENT_ARBORIST_CUSTOM__LIMITS__MEMORY", "32MiB")
        .variable("AGENT_ARBORIST_CUSTOM__LIMITS__REQUESTS", "7")
        .variable("AGENT_ARBORIST_CUSTOM__LIMITS__TABLE_ELEMENTS", "9")
        .variable("AGENT_ARBORIST_CUSTOM__ALLOW", "[https://variable.example]")
        .variable("AGENT_ARBORIST_CUSTOM__MODELS__TASK_SPEC", "variable")
        .variable("AGENT_ARBORIST_MODELS__DAGU", "variable")
        .variable("AGENT_ARBORIST_TIMEOUTS__GENERATE_DAGU", "20s")
        .variable("AGENT_ARBORIST_OTHER__MODEL", "not mine")
        .variable("AGENT_ARBORIST_CUSTOM__EMPTY", "");
    let settings = case.settings();
    for (name, value) in [
        ("model", "variable"),
        ("nested.deep", "variable"),
        ("list.0", "a"),
        ("list.1", "variable"),
        ("new_one", "${NOT_EXPANDED}"),
    ] {
        assert_eq!(settings.value(name), Some(value), "{name}");
    }
    assert_eq!(settings.value("empty"), None);
    assert_eq!(
        source(&settings, "custom.model"),
        "$AGENT_ARBORIST_CUSTOM__MODEL"
    );
    assert_eq!(settings.limits.get(crate::limits::Limit::Memory), 32 << 20);
    assert_eq!(settings.limits.get(crate::limits::Limit::Requests), 7);
    assert_eq!(settings.limits.get(crate::limits::Limit::TableElements), 9);
    assert_eq!(settings.rules(), ["https://variable.example"]);
    assert_eq!(
        settings.models,
        Models {
            task_spec: Some("variable".to_owned()),
            dagu: Some("variable".to_owned())
        }
    );
    assert_eq!(settings.timeouts.dagu.as_secs(), 20);

    let settings = case
        .with(|invocation| {
            invocation.set = [
                "model=flag",
                "nested.deep=flag",
                "list.0=flag",
                "extra.x=1",
                "model=later",
            ]
            .map(str::to_owned)
            .to_vec();
            invocation.set_env = vec!["from=SOME".to_owned()];
            invocation.limits = vec!["memory=16MiB".to_owned()];
            invocation.timeout = Some(std::time::Duration::from_secs(5));
        })
        .variable("SOME", "value")
        .settings();
    for (name, value) in [
        ("model", "later"),
        ("nested.deep", "flag"),
        ("list.0", "flag"),
        ("extra.x", "1"),
        ("from", "value"),
    ] {
        assert_eq!(settings.value(name), Some(value), "{name}");
    }
    assert_eq!(source(&settings, "custom.model"), "--set");
    assert_eq!(source(&settings, "custom.from"), "--set-env, from $SOME");
    assert_eq!(source(&settings, "custom.limits.memory"), "--limit");
    assert_eq!(settings.limits.get(crate::limits::Limit::Memory), 16 << 20);
    assert_eq!(settings.timeouts.task_spec.as_secs(), 5);
    assert_eq!(settings.timeouts.whole.unwrap().as_secs(), 5);
}

#[test]
fn what_is_overridden_needs_no_variable() {
    let text = "runner: custom\ncustom: {api_key: \"${UNSET}\", model: \"${UNSET}\"}\n";
    let settings = Case::named(text)
        .variable("AGENT_ARBORIST_CUSTOM__API_KEY", "sk-0123456789")
        .with(|invocation| invocation.set = vec!["model=x".to_owned()])
        .settings();
    assert_eq!(settings.value("api_key"), Some("sk-0123456789"));
    assert_eq!(settings.value("model"), Some("x"));
}

#[test]
fn the_runner_is_chosen_in_order() {
    let case = Case::named(FILE);
    assert_eq!(case.settings().runner.name, "custom");
    let case = case.variable(RUNNER_VARIABLE, "mine");
    let settings = case.settings();
    assert_eq!(
        (settings.runner.name.as_str(), &settings.runner.why),
        ("mine", &Source::Variable(RUNNER_VARIABLE.to_owned()))
    );
    assert_eq!(
        settings.runner.origin,
        RunnerOrigin::File(case.root.join("in/mine.wasm"))
    );
    let settings = case
        .with(|invocation| invocation.runner = Some("mock".to_owned()))
        .settings();
    assert_eq!(
        (settings.runner.name.as_str(), settings.runner.section_used),
        ("mock", false)
    );
    assert!(settings.fields.is_empty() && settings.rules().is_empty());
    let mut unknown =
        Case::named(FILE).with(|invocation| invocation.runner = Some("mien".to_owned()));
    let text = unknown.fault();
    assert!(
        text.contains("--runner: there is no runner `mien`; did you mean `mine`?"),
        "{text}"
    );
    unknown.invocation.runner = Some("../../x".to_owned());
    assert!(unknown.fault().contains("there is no runner `../../x`"));
    unknown.invocation.runner = Some("timeouts".to_owned());
    assert!(unknown.fault().contains("there is no runner `timeouts`"));
}

#[test]
fn a_component_alone_gets_nobodys_section() {
    let text = "runner: custom\ncustom: {api_key: \"${UNSET}\", endpoint: https://a.example}\n";
    let case = Case::named(text)
        .variable("AGENT_ARBORIST_CUSTOM__MODEL", "x")
        .variable("AGENT_ARBORIST_TOOL__MODEL", "x")
        .with(|invocation| {
            invocation.component = Some("dir/tool.wasm".into());
            invocation.set = vec!["own=1".to_owned()];
            invocation.allow = vec!["https://b.example".to_owned()];
        });
    let settings = case.settings();
    assert_eq!(settings.runner.name, "tool");
    assert_eq!(
        settings.runner.origin,
        RunnerOrigin::File(case.root.join("dir/tool.wasm"))
    );
    assert!(!settings.runner.section_used);
    assert_eq!(settings.fields.len(), 1);
    assert_eq!(settings.rules(), ["https://b.example"]);
    assert!(
        settings.warned().contains(
            "the section `custom` is not used for dir/tool.wasm; add --runner custom to lend it"
        ),
        "{}",
        settings.warned()
    );
    let lent = case
        .variable("UNSET", "sk-0123456789")
        .with(|invocation| invocation.runner = Some("custom".to_owned()))
        .settings();
    assert!(lent.runner.section_used && lent.is_secret("api_key"));
    assert_eq!(lent.value("model"), Some("x"));
    assert_eq!(lent.rules(), ["https://a.example", "https://b.example"]);
    assert!(matches!(lent.runner.origin, RunnerOrigin::File(path) if path.ends_with("tool.wasm")));
}

#[test]
fn a_section_that_is_nearly_the_selected_one_is_mentioned() {
    let settings =
        Case::named("runner: custom\ncutsom: {endpoint: https://a.example}\n").settings();
    assert!(
        settings
            .warned()
            .contains("has no section; did you mean it by `cutsom`?"),
        "{}",
        settings.warned()
    );
}

#[test]
fn a_built_in_name_may_have_a_component_of_its_own() {
    let case = Case::named("runner: openai\nopenai: {component: mine.wasm}\n");
    assert_eq!(
        case.settings().runner.origin,
        RunnerOrigin::File(case.root.join("mine.wasm"))
    );
    let case =
        Case::named("runner: openai\n").variable("AGENT_ARBORIST_OPENAI__COMPONENT", "sub/x.wasm");
    assert_eq!(
        case.settings().runner.origin,
        RunnerOrigin::File(case.root.join("sub/x.wasm"))
    );
}

#[test]
fn the_rest_of_the_keys_is_read() {
    let settings = Case::named("runner: mock\naudit: log/audit.jsonl\nmock:\n  retry: {attempts: 5, delay: 500ms}\n  rate_limit: 3/s\n  cache: {dir: c, ttl: 12h}\n  ca: ca.pem\n  proxy: http://proxy.example:3128\n  networks: [10.0.0.0/8]\n  allow: [http://a.example]\n").beside("ca.pem", AUTHORITY).settings();
    let retry = settings.retry.unwrap();
    assert_eq!((retry.attempts, retry.delay.as_millis()), (5, 500));
    let rate = settings.rate_limit.unwrap();
    assert_eq!((rate.requests, rate.per.as_secs()), (3, 1));
    let cache = settings.cache.clone().unwrap();
    assert!(cache.dir.ends_with("repo/c") && cache.ttl.as_secs() == 43_200);
    assert!(
        settings
            .audit
            .as_ref()
            .unwrap()
            .path
            .ends_with("repo/log/audit.jsonl")
    );
    assert!(settings.ca.as_ref().unwrap().ends_with("repo/ca.pem"));
    assert_eq!(
        settings.route.proxy.as_ref().unwrap().to_string(),
        "http://proxy.example:3128"
    );
    assert_eq!(settings.policy.networks().len(), 1);
    let empty = Case::named("runner: mock\nmock: {retry: {}, cache: {}}\n").settings();
    assert_eq!(empty.retry, Some(crate::pace::Retry::DEFAULT));
    assert!(
        empty
            .cache
            .unwrap()
            .dir
            .ends_with("home/cache/arborist/results")
    );
    let keys: Vec<String> = settings.rows().into_iter().map(|row| row.key).collect();
    for key in [
        "mock.retry",
        "mock.rate_limit",
        "mock.cache.dir",
        "mock.cache.ttl",
        "audit",
        "mock.ca",
        "mock.proxy",
    ] {
        assert!(keys.iter().any(|other| other == key), "{key}");
    }
}
