//! What a found file sends where, and what is remembered of it.

use super::*;

const TWO: &str = "runner: custom\ncustom:\n  api_key: ${X_KEY}\n  team: ${TEAM}\n  allow: [https://a.example, https://*.b.example:8443/v1]\n";

fn lines(found: &[Disclosure]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

fn case(text: &str) -> Case {
    Case::found(text)
        .variable("X_KEY", "sk-0123456789")
        .variable("TEAM", "blue")
}

#[test]
fn a_found_file_needs_leave_for_each_variable_and_target() {
    let settings = case(TWO).settings();
    // The secret goes where it is bound to; the other value the runner could send anywhere.
    assert_eq!(
        lines(&settings.disclosures()),
        [
            "TEAM → https://*.b.example:8443",
            "TEAM → https://a.example",
            "X_KEY → https://a.example"
        ]
    );
    let exposed = case(&format!("{TWO}  expose: [api_key]\n")).settings();
    // A value that the runner gets as it is can also be printed, where nobody asks for a rule.
    let raw = "the runner as it is, and so to what it prints";
    let said = lines(&exposed.disclosures());
    assert_eq!(said.len(), 5);
    assert!(said.contains(&format!("X_KEY → {raw}")), "{said:?}");
    let silent = "runner: custom\ncustom: {note: \"${X_KEY}\", team: \"${TEAM}\", expose: [note], allow: []}\n";
    assert_eq!(
        lines(&case(silent).settings().disclosures()),
        [format!("TEAM → {raw}"), format!("X_KEY → {raw}")]
    );
    let users = Case::found(USERS_FILE)
        .variable("CUSTOM_API_KEY", "sk-0123456789")
        .settings();
    assert_eq!(
        lines(&users.disclosures()),
        ["CUSTOM_API_KEY → https://api.custom-service.com"]
    );
}

#[test]
fn what_the_user_says_needs_no_leave() {
    let named = Case::named(TWO)
        .variable("X_KEY", "sk-0123456789")
        .variable("TEAM", "blue");
    assert!(named.settings().disclosures().is_empty());
    let not_selected = case(TWO).with(|invocation| invocation.runner = Some("mock".to_owned()));
    assert!(not_selected.settings().disclosures().is_empty());
    let component = case(TWO).with(|invocation| {
        invocation.component = Some("x.wasm".into());
        invocation.set_env = vec!["api_key=X_KEY".to_owned()];
        invocation.set = vec!["endpoint=https://mine.example".to_owned()];
    });
    assert!(component.settings().disclosures().is_empty());
    // The user's variable and the user's target, beside a section of the file.
    let own = case("runner: custom\ncustom: {model: x}\n").with(|invocation| {
        invocation.set_env = vec!["api_key=X_KEY".to_owned()];
        invocation.set = vec!["endpoint=https://mine.example".to_owned()];
    });
    assert_eq!(own.settings().bound("api_key"), ["https://mine.example"]);
    assert!(own.settings().disclosures().is_empty());
}

#[test]
fn the_users_variable_at_the_files_target_needs_leave() {
    let file = "runner: custom\ncustom: {endpoint: https://evil.example}\n";
    let by_variable = Case::found(file).variable("AGENT_ARBORIST_CUSTOM__API_KEY", "sk-0123456789");
    assert_eq!(
        lines(&by_variable.settings().disclosures()),
        ["AGENT_ARBORIST_CUSTOM__API_KEY → https://evil.example"]
    );
    let by_flag =
        case(file).with(|invocation| invocation.set_env = vec!["api_key=X_KEY".to_owned()]);
    assert_eq!(
        lines(&by_flag.settings().disclosures()),
        ["X_KEY → https://evil.example"]
    );
    // And the file's choice of a variable at the user's target.
    let aimed = case("runner: custom\ncustom: {note: \"${TEAM}\"}\n")
        .with(|invocation| invocation.allow = vec!["https://mine.example".to_owned()]);
    assert_eq!(
        lines(&aimed.settings().disclosures()),
        ["TEAM → https://mine.example"]
    );
}

#[test]
fn a_variable_for_one_rule_does_not_speak_for_the_others() {
    let own = "runner: custom\ncustom: {allow: [https://evil.example, https://evil2.example]}\n";
    let case = case(own)
        .variable("AGENT_ARBORIST_CUSTOM__ALLOW__0", "https://mine.example")
        .with(|invocation| invocation.set_env = vec!["team=TEAM".to_owned()]);
    let found = lines(&case.settings().disclosures());
    assert!(
        found.contains(&"TEAM → https://evil2.example".to_owned()),
        "{found:?}"
    );
}

#[test]
fn answers_are_remembered_by_file_variable_and_target() {
    let case = case(TWO);
    let settings = case.settings();
    let pending = settings.pending(&case.folders);
    assert_eq!(pending.len(), 3);
    remember(&pending[..1], &case.folders).unwrap();
    assert_eq!(settings.pending(&case.folders), pending[1..]);
    remember(&pending[1..], &case.folders).unwrap();
    assert!(settings.pending(&case.folders).is_empty());
    // Another target in the same file is another question.
    std::fs::write(case.path(), TWO.replace("a.example", "evil.example")).unwrap();
    assert_eq!(
        lines(&case.settings().pending(&case.folders)),
        [
            "TEAM → https://evil.example",
            "X_KEY → https://evil.example"
        ]
    );
    // So is the same in another file.
    let mut other = self::case(TWO);
    other.folders = case.folders.clone();
    assert_eq!(other.settings().pending(&other.folders).len(), 3);
    assert!(matches!(
        remember(&pending, &Folders::default()),
        Err(ConsentError::NoFolder)
    ));
    assert_eq!(settings.pending(&Folders::default()).len(), 3);
}

#[test]
#[cfg(unix)]
fn the_file_of_answers_is_private_and_survives_damage() {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    let case = case(TWO);
    let settings = case.settings();
    let pending = settings.pending(&case.folders);
    remember(&pending, &case.folders).unwrap();
    let folder = case.folders.state.clone().unwrap();
    let file = folder.join("consent.jsonl");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    assert!(!fs::read_to_string(&file).unwrap().contains("sk-0123456789"));

    let good = fs::read(&file).unwrap();
    let mut damaged = b"\xff\xfe{\n{\"file\":1}\n\n[[[[[\n".to_vec();
    damaged.extend(&good);
    damaged.truncate(damaged.len() - 10);
    fs::write(&file, damaged).unwrap();
    assert_eq!(settings.pending(&case.folders).len(), 1);
    remember(&pending, &case.folders).unwrap();
    assert!(settings.pending(&case.folders).is_empty());
    assert_eq!(fs::read(&file).unwrap(), good);

    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    assert_eq!(
        settings.pending(&case.folders).len(),
        3,
        "somebody else may have written it"
    );
    remember(&pending, &case.folders).unwrap();
    assert_eq!(mode(&file), 0o600);
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    assert_eq!(settings.pending(&case.folders).len(), 3);
    assert!(matches!(
        remember(&pending, &case.folders),
        Err(ConsentError::NotPrivate(_))
    ));
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();

    fs::remove_file(&file).unwrap();
    fs::write(folder.join("elsewhere"), &good).unwrap();
    std::os::unix::fs::symlink("elsewhere", &file).unwrap();
    assert_eq!(
        settings.pending(&case.folders).len(),
        3,
        "a link is not followed"
    );
}

#[test]
fn a_found_file_raises_no_bound_on_compiling_and_others_only_with_a_word() {
    let text = "runner: custom\ncustom:\n  limits: {compile-memory: 4GiB, memory: 1GiB, cpu: 1s}\n";
    let faults = case(text).faults();
    assert_eq!(faults.as_slice().len(), 1);
    let shown = faults.render(false);
    assert!(
        shown.contains("may not raise `compile-memory` above 2.0 GiB"),
        "{shown}"
    );
    assert!(shown.contains("--limit compile-memory="), "{shown}");
    let raised = case("runner: custom\ncustom: {limits: {memory: 1GiB, cpu: 1s}}\n").settings();
    let warned: Vec<String> = raised.warnings.iter().map(ToString::to_string).collect();
    assert!(
        warned.len() == 1
            && warned[0].contains("raises the limit `memory` from 256.0 MiB to 1.0 GiB"),
        "{warned:?}"
    );
    assert!(
        Case::named(text)
            .variable("X_KEY", "x")
            .settings()
            .warnings
            .is_empty()
    );
}
