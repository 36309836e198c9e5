use super::*;
use arborist_sdk::{Step, TaskSpec};
use std::collections::BTreeSet;
use std::process::Command;

fn plan(description: &str) -> TaskSpec {
    plan_with(description, &[]).unwrap()
}

fn plan_with(description: &str, parameters: &[(&str, &str)]) -> Result<TaskSpec, Error> {
    let request = Request::of(description, parameters.iter().copied());
    let text = String::from(Mock::generate_task_spec(&request)?);
    assert_eq!(
        text,
        String::from(Mock::generate_task_spec(&request)?),
        "not the same twice"
    );
    Ok(serde_json::from_str(&text).unwrap())
}

/// Each step with what it waits for, as `name < a b`.
fn shape(description: &str) -> Vec<String> {
    let line = |step: &Step| format!("{} < {}", step.name, step.depends_on.join(" "));
    let steps = plan(description).steps;
    steps
        .iter()
        .map(|step| line(step).trim_end_matches(" < ").to_owned())
        .collect()
}

/// What every plan must be, whatever it was made from.
fn assert_sound(spec: &TaskSpec, description: &str) {
    assert_eq!(spec.problems(), Vec::<String>::new(), "{description:?}");
    assert!(STEPS.contains(&spec.steps.len()), "{description:?}");
    let kebab = |name: &str| {
        let part = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        name.len() <= 40 && name.split('-').all(part) && name.parse::<u64>().is_err()
    };
    assert!(kebab(&spec.name), "{:?}", spec.name);
    for step in &spec.steps {
        assert!(kebab(&step.name), "{:?}", step.name);
        let words = step
            .command
            .strip_prefix("echo '")
            .and_then(|rest| rest.strip_suffix('\''));
        let words = words.unwrap();
        let bad = |c: char| c.is_control() || "'\"`$\\;|&<>(){}[]*?#!~^".contains(c);
        assert!(!words.is_empty() && !words.starts_with(['-', ' ']) && !words.contains(bad));
        assert!(step.command.len() < 1000);
    }
    let needs: Vec<&Vec<String>> = spec.steps.iter().map(|step| &step.depends_on).collect();
    assert!(
        needs.iter().any(|names| names.len() > 1),
        "nothing joins: {description:?}"
    );
    let twice = |at: usize| !needs[at].is_empty() && needs[at + 1..].contains(&needs[at]);
    let starts = needs.iter().filter(|names| names.is_empty()).count();
    assert!(
        starts > 1 || (0..needs.len()).any(twice),
        "nothing is parallel: {description:?}"
    );
}

const ENGLISH: [&str; 12] = [
    "Back up the orders database every night and check the copy",
    "Fetch the sales, clean the data, train a model and email the team",
    "Resize the images and crop the videos, then upload everything",
    "When a new file arrives, resize it and upload it",
    "Please make sure that the copy is good",
    "Copy the invoices, orders and receipts. Check the totals. Notify Anna, Bob and Carol.",
    "Deploy the app after running the tests",
    "1. Download the data\n2. Clean it\n3. Train a model",
    "Nightly backup of the orders database with verification",
    "Build the app, test it, deploy it to staging, and notify the team",
    "Check the website",
    "Email the team the numbers",
];

#[test]
fn the_readme_example_is_a_sensible_plan() {
    let expected = [
        "prepare",
        "record-starting-state < prepare",
        "back-up-orders-database < prepare",
        "check-copy < record-starting-state back-up-orders-database",
        "report < check-copy",
    ];
    assert_eq!(shape(ENGLISH[0]), expected);
    let spec = plan(ENGLISH[0]);
    assert_eq!(
        (spec.name.as_str(), spec.description.as_str()),
        ("back-up-orders-database", ENGLISH[0])
    );
    assert_eq!(
        spec.steps[2].command,
        "echo 'Back up the orders database every night'"
    );
    assert_eq!(spec.steps[3].description.as_deref(), Some("Check the copy"));
}

#[test]
fn what_can_run_side_by_side_does() {
    let steps =
        shape("Compress the logs, copy the photos and archive the mail, then upload all of it");
    assert_eq!(
        steps[1..5].join("|"),
        "compress-logs < prepare|copy-photos < prepare|archive-mail < prepare|upload < compress-logs copy-photos archive-mail"
    );
}

#[test]
fn the_order_of_the_words_and_of_the_work_is_kept() {
    let order = |description: &str| -> Vec<String> {
        let fillers = [
            "prepare",
            "record-starting-state",
            "check-results",
            "report",
        ];
        let names = plan(description).steps.into_iter().map(|step| step.name);
        names
            .filter(|name| !fillers.contains(&name.as_str()))
            .collect()
    };
    assert_eq!(
        order(ENGLISH[1]),
        ["fetch-sales", "clean-data", "train-model", "email-team"]
    );
    assert_eq!(
        order(ENGLISH[3]),
        ["await-new-file-arrives", "resize", "upload"]
    );
    assert_eq!(order(ENGLISH[4]), ["check-copy-good"]);
    assert_eq!(
        order(ENGLISH[5]),
        [
            "copy-invoices-orders-receipts",
            "check-totals",
            "notify-anna-bob-carol"
        ]
    );
    assert_eq!(order(ENGLISH[6]), ["running-tests", "deploy-app"]);
    assert_eq!(order(ENGLISH[7]), ["download-data", "clean", "train-model"]);
    assert_eq!(order(ENGLISH[8]), ["backup-orders-database-verification"]);
    assert_eq!(
        order(ENGLISH[9]),
        ["build-app", "test", "deploy-staging", "notify-team"]
    );
    assert_eq!(
        order("Every night, back up x and then restart y"),
        ["back-up-x", "restart-y"]
    );
}

#[test]
fn other_languages_and_no_language_give_plans_too() {
    let steps = shape("Sichere die Datenbank und prüfe die Kopie");
    assert_eq!(
        steps[1..3],
        [
            "sichere-die-datenbank < prepare",
            "prufe-die-kopie < prepare"
        ]
    );
    assert_eq!(plan("备份数据库，检查副本。").name, "task");
    assert_eq!(
        plan("备份数据库，检查副本。").steps[1].command,
        "echo '备份数据库'"
    );
    for description in [
        "x",
        "!!!",
        "5",
        "🎉",
        "`",
        "'",
        "-n",
        "--help",
        "\u{202e}a",
        "\0",
        "и",
        "and",
        ",",
        "every night",
    ] {
        assert_sound(&plan(description), description);
    }
}

#[test]
fn blank_and_unusable_input_is_refused() {
    for description in ["", " ", "\n\t\u{a0}"] {
        assert!(
            matches!(plan_with(description, &[]), Err(Error::InvalidInput(text)) if text.contains("empty"))
        );
    }
    for steps in ["2", "8", "0", "-1", "five", "", "99999999999999999999"] {
        let refused = plan_with("x", &[("steps", steps)]);
        assert!(
            matches!(refused, Err(Error::InvalidInput(text)) if text.contains("`steps`")),
            "{steps}"
        );
    }
    assert!(plan_with("x", &[("other", "1")]).is_ok());
}

#[test]
fn the_caller_may_ask_for_a_number_of_steps() {
    let many = (0..40)
        .map(|n| format!("Copy file {n}"))
        .collect::<Vec<_>>();
    let many = [
        many.join(", "),
        many.join(". "),
        "x".to_owned(),
        "Check a and review b, tell c".to_owned(),
    ];
    for description in ENGLISH.into_iter().chain(many.iter().map(String::as_str)) {
        assert_sound(&plan(description), description);
        for steps in STEPS {
            let spec = plan_with(description, &[("steps", &steps.to_string())]).unwrap();
            assert_eq!(spec.steps.len(), steps, "{description}");
            assert_sound(&spec, description);
        }
    }
}

/// Text put together from pieces that have tripped others, by a fixed generator.
fn hostile(seed: u64) -> String {
    const PIECES: [&str; 40] = [
        " ",
        "and ",
        "then ",
        "check ",
        "copy ",
        "email ",
        "when ",
        "it ",
        ", ",
        ". ",
        "; ",
        "\n",
        "\n- ",
        "'",
        "\"",
        "`id`",
        "$(id)",
        "$HOME",
        "${PATH}",
        "\\n",
        "\\c",
        "-n ",
        "\0",
        "\u{1b}[2J",
        "\u{202e}",
        "é",
        "水",
        "🎉",
        "\u{301}",
        "'; id; '",
        "{{x}}",
        "%s",
        "every night ",
        "make sure ",
        "after ",
        "&",
        "1",
        "EOF\n",
        "\r\n",
        "…",
    ];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::from("x");
    for _ in 0..seed % 60 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(PIECES[(state % 40) as usize]);
    }
    text
}

#[test]
fn any_text_gives_a_sound_plan() {
    for seed in 0..3000 {
        let description = hostile(seed);
        assert_sound(&plan(&description), &description);
    }
}

#[test]
fn commands_print_their_own_text_in_a_real_shell() {
    let commands: BTreeSet<String> = (0..300)
        .flat_map(|seed| plan(&hostile(seed)).steps)
        .map(|step| step.command)
        .collect();
    let commands: Vec<String> = commands.into_iter().collect();
    let output = Command::new("sh")
        .arg("-c")
        .arg(commands.join("\n"))
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected: Vec<&str> = commands
        .iter()
        .map(|c| &c["echo '".len()..c.len() - 1])
        .collect();
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_megabyte_takes_no_time() {
    let started = std::time::Instant::now();
    for text in [
        "x",
        "a b ",
        "and ",
        "\n",
        ",",
        "'",
        "é",
        "copy it, ",
        "after that ",
    ] {
        let description = format!("copy{}", text.repeat((1 << 20) / text.len()));
        let spec = plan(&description);
        assert_sound(&spec, text);
        assert!(spec.to_json().len() < 8 << 10);
    }
    assert!(started.elapsed().as_secs() < 20, "quadratic?");
}
