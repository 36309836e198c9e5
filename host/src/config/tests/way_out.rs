//! `ca`, `proxy`, and the verdict on a request.

use super::*;

fn mock(line: &str) -> Case {
    Case::named(&format!("runner: mock\nmock:\n  {line}\n"))
}

#[test]
fn a_file_of_authorities_is_read_where_it_is_named() {
    let settings = mock("ca: ca.pem").beside("ca.pem", AUTHORITY).settings();
    assert_eq!(settings.route.authorities.as_ref().unwrap().count(), 1);
    let lines = settings.explain();
    assert!(
        lines.iter().any(
            |line| line.contains("besides the system's authorities, one from")
                && line.ends_with("ca.pem")
        ),
        "{lines:?}"
    );
    let twice = mock("ca: ca.pem")
        .beside("ca.pem", AUTHORITY.repeat(2))
        .settings();
    assert_eq!(twice.route.authorities.unwrap().count(), 2);
    // A section that is not in use needs no file.
    Case::named("runner: mock\ncustom: {ca: absent.pem}\n").settings();
}

#[test]
fn a_file_that_holds_no_authority_is_a_fault_where_it_is_named() {
    let garbage = "-----BEGIN CERTIFICATE-----\naHVzaC1odXNo\n-----END CERTIFICATE-----\n";
    let second = format!("{AUTHORITY}{garbage}");
    let huge = "\n".repeat(1024 * 1024 + 1);
    for (content, words) in [
        ("", "there is no certificate in it"),
        ("hush-hush-hush", "there is no certificate in it"),
        (garbage, "its certificate 1 is none"),
        (&second, "its certificate 2 is none"),
        ("-----BEGIN CERTIFICATE-----\naHVza", "section 1 is cut"),
        (&huge, "larger than 1024 KiB"),
    ] {
        let fault = mock("ca: ca.pem").beside("ca.pem", content).fault();
        assert!(
            fault.contains(":3:7: the file of `ca` cannot be used: "),
            "{fault}"
        );
        assert!(fault.contains(words) && fault.contains("PEM"), "{fault}");
        assert!(!fault.contains("hush"), "{fault}");
    }
    assert!(
        mock("ca: absent.pem")
            .fault()
            .contains(":3:7: the file of `ca` cannot be used: there is no such file")
    );
    assert!(mock("ca: .").fault().contains("it is not a regular file"));
    assert!(mock("ca: ~/ca.pem").fault().contains("begins with `~`"));
}

#[test]
fn a_proxy_has_credentials_that_nobody_sees() {
    let shown = "http://****@proxy.example:3128";
    let password = "hush:@/#?%41 hush";
    for (line, variable) in [
        (
            "proxy: http://me:${PROXY_PASSWORD}@proxy.example:3128",
            password,
        ),
        (
            "proxy: http://${PROXY_PASSWORD}@proxy.example:3128/",
            "hush",
        ),
        ("proxy: http://me:hu%73h@proxy.example:3128", ""),
        (
            "proxy: ${PROXY_PASSWORDS}",
            "http://me:hush@proxy.example:3128",
        ),
    ] {
        let mut case = mock(line);
        for name in ["PROXY_PASSWORD", "PROXY_PASSWORDS"] {
            case = case.variable(name, variable);
        }
        let settings = case.settings();
        let proxy = settings.route.proxy.clone().unwrap();
        assert_eq!(proxy.to_string(), shown, "{line}");
        let all = format!(
            "{settings:?} {:?} {:?}",
            settings.rows(),
            settings.explain()
        );
        assert!(!all.contains("hush") && all.contains(shown), "{all}");
    }
    // The value of a variable is taken as it is, whatever it holds.
    let settings = mock("proxy: http://me:${PROXY_PASSWORD}@proxy.example:3128")
        .variable("PROXY_PASSWORD", password)
        .settings();
    let plain: crate::route::Proxy = "http://proxy.example:3128".parse().unwrap();
    let meant = plain.with_credentials("me", password).unwrap();
    assert!(settings.route.proxy == Some(meant));
}

#[test]
fn what_is_no_proxy_is_a_fault_that_shows_no_password() {
    for (line, words) in [
        (
            "proxy: socks5://me:hush@proxy.example:1080",
            "SOCKS proxies are not supported",
        ),
        ("proxy: me:hush@proxy.example:3128", "http://"),
        (
            "proxy: http://me:hush@proxy.example:3128/path",
            "ends with its host",
        ),
        ("proxy: http://me:hu/sh@proxy.example", "port"),
        ("proxy: 'http://me:hush@proxy.example:0'", "port"),
        ("proxy: {http: hush}", "must be"),
        ("proxy: ftp://me:${PROXY_PASSWORD}@proxy.example", "http://"),
        (
            "proxy: http://me:${ABSENT}@proxy.example",
            "`ABSENT` is not set",
        ),
        (
            "proxy: http://${PROXY_PASSWORD}.example",
            "may not hold the secret `PROXY_PASSWORD`",
        ),
    ] {
        let case = mock(line).variable("PROXY_PASSWORD", "hush-hush-hush");
        let faults = case.faults();
        let text = faults.render(false);
        assert!(text.contains(words), "{line}: {text}");
        assert!(text.contains(":3:10"), "{line}: {text}");
        if !line.contains("{http:") {
            assert!(
                !text.contains("hush") && !text.contains("hu/sh"),
                "{line}: {text}"
            );
        }
    }
    let variable =
        mock("model: x").variable("AGENT_ARBORIST_MOCK__PROXY", "socks5://me:hush@a.example");
    let fault = variable.fault();
    assert!(
        fault.contains("AGENT_ARBORIST_MOCK__PROXY") && !fault.contains("hush"),
        "{fault}"
    );
}

const JUDGED: &str = "runner: custom\ncustom:\n  api_key: ${CUSTOM_API_KEY}\n  other_key: {key: literal-in-file}\n  endpoint: https://api.example.com/v1\n  allow: [\"POST https://api.example.com/v1\", http://localhost:8080, http://127.0.0.1:80, https://cdn.example]\n  secrets: {api_key: {to: [\"https://api.example.com\"], in: [header, query]}}\n  proxy: http://me:hush@proxy.example:3128\n";

fn judged(request: &str) -> Verdict {
    let case = Case::named(JUDGED).variable("CUSTOM_API_KEY", "sk-0123456789");
    case.settings().judge(request).unwrap()
}

#[test]
fn a_permitted_request_is_explained() {
    let verdict = judged("POST HTTPS://API.example.com.:443/v1/./generate?q=hush#x");
    assert_eq!(verdict.request, "POST https://api.example.com/v1/generate");
    let permitted = verdict.decision.unwrap();
    assert_eq!(permitted.rule, "POST https://api.example.com/v1");
    assert_eq!(permitted.source, "`allow`");
    assert_eq!(
        permitted.secrets[0],
        "`api_key` may go along, in: header, query"
    );
    let later = permitted.later.join("\n");
    for words in [
        "nothing was looked up",
        "decided anew",
        "http://****@proxy.example:3128",
        "left to the proxy",
    ] {
        assert!(later.contains(words), "{later}");
    }
    let elsewhere = judged("https://cdn.example/x").decision.unwrap();
    assert!(
        elsewhere.secrets[0].contains("`api_key` may not"),
        "{elsewhere:?}"
    );
    // What stays on this machine goes through no proxy.
    for here in ["http://localhost:8080/", "http://127.0.0.1/"] {
        let later = judged(here).decision.unwrap().later.join("\n");
        assert!(
            !later.contains("proxy") && !later.contains("looked up"),
            "{later}"
        );
    }
}

#[test]
fn a_denied_request_is_explained_with_what_would_permit_it() {
    let refused = judged("https://api.example.com/v1").decision.unwrap_err();
    assert!(
        refused
            .reason
            .starts_with("GET https://api.example.com/v1, which no rule of `custom.allow` permits"),
        "{refused:?}"
    );
    assert_eq!(refused.code, "no-rule");
    assert_eq!(
        refused.flag.unwrap(),
        "--allow \"GET https://api.example.com/v1\""
    );
    assert!(
        refused
            .fix
            .unwrap()
            .contains("GET https://api.example.com/v1")
    );
    // Nobody is led to a metadata address.
    let refused = judged("http://169.254.169.254/latest")
        .decision
        .unwrap_err();
    assert_eq!(
        (refused.code, refused.fix, refused.flag),
        ("address", None, None)
    );
}

#[test]
fn what_is_no_request_is_not_judged() {
    let settings = Case::empty().settings();
    for request in [
        "",
        " ",
        "GET",
        "GET ",
        "GET  https://a.example",
        "CONNECT https://a.example",
        "https://a.example ",
        "api.example.com",
        "https://me:hush@a.example",
        "ftp://a.example",
        "GET https://a.example/a b",
    ] {
        let error = settings.judge(request).unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
    }
}

#[test]
fn a_component_borrows_only_a_section_that_is_there() {
    let borrow = |case: Case| {
        case.with(|invocation| {
            invocation.component = Some("tool.wasm".into());
            invocation.runner = Some("mock".to_owned());
        })
    };
    let faults = borrow(Case::named("runner: mock\n")).faults();
    assert!(faults.are_usage(), "{faults}");
    assert!(
        faults
            .to_string()
            .contains("lends the section `mock`, which does not exist"),
        "{faults}"
    );
    borrow(Case::named("mock: {model: x}\n")).settings();
    let variable = borrow(Case::empty()).variable("AGENT_ARBORIST_MOCK__MODEL", "x");
    assert_eq!(variable.settings().value("model"), Some("x"));
}

#[cfg(unix)]
#[test]
fn a_runners_name_that_is_not_utf8_is_a_fault() {
    use std::os::unix::ffi::OsStringExt as _;
    let case = Case::empty();
    let name = std::ffi::OsString::from_vec(vec![0xff, b'a']);
    let environment = Environment::from_iter([(RUNNER_VARIABLE, name)]);
    let faults = resolve(&case.invocation, &environment, &case.folders).unwrap_err();
    let text = faults.to_string();
    assert!(
        text.contains("`AGENT_ARBORIST_RUNNER`: it is not UTF-8") && !faults.are_usage(),
        "{text}"
    );
}
