//! What holds for every input.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use crate::policy::address::classify;
use crate::policy::headers::{MAX_HEADERS, outgoing};
use crate::policy::{AddressClass, Host, Policy, Rule, Target};

/// Pieces that URL parsers have tripped over, and anything else.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "http",
            "https",
            "://",
            ":",
            "/",
            "//",
            "@",
            "#",
            "?",
            "%",
            "%2e",
            "%2F",
            "%252e",
            "..",
            ".",
            ";",
            "\\",
            " ",
            "\t",
            "\r\n",
            "\0",
            "*",
            "*.",
            "[",
            "]",
            "::1",
            "::ffff:",
            "127.0.0.1",
            "0x7f",
            "2130706433",
            "localhost",
            "allowed.test",
            "evil.test",
            "co.uk",
            "xn--",
            "é",
            "。",
            "①",
            "\u{202e}",
            ":443",
            ":0",
            ":+80",
            "GET ",
            "POST,GET ",
            "v1",
            "'",
            "\"",
            "{}",
            "|",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ]
}

fn hostile_text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
}

fn url() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        Just("allowed.test".to_owned()),
        Just("[::1]".to_owned()),
        Just("0x7f.1".to_owned()),
        hostile_text()
    ];
    (
        prop::sample::select(vec!["https", "http", "HTTPS", "ftp"]),
        host,
        hostile_text(),
    )
        .prop_map(|(scheme, host, rest)| format!("{scheme}://{host}{rest}"))
}

/// A rule as text, made of parts that are each valid, in all spellings that are accepted.
fn rule_text() -> impl Strategy<Value = String> {
    let methods = prop::sample::select(vec![
        "",
        "GET ",
        "POST,GET ",
        "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS ",
        "OPTIONS,DELETE ",
    ]);
    let name = "[a-zA-Z0-9_é]{1,9}(-[a-z]{1,5})?";
    let host = prop_oneof![
        (name, name).prop_map(|(a, b)| format!("{a}.x{b}")),
        (name, name).prop_map(|(a, b)| format!("*.{a}.x{b}")),
        Just("localhost".to_owned()),
        any::<Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<Ipv6Addr>().prop_map(|address| format!("[{address}]")),
    ];
    let port = prop_oneof![
        Just(String::new()),
        (1..=u16::MAX).prop_map(|port| format!(":{port}"))
    ];
    let path = "(/[a-zA-Z0-9é~+;]{1,6}|/%2[0-9a-dA-D]|/%4[1-9]){0,4}/?";
    (
        methods,
        prop::sample::select(vec!["http", "https", "HTTPS"]),
        host,
        port,
        path,
    )
        .prop_map(|(methods, scheme, host, port, path)| {
            format!("{methods}{scheme}://{host}{port}{path}")
        })
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<Ipv4Addr>().prop_map(IpAddr::V4),
        any::<Ipv6Addr>().prop_map(IpAddr::V6),
        (
            prop::sample::select(vec![
                [0x64, 0xff9b, 0, 0, 0, 0],
                [0; 6],
                [0, 0, 0, 0, 0, 0xffff],
                [0x64, 0xff9b, 1, 0, 0, 0]
            ]),
            any::<Ipv4Addr>()
        )
            .prop_map(|([a, b, c, d, e, f], inner)| {
                let bits = inner.to_bits();
                IpAddr::V6(Ipv6Addr::new(
                    a,
                    b,
                    c,
                    d,
                    e,
                    f,
                    u16::try_from(bits >> 16).unwrap(),
                    u16::try_from(bits & 0xffff).unwrap(),
                ))
            }),
    ]
}

/// Failures are printed, not written into the source tree; what one teaches becomes a named case. `PROPTEST_CASES` sets how many.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_text_panics(text in hostile_text()) {
        let _ = text.parse::<Rule>();
        let _ = Host::parse(&text);
        let _ = Target::parse(&text, &text);
        let _ = Target::parse("GET", &text);
        let _ = Target::from_parts("GET", Some(&text), Some(&text), Some(&text));
        let _ = Policy::builder().allow(&text).implied("f", &text).network(&text).build();
        if let Ok(target) = Target::parse("GET", "https://allowed.test/a/b") {
            let _ = target.redirect(target.method(), &text);
        }
    }

    #[test]
    fn both_doors_agree(method in prop::sample::select(vec!["GET", "POST", "get", "CONNECT"]), url in url()) {
        let _ = super::both_doors(method, &url);
    }

    #[test]
    fn parts_that_join_to_a_url_mean_what_the_url_means(scheme in prop_oneof![Just("https".to_owned()), hostile_text()], authority in hostile_text(), path in hostile_text()) {
        if let Ok(target) = Target::from_parts("GET", Some(&scheme), Some(&authority), Some(&path)) {
            prop_assert_eq!(Target::parse("GET", &format!("{scheme}://{authority}{path}")).unwrap(), target);
        }
    }

    #[test]
    fn the_canonical_url_is_stable_and_other_parsers_agree(url in url()) {
        let Ok(target) = Target::parse("GET", &url) else { return Ok(()) };
        let text = target.url().as_str();
        prop_assert_eq!(&Target::parse("GET", text).unwrap(), &target);
        let other: http::Uri = text.parse().unwrap();
        prop_assert_eq!(other.host().unwrap(), target.host().to_string());
        prop_assert_eq!(other.port_u16().unwrap_or(target.scheme().default_port()), target.port());
        prop_assert_eq!(other.path(), target.path());
        prop_assert!(text.is_ascii() && !text.contains('#') && !text.contains("/../") && !text.contains("/./"));
    }

    #[test]
    fn a_rule_prints_as_what_it_is(text in rule_text()) {
        let Ok(rule) = text.parse::<Rule>() else { return Ok(()) };
        let canonical = rule.to_string();
        let again: Rule = canonical.parse().unwrap();
        prop_assert_eq!(&again, &rule);
        prop_assert_eq!(again.to_string(), canonical);
        prop_assert!(!rule.describe().is_empty());
        if let Some(origin) = rule.origin() {
            let target = Target::parse(rule.methods().iter().next().unwrap().as_str(), &format!("{origin}{}", rule.prefix().unwrap_or_default()));
            prop_assert!(rule.check(&target.unwrap()).is_ok() || rule.prefix().is_some());
        }
    }

    #[test]
    fn names_resolve_to_public_addresses_only(answers in prop::collection::vec(address(), 0..8)) {
        let policy = super::policy(&["https://allowed.test", "https://1.1.1.1", "http://localhost"]);
        let target = super::get("https://allowed.test/");
        match policy.decide(&target).unwrap().filter(&answers) {
            Ok(kept) => {
                prop_assert!(!kept.is_empty());
                for address in kept {
                    prop_assert!(answers.contains(&address));
                    prop_assert_eq!(classify(address), AddressClass::Public);
                }
            }
            Err(_) => prop_assert!(answers.iter().all(|address| classify(*address) != AddressClass::Public)),
        }
    }

    #[test]
    fn an_address_is_as_public_as_what_is_inside_it(inner in any::<Ipv4Addr>()) {
        let mapped = IpAddr::V6(inner.to_ipv6_mapped());
        prop_assert_eq!(classify(mapped), classify(IpAddr::V4(inner)));
        if classify(IpAddr::V4(inner)) != AddressClass::Public {
            let [a, b, c, d] = inner.octets();
            let text = format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1");
            prop_assert_eq!(classify(super::ip(&text)), classify(mapped));
        }
    }

    #[test]
    fn literals_need_rules_of_their_own(address in address()) {
        let policy = Policy::builder().allow("http://allowed.test").allow("http://*.allowed.test").allow("http://localhost").network("0.0.0.0/0").network("::/0").build().unwrap();
        let host = match address {
            IpAddr::V4(address) => Host::V4(address),
            IpAddr::V6(address) => Host::V6(address),
        };
        let localhost = address == IpAddr::V4(Ipv4Addr::LOCALHOST) || address == IpAddr::V6(Ipv6Addr::LOCALHOST);
        prop_assert_eq!(super::allowed(&policy, &format!("http://{host}/")), localhost);
        let named = super::policy(&[&format!("http://{host}")]);
        let permitted = super::allowed(&named, &format!("http://{host}/"));
        prop_assert!(permitted);
    }

    #[test]
    fn what_a_denial_says_to_add_permits_the_request(method in prop::sample::select(vec!["GET", "PATCH"]), url in url(), path in "(/[a-z.;%25]{0,6}){0,3}") {
        for url in [url, format!("http://10.1.2.3:81{path}"), format!("https://a.test{path}")] {
            let Ok(target) = Target::parse(method, &url) else { continue };
            let denial = Policy::deny_all().decide(&target).unwrap_err();
            if let Some(fix) = denial.fix() {
                let rule = fix.strip_prefix("allow: [\"").and_then(|fix| fix.strip_suffix("\"]")).unwrap();
                prop_assert!(super::policy(&[rule]).decide(&target).is_ok());
            }
        }
    }

    #[test]
    fn headers_that_pass_are_few_and_clean(headers in prop::collection::vec((prop_oneof![Just("connection".to_owned()), "[a-zA-Z:\\-]{0,9}", hostile_text()], any::<Vec<u8>>()), 0..8)) {
        if let Ok(out) = outgoing(headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()))) {
            prop_assert!(out.headers.len() <= MAX_HEADERS);
            for (name, value) in &out.headers {
                prop_assert!(!["host", "connection", "content-length", "transfer-encoding", "te", "upgrade"].contains(&name.as_str()));
                prop_assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0 | 0x7f)));
            }
        }
    }
}
