//! A file that was found may be a stranger's.

use super::*;

const TEXT: &str = "runner: tool\ntool:\n  component: ../outside.wasm\n  cache: {dir: up/cache}\n  ca: hush.pem\n  proxy: http://evil.example:1\n  endpoint: https://a.example\naudit: /var/log/audit\n";

#[test]
#[cfg(unix)]
fn its_paths_stay_beneath_its_folder() {
    let case = Case::found(TEXT);
    std::os::unix::fs::symlink("..", case.root.join("up")).unwrap();
    let faults = case.faults();
    let text = faults.to_string();
    assert_eq!(faults.as_slice().len(), 3, "{text}");
    for (place, key) in [
        (":3:14", "component"),
        (":4:16", "cache.dir"),
        (":8:8", "audit"),
    ] {
        assert!(
            text.contains(&format!(
                "{place}: `{key}` leads out of the folder of the file"
            )),
            "{text}"
        );
    }
    assert!(text.contains("--config"), "{text}");
    let named = Case::named(TEXT).beside("hush.pem", AUTHORITY).settings();
    assert!(named.ca.is_some() && named.route.proxy.is_some() && named.warnings.is_empty());
    assert!(
        matches!(named.runner.origin, RunnerOrigin::File(path) if path.ends_with("../outside.wasm"))
    );
}

#[test]
fn its_proxy_and_certificates_are_ignored_with_a_word() {
    let mut case =
        Case::found("runner: mock\nmock:\n  ca: hush.pem\n  proxy: http://evil.example:1\n");
    let settings = case.settings();
    assert!(settings.ca.is_none() && settings.route.proxy.is_none());
    let warned = settings.warned();
    assert!(
        warned.contains(":3:3: `ca` is ignored") && warned.contains(":4:3: `proxy` is ignored"),
        "{warned}"
    );
    assert_eq!(case.settings().warnings.len(), 2);
    case.variables.push((
        "AGENT_ARBORIST_MOCK__PROXY".to_owned(),
        "http://mine.example:1".to_owned(),
    ));
    assert!(case.settings().route.proxy.is_some());
}

#[test]
fn a_variables_path_is_the_users() {
    let text = "runner: mock\nmock:\n  cache: {dir: ../up}\n";
    assert!(
        Case::found(text)
            .fault()
            .contains(":3:16: `cache.dir` leads out")
    );
    let dir = Case::found(text).variable("AGENT_ARBORIST_MOCK__CACHE__DIR", "/elsewhere/cache");
    assert_eq!(
        dir.settings().cache.unwrap().dir,
        Path::new("/elsewhere/cache")
    );
    // One that sets another key beside it makes the file's path no more trusted.
    let beside = Case::found(text).variable("AGENT_ARBORIST_MOCK__CACHE__TTL", "1h");
    assert!(beside.fault().contains("`cache.dir` leads out"));
}

#[test]
fn it_is_found_from_below() {
    let mut case = Case::found("runner: tool\ntool: {component: in/tool.wasm}\n");
    case.invocation.folder = case.root.join("a/b");
    std::fs::create_dir_all(&case.invocation.folder).unwrap();
    let settings = case.settings();
    assert_eq!(
        settings.runner.origin,
        RunnerOrigin::File(case.root.join("in/tool.wasm"))
    );
    let file = settings.file.unwrap();
    assert_eq!(
        (file.path, file.named, file.sections),
        (case.path(), false, vec!["tool".to_owned()])
    );
    // The user's own paths are relative to where the user is.
    let flag = case.with(|invocation| invocation.component = Some("mine.wasm".into()));
    let settings = flag.settings();
    assert_eq!(
        settings.runner.origin,
        RunnerOrigin::File(flag.root.join("a/b/mine.wasm"))
    );
}

#[test]
fn a_cache_without_a_folder_is_in_the_users_own() {
    // Also for a found file: nothing of it decides where.
    let mut case = Case::found("runner: mock\nmock:\n  cache: {ttl: 2h}\n");
    let dir = case.settings().cache.unwrap().dir;
    assert!(dir.ends_with("home/cache/arborist/results"), "{dir:?}");
    case.folders.cache = None;
    let settings = case.settings();
    assert!(settings.cache.is_none());
    let warned = settings.warned();
    assert!(warned.contains(":3:10: nothing is cached"), "{warned}");
}

#[test]
#[cfg(unix)]
fn it_has_no_say_in_what_git_runs() {
    let links = |case: &Case| {
        std::fs::create_dir_all(case.root.join(".git/hooks")).unwrap();
        std::os::unix::fs::symlink(".git/hooks", case.root.join("logs")).unwrap();
    };
    for path in [
        ".git/config",
        ".git/hooks/post-checkout",
        "./x/../.git/audit",
        "logs/post-checkout",
        "vendored/.git/config",
        ".GIT/config",
        ".git",
    ] {
        let text = format!("audit: {path}\n");
        let case = Case::found(&text);
        links(&case);
        std::fs::create_dir_all(case.root.join("x")).unwrap();
        let fault = case.fault();
        assert!(
            fault.contains(":1:8: `audit` leads into a `.git` folder; git runs what is in there"),
            "{path}: {fault}"
        );
        // Who names the file trusts it.
        let case = Case::named(&text);
        links(&case);
        assert!(case.settings().audit.is_some(), "{path}");
    }
    let cache = Case::found("runner: mock\nmock: {cache: {dir: .git/objects}}\n");
    assert!(cache.fault().contains("`cache.dir` leads into"));
    for path in [".github/audit.jsonl", "git/audit", ".gitignore"] {
        let settings = Case::found(&format!("audit: {path}\n")).settings();
        assert!(settings.audit.is_some(), "{path}");
    }
}
