//! Specs and workflows from text to text. The corpus in `tests/` asks the real engine.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::dagu_1_30;
use super::limits::{
    MAX_COMMAND_BYTES, MAX_DEPENDENCIES, MAX_DEPTH, MAX_DESCRIPTION_BYTES, MAX_NAME_CHARS,
    MAX_NODES, MAX_REPORTED, MAX_STEPS, MAX_TEXT_BYTES,
};
use super::{Dag, Problem, SpecError, TaskSpec, Value, yaml};
use crate::escape::is_hidden;

fn spec(text: &str) -> TaskSpec {
    TaskSpec::parse(text).unwrap().value
}

fn error(text: &str) -> String {
    TaskSpec::parse(text).unwrap_err().to_string()
}

fn dag_error(text: &str) -> String {
    Dag::parse(text).unwrap_err().to_string()
}

fn one_step(command: &str) -> TaskSpec {
    let json = serde_json::json!({"name": "x", "steps": [{"name": "a", "command": command}]});
    spec(&json.to_string())
}

fn emitted(command: &str) -> String {
    Dag::from_spec(&one_step(command)).value.to_yaml()
}

#[test]
fn canonical_text_is_stable_and_complete() {
    let text = "steps:\n- {depends_on: b, command: \"echo 1\\n\", name: a}\n- {name: b, command: yes, description: why}\nname: 1e3\n";
    let canonical = "name: \"1e3\"\ndescription: \"\"\nsteps:\n  - name: a\n    command: \"echo 1\\n\"\n    depends_on:\n      - b\n  \
                     - name: b\n    command: \"yes\"\n    description: why\n";
    let canonical = canonical.replace("command: \"echo 1\\n\"", "command: |\n      echo 1");
    assert_eq!(spec(text).to_yaml(), canonical);
    assert_eq!(spec(&canonical).to_yaml(), canonical);
    assert_eq!(spec(&spec(text).to_json()), spec(text));
}

/// JSON has them in its strings as they stand; a runner that echoes its description in JSON cannot know that YAML has not.
#[test]
fn json_may_hold_what_yaml_has_to_escape() {
    let odd = "a\u{7f}\u{80}\u{85}\u{9f}\u{a0}\u{2028}\u{feff}\u{fffe}\u{ffff}😀";
    let json = serde_json::json!({"name": "x", "description": odd, "steps": [{"name": "a", "command": "b"}]});
    assert!(json.to_string().contains(odd));
    let read = spec(&json.to_string());
    assert_eq!(read.description(), odd);
    assert_eq!(spec(&read.to_yaml()), read);
    // YAML stays as strict as it is, and JSON no less where it is none.
    let yaml = "name: x\ndescription: \"\u{7f}\"\nsteps: [{name: a, command: b}]\n";
    assert!(error(yaml).contains("not valid YAML"), "{}", error(yaml));
    assert!(error(&format!("{json}\u{7f}")).contains("not valid YAML"));
}

#[test]
fn strings_are_due() {
    for word in [
        "no",
        "1e3",
        "0x10",
        "2020-01-01",
        "1_000",
        "true",
        ".inf",
        "=",
        "5",
        "007",
    ] {
        let made = spec(&format!(
            "name: {word}\nsteps: [{{name: {word}, command: {word}}}]"
        ));
        assert_eq!((made.name(), made.steps()[0].command()), (word, word));
        assert_eq!(spec(&made.to_yaml()), made);
        assert!(
            made.to_yaml().contains(&format!("name: \"{word}\"")),
            "{word}"
        );
    }
}

#[test]
fn bombs_and_floods_end_quickly() {
    let deep_map: String = (0..5_000)
        .map(|i| format!("{}a:\n", " ".repeat(i.min(600))))
        .collect();
    let bomb: String = (0..30)
        .map(|i| {
            format!(
                "k{i}: &a{i} [{}]\n",
                vec![format!("*a{}", i.max(1) - 1); 10].join(",")
            )
        })
        .collect();
    let texts = [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        deep_map,
        format!(
            "k0: &a0 x\n{}",
            bomb.replacen("k0: ", "j: ", 1)
                .replacen("&a0 [*a0", "[*a0", 1)
        ),
        format!("name: {}", "9".repeat(1_000_000)),
        format!(
            "name: x\nsteps: [{}]",
            "{name: a, command: b},".repeat(40_000)
        ),
        "a".repeat(MAX_TEXT_BYTES + 1),
        "\"".repeat(MAX_TEXT_BYTES),
        "a: b\n".repeat(200_000),
        (0..150_000).map(|i| format!("a{i}:\n")).collect(),
        "? ".repeat(200_000),
        "&a ".repeat(300_000),
        "!a ".repeat(300_000),
        "#\n".repeat(500_000),
        "%x\n".repeat(300_000),
    ];
    for text in &texts {
        let found = TaskSpec::parse(text).unwrap_err();
        let shown: String = text.chars().take(20).collect();
        assert!(found.to_string().len() < 20_000, "{shown}");
        assert!(Dag::parse(text).is_err(), "{shown}");
    }
}

#[test]
fn the_largest_plans_are_read_and_written() {
    let each = 3;
    let mut text = String::from("name: x\nsteps:\n");
    for i in 0..MAX_STEPS {
        let depends: Vec<String> = (i.saturating_sub(each)..i)
            .map(|j| format!("s{j}"))
            .collect();
        text += &format!(
            "- {{name: s{i}, command: c, depends_on: [{}]}}\n",
            depends.join(",")
        );
    }
    let made = spec(&text);
    let dag = Dag::from_spec(&made).value;
    assert!(Dag::parse(&dag.to_yaml()).is_ok());
    let ring: String = (0..MAX_STEPS)
        .map(|i| {
            format!(
                "- {{name: s{i}, command: c, depends_on: [s{}]}}\n",
                (i + 1) % MAX_STEPS
            )
        })
        .collect();
    let told = error(&format!("name: x\nsteps:\n{ring}"));
    assert!(
        told.contains("`s0` → `s1` → `s2`") && told.contains('…') && told.ends_with("`s0`"),
        "{told}"
    );
    let dense: String = (0..400)
        .map(|i| {
            format!(
                "- {{name: s{i}, command: c, depends_on: [{}]}}\n",
                "s0,".repeat(MAX_DEPENDENCIES / 390)
            )
        })
        .collect();
    assert!(
        error(&format!("name: x\nsteps:\n{dense}"))
            .contains("the number of dependencies is larger than the limit of 100000")
    );
    let swells: String = (0..9_000)
        .map(|i| {
            format!(
                "- {{name: s{i}, command: c, depends_on: [{}]}}\n",
                (0..10.min(i))
                    .map(|j| format!("s{j}"))
                    .collect::<Vec<_>>()
                    .join(",")
            )
        })
        .collect();
    assert!(
        error(&format!("name: x\nsteps:\n{swells}"))
            .contains("the spec in canonical form is larger")
    );
    let many = format!(
        "name: x\nsteps:\n{}",
        "- {name: a, command: c}\n".repeat(MAX_STEPS + 1)
    );
    assert!(error(&many).contains("the limit of 10000 steps"));
}

#[test]
fn faults_are_bounded_and_in_order() {
    let text = format!("name: x\nsteps:\n{}", "- {}\n".repeat(1_000));
    let found = TaskSpec::parse(&text).unwrap_err();
    assert_eq!(found.faults().len(), MAX_REPORTED);
    assert!(found.to_string().ends_with("… and 1950 more"), "{found}");
    assert!(found.faults().is_sorted_by_key(|fault| fault.at));
}

#[test]
fn each_fault_has_its_place_and_no_value() {
    let secret = "sk-live-0123456789";
    let texts = [
        format!("name: x\nsteps:\n  - name: a\n    command: [{secret}]\n"),
        format!("name: x\nsteps:\n  - name: a\n    command: \"{secret}\n"),
        format!("name: !!{secret} x\n"),
        format!("name: *{secret}\n"),
        format!("name: {{{secret}: 1, {secret}"),
        format!("name: \"\\q{secret}\"\n"),
        format!("%{secret}\n---\nname: x\n"),
        format!("- {secret}\n"),
        format!("name: x\nsteps: {secret}\n"),
        format!("name: x\nsteps:\n- name: a\n  command: \"{secret}\\0\"\n"),
    ];
    for text in &texts {
        let found = TaskSpec::parse(text).unwrap_err();
        assert!(!found.to_string().contains("0123456789"), "{found}");
        assert!(
            found.faults().iter().all(|fault| fault.at.is_some()),
            "{found}"
        );
    }
    let at = |text: &str| {
        TaskSpec::parse(text).unwrap_err().faults()[0]
            .at
            .unwrap()
            .to_string()
    };
    assert_eq!(
        at("name: x\nsteps:\n  - name: a\n    command: [x]\n"),
        "line 4, column 14"
    );
    assert_eq!(at("name: x\n  bad: y\n"), "line 2, column 6");
}

#[test]
fn yaml_that_is_refused() {
    let cases = [
        ("", "the text is empty"),
        ("# only this\n", "the text is empty"),
        ("name: x\n--- \nname: y", "a second document"),
        ("name: !!str x", "tags"),
        ("!t\nname: x", "tags"),
        ("%YAML 1.2\n---\nname: x", "not valid YAML"),
        ("a: &a {b: *a}", "inside its own anchor"),
        ("a: *b", "not valid YAML"),
        ("<<: {a: b}", "merge keys"),
        ("~: x", "a key must be a string"),
        ("null: x", "a key must be a string"),
        ("1.5: x", "a key must be a string"),
        ("true: x", "a key must be a string"),
        ("[a]: x", "a key must be a string"),
        ("{a: b, a: c}", "the key `a` stands twice"),
        ("a: \"\\ud800\"", "not valid YAML"),
        ("a\0b: c", "not valid YAML"),
    ];
    for (text, told) in cases {
        let found = error(text);
        assert!(found.contains(told), "{text:?}: {found}");
    }
    assert_eq!(
        spec("\u{feff}name: x\nsteps: [{name: a, command: b}]").name(),
        "x"
    );
}

#[test]
fn aliases_are_expanded_within_bounds() {
    let node = yaml::parse("a: &x [1, 2]\nb: *x\n", 100).unwrap();
    let Value::Map(map) = node.value else {
        panic!()
    };
    assert!(
        matches!((&map[0].1.value, &map[1].1.value), (Value::List(a), Value::List(b)) if a == b)
    );
    // The alias stands where it was written, so that a fault points there.
    assert_eq!(map[1].1.at.line, 2);
}

#[test]
fn self_dependency_cycle_unknown_and_duplicate_each_have_their_own_fault() {
    let found = |text: &str| -> SpecError { TaskSpec::parse(text).unwrap_err() };
    let own = found("name: x\nsteps: [{name: a, command: c, depends_on: [a]}]");
    assert!(matches!(own.faults()[0].problem, Problem::SelfDependency) && own.faults().len() == 1);
    let cycle = found(
        "name: x\nsteps: [{name: a, command: c, depends_on: b}, {name: b, command: c, depends_on: a}]",
    );
    assert!(matches!(&cycle.faults()[0].problem, Problem::Cycle { path } if path.len() == 3));
    let unknown = found("name: x\nsteps: [{name: a, command: c, depends_on: [b]}]");
    assert!(matches!(
        unknown.faults()[0].problem,
        Problem::UnknownDependency { near: None, .. }
    ));
    let twice = found("name: x\nsteps: [{name: a, command: c}, {name: a, command: c}]");
    assert!(matches!(
        twice.faults()[0].problem,
        Problem::DuplicateStep { .. }
    ));
    assert_eq!(
        spec("name: x\nsteps: [{name: A, command: c}, {name: a, command: c, depends_on: A}]")
            .steps()
            .len(),
        2
    );
}

#[test]
fn commands_reach_the_shell_unaltered() {
    let cases = [
        ("echo hi", "    command: echo hi\n"),
        ("a; b", "    command: a; b\n"),
        ("a && b", "    command: a && b\n"),
        (
            "a\nb\n",
            "    shell: sh -e\n    command:\n      - |-\n        a\n        b\n",
        ),
        ("echo $X ${Y}", "    command: echo $X ${Y}\n"),
        ("echo $PWD", "    command: echo ${PWD-}\n"),
        ("echo '$PWD'", "    command: echo '$''PWD'\n"),
        ("echo `date`", "    command: echo $(date)\n"),
        ("echo 'a`b`'", "    command: echo 'a'\\`'b'\\`''\n"),
        ("echo `(x)`", "    command: echo $( (x))\n"),
        (
            "#!/bin/bash\necho `x`",
            "    script: |-\n      #!/bin/bash\n      echo `x`\n",
        ),
    ];
    for (command, expected) in cases {
        let text = emitted(command);
        assert!(text.ends_with(expected), "{command:?}:\n{text}");
    }
    let wrapped = emitted("cat <<E\n`date`\nE");
    assert!(
        wrapped.contains("eval \"$(printf %s 'cat <<E") && !wrapped.contains('`'),
        "{wrapped}"
    );
}

#[test]
fn renamed_steps_keep_their_name_in_the_description() {
    let made = spec(
        "name: a b/c\nsteps: [{name: x/y, command: c}, {name: z, command: c, depends_on: x/y, description: d}]",
    );
    let checked = Dag::from_spec(&made);
    assert_eq!(checked.value.name(), "a-b-c");
    let steps: Vec<_> = checked
        .value
        .steps()
        .map(|(name, depends)| (name.to_owned(), depends.to_vec()))
        .collect();
    assert_eq!(
        steps,
        [
            ("x-y".to_owned(), vec![]),
            ("z".to_owned(), vec!["x-y".to_owned()])
        ]
    );
    assert!(
        checked
            .value
            .to_yaml()
            .contains("description: \"In the spec: `x/y`\"")
    );
    assert_eq!(checked.warnings.len(), 2);
}

#[test]
fn a_workflow_from_a_runner_keeps_its_order() {
    let steps = "steps: [{name: a, command: c}, {name: b, command: c}]";
    let depends = |text: &str| -> Vec<usize> {
        Dag::parse(text)
            .unwrap()
            .value
            .steps()
            .map(|(_, depends)| depends.len())
            .collect()
    };
    assert_eq!(depends(&format!("name: x\ntype: graph\n{steps}")), [0, 0]);
    assert_eq!(depends(&format!("name: x\ntype: chain\n{steps}")), [0, 1]);
    assert_eq!(depends(&format!("name: x\n{steps}")), [0, 1]);
    assert_eq!(
        depends("name: x\nsteps: [{name: a, command: c}, {name: b, command: c, depends: []}]"),
        [0, 0]
    );
    assert_eq!(
        depends("name: x\ntasks: [{name: a, command: c}, {name: b, command: c}]"),
        [0, 0]
    );
    assert_eq!(
        depends("name: x\ntasks: [{name: a, command: c, depends_on: b}, {name: b, command: c}]"),
        [1, 0]
    );
    let back =
        "name: x\ntype: chain\nsteps: [{name: a, command: c, depends: b}, {name: b, command: c}]";
    assert!(dag_error(back).contains("wait for each other"));
    assert!(dag_error(&format!("name: x\ntype: agent\n{steps}")).contains("`graph` or `chain`"));
}

#[test]
fn a_workflow_from_a_runner_may_not_use_other_keys() {
    let top = [
        "env",
        "handlerOn",
        "params",
        "dotenv",
        "preconditions",
        "schedule",
        "workingDir",
        "mailOn",
        "secrets",
        "container",
        "nonsense",
    ];
    for key in top {
        let told = dag_error(&format!(
            "name: x\n{key}: y\nsteps: [{{name: a, command: c}}]"
        ));
        assert!(told.contains(&format!("refuses the key `{key}`")), "{told}");
    }
    let in_step = [
        "env",
        "executor",
        "run",
        "call",
        "preconditions",
        "output",
        "dir",
        "stdout",
        "parallel",
        "type",
        "id",
    ];
    for key in in_step {
        let told = dag_error(&format!(
            "name: x\nsteps: [{{name: a, command: c, {key}: y}}]"
        ));
        assert!(
            told.contains(&format!("step `a`: Arborist refuses the key `{key}`")),
            "{told}"
        );
    }
    let cases = [
        (
            "name: x\nshell: bash\nsteps: [{name: a, command: c}]",
            "only `sh`",
        ),
        (
            "name: x\nsteps: [{name: a, command: c, script: d}]",
            "both `command` and `script`",
        ),
        (
            "name: x\nsteps: [{name: a, command: [c, d]}]",
            "`command` must be a string, not a list",
        ),
        ("name: x\nsteps: [{name: a}]", "`command` is missing"),
        (
            "name: x\nsteps: {a: {command: c}}",
            "`steps` must be a list",
        ),
        ("name: x\nsteps: [echo hi]", "`step` must be a map"),
        (
            "name: x\ntimeoutSec: -1\nsteps: [{name: a, command: c}]",
            "from 1 to 31536000",
        ),
        (
            "name: x\nsteps: [{name: a, command: c, retryPolicy: {limit: 3}}]",
            "`intervalSec` must be",
        ),
        (
            "name: x\nsteps: [{name: a, command: c, retryPolicy: {limit: 99999999999999999999, intervalSec: 1}}]",
            "`limit` must be",
        ),
        (
            "name: x\nsteps: [{name: a, command: c, continueOn: {output: z}}]",
            "refuses the key `output`",
        ),
        (
            "name: x\nsteps: [{name: a, command: c, continueOn: {failure: 1}}]",
            "`true` or `false`",
        ),
    ];
    for (text, told) in cases {
        let found = dag_error(text);
        assert!(found.contains(told), "{text}: {found}");
    }
}

#[test]
fn a_workflow_from_a_runner_is_written_canonically() {
    let text = "name: x\ndescription: d\ntimeoutSec: 60\nsteps:\n- name: a\n  command: echo '`x`'\n  retryPolicy: {limit: 2, intervalSec: 5, backoff: true}\n\
                - {name: b, script: \"#!/bin/bash\\nls\", depends: a, timeoutSec: 9, continueOn: {failure: true, markSuccess: false}}\n";
    let made = Dag::parse(text).unwrap().value.to_yaml();
    let expected = "name: x\ndescription: d\ntype: graph\ntimeoutSec: 60\nsteps:\n  - name: a\n    command: echo ''\\`'x'\\`''\n    retryPolicy:\n      limit: 2\n      \
                    intervalSec: 5\n      backoff: true\n  - name: b\n    script: |-\n      #!/bin/bash\n      ls\n    depends:\n      - a\n    timeoutSec: 9\n    \
                    continueOn:\n      failure: true\n      markSuccess: false\n";
    assert_eq!(made, expected);
    assert_eq!(Dag::parse(&made).unwrap().value.to_yaml(), made);
}

fn fragments() -> impl Strategy<Value = String> {
    let shell = [
        "echo ", "`x`", "'", "\"", "$PWD", "${PWD}", "\\", "`", "$(", ")", "(", "<<E\n", "#", " ",
        "\n", ";", "&", "|", "case", "\\x60", "\\140", "{", "}", "é", "\t", "\r", ": ", "- ", "$",
        "\u{1}", "\u{3000}", "@%~",
    ];
    let part = prop_oneof![4 => proptest::sample::select(shell.to_vec()).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from), 1 => Just("no".to_owned())];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = (TaskSpec::parse(&text), Dag::parse(&text));
    }

    #[test]
    fn what_is_written_is_read_again(name in fragments(), command in fragments(), description in fragments()) {
        let json = serde_json::json!({"name": name, "description": description, "steps": [{"name": name, "command": command, "description": description}]});
        if let Ok(checked) = TaskSpec::parse(&json.to_string()) {
            let text = checked.value.to_yaml();
            proptest::prop_assert!(!text.chars().any(|c| is_hidden(c) && !matches!(c, '\n' | '\t')));
            proptest::prop_assert_eq!(&spec(&text), &checked.value);
            proptest::prop_assert_eq!(&spec(&checked.value.to_json()), &checked.value);
            let dag = Dag::from_spec(&checked.value).value.to_yaml();
            let again = Dag::parse(&dag).unwrap().value.to_yaml();
            proptest::prop_assert_eq!(again, dag);
        }
    }

    #[test]
    fn what_is_lowered_is_lowered_already(command in fragments()) {
        proptest::prop_assert!(dagu_1_30::survives(&command), "{command:?}");
    }
}

#[test]
fn warnings_have_a_bound() {
    let unknown: String = (0..MAX_REPORTED + 7)
        .map(|n| format!("extra{n}: x\n"))
        .collect();
    let text = format!("name: a\nsteps: [{{name: one, command: x}}]\n{unknown}");
    let warnings = TaskSpec::parse(&text).unwrap().warnings;
    assert_eq!(warnings.len(), MAX_REPORTED + 1);
    let last = warnings.last().unwrap().to_string();
    assert!(last.contains("and 7 more"), "{last}");
}

#[test]
fn what_aliases_repeat_is_counted_in_bytes() {
    let long = "x".repeat(100 << 10);
    let with = |aliases: usize| {
        let list = vec!["*a"; aliases].join(", ");
        TaskSpec::parse(&format!(
            "name: a\nsteps: [{{name: one, command: x}}]\nextra: [&a {long}, {list}]\n"
        ))
    };
    assert!(with(10).is_ok());
    // Few values and a small text, and twice as much as a text may have.
    let fault = with(2 * MAX_TEXT_BYTES / long.len() + 1).unwrap_err();
    assert!(fault.to_string().contains("aliases expanded"), "{fault}");
}

#[test]
fn each_text_has_its_bound() {
    let with = |name: usize, description: usize, command: usize| {
        let [name, description, command] =
            [name, description, command].map(|length| "x".repeat(length));
        TaskSpec::parse(&format!(
            "name: {name}\nsteps: [{{name: one, description: {description}, command: {command}}}]"
        ))
    };
    let most = (MAX_NAME_CHARS, MAX_DESCRIPTION_BYTES, MAX_COMMAND_BYTES);
    assert!(with(most.0, most.1, most.2).is_ok());
    assert!(with(most.0 + 1, 1, 1).is_err());
    assert!(with(1, most.1 + 1, 1).is_err());
    assert!(with(1, 1, most.2 + 1).is_err());
}

#[test]
fn a_command_reads_as_it_runs() {
    let fault = error("name: a\nsteps: [{name: one, command: \"echo \\u202e x\"}]");
    assert!(fault.contains("read otherwise than it runs"), "{fault}");
}

#[test]
fn each_bound_of_a_document_is_named() {
    let document =
        |text: &str| yaml::parse(text, MAX_TEXT_BYTES).map_err(|fault| fault.to_string());
    let flow = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let block = |levels: usize| "- ".repeat(levels) + "x";
    for nested in [flow, block] {
        assert!(document(&nested(MAX_DEPTH)).is_ok());
        let fault = document(&nested(MAX_DEPTH + 1)).unwrap_err();
        // The second is how the parser has it of lists in brackets.
        assert!(
            fault.contains("nest") || fault.contains("recursion limit"),
            "{fault}"
        );
    }
    // Each list holds the one before it, so that the text itself is flat; the map around it is a level too.
    let aliases = |levels: usize| {
        let lists = (1..levels).map(|n| format!("k{n}: &a{n} [*a{}]\n", n - 1));
        "k0: &a0 [x]\n".to_owned() + &lists.collect::<String>()
    };
    assert!(document(&aliases(MAX_DEPTH - 1)).is_ok());
    let fault = document(&aliases(MAX_DEPTH)).unwrap_err();
    assert!(fault.contains("the nesting"), "{fault}");
    let text = |bytes: usize| "a: b\n#".to_owned() + &"x".repeat(bytes - 6);
    assert!(document(&text(MAX_TEXT_BYTES)).is_ok());
    let fault = document(&text(MAX_TEXT_BYTES + 1)).unwrap_err();
    assert!(fault.contains("the text"), "{fault}");
    // The list itself is one.
    let values = |many: usize| format!("[{}]", vec!["a"; many - 1].join(","));
    assert!(document(&values(MAX_NODES)).is_ok());
    let fault = document(&values(MAX_NODES + 1)).unwrap_err();
    assert!(fault.contains("values"), "{fault}");
}

#[test]
fn a_name_shows_what_it_is() {
    for hidden in ["\\u202e", "\\u200b", "\\x07"] {
        let fault = error(&format!(
            "name: \"a{hidden}\"\nsteps: [{{name: one, command: x}}]"
        ));
        assert!(fault.contains("the name"), "{fault}");
    }
}
