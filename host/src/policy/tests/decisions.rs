//! Section S, as far as no socket is needed, and what the user reads.

use super::{allowed, denied, get, ip, policy};
use crate::policy::{AddressClass, Addresses, Mismatch, Policy, Reason, RuleSource, Target};

/// One literal of every kind that is nobody's service, in several spellings.
const INNER_LITERALS: [&str; 32] = [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "127.1",
    "0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "0.1.2.3",
    "①②⑦.0.0.1",
    "192.0.2.1",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[fc00::1]",
    "[fe80::1]",
    "[ff02::1]",
    "[fec0::1]",
    "[2001:db8::1]",
    "[fd00:ec2::254]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
];

#[test]
fn s01_literals_are_denied_unless_a_rule_names_them() {
    let others = Policy::builder()
        .allow("http://allowed.test")
        .allow("http://*.allowed.test")
        .network("0.0.0.0/0")
        .network("::/0")
        .build()
        .unwrap();
    for host in INNER_LITERALS {
        let url = format!("http://{host}/latest");
        let denial = denied(&others, &url);
        assert!(
            matches!(denial.reason(), Reason::Literal { class } if *class != AddressClass::Public),
            "{host}: {:?}",
            denial.reason()
        );
        let itself = policy(&[&format!("http://{}", get(&url).host())]);
        let target = get(&url);
        let permit = itself.decide(&target).unwrap();
        let address = target.host().literal().unwrap();
        assert_eq!(permit.addresses(), Addresses::Literal(address));
        assert_eq!(permit.filter(&[address]).unwrap(), [address]);
        assert!(
            permit.filter(&[ip("8.8.8.8")]).is_err(),
            "a literal is never resolved to another address"
        );
    }
    assert!(allowed(&policy(&["https://1.1.1.1"]), "https://1.1.1.1/"));
    assert!(matches!(
        denied(&others, "http://1.1.1.1/").reason(),
        Reason::NoRule { nearest: None }
    ));
}

#[test]
fn a_literal_in_another_form_is_another_literal() {
    let policy = policy(&["http://127.0.0.1:8080"]);
    assert!(
        allowed(&policy, "http://2130706433:8080/"),
        "a spelling of the same address"
    );
    for url in [
        "http://[::1]:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
        "http://127.0.0.2:8080/",
        "http://localhost:8080/",
        "http://127.0.0.1/",
    ] {
        assert!(!allowed(&policy, url), "{url}");
    }
}

#[test]
fn implied_rules_permit_literals_but_not_metadata() {
    for url in [
        "http://127.0.0.1:8080/v1",
        "http://10.0.0.1/",
        "http://[fd12::1]/",
        "http://localhost:11434/api",
        "https://api.example.com/v1",
    ] {
        let policy = Policy::builder().implied("endpoint", url).build().unwrap();
        let target = get(url);
        let permit = policy.decide(&target).unwrap();
        assert_eq!(
            permit.rule().source(),
            &RuleSource::Implied {
                field: "endpoint".into()
            }
        );
    }
    for url in [
        "http://169.254.169.254/",
        "http://169.254.1.1/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
    ] {
        let policy = Policy::builder()
            .implied("base_url", url)
            .section("custom")
            .build()
            .unwrap();
        let denial = denied(&policy, url);
        assert!(
            matches!(denial.reason(), Reason::Implied { field, .. } if &**field == "base_url"),
            "{url}"
        );
        assert_eq!(denial.fix(), None);
        let origin = get(url).origin().to_string();
        for explicit in [
            Policy::builder()
                .implied("base_url", url)
                .allow(&origin)
                .build()
                .unwrap(),
            Policy::builder()
                .implied("base_url", url)
                .allow_on_command_line(&origin)
                .build()
                .unwrap(),
            Policy::builder()
                .allow(&origin)
                .implied("base_url", url)
                .build()
                .unwrap(),
        ] {
            assert!(allowed(&explicit, url), "{url}");
        }
    }
}

#[test]
fn implied_rules_are_for_the_whole_origin_and_once() {
    let policy = Policy::builder()
        .implied("endpoint", "https://a.test/v1")
        .implied("token_url", "https://a.test/token")
        .allow_on_command_line("https://a.test")
        .build()
        .unwrap();
    assert_eq!(policy.rules().len(), 2);
    assert_eq!(
        policy.rules()[0].source(),
        &RuleSource::Implied {
            field: "endpoint".into()
        }
    );
    assert_eq!(policy.rules()[1].source(), &RuleSource::CommandLine);
    assert_eq!(
        policy.rules()[0].source().to_string(),
        "implied by `endpoint`"
    );
    assert_eq!(policy.rules()[1].source().to_string(), "by --allow");
    assert_eq!(RuleSource::Explicit.to_string(), "in `allow`");
    assert!(allowed(&policy, "https://a.test/other?q"));
    let explicit = Policy::builder()
        .allow("https://a.test")
        .allow_on_command_line("https://a.test")
        .implied("x", "https://a.test")
        .build()
        .unwrap();
    assert_eq!(explicit.rules().len(), 1);
    let later = Policy::builder()
        .allow_on_command_line("https://a.test")
        .allow("https://a.test")
        .build()
        .unwrap();
    assert_eq!(later.rules().len(), 2);
}

#[test]
fn s02_names_do_not_resolve_into_private_networks() {
    let policy = policy(&["https://allowed.test"]);
    let target = get("https://allowed.test/");
    let permit = policy.decide(&target).unwrap();
    for address in [
        "127.0.0.1",
        "10.0.0.1",
        "::1",
        "169.254.169.254",
        "fd00:ec2::254",
        "0.0.0.0",
        "::ffff:10.0.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "2001:db8::1",
        "64:ff9b::a00:1",
    ] {
        assert!(permit.filter(&[ip(address)]).is_err(), "{address}");
    }
    assert_eq!(permit.filter(&[]).unwrap_err().reason(), &Reason::NoAddress);
}

#[test]
fn s03_of_mixed_answers_only_the_public_remain_in_order() {
    let policy = policy(&["https://allowed.test"]);
    let target = get("https://allowed.test/");
    let answers = [
        "10.0.0.1",
        "9.9.9.9",
        "127.0.0.1",
        "2606:4700::1111",
        "::1",
        "1.1.1.1",
    ]
    .map(ip);
    assert_eq!(
        policy.decide(&target).unwrap().filter(&answers).unwrap(),
        ["9.9.9.9", "2606:4700::1111", "1.1.1.1"].map(ip)
    );
}

#[test]
fn networks_let_names_in_but_never_to_metadata() {
    let policy = Policy::builder()
        .allow("https://allowed.test")
        .network("10.0.0.0/8")
        .network("fd00::/8")
        .network("127.0.0.0/8")
        .build()
        .unwrap();
    let target = get("https://allowed.test/");
    let permit = policy.decide(&target).unwrap();
    for address in [
        "10.1.2.3",
        "fd12::1",
        "127.0.0.1",
        "::ffff:10.1.2.3",
        "8.8.8.8",
    ] {
        assert_eq!(permit.filter(&[ip(address)]).unwrap(), [ip(address)]);
    }
    for address in [
        "11.0.0.1",
        "192.168.0.1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "::1",
        "fc00::1",
        "64:ff9b::a00:1",
    ] {
        assert_eq!(
            permit.filter(&[ip(address)]).is_ok(),
            classify_public(address),
            "{address}"
        );
    }
    let everything = Policy::builder()
        .allow("https://allowed.test")
        .network("0.0.0.0/0")
        .network("::/0")
        .build()
        .unwrap();
    let permit = everything.decide(&target).unwrap();
    for address in [
        "169.254.169.254",
        "169.254.1.1",
        "100.100.100.200",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
    ] {
        let denial = permit.filter(&[ip(address)]).unwrap_err();
        assert_eq!(denial.fix(), None, "{address}");
    }
    assert!(
        permit
            .filter(&[
                ip("192.168.0.1"),
                ip("100.64.0.1"),
                ip("::1"),
                ip("2001:db8::1"),
                ip("240.0.0.1")
            ])
            .is_ok_and(|kept| kept.len() == 5)
    );
}

fn classify_public(address: &str) -> bool {
    crate::policy::address::classify(ip(address)) == AddressClass::Public
}

#[test]
fn networks_do_not_let_literals_in() {
    let policy = Policy::builder()
        .allow("http://allowed.test")
        .network("10.0.0.0/8")
        .build()
        .unwrap();
    assert!(!allowed(&policy, "http://10.0.0.1/"));
}

#[test]
fn s06_localhost_is_for_loopback_only() {
    let none = policy(&["http://allowed.test"]);
    for host in [
        "localhost",
        "foo.localhost",
        "LOCALHOST.",
        "localhost.localdomain",
        "ip6-localhost",
        "metadata.google.internal",
        "my-machine",
    ] {
        assert!(!allowed(&none, &format!("http://{host}/")), "{host}");
    }
    let local = Policy::builder()
        .allow("http://localhost:8080")
        .network("10.0.0.0/8")
        .build()
        .unwrap();
    let target = get("http://localhost:8080/");
    let permit = local.decide(&target).unwrap();
    assert_eq!(permit.addresses(), Addresses::Loopback);
    let answers = ["::1", "127.0.0.1", "10.0.0.1", "8.8.8.8", "0.0.0.0"].map(ip);
    assert_eq!(
        permit.filter(&answers).unwrap(),
        ["::1", "127.0.0.1"].map(ip)
    );
    assert_eq!(
        permit.filter(&[ip("8.8.8.8")]).unwrap_err().reason(),
        &Reason::NotLoopback
    );
    assert_eq!(permit.filter(&[]).unwrap_err().reason(), &Reason::NoAddress);
    // The rule covers what localhost resolves to, on its port only, and no other name or loopback address.
    assert!(allowed(&local, "http://127.0.0.1:8080/") && allowed(&local, "http://[::1]:8080/"));
    for url in [
        "http://127.0.0.2:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
        "http://foo.localhost:8080/",
        "http://127.0.0.1:8081/",
        "https://localhost:8080/",
        "http://0.0.0.0:8080/",
        "http://[::2]:8080/",
    ] {
        assert!(!allowed(&local, url), "{url}");
    }
    // Names below localhost have rules of their own, and mean this machine all the same.
    for rule in ["http://foo.localhost", "http://*.foo.localhost"] {
        let below = policy(&[rule]);
        let target = get(&format!(
            "http://{}/",
            rule.trim_start_matches("http://").replace('*', "x")
        ));
        let permit = below.decide(&target).unwrap();
        assert_eq!(
            permit.filter(&["8.8.8.8", "127.0.0.1"].map(ip)).unwrap(),
            [ip("127.0.0.1")]
        );
    }
}

#[test]
fn s06_names_that_resolve_to_this_machine_are_filtered() {
    let policy = policy(&[
        "http://ip6-localhost",
        "http://localhost.localdomain",
        "http://metadata.google.internal",
    ]);
    for (host, address) in [
        ("ip6-localhost", "::1"),
        ("localhost.localdomain", "127.0.0.1"),
        ("metadata.google.internal", "169.254.169.254"),
    ] {
        let target = get(&format!("http://{host}/"));
        assert!(
            policy
                .decide(&target)
                .unwrap()
                .filter(&[ip(address)])
                .is_err(),
            "{host}"
        );
    }
}

#[test]
fn nothing_is_permitted_by_no_rules() {
    for policy in [
        Policy::deny_all(),
        Policy::builder().build().unwrap(),
        Policy::builder().network("0.0.0.0/0").build().unwrap(),
    ] {
        for url in [
            "https://api.example.com/",
            "http://localhost/",
            "http://127.0.0.1/",
            "https://1.1.1.1/",
        ] {
            assert!(!allowed(&policy, url), "{url}");
        }
    }
    let text = denied(&Policy::deny_all(), "https://evil.example/collect").to_string();
    assert_eq!(
        text,
        "the runner asked for GET https://evil.example/collect, which no egress rule permits"
    );
}

#[test]
fn the_user_reads_what_was_asked_why_not_and_what_to_add() {
    let policy = policy(&["https://api.custom-service.com"]);
    let target = Target::parse("POST", "https://evil.example/collect?k=v").unwrap();
    let denial = policy.decide(&target).unwrap_err();
    assert_eq!(
        denial.to_string(),
        "the runner asked for POST https://evil.example/collect, which no rule of `custom.allow` permits"
    );
    assert_eq!(
        denial.fix(),
        Some(r#"allow: ["https://api.custom-service.com", "POST https://evil.example/collect"]"#)
    );
    assert_eq!(
        (
            denial.method().as_str(),
            denial.path(),
            denial.reason().code()
        ),
        ("POST", "/collect", "no-rule")
    );
}

#[test]
fn the_fix_keeps_what_was_implied_and_what_was_listed() {
    let policy = Policy::builder()
        .section("custom")
        .implied("endpoint", "https://a.test/v1")
        .network("192.168.0.0/16")
        .build()
        .unwrap();
    assert_eq!(
        denied(&policy, "https://b.test:8443/").fix(),
        Some(r#"allow: ["https://a.test", "GET https://b.test:8443"]"#)
    );
    let target = get("https://a.test/v1");
    let denial = policy
        .decide(&target)
        .unwrap()
        .filter(&["10.1.2.3", "169.254.169.254"].map(ip))
        .unwrap_err();
    assert_eq!(denial.fix(), Some("networks: [192.168.0.0/16, 10.0.0.0/8]"));
    assert_eq!(
        denial.to_string(),
        "the runner asked for GET https://a.test/v1, which resolves only to 10.1.2.3 (private), 169.254.169.254 (cloud metadata); \
         names must resolve to public addresses or into `networks`"
    );
    let denial = policy
        .decide(&target)
        .unwrap()
        .filter(&[ip("fd12::1")])
        .unwrap_err();
    assert_eq!(
        denial.fix(),
        Some(r#"networks: [192.168.0.0/16, "fc00::/7"]"#)
    );
    let many: Vec<_> = (0..9).map(|at| ip(&format!("10.0.0.{at}"))).collect();
    assert!(
        policy
            .decide(&target)
            .unwrap()
            .filter(&many)
            .unwrap_err()
            .to_string()
            .contains("10.0.0.3 (private) and 5 more;")
    );
}

#[test]
fn a_denial_names_the_rule_that_came_nearest() {
    let policy = policy(&[
        "https://allowed.test:8443",
        "POST https://allowed.test",
        "POST https://allowed.test/v1",
        "https://other.test",
    ]);
    for (method, url, rule, mismatch) in [
        (
            "GET",
            "http://allowed.test/",
            "https://allowed.test:8443",
            Mismatch::Scheme,
        ),
        (
            "GET",
            "https://allowed.test:22/",
            "https://allowed.test:8443",
            Mismatch::Port,
        ),
        (
            "GET",
            "https://allowed.test/v1",
            "POST https://allowed.test",
            Mismatch::Method,
        ),
    ] {
        let denial = policy
            .decide(&Target::parse(method, url).unwrap())
            .unwrap_err();
        assert_eq!(
            denial.reason(),
            &Reason::NoRule {
                nearest: Some((rule.into(), mismatch))
            },
            "{url}"
        );
    }
    let text = denied(&policy, "https://allowed.test/v1").to_string();
    assert_eq!(
        text,
        "the runner asked for GET https://allowed.test/v1, which no rule of `custom.allow` permits; the rule `POST https://allowed.test` is for other methods"
    );
}

#[test]
fn texts_about_addresses() {
    let custom = policy(&["http://allowed.test"]);
    let denial = denied(&custom, "http://2130706433:8080/x");
    assert_eq!(
        denial.to_string(),
        "the runner asked for GET http://127.0.0.1:8080/x, which no rule of `custom.allow` permits; 127.0.0.1 is a loopback address, and only a rule with this very address permits it"
    );
    assert_eq!(
        denial.fix(),
        Some(r#"allow: ["http://allowed.test", "GET http://127.0.0.1:8080/x"]"#)
    );
    assert_eq!(denied(&custom, "http://169.254.169.254/").fix(), None);
    let implied = Policy::builder()
        .implied("endpoint", "http://169.254.169.254")
        .build()
        .unwrap();
    assert!(
        denied(&implied, "http://169.254.169.254/")
            .to_string()
            .contains("is a cloud metadata address: the field `endpoint` alone does not permit it")
    );
    let local = policy(&["http://localhost"]);
    let target = get("http://localhost/");
    let text = local
        .decide(&target)
        .unwrap()
        .filter(&[ip("8.8.8.8")])
        .unwrap_err()
        .to_string();
    assert!(
        text.ends_with("which means this machine but resolves to other addresses only"),
        "{text}"
    );
    let long = denied(&custom, &format!("http://evil.test/{}", "a".repeat(5_000))).to_string();
    assert!(long.len() < 400 && long.contains('…'), "{long}");
}

#[test]
fn codes_are_distinct() {
    let reasons = [
        Reason::NoRule { nearest: None },
        Reason::Literal {
            class: AddressClass::Loopback,
        },
        Reason::Implied {
            class: AddressClass::Metadata,
            field: "x".into(),
        },
        Reason::Resolved {
            refused: vec![],
            more: 0,
        },
        Reason::NotLoopback,
        Reason::NoAddress,
    ];
    let codes: std::collections::HashSet<&str> = reasons.iter().map(Reason::code).collect();
    assert_eq!(codes.len(), reasons.len());
    assert!(codes.iter().all(|code| !code.is_empty()));
}

#[test]
fn s04_a_resolver_that_knows_only_the_name_keeps_the_same_addresses() {
    let policy = Policy::builder()
        .allow("https://allowed.test")
        .allow("https://localhost")
        .allow("https://1.1.1.1")
        .network("10.0.0.0/8")
        .build()
        .unwrap();
    let answers = [
        "10.0.0.1",
        "9.9.9.9",
        "127.0.0.1",
        "1.1.1.1",
        "169.254.169.254",
        "::1",
    ]
    .map(ip);
    for (host, kept) in [
        ("allowed.test", &["10.0.0.1", "9.9.9.9", "1.1.1.1"][..]),
        ("localhost", &["127.0.0.1", "::1"]),
        ("1.1.1.1", &["1.1.1.1"]),
    ] {
        let target = get(&format!("https://{host}/"));
        let dialable = policy.dialable(target.host(), &answers);
        assert_eq!(
            dialable,
            kept.iter().map(|text| ip(text)).collect::<Vec<_>>(),
            "{host}"
        );
        let permit = policy.decide(&target).unwrap();
        assert_eq!(permit.filter(&answers).unwrap(), dialable, "{host}");
    }
}

#[test]
fn what_permits_a_request_takes_the_place_of_the_list_that_is_there() {
    let denied = |policy: &Policy| policy.decide(&get("https://b.test/")).unwrap_err();
    let advice = |builder: crate::policy::PolicyBuilder| denied(&builder.build().unwrap()).advice();
    let place = "the runner's section of agent-arborist.yaml";
    assert_eq!(
        advice(
            Policy::builder()
                .allow("GET https://a.test/v1")
                .allow_on_command_line("https://c.test")
        )
        .unwrap(),
        format!(
            r#"write in {place}, in the place of its `allow`:   allow: ["GET https://a.test/v1", "GET https://b.test"]"#
        )
    );
    // An empty list is one too: a second `allow` would be a fault.
    assert_eq!(
        advice(Policy::builder().with_allow()).unwrap(),
        format!(
            r#"write in {place}, in the place of its `allow`:   allow: ["GET https://b.test"]"#
        )
    );
    assert_eq!(
        advice(Policy::builder().implied("endpoint", "https://a.test/x")).unwrap(),
        format!(r#"add to {place}:   allow: ["https://a.test", "GET https://b.test"]"#)
    );
    let long = |rules: usize| {
        (0..rules).fold(Policy::builder(), |builder, at| {
            builder.allow(&format!("https://a{at}.test"))
        })
    };
    assert!(advice(long(16)).unwrap().contains("a15.test"));
    assert_eq!(
        advice(long(17)).unwrap(),
        format!(r#"add to the list `allow` of {place}:   - "GET https://b.test""#)
    );
    let flag = denied(&Policy::deny_all()).flag();
    assert_eq!(flag.unwrap(), r#"--allow "GET https://b.test""#);
    // No rule lets a name resolve into a private network.
    let policy = Policy::builder()
        .allow("https://b.test")
        .network("10.0.0.0/8")
        .build()
        .unwrap();
    let target = get("https://b.test/");
    let permit = policy.decide(&target).unwrap();
    let denial = permit.filter(&[ip("192.168.1.1")]).unwrap_err();
    assert_eq!(denial.flag(), None);
    assert!(
        denial
            .advice()
            .unwrap()
            .contains("in the place of its `networks`:   networks: [10.0.0.0/8, 192.168.0.0/16]")
    );
}
