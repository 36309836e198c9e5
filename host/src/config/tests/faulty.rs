//! Faulty configurations: all faults of each at once, each at its place with the accepted form, and
//! none of them shows a secret.

use super::*;

/// Line, column, a part of the message, a part of the message or help that says what is accepted.
type Expected = (usize, usize, &'static str, &'static str);

/// A secret in the environment, under `GOOD_KEY`.
const IN_ENVIRONMENT: &str = "sk-environment-0123456789";
/// Every secret that the files below hold begins with this.
const IN_FILE: &str = "hush";

const TABLE: &[(&str, &str, &[Expected])] = &[
    (
        "an unset variable",
        "runner: custom\ncustom:\n  api_key: ${CUSTOM_API_KEY}\n  endpoint: https://api.example.com\n",
        &[(
            3,
            12,
            "the variable `CUSTOM_API_KEY` is not set",
            "export CUSTOM_API_KEY=",
        )],
    ),
    (
        "references that are none",
        "runner: custom\ncustom:\n  a: ${A:-${GOOD_KEY}}\n  b: x${\n  c: \"${ A }\"\n",
        &[
            (3, 6, "`a` has a `${`", "${NAME}"),
            (4, 6, "`b` has a `${`", "$${"),
            (5, 6, "`c` has a `${`", "letters"),
        ],
    ),
    (
        "unknown keys of the top level",
        "runer: mock\ntimeout: {generate_dagu: 3}\nallow: [https://a.example]\nverbose: true\n",
        &[
            (1, 1, "`runer`", "did you mean `runner`?"),
            (2, 1, "`timeout`", "did you mean `timeouts`?"),
            (
                3,
                1,
                "`allow` belongs into a runner's section",
                "custom: {allow",
            ),
            (4, 1, "`verbose`", "a map for each runner"),
        ],
    ),
    (
        "near misses in a section",
        "runner: custom\ncustom:\n  alow: [https://a.example]\n  rate_limt: 3\n  retires: {attempts: 1}\n  allows: []\n  model: fine\n",
        &[
            (3, 3, "`alow`", "did you mean `allow`?"),
            (
                4,
                3,
                "`rate_limt`",
                "did you mean `rate_limit`? It takes requests a minute",
            ),
            (5, 3, "`retires`", "{attempts: 3, delay: 2s}"),
            (6, 3, "`allows`", "a list of egress rules"),
        ],
    ),
    (
        "wrong types",
        "runner: [custom]\ntimeouts: 5\nmodels: small\nmock:\n  allow: https://a.example\n  limits: 256MiB\n  expose: {a: b}\n  component: {x: y}\n",
        &[
            (1, 9, "`runner` must be", "the name of a runner"),
            (2, 11, "`timeouts` must be", "{generate_task_spec: 300"),
            (3, 9, "`models` must be", "{task_spec: MODEL"),
            (5, 10, "`allow` must be", "a list of egress rules such as"),
            (6, 11, "`limits` must be", "{memory: 256MiB"),
            (7, 11, "`expose` must be", "a list of secret fields"),
            (
                8,
                14,
                "`component` must be",
                "the path of a WebAssembly component",
            ),
        ],
    ),
    (
        "wrong values",
        "timeouts: {generate_task_spec: soon, generate_dagu: 0, generate: 3}\nmock:\n  retry: {attempts: 11, delay: 6m, dely: 1}\n  rate_limit: 10/d\n  cache: {ttl: 0}\n",
        &[
            (
                1,
                32,
                "`timeouts.generate_task_spec`",
                "seconds such as 300",
            ),
            (1, 53, "`timeouts.generate_dagu`", "up to 24h"),
            (
                1,
                56,
                "`generate` is no key of `timeouts`",
                "`generate_task_spec`, `generate_dagu`",
            ),
            (3, 21, "`retry.attempts`", "from 1 to 10"),
            (3, 32, "`retry.delay`", "up to 5 minutes"),
            (
                3,
                36,
                "`dely` is no key of `retry`",
                "did you mean `delay`?",
            ),
            (4, 15, "`rate_limit` must be", "10/s, 10/m, 10/h"),
            (5, 16, "`cache.ttl` must be", "1d or 12h"),
        ],
    ),
    (
        "limits",
        "mock:\n  limits: {memroy: 1MiB, memory: lots, cpu: 2h, requests: 1e3, output: [1]}\n",
        &[
            (2, 12, "no such limit", "did you mean `memory`?"),
            (2, 34, "limit `memory`", "a size such as 256MiB"),
            (2, 45, "limit `cpu`", "from 1ms to 1h"),
            (2, 59, "limit `requests`", "a whole number"),
            (2, 72, "`limits.output` must be", "a single value such as"),
        ],
    ),
    (
        "egress rules",
        "runner: custom\ncustom:\n  allow:\n    - api.example.com\n    - https://*\n    - https://a.example/x?token=hush-rule\n    - https://me:hush-userinfo@a.example\n    - https://b.example\n    - GET,HEAD https://b.example:443\n    - https://b.example\n  networks: [10.0.0.1/8, everything]\n",
        &[
            (4, 7, "scheme", "a rule is `[METHOD"),
            (5, 7, "every host", "https://*.example.com"),
            (6, 7, "no query", "a rule is"),
            (7, 7, "no user name", "a rule is"),
            (10, 7, "means the same as allow[4]", "remove one"),
            (11, 14, "bits below the prefix", "write 10.0.0.0/8"),
            (11, 26, "ADDRESS/BITS", "such as 10.0.0.0/8"),
        ],
    ),
    (
        "secrets",
        "runner: custom\ncustom:\n  api_key: hush\n  pin_token: \"12\"\n  level: 5\n  secrets:\n    api_kee: {}\n    level: {}\n    api_key: {to: [https://*.a.example, https://a.example/path], in: [path], on: x}\n  endpoint: https://a.example\n",
        &[
            (3, 12, "`api_key` is a secret", "at least 8 bytes"),
            (4, 14, "`pin_token` is a secret", "at least 8 bytes"),
            (5, 10, "`level` is a number or a boolean", "quote it"),
            (7, 5, "`secrets` lists `api_kee`", "did you mean `api_key`?"),
            (9, 20, "a secret cannot be bound", "without wildcards"),
            (9, 41, "a secret cannot be bound", "SCHEME://HOST[:PORT]"),
            (
                9,
                71,
                "a secret may stand in",
                "`header`, `query` or `body`",
            ),
            (9, 78, "`on` is no key of `secrets.api_key`", "`to`, `in`"),
        ],
    ),
    (
        "a secret where none belongs",
        "runner: custom\ncustom:\n  allow: [\"https://a.example/${GOOD_KEY}\"]\n  endpoint: https://a.example/${GOOD_KEY}\n",
        &[
            (
                3,
                11,
                "`allow` may not hold the secret `GOOD_KEY`",
                "a field of the runner's own",
            ),
            (4, 13, "`endpoint` holds a secret", "api_key: ${API_KEY}"),
        ],
    ),
    (
        "URLs that no request can have",
        "runner: custom\ncustom:\n  endpoint: https://user:hush-password@a.example/\n  service_url: https://a.example:99999/\n",
        &[
            (3, 13, "`endpoint` is no URL", "https://api.example.com/v1"),
            (
                4,
                16,
                "`service_url` is no URL",
                "https://api.example.com/v1",
            ),
        ],
    ),
    (
        "duplicate keys, tags, keys that are no strings",
        "runner: mock\nrunner: custom\ncustom:\n  api_key: hush-first-key\n  api_key: hush-second-key\n  x: !!python/object hush-x\n  1: hush-one\n  ~: hush-null\n  ? [hush-a]\n  : b\n  y: *hush-alias\n",
        &[
            (2, 1, "the key `runner` stands twice", "keep one"),
            (5, 3, "the key `api_key` stands twice", "keep one"),
            (6, 22, "tags are not accepted", "needs quotes"),
            (7, 3, "a key must be a string", "quote it"),
            (8, 3, "a key must be a string", "quote it"),
            (9, 5, "a key must be a string", ""),
            (
                11,
                6,
                "an alias to an anchor that does not exist",
                "needs quotes",
            ),
        ],
    ),
    (
        "merge keys and hidden characters",
        "base: &base {a: 1}\ncustom:\n  <<: *base\n  \"na\\u202eme\": x\n",
        &[
            (3, 3, "merge keys", "write the keys out"),
            (4, 3, "control or invisible characters", ""),
        ],
    ),
    (
        "no YAML at all",
        "runner: custom\ncustom:\n  api_key: hush-key: hush-more\n",
        &[(3, 20, "not valid YAML", "needs quotes")],
    ),
    (
        "a list",
        "- runner: mock\n",
        &[(1, 1, "the file must be a map, not a list", "runner: mock")],
    ),
    (
        "a text",
        "hush-the-whole-file\n",
        &[(
            1,
            1,
            "the file must be a map, not a single value",
            "runner: mock",
        )],
    ),
    (
        "two documents",
        "runner: mock\n---\nrunner: custom\n",
        &[(2, 1, "a second document", "one is expected")],
    ),
    (
        "no such runner",
        "runner: cutsom\ncustom: {}\n",
        &[(
            1,
            9,
            "there is no runner `cutsom`",
            "did you mean `custom`? Built in are `mock`, `custom`",
        )],
    ),
    (
        "a section without a component",
        "runner: mine\nmine: {}\n",
        &[(
            1,
            9,
            "its section names no `component`",
            "`component: FILE`",
        )],
    ),
    (
        "a section that is no map",
        "runner: custom\ncustom: 5\nmock: [a]\n",
        &[
            (
                2,
                9,
                "the section `custom` must be a map",
                "custom: {endpoint",
            ),
            (3, 7, "the section `mock` must be a map", "mock: {endpoint"),
        ],
    ),
    (
        "references at the top level",
        "models: {task_spec: \"${MODEL}\"}\naudit: ${HOME}/log\n",
        &[
            (1, 21, "`models` holds a `${`", "only in a runner's section"),
            (2, 8, "`audit` holds a `${`", "write the value itself"),
        ],
    ),
    (
        "keys at the wrong level",
        "runner: custom\ncustom:\n  timeouts: {generate_dagu: 3}\n",
        &[(3, 3, "`timeouts` belongs to the top level", "move it")],
    ),
    (
        "a path with a tilde",
        "runner: mine\nmine: {component: ~/x.wasm}\n",
        &[(2, 19, "`component` begins with `~`", "in full")],
    ),
    (
        "a field twice",
        "runner: custom\ncustom:\n  a: {b: 1}\n  a.b: 2\n",
        &[(4, 3, "the field `a.b` is given twice", "keep one")],
    ),
    (
        "both caches",
        "runner: custom\ncustom:\n  cache: {ttl: 1d}\n  cache_dir: x\n",
        &[(4, 14, "both `cache` and `cache_dir`", "keep `cache`")],
    ),
];

#[test]
fn every_fault_is_told_at_its_place() {
    assert!(TABLE.len() >= 20);
    for (name, text, expected) in TABLE {
        let case = Case::named(text).variable("GOOD_KEY", IN_ENVIRONMENT);
        let faults = case.faults();
        let told: Vec<_> = faults.as_slice().iter().collect();
        assert_eq!(told.len(), expected.len(), "{name}:\n{faults}");
        for (fault, (line, column, message, accepted)) in told.iter().zip(*expected) {
            let place = fault
                .place
                .as_ref()
                .unwrap_or_else(|| panic!("{name}: {fault} has no place"));
            assert_eq!(
                (place.line(), place.column()),
                (*line, *column),
                "{name}: {fault}"
            );
            assert_eq!(place.path(), case.path(), "{name}");
            assert!(
                fault.message.contains(message),
                "{name}: {fault} lacks {message}"
            );
            let whole = format!(
                "{} {}",
                fault.message,
                fault.help.as_deref().unwrap_or_default()
            );
            assert!(whole.contains(accepted), "{name}: {fault} lacks {accepted}");
        }
    }
}

#[test]
fn no_fault_shows_a_secret() {
    for (name, text, _) in TABLE {
        let case = Case::named(text).variable("GOOD_KEY", IN_ENVIRONMENT);
        let faults = case.faults();
        for shown in [
            faults.to_string(),
            faults.render(false),
            faults.render(true),
            format!("{faults:?}"),
        ] {
            assert!(!shown.contains(IN_ENVIRONMENT), "{name}:\n{shown}");
            // A secret as a whole is one thing; a name that somebody gave to a key is another.
            assert!(!shown.contains(IN_FILE), "{name}:\n{shown}");
        }
    }
}

#[test]
fn the_text_is_pointed_at() {
    let case = Case::named(
        "runner: custom\ncustom:\n  alow: [\"https://a.example\"] # hush-comment\n  api_key: \"hush-key-${UNSET}-hush\"\n  token: {x: hush-x, y: hush-y, \"z\\u2028\": a}\n",
    );
    let shown = case.faults().render(false);
    let path = case.path();
    let expected = format!("--> {}:3:3", text_of(&path));
    assert!(shown.contains(&expected), "{shown}");
    assert!(
        shown.contains("3 |   alow: [\"https://a.example\"]\n"),
        "{shown}"
    );
    assert!(shown.contains("  |   ^^^^\n"), "{shown}");
    assert!(
        shown.contains("4 |   api_key: ****${UNSET}****\n"),
        "{shown}"
    );
    assert!(
        shown.contains("  |            ^^^^^^^^^^^^^^^^\n"),
        "{shown}"
    );
    assert!(!shown.contains("hush"), "{shown}");
    assert!(case.faults().render(true).contains("\u{1b}["));
}

#[test]
fn many_faults_are_counted() {
    let lines: String = (0..200)
        .map(|index| format!("  f{index}: ${{UNSET_{index}}}\n"))
        .collect();
    let faults = Case::named(&format!("runner: custom\ncustom:\n{lines}")).faults();
    assert_eq!(faults.as_slice().len(), 50);
    assert!(
        faults.render(false).ends_with("and 150 more\n")
            && faults.to_string().ends_with("and 150 more")
    );
}

#[test]
fn the_command_line_and_variables_are_told_apart() {
    let faults = Case::named("runner: custom\n")
        .variable("AGENT_ARBORIST_CUSTOM__LIMITS__MEMORY", "hush-hush")
        .variable("AGENT_ARBORIST_CUSTOM__ALLOW", "[hush")
        .with(|invocation| {
            invocation.set = [
                "api_key=hush-hush-hush",
                "nothing",
                "allow=x",
                "a..b=x",
                "limits.cpu=1",
            ]
            .map(str::to_owned)
            .to_vec();
            invocation.set_env = [
                "api_key=UNSET_VARIABLE",
                "token=hush-value-123",
                "x=hush_unset",
            ]
            .map(str::to_owned)
            .to_vec();
            invocation.allow = vec!["everything".to_owned()];
            invocation.limits = vec!["memory".to_owned(), "memroy=1".to_owned()];
            invocation.timeout = Some(std::time::Duration::ZERO);
        })
        .faults();
    let text = faults.to_string();
    for part in [
        "--set: `api_key` is a secret, and here everybody could read it",
        "--set-env api_key=VARIABLE",
        "--set: it takes KEY=VALUE",
        "--set: `allow` is a key of Arborist's, no field of the runner's; use --allow RULE",
        "--set: `limits` is a key of Arborist's, no field of the runner's; use --limit",
        "--set: `a..b` is no name of a field",
        "--set-env: the variable `UNSET_VARIABLE` for `api_key` is not set",
        "--set-env: what stands after `token=` is no name of a variable",
        "--set-env: the variable for `x` is not set",
        "--allow: ",
        "--limit: it takes NAME=VALUE",
        "did you mean `memory`",
        "--timeout: it takes a time up to a day, such as 30, 90s or 1m30s",
        "in the variable `AGENT_ARBORIST_CUSTOM__LIMITS__MEMORY`: limit `memory` takes a size",
        "in the variable `AGENT_ARBORIST_CUSTOM__ALLOW`: `allow` must be a list of egress rules",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("hush"), "{text}");
}
