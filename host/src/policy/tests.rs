//! The rows of the catalogue of attacks that can be judged without a socket. A test is named after its row.

mod addresses;
mod decisions;
mod headers;
mod properties;
mod rules;
mod urls;

use std::net::IpAddr;

use super::{Denial, InvalidTarget, Policy, Target};

/// Parses by both doors and insists that they agree. The parts are cut the way a guest's library cuts them.
fn both_doors(method: &str, url: &str) -> Result<Target, InvalidTarget> {
    let by_url = Target::parse(method, url);
    if let Some((scheme, rest)) = url.split_once("://") {
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let by_parts = Target::from_parts(method, Some(scheme), Some(authority), Some(path));
        assert_eq!(
            by_url.is_ok(),
            by_parts.is_ok(),
            "{method} {url}: {by_url:?} {by_parts:?}"
        );
        if by_url.is_ok() {
            assert_eq!(by_url, by_parts, "{method} {url}");
        }
    }
    by_url
}

fn get(url: &str) -> Target {
    both_doors("GET", url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn refused(url: &str) -> InvalidTarget {
    match both_doors("GET", url) {
        Ok(target) => panic!("{url} was taken for {target:?}"),
        Err(error) => error,
    }
}

fn policy(rules: &[&str]) -> Policy {
    rules
        .iter()
        .fold(Policy::builder().section("custom"), |builder, rule| {
            builder.allow(rule)
        })
        .build()
        .unwrap()
}

fn allowed(policy: &Policy, url: &str) -> bool {
    policy.decide(&get(url)).is_ok()
}

fn denied(policy: &Policy, url: &str) -> Box<Denial> {
    match policy.decide(&get(url)) {
        Ok(permit) => panic!("{url} was permitted by {}", permit.rule().rule()),
        Err(denial) => denial,
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}
