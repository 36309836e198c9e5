//! The same verdict by both doors, for 10,000 random requests that a real component makes through the real gateway.

use crate::guests::PLAIN;
use arborist::policy::Target;
use arborist_tests::{
    Host,
    service::{Behaviour, Listener, Service},
};
use fastrand::Rng;
use std::collections::BTreeMap;

/// Runs, each with its number as the seed, and requests of one run by each door.
const RUNS: u64 = 4;
const REQUESTS: usize = 2_500;
/// How often each verdict must have been met, so that a generator of nothing but nonsense fails.
const FLOOR: usize = 400;

const SCHEMES: &[&str] = &[
    "http://",
    "HTTP://",
    "hTTp://",
    "https://",
    "ftp://",
    "ws://",
    "http:/",
    "http:",
    "http:///",
    "http:\\\\",
    "//",
    "",
    "h ttp://",
    "file://",
    "javascript:",
];
/// The permitted host, in spellings that mean it.
const SAME: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "2130706433",
    "0x7f000001",
    "127.0.0.1.",
    "127.0.1",
];
const OTHERS: &[&str] = &[
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::]",
    "0",
    "127.0.0.2",
    "10.0.0.1",
    "169.254.169.254",
    "evil.test",
    "127.0.0.1.evil.test",
    "a_b.test",
    "xn--mgba3gch31f.test",
    "xn--a",
    "",
    ".",
    "a..test",
    "-a.test",
    "*",
    "[",
    "[::1",
    "[::1%25lo]",
    "1.2.3.4.5",
    "256.1.1.1",
    "127.0.0.1..",
    "%31%32%37.0.0.1",
    "127。0。0。1",
    "①27.0.0.1",
    "é.test",
    "evil.test\\",
    "\u{202e}test",
    "127.0.0.1 ",
    "\t127.0.0.1",
    "a\r\nb.test",
    "a\0.test",
];
const USERS: &[&str] = &[
    "@",
    "user@",
    "user:password@",
    "127.0.0.1@",
    "127.0.0.1:80@",
];
const PORTS: &[&str] = &[
    "",
    ":",
    ":0",
    ":080",
    ":+80",
    ":65536",
    ":1",
    ":99999999999999999999",
    ":a",
];
const SEGMENTS: &[&str] = &[
    "v1",
    "v1",
    "v1",
    "v2",
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    "%2f",
    "%5c..",
    "\\",
    "%",
    "%zz",
    "%00",
    "",
    "a b",
    "é",
    "\u{202e}",
    "\t",
    "\r\nHost: evil",
    "\0",
    ";",
    "..;",
    "v1;x",
    "'",
    "\"",
    "{}",
    "|",
    "*",
    "~",
    "%7E",
    "%252e%252e",
    "%c0%ae",
    "@evil.test",
    ":80",
    "<",
    "^",
    "`",
];
const ENDS: &[&str] = &[
    "",
    "",
    "",
    "?",
    "?a=b",
    "?a=%",
    "?a b",
    "?é",
    "??",
    "?'\"<>",
    "?a/../b",
    "?\\",
    "?@evil.test",
    "#",
    "#a",
    "#@evil.test",
    "#é",
    "# ",
    "#\t",
    "?a#b?c#d",
];
const METHODS: &[&str] = &[
    "POST", "DELETE", "get", "TRACE", "CONNECT", "PRI", "", "G T", "GET\r\n",
];

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    rng.choice(from).copied().unwrap_or_default()
}

/// A method and a URL: mostly near what is permitted, each part awkward now and then.
fn request(rng: &mut Rng, permitted: u16, forbidden: u16) -> (String, String) {
    let rarely = |rng: &mut Rng| rng.u8(..10) == 0;
    let method = match rng.u8(..12) {
        0 => pick(rng, METHODS),
        1..3 => "HEAD",
        _ => "GET",
    };
    let scheme = if rarely(rng) {
        pick(rng, SCHEMES)
    } else {
        "http://"
    };
    let user = if rng.u8(..25) == 0 {
        pick(rng, USERS)
    } else {
        ""
    };
    let hosts = if rng.u8(..4) == 0 { OTHERS } else { SAME };
    let host = pick(rng, hosts);
    let port = match rng.u8(..12) {
        0 => pick(rng, PORTS).to_owned(),
        1..3 => format!(":{forbidden}"),
        _ => format!(":{permitted}"),
    };
    let mut path = String::from(if rng.u8(..3) == 0 { "" } else { "/v1" });
    for _ in 0..rng.usize(..4) {
        path.push('/');
        path.push_str(if rng.bool() {
            "v1"
        } else {
            pick(rng, SEGMENTS)
        });
    }
    let end = pick(rng, ENDS);
    (
        method.to_owned(),
        format!("{scheme}{user}{host}{port}{path}{end}"),
    )
}

/// Whether the types of wasi:http cannot hold the parts of this URL, cut as the guest cuts it. The first door takes a string, and so
/// has a verdict on URLs that cannot be asked for by the second.
fn inexpressible(method: &str, url: &str) -> bool {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    method.parse::<http::Method>().is_err()
        || scheme.parse::<http::uri::Scheme>().is_err()
        || authority.parse::<http::uri::Authority>().is_err()
        || path.starts_with('#')
        || path.parse::<http::uri::PathAndQuery>().is_err()
}

/// Whether only the fragment is at fault. A fragment is no part of a request: the types of wasi:http drop it before any door is reached,
/// and the first door, which sees it, refuses the characters in it that end lines or are dropped in silence.
fn only_the_fragment_is_bad(method: &str, url: &str) -> bool {
    url.split_once('#').is_some_and(|(before, fragment)| {
        fragment.contains([' ', '\t', '\\']) && Target::parse(method, before).is_ok()
    })
}

/// The verdicts of both doors on all of `asked`, in their order.
fn verdicts(asked: &[(String, String)], rule: &str) -> Vec<String> {
    let ask = format!("verdicts {}", serde_json::json!(asked));
    let args = [
        "run",
        "-",
        "--component",
        PLAIN,
        "--allow",
        rule,
        "--limit",
        "requests=100000",
        "--limit",
        "cpu=60s",
    ];
    let spec = Host::new().run_with(&args, ask.as_bytes()).succeeded();
    let spec: serde_json::Value = serde_saphyr::from_str(&spec).unwrap();
    let steps = spec["steps"].as_array().unwrap().iter();
    steps
        .flat_map(|step| step["command"].as_str().unwrap().split_whitespace())
        .map(str::to_owned)
        .collect()
}

#[test]
fn ten_thousand_random_requests_get_the_same_verdict_by_both_doors() {
    let service = Service::start(Behaviour::text(200, ""));
    let forbidden = Listener::silent();
    let rule = format!("GET,HEAD {}/v1", service.origin());
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 1..=RUNS {
        let mut rng = Rng::with_seed(seed);
        let asked: Vec<_> = (0..REQUESTS)
            .map(|_| request(&mut rng, service.port(), forbidden.address().port()))
            .collect();
        let verdicts = verdicts(&asked, &rule);
        assert_eq!(verdicts.len(), asked.len());
        for ((method, url), verdict) in asked.iter().zip(verdicts) {
            let same = match verdict.split_once('/').unwrap() {
                ("denied" | "invalid" | "sent", "inexpressible") => inexpressible(method, url),
                ("invalid", "denied" | "sent") => only_the_fragment_is_bad(method, url),
                (first @ ("denied" | "invalid" | "sent"), second) => first == second,
                _ => false,
            };
            assert!(same, "seed {seed}: {method} {url:?} is {verdict}");
            *met.entry(verdict).or_default() += 1;
        }
    }
    for verdict in ["sent/sent", "denied/denied", "invalid/invalid"] {
        assert!(
            met.get(verdict).is_some_and(|times| *times >= FLOOR),
            "{met:?}"
        );
    }
    // Nothing else was reached, and nothing that was not permitted.
    assert_eq!(forbidden.connections(), 0);
    let requests = service.requests();
    let sent: usize = met
        .iter()
        .map(|(verdict, times)| times * verdict.matches("sent").count())
        .sum();
    assert_eq!(requests.len(), sent);
    for seen in requests {
        let path = seen.path();
        assert!(path == "/v1" || path.starts_with("/v1/"), "{path:?}");
    }
}
