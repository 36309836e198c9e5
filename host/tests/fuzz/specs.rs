//! Task specs and workflows, from any text.

use crate::material::{bent, bytes, config, lines, soup};
use arborist::escape::is_hidden;
use arborist::spec::{
    Dag, SpecError, TaskSpec,
    limits::{EXPANSION, MAX_DAG_BYTES, MAX_DEPTH, MAX_NODES, MAX_REPORTED, MAX_TEXT_BYTES},
    yaml::{self, Node, Value},
};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use std::collections::{BTreeMap, BTreeSet};

/// Most bytes that one fault may take in a message: some names, escaped, and a sentence.
const FAULT_BYTES: usize = 2_000;

fn words() -> Vec<String> {
    lines(include_str!("words/specs.txt"))
}

fn seeds() -> Vec<String> {
    let mut seeds = vec![
        "name: n\ndescription: d\nsteps:\n  - name: a\n    command: echo 1\n  - name: b\n    command: |\n      echo 2\n      echo 3\n    depends_on: [a]\n".to_owned(),
        "{\"name\": \"n\", \"steps\": [{\"name\": \"a\", \"command\": \"b\\u0041\", \"depends_on\": \"c\"}, {\"name\": \"c\", \"command\": \"#!/bin/sh\\nls\"}]}".to_owned(),
        "name: n\ntasks: &t [{name: a, command: &c x}, {name: b, command: *c, depends: [a]}]\n".to_owned(),
        "name: x\ntype: graph\ntimeoutSec: 60\nsteps:\n- name: a\n  command: echo '`x`'\n  retryPolicy: {limit: 2, intervalSec: 5}\n- {name: b, script: \"#!/bin/bash\\nls\", depends: a, continueOn: {failure: true}}\n".to_owned(),
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\nname: n\nsteps: [{name: a, command: b}]\n".to_owned(),
    ];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/specs");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    let texts = paths
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    // The long ones are tested as they are; bent, they would cost more than they find.
    seeds.extend(texts.filter(|text| text.len() < 4_000));
    seeds
}

/// A string as authors and enemies write one.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => soup(words(), 5), 2 => "[a-c]", 1 => any::<String>()]
}

/// Something of the shape of a spec, as JSON: names that meet each other, fields that are missing, of another kind, or foreign.
fn shaped() -> impl Strategy<Value = String> {
    let name = || prop_oneof![3 => "[a-d]", 1 => text()];
    let odd = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        prop::collection::vec(text(), 0..3).prop_map(Into::into),
    ];
    let field = prop_oneof![30 => text().prop_map(serde_json::Value::from), 1 => odd];
    let dependencies = prop_oneof![3 => prop::collection::vec(name(), 0..4).prop_map(Into::into), 1 => name().prop_map(serde_json::Value::from)];
    let key = prop_oneof![20 => Just("command".to_owned()), 1 => text()];
    let step = (
        name(),
        key,
        field,
        prop::option::of(dependencies),
        prop::option::weighted(0.2, text()),
    );
    let step = step.prop_map(|(name, key, field, dependencies, description)| {
        let mut step = serde_json::json!({ "name": name });
        step[key] = field;
        if let Some(dependencies) = dependencies {
            step["depends_on"] = dependencies;
        }
        if let Some(description) = description {
            step["description"] = description.into();
        }
        step
    });
    let steps = prop::sample::select(&["steps", "steps", "steps", "tasks"][..]);
    (text(), text(), steps, prop::collection::vec(step, 0..6)).prop_map(
        |(name, description, key, steps)| {
            serde_json::json!({"name": format!("n{name}"), "description": description, key: steps})
                .to_string()
        },
    )
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => shaped(), 4 => bent(seeds(), words()), 2 => soup(words(), 40), 1 => bytes(300)]
}

/// Everything that must hold for a text that may be a spec.
fn judge_spec(text: &str) {
    let spec = match TaskSpec::parse(text) {
        Ok(checked) => {
            for warning in &checked.warnings {
                judge_message(&warning.message, 1);
            }
            assert!(checked.warnings.len() <= MAX_REPORTED + 1);
            checked.value
        }
        Err(error) => return judge_error(&error),
    };
    let yaml = spec.to_yaml();
    assert!(yaml.len() <= MAX_TEXT_BYTES);
    assert!(
        !yaml
            .chars()
            .any(|c| is_hidden(c) && !matches!(c, '\n' | '\t')),
        "{yaml:?}"
    );
    let again = TaskSpec::parse(&yaml).expect("what is written is read");
    assert_eq!(again.value, spec);
    assert!(again.warnings.is_empty(), "{:?}", again.warnings);
    assert_eq!(again.value.to_yaml(), yaml);
    assert_eq!(
        TaskSpec::parse(&spec.to_json())
            .expect("JSON is read")
            .value,
        spec
    );
    // A reader that infers types, and one of JSON, see the same strings in it.
    let read: serde_json::Value = serde_saphyr::from_str(&yaml).expect("YAML");
    assert_eq!(
        read,
        serde_json::from_str::<serde_json::Value>(&spec.to_json()).expect("JSON")
    );
    judge_graph(&spec);
    let dag = Dag::from_spec(&spec).value.to_yaml();
    assert!(dag.len() <= MAX_DAG_BYTES, "{}", dag.len());
    let again = Dag::parse(&dag).expect("what is written is read").value;
    assert_eq!(again.to_yaml(), dag);
    let read: serde_json::Value = serde_saphyr::from_str(&dag).expect("YAML");
    assert_eq!(
        read["steps"].as_array().map(Vec::len),
        Some(spec.steps().len())
    );
}

/// Names are unique and are there, and some order of the steps obeys all dependencies.
fn judge_graph(spec: &TaskSpec) {
    assert!(!spec.name().is_empty() && !spec.steps().is_empty());
    let mut waits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for step in spec.steps() {
        assert!(!step.name().chars().any(char::is_control));
        let dependencies: BTreeSet<&str> = step.depends_on().iter().map(String::as_str).collect();
        assert_eq!(dependencies.len(), step.depends_on().len());
        assert!(
            waits.insert(step.name(), dependencies).is_none(),
            "{} twice",
            step.name()
        );
    }
    while !waits.is_empty() {
        let left = waits.len();
        let ready: Vec<&str> = waits
            .iter()
            .filter(|(_, on)| on.is_empty())
            .map(|(name, _)| *name)
            .collect();
        for name in ready {
            waits.remove(name);
            waits
                .values_mut()
                .for_each(|on| on.retain(|other| *other != name));
        }
        assert!(waits.len() < left, "no order: {waits:?}");
    }
}

/// Everything that must hold for a text that may be a workflow.
fn judge_dag(text: &str) {
    match Dag::parse(text) {
        Ok(checked) => {
            let yaml = checked.value.to_yaml();
            assert!(yaml.len() <= MAX_DAG_BYTES);
            let again = Dag::parse(&yaml).expect("what is written is read");
            assert_eq!(again.value.to_yaml(), yaml);
            assert!(
                !yaml
                    .chars()
                    .any(|c| is_hidden(c) && !matches!(c, '\n' | '\t')),
                "{yaml:?}"
            );
            let _: serde_json::Value = serde_saphyr::from_str(&yaml).expect("YAML");
        }
        Err(error) => judge_error(&error),
    }
}

fn judge_error(error: &SpecError) {
    assert!(!error.faults().is_empty() && error.faults().len() <= MAX_REPORTED);
    judge_message(&error.to_string(), error.faults().len() + 1);
}

fn judge_message(text: &str, faults: usize) {
    assert!(
        !text.is_empty() && text.len() <= faults * FAULT_BYTES,
        "{} bytes",
        text.len()
    );
    assert!(!text.chars().any(|c| is_hidden(c) && c != '\n'), "{text:?}");
}

/// What a text expands to is bounded, whatever its aliases say.
fn judge_tree(text: &str) {
    let most = text.len();
    let Ok(root) = yaml::parse(text, most) else {
        return;
    };
    let (mut nodes, mut bytes, mut waiting) = (0, 0, vec![(&root, 1)]);
    while let Some((Node { value, .. }, depth)) = waiting.pop() {
        nodes += 1;
        assert!(depth <= MAX_DEPTH + 1, "{depth} levels");
        match value {
            Value::Scalar { text, .. } => bytes += text.len(),
            Value::List(all) => waiting.extend(all.iter().map(|node| (node, depth + 1))),
            Value::Map(all) => {
                bytes += all.iter().map(|(key, _)| key.text.len()).sum::<usize>();
                let keys: BTreeSet<&str> = all.iter().map(|(key, _)| key.text.as_str()).collect();
                assert_eq!(keys.len(), all.len(), "a key twice");
                waiting.extend(all.iter().map(|(_, node)| (node, depth + 1)));
            }
        }
    }
    assert!(
        nodes <= MAX_NODES && bytes <= EXPANSION * most,
        "{nodes} values, {bytes} bytes of {most}"
    );
}

fn judge(text: &str) {
    judge_spec(text);
    judge_dag(text);
    judge_tree(text);
}

#[test]
fn the_seeds_hold() {
    let seeds = seeds();
    seeds.iter().for_each(|text| judge(text));
    assert!(
        seeds
            .iter()
            .filter(|text| TaskSpec::parse(text).is_ok())
            .count()
            >= 10
    );
}

#[test]
fn what_is_repeated_without_end_is_bounded() {
    for (word, count) in [
        ("[", 200_000),
        ("{a: ", 100_000),
        ("- ", 200_000),
        ("? ", 100_000),
        ("- a\n", 100_000),
        ("&a [*a, ", 50_000),
        ("*a ", 50_000),
        ("\"", 200_001),
        ("'", 200_001),
        ("\\", 100_000),
        ("#", 200_000),
        ("|\n", 100_000),
        ("!a ", 50_000),
        ("a: ", 100_000),
        ("\t", 100_000),
        ("\r", 100_000),
        ("\u{feff}", 50_000),
    ] {
        for before in [
            "",
            "name: n\nsteps: ",
            "name: n\nsteps:\n- name: a\n  command: ",
        ] {
            judge(&format!("{before}{}", word.repeat(count)));
        }
    }
    for levels in [1, 3, 10, 20, 39] {
        for wide in [2, 9, 60] {
            let bomb = (0..levels).map(|at| {
                let inner = if at == 0 {
                    "x".to_owned()
                } else {
                    format!("*a{}", at - 1)
                };
                format!("k{at}: &a{at} [{}]\n", vec![inner; wide].join(", "))
            });
            judge(&format!(
                "{}name: n\nsteps: [{{name: a, command: b}}]\n",
                bomb.collect::<String>()
            ));
        }
    }
}

proptest! {
    #![proptest_config(config(8))]

    #[test]
    fn any_text_is_a_stable_spec_or_a_clear_error(text in any_text()) {
        judge(&text);
    }

    #[test]
    fn what_has_the_shape_of_a_spec_is_read_as_it_was_written(text in shaped()) {
        judge_spec(&text);
        if let Ok(checked) = TaskSpec::parse(&text) {
            let given: serde_json::Value = serde_json::from_str(&text).unwrap();
            let steps = given.get("steps").or(given.get("tasks")).and_then(|steps| steps.as_array()).unwrap();
            for (given, step) in steps.iter().zip(checked.value.steps()) {
                assert_eq!(given["name"].as_str(), Some(step.name()));
            }
        }
    }
}
