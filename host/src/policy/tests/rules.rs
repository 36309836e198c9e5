//! U16, U17 and design section 5: what a rule may say and what it permits.

use super::{allowed, denied, get, policy};
use crate::policy::{
    Fault, HostError, InvalidMethod, InvalidPort, InvalidTarget, MAX_RULE_BYTES, Method, Mismatch,
    Place, Policy, Reason, Rule, RuleError,
};

fn rule(text: &str) -> Rule {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn rules_have_a_canonical_text() {
    for (text, canonical) in [
        (
            "https://api.custom-service.com",
            "https://api.custom-service.com",
        ),
        ("https://api.example.com/", "https://api.example.com"),
        (
            "https://API.Example.com:443/v1",
            "https://api.example.com/v1",
        ),
        (
            "POST https://*.example.com:8443/v1/",
            "POST https://*.example.com:8443/v1/",
        ),
        ("PUT,GET https://example.com", "GET,PUT https://example.com"),
        (
            "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS https://example.com",
            "https://example.com",
        ),
        ("http://localhost:11434", "http://localhost:11434"),
        ("http://localhost.", "http://localhost"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[0:0::1]:8080", "http://[::1]:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        (
            "https://*.bücher.example",
            "https://*.xn--bcher-kva.example",
        ),
        (
            "https://example.com/caf%c3%a9/%7e",
            "https://example.com/caf%C3%A9/~",
        ),
        ("http://ollama:11434", "http://ollama:11434"),
    ] {
        let parsed = rule(text);
        assert_eq!(parsed.to_string(), canonical);
        assert_eq!(rule(canonical), parsed);
    }
}

#[test]
fn u16_odd_wildcards_are_errors() {
    for (text, error) in [
        ("*", RuleError::Everything),
        ("GET *", RuleError::Everything),
        ("https://*", RuleError::Everything),
        ("https://*:443", RuleError::Everything),
        ("https://*/v1", RuleError::Everything),
        ("https://*.test", RuleError::WildcardTooWide),
        ("https://*.com", RuleError::WildcardTooWide),
        ("http://*.localhost", RuleError::WildcardTooWide),
        ("https://*.co.uk", RuleError::PublicSuffix("co.uk".into())),
        ("https://*.CO.UK.", RuleError::PublicSuffix("co.uk".into())),
        (
            "https://*.github.io",
            RuleError::PublicSuffix("github.io".into()),
        ),
        (
            "https://*.公司.cn",
            RuleError::PublicSuffix("xn--55qx5d.cn".into()),
        ),
        ("https://*.foo.ck", RuleError::PublicSuffix("foo.ck".into())),
        ("https://a*.b", RuleError::Wildcard),
        ("https://*a.b.c", RuleError::Wildcard),
        ("https://*.*", RuleError::Wildcard),
        ("https://*.*.com", RuleError::Wildcard),
        ("https://a.*.com", RuleError::Wildcard),
        ("https://**.example.com", RuleError::Wildcard),
        ("https://*.127.0.0.1", RuleError::WildcardAddress),
        ("https://*.[::1]", RuleError::Port(InvalidPort)),
        ("https://*.", RuleError::Host(HostError::Empty)),
    ] {
        assert_eq!(text.parse::<Rule>(), Err(error), "{text}");
    }
}

#[test]
fn u17_rules_that_cannot_mean_what_they_say_are_errors() {
    let long = format!("https://example.com/{}", "a".repeat(MAX_RULE_BYTES));
    for (text, error) in [
        ("https://user@example.com", RuleError::Userinfo),
        ("https://user:password@example.com", RuleError::Userinfo),
        ("https://example.com?q=1", RuleError::Query),
        ("https://example.com/v1?", RuleError::Query),
        ("https://example.com/#f", RuleError::Fragment),
        ("example.com", RuleError::Scheme(InvalidTarget::NoScheme)),
        ("", RuleError::Scheme(InvalidTarget::NoScheme)),
        ("//example.com", RuleError::Scheme(InvalidTarget::NoScheme)),
        (
            "example.com:443",
            RuleError::Scheme(InvalidTarget::NoScheme),
        ),
        ("localhost:11434", RuleError::Scheme(InvalidTarget::Scheme)),
        (
            "ftp://example.com",
            RuleError::Scheme(InvalidTarget::Scheme),
        ),
        (
            "https:example.com",
            RuleError::Scheme(InvalidTarget::Slashes),
        ),
        ("https:///v1", RuleError::Host(HostError::Empty)),
        ("https://example.com:0", RuleError::Port(InvalidPort)),
        ("https://example.com:*", RuleError::Port(InvalidPort)),
        ("https://example.com:080", RuleError::Port(InvalidPort)),
        ("https://example.com:", RuleError::Port(InvalidPort)),
        ("https://example.com:1-2", RuleError::Port(InvalidPort)),
        ("https://exam%70le.com", RuleError::Host(HostError::Encoded)),
        (
            "http://2130706433",
            RuleError::Ipv4Spelling([127, 0, 0, 1].into()),
        ),
        (
            "http://0177.0.0.1",
            RuleError::Ipv4Spelling([127, 0, 0, 1].into()),
        ),
        (
            "http://127.1",
            RuleError::Ipv4Spelling([127, 0, 0, 1].into()),
        ),
        ("http://10.0.0.0/8/x*", RuleError::PathWildcard),
        ("https://example.com/v1/*", RuleError::PathWildcard),
        ("https://example.com/v1/../admin", RuleError::PathSegments),
        (
            "https://example.com/v1/%2e%2E/admin",
            RuleError::PathSegments,
        ),
        ("https://example.com/./", RuleError::PathSegments),
        ("https://example.com//v1", RuleError::PathSegments),
        ("https://example.com/%zz", RuleError::PathPercent),
        (r"https:\\example.com", RuleError::Character),
        ("https://example.com\n", RuleError::Character),
        ("GET\thttps://example.com", RuleError::Character),
        (
            "get https://example.com",
            RuleError::Method(InvalidMethod::Case(Method::Get)),
        ),
        (
            "TRACE https://example.com",
            RuleError::Method(InvalidMethod::Unknown),
        ),
        (
            "GET, POST https://example.com",
            RuleError::Method(InvalidMethod::Unknown),
        ),
        (
            " https://example.com",
            RuleError::Method(InvalidMethod::Unknown),
        ),
        (
            "* https://example.com",
            RuleError::Method(InvalidMethod::Unknown),
        ),
        ("GET  https://example.com", RuleError::Space),
        (
            "https://example.com ",
            RuleError::Method(InvalidMethod::Unknown),
        ),
        ("GET https://example.com ", RuleError::Space),
        (
            "GET,POST,GET https://example.com",
            RuleError::MethodTwice(Method::Get),
        ),
        (&*long, RuleError::TooLong),
    ] {
        assert_eq!(Rule::try_from(text), Err(error), "{text}");
    }
    let text = "example.com".parse::<Rule>().unwrap_err().to_string();
    assert!(
        text.contains("[METHOD[,METHOD] ]SCHEME://HOST[:PORT][/PATH-PREFIX]"),
        "{text}"
    );
}

#[test]
fn u17_no_error_quotes_the_rule() {
    for text in [
        "hunter2",
        "hunter2 https://x",
        "https://hunter2@x",
        "https://x:hunter2",
        "hunter2://x",
        "https://hunter2 x y",
        "https://x/hunter2/*",
        "https://hunter2%",
    ] {
        let error = text.parse::<Rule>().unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{text}: {error}"
        );
    }
}

#[test]
fn u16_a_wildcard_is_for_names_below_it() {
    let policy = policy(&["https://*.allowed.test"]);
    for host in [
        "a.allowed.test",
        "a.b.allowed.test",
        "A.ALLOWED.TEST.",
        "xn--bcher-kva.allowed.test",
    ] {
        assert!(allowed(&policy, &format!("https://{host}/")), "{host}");
    }
    for host in [
        "allowed.test",
        "evilallowed.test",
        "allowed.test.evil.test",
        "a.allowed.test.evil.test",
        "1.1.1.1",
        "[2606:4700::1111]",
        "test",
    ] {
        assert!(!allowed(&policy, &format!("https://{host}/")), "{host}");
    }
}

#[test]
fn a_name_is_for_itself_only() {
    let policy = policy(&["https://allowed.test"]);
    for host in [
        "a.allowed.test",
        "allowed.test.evil.test",
        "allowed",
        "allowed.tes",
        "1.1.1.1",
    ] {
        assert!(!allowed(&policy, &format!("https://{host}/")), "{host}");
    }
}

#[test]
fn methods_are_those_listed() {
    let policy = policy(&["GET,POST https://allowed.test"]);
    for method in Method::ALL {
        let target = super::both_doors(method.as_str(), "https://allowed.test/").unwrap();
        assert_eq!(
            policy.decide(&target).is_ok(),
            matches!(method, Method::Get | Method::Post),
            "{method}"
        );
    }
}

#[test]
fn u18_a_prefix_matches_whole_segments_and_cannot_be_left() {
    let prefix = policy(&["https://allowed.test/v1"]);
    for path in [
        "/v1",
        "/v1/",
        "/v1/x",
        "/v1/../v1/x",
        "/x/%2e%2e/v1",
        "/v1/x%2Fy",
        "/v1?/../admin",
        "/v1/a;b",
        "/v1/...",
        "/v1/%25",
        "/%761",
    ] {
        assert!(
            allowed(&prefix, &format!("https://allowed.test{path}")),
            "{path}"
        );
    }
    for path in [
        "/v10",
        "/v",
        "/",
        "",
        "/V1",
        "/v1/../admin",
        "/v1/%2e%2e/admin",
        "//v1",
        "/v1;x",
        "/v1%2Fx",
        "/x/v1",
        "/v1%20",
    ] {
        assert!(
            matches!(
                denied(&prefix, &format!("https://allowed.test{path}")).reason(),
                Reason::NoRule {
                    nearest: Some((_, Mismatch::Path))
                }
            ),
            "{path}"
        );
    }
    let hidden = [
        "/v1/..;/admin",
        "/v1/..;a=b/admin",
        "/v1/.;/x",
        "/v1/%252e%252e/admin",
        "/v1/%25252e%25252e/",
        "/v1/..%2Fadmin",
        "/v1/..%252fadmin",
        "/v1/..%5Cadmin",
        "/v1/x%2F..%2F..%2Fadmin",
        "/v1/%c0%ae%c0%ae/admin",
        "/v1/..%00/admin",
        "/v1/..%20/admin",
        "/v1/%3b%2F..%3B/",
        "/v1/%25252525252e",
    ];
    let origin = policy(&["https://allowed.test"]);
    for path in hidden {
        let url = format!("https://allowed.test{path}");
        assert!(
            matches!(
                denied(&prefix, &url).reason(),
                Reason::NoRule {
                    nearest: Some((_, Mismatch::HiddenDotSegment))
                }
            ),
            "{path}"
        );
        assert!(allowed(&origin, &url), "{path}");
    }
    let below = policy(&["https://allowed.test/v1/"]);
    assert!(
        allowed(&below, "https://allowed.test/v1/") && allowed(&below, "https://allowed.test/v1/x")
    );
    assert!(
        !allowed(&below, "https://allowed.test/v1") && !allowed(&below, "https://allowed.test/v10")
    );
}

#[test]
fn u17_duplicates_and_all_faults_are_found_at_once() {
    let errors = Policy::builder()
        .allow("nonsense")
        .allow("https://a.test")
        .allow("https://b.test")
        .allow("HTTPS://B.test:443/")
        .allow("GET https://b.test")
        .implied("endpoint", "not a url")
        .allow_on_command_line("https://b.test")
        .allow_on_command_line("*")
        .network("10.0.0.0/8")
        .network("10.0.0.1/8")
        .network("10.0.0.1")
        .network("169.254.0.0/16")
        .build()
        .unwrap_err();
    let found: Vec<_> = errors
        .as_slice()
        .iter()
        .map(|error| (error.place.clone(), error.fault.clone()))
        .collect();
    assert_eq!(
        found,
        [
            (
                Place::Allow(0),
                Fault::Rule(RuleError::Scheme(InvalidTarget::NoScheme))
            ),
            (Place::Allow(3), Fault::Duplicate(Place::Allow(2))),
            (
                Place::Field("endpoint".into()),
                Fault::Url(InvalidTarget::Space)
            ),
            (Place::CommandLine(1), Fault::Rule(RuleError::Everything)),
            (
                Place::Network(1),
                Fault::NetworkBits("10.0.0.0/8".parse().unwrap())
            ),
            (Place::Network(2), Fault::Network),
            (
                Place::Network(3),
                Fault::NeverListed(crate::policy::AddressClass::LinkLocal)
            ),
        ]
    );
    let text = errors.to_string();
    assert_eq!(text.lines().count(), 7);
    assert!(
        text.contains(
            "\nallow[3]: this rule means the same as allow[2]; remove one of the two\nendpoint: "
        ),
        "{text}"
    );
    assert!(
        text.contains("\n--allow number 2: ") && text.contains("\nnetworks[1]: "),
        "{text}"
    );
}

#[test]
fn networks_are_checked() {
    for text in [
        "10.0.0.0/8",
        "0.0.0.0/0",
        "::/0",
        "fd00::/8",
        "FD00:0::/8",
        "127.0.0.0/8",
        "192.168.1.7/32",
    ] {
        Policy::builder()
            .network(text)
            .build()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    for text in [
        "",
        "10.0.0.0/33",
        "10.0.0.0/08",
        "10.0.0/8",
        "x/8",
        "10.0.0.0/-1",
        "10.0.0.0/8 ",
        "localhost",
    ] {
        assert_eq!(
            Policy::builder()
                .network(text)
                .build()
                .unwrap_err()
                .as_slice()[0]
                .fault,
            Fault::Network,
            "{text}"
        );
    }
    for text in [
        "169.254.169.254/32",
        "fe80::/10",
        "224.0.0.0/4",
        "0.0.0.0/8",
        "255.255.255.255/32",
        "fd00:ec2::/32",
        "ff00::/8",
        "::/128",
    ] {
        assert!(
            matches!(
                Policy::builder()
                    .network(text)
                    .build()
                    .unwrap_err()
                    .as_slice()[0]
                    .fault,
                Fault::NeverListed(_)
            ),
            "{text}"
        );
    }
}

#[test]
fn the_number_of_entries_is_bounded() {
    let many = (0..300).fold(Policy::builder(), |builder, at| {
        builder
            .allow(&format!("https://h{at}.test"))
            .network(&format!("10.0.{}.0/24", at % 256))
    });
    let errors = many.build().unwrap_err();
    assert!(
        errors
            .as_slice()
            .iter()
            .all(|error| error.fault == Fault::TooMany)
    );
    assert_eq!(
        errors.as_slice().first().map(|error| error.place.clone()),
        Some(Place::Allow(256))
    );
    assert_eq!(errors.as_slice().len(), 1);
    let networks = (0..257).fold(Policy::builder(), |builder, at| {
        builder.network(&format!("10.{}.{}.0/24", at / 256, at % 256))
    });
    let errors = networks.build().unwrap_err();
    assert_eq!(
        errors
            .as_slice()
            .iter()
            .map(|error| error.place.clone())
            .collect::<Vec<_>>(),
        [Place::Network(256)]
    );
    let longest = format!(
        "https://example.com/{}",
        "a".repeat(MAX_RULE_BYTES - "https://example.com/".len())
    );
    assert_eq!(
        (longest.len(), rule(&longest).to_string().len()),
        (2048, 2048)
    );
    let most = (0..256).fold(Policy::builder(), |builder, at| {
        builder
            .allow(&format!("https://h{at}.test"))
            .network(&format!("10.0.{at}.0/24"))
    });
    assert_eq!(most.build().unwrap().networks().len(), 256);
}

#[test]
fn rules_are_explained_in_words() {
    for (text, words) in [
        (
            "https://api.example.com",
            "any method to api.example.com, over https, port 443, any path",
        ),
        (
            "POST,GET https://*.example.com:8443/v1/",
            "GET or POST to any name below example.com, but not example.com itself, over https, port 8443, paths that begin with /v1/",
        ),
        (
            "http://localhost:11434/v1",
            "any method to this machine (localhost, 127.0.0.1 or [::1]), over http (not encrypted), port 11434, the path /v1 and all below it",
        ),
        (
            "http://10.1.2.3",
            "any method to the private address 10.1.2.3, over http (not encrypted), port 80, any path",
        ),
        (
            "http://[::1]",
            "any method to the loopback address ::1, over http (not encrypted), port 80, any path",
        ),
    ] {
        assert_eq!(rule(text).describe(), words);
    }
}

#[test]
fn rules_know_their_origin() {
    for text in [
        "https://api.example.com:8443",
        "http://localhost",
        "http://10.0.0.1",
        "http://[::1]",
    ] {
        let origin = rule(text).origin().unwrap();
        assert_eq!(origin.to_string(), text);
        assert_eq!(Rule::for_origin(origin.clone()), rule(text));
        assert_eq!(&origin, get(text).origin());
    }
    assert_eq!(rule("https://*.example.com").origin(), None);
    assert_eq!(
        rule("POST https://api.example.com/v1")
            .origin()
            .unwrap()
            .to_string(),
        "https://api.example.com"
    );
    assert_eq!(rule("https://api.example.com/v1").prefix(), Some("/v1"));
    assert_eq!(
        rule("PUT,GET https://a.test")
            .methods()
            .iter()
            .collect::<Vec<_>>(),
        [Method::Get, Method::Put]
    );
    assert_eq!(rule("http://localhost").host().to_string(), "localhost");
}
