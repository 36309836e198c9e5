//! Egress rules: what one says, and what a policy of them permits.

use crate::material::{bent, bytes, config, lines, soup};
use crate::{oracle, urls};
use arborist::policy::{MAX_RULE_BYTES, Policy, Rule, Target};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use std::net::{Ipv4Addr, Ipv6Addr};

fn words() -> Vec<String> {
    lines(include_str!("words/rules.txt"))
}

fn seeds() -> Vec<String> {
    lines(include_str!("seeds/rules.txt"))
}

/// Rules that mostly parse, about the hosts that `urls::sound` asks for.
fn sound() -> impl Strategy<Value = String> {
    let methods = prop::sample::select(
        &[
            "",
            "",
            "GET ",
            "POST,GET ",
            "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS ",
            "DELETE ",
        ][..],
    );
    let host = prop_oneof![
        8 => prop::sample::select(
            &["allowed.test", "*.allowed.test", "*.a.allowed.test", "ALLOWED.test.", "localhost", "127.0.0.1",
              "[::1]", "10.0.0.1", "bücher.example", "*.bücher.example", "xn--bcher-kva.example"][..]
        ).prop_map(str::to_owned),
        1 => "(\\*\\.)?[a-zA-Z0-9_é]{1,9}(-[a-z]{1,5})?\\.x[a-z]{1,3}",
        1 => any::<Ipv4Addr>().prop_map(|address| address.to_string()),
        1 => any::<Ipv6Addr>().prop_map(|address| format!("[{address}]")),
    ];
    let port = prop_oneof![
        3 => Just(String::new()),
        1 => prop::sample::select(&[":443", ":80", ":8443"][..]).prop_map(str::to_owned),
    ];
    let path = prop_oneof![2 => Just(String::new()), 2 => "(/(v1|a|admin)){0,2}/?", 1 => "(/[a-zA-Z0-9é~+;]{1,6}|/%2[0-9a-dA-D]|/%4[1-9]){0,4}/?"];
    (
        methods,
        prop::sample::select(&["http", "https", "HTTPS"][..]),
        host,
        port,
        path,
    )
        .prop_map(|(methods, scheme, host, port, path)| {
            format!("{methods}{scheme}://{host}{port}{path}")
        })
}

/// Rules and requests that meet more often than not, and then differ in one thing.
fn meeting() -> (
    impl Strategy<Value = Vec<String>>,
    impl Strategy<Value = String>,
) {
    const PATHS: &[&str] = &["", "/", "/v1", "/v1/", "/v1/a", "/v10", "/v", "/v1;x"];
    let hosts = ["allowed.test", "a.allowed.test", "localhost", "127.0.0.1"];
    let rule = (
        prop::sample::select(&["", "", "GET ", "POST,GET "][..]),
        prop::sample::select(&["https", "https", "http"][..]),
        prop::sample::select([&hosts[..], &["*.allowed.test", "*.a.allowed.test"]].concat()),
        prop::sample::select(&["", "", ":8443"][..]),
        prop::sample::select(&PATHS[..6]),
    );
    let rule = rule.prop_map(|(methods, scheme, host, port, path)| {
        format!("{methods}{scheme}://{host}{port}{path}")
    });
    let more = [
        "b.a.allowed.test",
        "xallowed.test",
        "allowed.test.evil.test",
        "[::1]",
    ];
    let url = (
        prop::sample::select(&["https", "https", "http"][..]),
        prop::sample::select([&hosts[..], &more[..]].concat()),
        prop::sample::select(&["", "", ":8443", ":443"][..]),
        prop::sample::select(PATHS),
        prop::sample::select(&["", "", "/..", "/%2e%2e/x", "/%252e%252e", "/b", "?/v1", "c"][..]),
    );
    let url = url.prop_map(|(scheme, host, port, path, rest)| {
        format!("{scheme}://{host}{port}{path}{rest}")
    });
    (prop::collection::vec(rule, 0..3), url)
}

fn any_rule() -> impl Strategy<Value = String> {
    prop_oneof![3 => sound(), 3 => bent(seeds(), words()), 1 => soup(words(), 10), 1 => bytes(60)]
}

/// Everything that must hold for the text of a rule.
fn judge(text: &str) {
    let rule = match text.parse::<Rule>() {
        Ok(rule) => rule,
        Err(error) => {
            let error = error.to_string();
            assert!(!error.is_empty() && error.len() < 500, "{error}");
            assert!(!error.chars().any(char::is_control), "{error:?}");
            return;
        }
    };
    let canonical = rule.to_string();
    assert_eq!(canonical.parse::<Rule>().as_ref(), Ok(&rule));
    assert_eq!(canonical.parse::<Rule>().unwrap().to_string(), canonical);
    assert!(canonical.is_ascii() && canonical.len() <= 3 * text.len() + 64);
    assert!(!rule.describe().is_empty() && rule.methods().iter().next().is_some());
    // Nothing stands for everything: a wildcard has two labels under it, and they are no registry's.
    let host = rule.host().to_string();
    if let Some(parent) = host.strip_prefix("*.") {
        assert!(
            parent.contains('.') && !parent.contains('*') && rule.origin().is_none(),
            "{host}"
        );
        assert!(
            psl::suffix_str(parent).is_none_or(|suffix| suffix != parent),
            "{host}"
        );
    } else {
        assert!(!host.contains('*'), "{host}");
        // A rule that one origin is meant by permits that origin.
        let origin = rule.origin().expect("no wildcard");
        let url = format!("{origin}{}", rule.prefix().unwrap_or_default());
        let method = rule.methods().iter().next().unwrap();
        let policy = Policy::builder().allow(text).build().unwrap();
        if let Ok(target) = Target::parse(method.as_str(), &url) {
            let decided = policy.decide(&target);
            assert!(
                decided.is_ok() || rule.prefix().is_some(),
                "{text:?}: {decided:?}"
            );
        }
    }
}

/// A permitted request is one that a rule names, and a denied one is not, by the judgement of others.
fn judge_policy(rules: &[String], method: &str, url: &str) {
    let Ok(target) = Target::parse(method, url) else {
        return;
    };
    let sound: Vec<Rule> = rules.iter().filter_map(|rule| rule.parse().ok()).collect();
    let policy = sound.iter().fold(Policy::builder(), |builder, rule| {
        builder.allow_on_command_line(&rule.to_string())
    });
    let policy = policy.build().expect("each rule was read before");
    let named = sound
        .iter()
        .find(|rule| oracle::names(&rule.to_string(), method, target.url()));
    match policy.decide(&target) {
        Ok(permit) => {
            let text = permit.rule().rule().to_string();
            assert!(
                oracle::names(&text, method, target.url()),
                "{text} permitted {target}"
            );
        }
        Err(denial) => {
            // The one thing that denies what a rule names: a path that a lax server may climb out of the prefix by.
            let named = named.filter(|rule| rule.prefix().is_none());
            assert!(named.is_none(), "{named:?} names {target}: {denial}");
            judge_fix(&target, &denial);
        }
    }
}

/// What a denial tells the user to add permits the request, and only that origin.
fn judge_fix(target: &Target, denial: &arborist::policy::Denial) {
    let text = denial.to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    let Some(fix) = denial.fix().filter(|_| denial.flag().is_some()) else {
        return;
    };
    // What the section has already stands before it.
    let fix = fix.trim_end_matches(']').strip_suffix('"');
    let (_, rule) = fix
        .and_then(|fix| fix.rsplit_once('"'))
        .expect("a rule in quotes");
    assert!(
        Policy::builder()
            .allow(rule)
            .build()
            .unwrap()
            .decide(target)
            .is_ok(),
        "{rule}"
    );
    assert_eq!(
        rule.parse::<Rule>().unwrap().origin().as_ref(),
        Some(target.origin())
    );
}

#[test]
fn the_seeds_hold() {
    let rules = seeds();
    for rule in &rules {
        judge(rule);
    }
    for url in urls::seeds() {
        judge_policy(&rules, "GET", &url);
    }
    assert!(
        rules
            .iter()
            .filter(|rule| rule.parse::<Rule>().is_ok())
            .count()
            >= 10
    );
}

#[test]
fn a_rule_has_a_longest_length() {
    for filler in ["a", ".a", "/", "/a", "GET,", "*.", "%41", "é"] {
        let text = format!("https://x.test/{}", filler.repeat(MAX_RULE_BYTES));
        assert!(text.parse::<Rule>().is_err());
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn a_rule_is_what_it_prints(text in any_rule()) {
        judge(&text);
    }

    #[test]
    fn what_is_permitted_is_what_a_rule_names(rules in prop::collection::vec(sound(), 0..4), method in prop::sample::select(&["GET", "POST", "DELETE"][..]), url in urls::sound()) {
        judge_policy(&rules, method, &url);
    }

    #[test]
    fn what_differs_in_one_thing_is_denied((rules, url) in meeting(), method in prop::sample::select(&["GET", "POST", "DELETE"][..])) {
        judge_policy(&rules, method, &url);
    }

    #[test]
    fn whatever_is_asked_of_whatever_rules(rules in prop::collection::vec(any_rule(), 0..4), url in urls::any_url()) {
        judge_policy(&rules, "GET", &url);
    }
}
