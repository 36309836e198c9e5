//! `proxy:`, by either door: what goes through it, what does not, and what it gets to see.

use crate::guests::PLAIN;
use arborist::{
    gateway::{Answers, Gateway, GatewayOptions, HttpError, Lookup, Request},
    limits::Limits,
    policy::Policy,
    route::Route,
    secrets::RunSecrets,
};
use arborist_tests::{
    Host, Ran, host,
    service::{
        Authority, Behaviour, Forward, Identity, Listener, Redirect, Refusing, Service, Step,
    },
};
use std::{io, net::IpAddr, sync::Arc};

const DOORS: [&str; 2] = ["http", "wasi"];
const KEY: &str = "sk-live-0123456789abcdef";
/// With characters that end things in URLs.
const PASSWORD: &str = "hush@hush/hush:hush";
/// `me` and the password.
const AUTHORIZATION: &str = "proxy-authorization: Basic bWU6aHVzaEBodXNoL2h1c2g6aHVzaA==";

/// A home whose file, which is to be named, sends `mine` through a proxy.
fn home(proxy: impl std::fmt::Display, lines: &str) -> Host {
    let host = Host::new();
    std::fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    host.file(
        "mine.yaml",
        format!("runner: mine\nmine:\n  component: plain.wasm\n  proxy: http://me:${{PROXY_PASSWORD}}@{proxy}\n{lines}"),
    );
    host
}

fn ask(host: &Host, ask: &str, more: &[&str]) -> Ran {
    let mut command = host.command();
    command
        .args(["run", ask, "--config", "mine.yaml"])
        .args(more)
        .env("PROXY_PASSWORD", PASSWORD)
        .env("API_KEY", KEY);
    let ran = host::run(&mut command, b"");
    for secret in [PASSWORD, "bWU6aHVzaEBo", KEY] {
        assert!(
            !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
            "{ran:?}"
        );
    }
    ran
}

#[test]
fn https_goes_through_a_tunnel_that_shows_the_proxy_nothing() {
    let authority = Authority::new();
    for door in DOORS {
        let service = Service::start_tls(
            &authority,
            Identity::Named("service.test"),
            Behaviour::text(200, "hello"),
        );
        let proxy = Forward::to(service.address());
        let host = home(
            proxy.address(),
            "  ca: authority.pem\n  api_key: ${API_KEY}\n  endpoint: https://service.test:8443/v1\n",
        );
        host.file("authority.pem", authority.pem());
        let header = ["--param", "header:authorization=Bearer {api_key}"];
        let asked = format!("{door} GET https://service.test.:8443/v1/secret-path");
        let spec = ask(&host, &asked, &header).succeeded();
        assert!(spec.contains("hello"), "{spec}");
        let seen = service.request();
        assert_eq!(
            seen.header("authorization"),
            Some(format!("Bearer {KEY}").as_str())
        );
        assert_eq!(seen.header("host"), Some("service.test:8443"));
        assert!(seen.header("proxy-authorization").is_none());
        let heads = proxy.heads();
        assert_eq!(heads.len(), 1, "{heads:?}");
        assert!(
            heads[0].starts_with("CONNECT service.test:8443 HTTP/1.1\r\n"),
            "{heads:?}"
        );
        assert!(
            heads[0]
                .to_lowercase()
                .contains(&AUTHORIZATION.to_lowercase()),
            "{heads:?}"
        );
        assert!(!proxy.holds(KEY) && !proxy.holds("secret-path"));
    }
}

#[test]
fn http_goes_to_the_proxy_as_a_whole_url() {
    let service = Service::start(Behaviour::text(200, "hello"));
    for door in DOORS {
        let proxy = Forward::to(service.address());
        let host = home(proxy.address(), "  allow: [\"http://service.test\"]\n");
        let spec = ask(&host, &format!("{door} GET http://service.test/a?b=c"), &[]).succeeded();
        assert!(spec.contains("hello"), "{spec}");
        let heads = proxy.heads();
        assert!(
            heads[0].starts_with("GET http://service.test/a?b=c HTTP/1.1\r\n"),
            "{heads:?}"
        );
        assert!(
            heads[0]
                .to_lowercase()
                .contains(&AUTHORIZATION.to_lowercase()),
            "{heads:?}"
        );
    }
    for seen in service.requests() {
        assert_eq!(
            (seen.target.as_str(), seen.header("host")),
            ("/a?b=c", Some("service.test"))
        );
    }
}

#[test]
fn a_secret_goes_in_the_clear_only_where_the_file_says_http() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let proxy = Forward::to(service.address());
    let lines = "  api_key: ${API_KEY}\n  endpoint: http://service.test/v1\n";
    let header = ["--param", "header:authorization=Bearer {api_key}"];
    let asked = "http GET http://service.test/v1";
    let spec = ask(&home(proxy.address(), lines), asked, &header).succeeded();
    assert!(spec.contains("denied"), "{spec}");
    assert!(proxy.heads().is_empty() && !proxy.holds(KEY));
    let to = format!("{lines}  secrets: {{api_key: {{to: [\"http://service.test\"]}}}}\n");
    assert!(
        ask(&home(proxy.address(), &to), asked, &header)
            .succeeded()
            .contains("hello")
    );
    assert_eq!(
        service.request().header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
}

#[test]
fn what_is_for_this_machine_never_goes_to_the_proxy() {
    let proxy = Listener::silent();
    let service = Service::start(Behaviour::text(200, "hello"));
    let refusing = Refusing::new();
    let port = refusing.address().port();
    // Nobody answers at the last two, and not every machine knows the name before: no reason to ask the proxy.
    let urls = [
        (service.url("/"), "hello"),
        (service.url_as("localhost", "/"), "hello"),
        (service.url_as("2130706433", "/"), "hello"),
        (service.url_as("a.localhost", "/"), ""),
        (format!("http://[::1]:{port}/"), "connection"),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), "connection"),
    ];
    let rules: Vec<String> = ["127.0.0.1", "localhost", "a.localhost"]
        .iter()
        .map(|host| format!("\"{}\"", service.url_as(host, "")))
        .chain([
            format!("\"http://[::1]:{port}\""),
            format!("\"https://[::ffff:127.0.0.1]:{port}\""),
        ])
        .collect();
    let host = home(
        proxy.address(),
        &format!("  allow: [{}]\n", rules.join(", ")),
    );
    for (url, expected) in &urls {
        for door in DOORS {
            let spec = ask(&host, &format!("{door} GET {url}"), &[]).succeeded();
            assert!(
                spec.contains(expected) && !spec.contains("proxy"),
                "{url}: {spec}"
            );
        }
    }
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn the_rules_decide_before_the_proxy_hears_of_anything() {
    let listener = Listener::silent();
    let host = home(
        listener.address(),
        "  allow: [\"https://service.test\", \"http://*.service.test\"]\n",
    );
    let own = format!("http://{}/", listener.address());
    for url in [
        "https://elsewhere.test/",
        "https://service.test:8443/",
        "http://service.test/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        // That the user named the proxy gives the runner no way to it.
        &own,
    ] {
        for door in DOORS {
            let spec = ask(&host, &format!("{door} GET {url}"), &[]).succeeded();
            assert!(spec.contains("denied"), "{url}: {spec}");
        }
    }
    // What no tunnel can be made for is said before one is asked for.
    let six = "https://[2606:4700:4700::1111]";
    let spec = ask(&host, &format!("http GET {six}/"), &["--allow", six]).succeeded();
    assert!(
        spec.contains("an IPv6 address is not reached by https through a proxy"),
        "{spec}"
    );
    assert_eq!(listener.connections(), 0);
    // A redirect through the proxy is decided anew.
    let service = Service::start(Redirect::to(302, "http://10.0.0.1/").into());
    let proxy = Forward::to(service.address());
    let host = home(proxy.address(), "  allow: [\"http://service.test\"]\n");
    let spec = ask(&host, "http GET http://service.test/", &[]).succeeded();
    assert!(spec.contains("denied"), "{spec}");
    assert_eq!(proxy.heads().len(), 1);
}

#[test]
fn a_proxy_that_refuses_is_named_and_its_password_is_not() {
    let refusing = |status| Service::start(Behaviour::text(status, "no"));
    let services = [
        (refusing(407), "user name and a password"),
        (refusing(502), "refuses to connect"),
        (
            Service::start(Behaviour::unread([Step::ReadSome, Step::Close])),
            "end of file",
        ),
    ];
    let dead = Refusing::new();
    let places = services
        .iter()
        .map(|(service, why)| (service.address(), *why));
    for (address, why) in places.chain([(dead.address(), "refused")]) {
        let host = home(
            address,
            "  allow: [\"https://service.test\", \"http://service.test\"]\n",
        );
        for door in DOORS {
            let spec = ask(&host, &format!("{door} GET https://service.test/"), &[]).succeeded();
            assert!(spec.contains("connection"), "{spec}");
            let named = spec.contains(&format!("the proxy http://{address}")) && spec.contains(why);
            assert!(named, "{spec}");
        }
    }
    // By plain http a 407 is the proxy's too.
    let host = home(
        services[0].0.address(),
        "  allow: [\"http://service.test\"]\n",
    );
    let spec = ask(&host, "http GET http://service.test/", &[]).succeeded();
    assert!(
        spec.contains("connection") && spec.contains("user name and a password"),
        "{spec}"
    );
    for (service, _) in &services[..2] {
        assert!(
            service
                .requests()
                .iter()
                .all(|seen| seen.header("proxy-authorization").is_some())
        );
    }
}

#[test]
fn a_proxy_may_speak_tls() {
    let authority = Authority::new();
    let proxy = Service::start_tls(&authority, Identity::Right, Behaviour::text(502, "no"));
    let host = Host::new();
    std::fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    host.file("authority.pem", authority.pem());
    host.file(
        "mine.yaml",
        format!(
            "runner: mine\nmine:\n  component: plain.wasm\n  ca: authority.pem\n  proxy: {}\n  allow: [\"https://service.test\"]\n",
            proxy.url_as("localhost", "")
        ),
    );
    let spec = ask(&host, "http GET https://service.test/", &[]).succeeded();
    assert!(spec.contains("refuses to connect"), "{spec}");
    assert_eq!(
        (
            proxy.request().method.as_str(),
            proxy.request().target.as_str()
        ),
        ("CONNECT", "service.test:443")
    );
}

#[test]
fn a_strangers_proxy_is_not_used_and_socks_is_refused() {
    let proxy = Listener::silent();
    let host = home(proxy.address(), "");
    std::fs::rename(
        host.home().join("mine.yaml"),
        host.home().join("agent-arborist.yaml"),
    )
    .unwrap();
    let ran = host.run(&[
        "run",
        "http GET http://service.test/",
        "--allow",
        "http://service.test",
    ]);
    assert!(
        ran.stderr
            .contains("agent-arborist.yaml:4:3: `proxy` is ignored"),
        "{}",
        ran.stderr
    );
    assert!(ran.succeeded().contains("connection"));
    assert_eq!(proxy.connections(), 0);
    host.file(
        "mine.yaml",
        "runner: mock\nmock:\n  proxy: socks5://me:hush-hush@127.0.0.1:1080\n",
    );
    let error = host.run(&["run", "x", "--config", "mine.yaml"]).failed(3);
    assert!(
        error.contains("SOCKS") && error.contains("mine.yaml:3:10") && !error.contains("hush-hush"),
        "{error}"
    );
}

#[test]
fn what_is_said_of_it_in_words_holds_no_password() {
    let proxy = Listener::silent();
    let authority = Authority::new();
    let host = home(proxy.address(), "  ca: authority.pem\n");
    host.file("authority.pem", authority.pem());
    let shown = format!("http://****@{}", proxy.address());
    for args in [
        &["config", "show"] as &[&str],
        &["config", "explain"],
        &["inspect", "mine"],
        &["run", "x", "--dry-run"],
    ] {
        let mut command = host.command();
        command
            .args(args)
            .args(["--config", "mine.yaml"])
            .env("PROXY_PASSWORD", PASSWORD);
        let ran = host::run(&mut command, b"");
        assert!(!ran.stderr.contains("hush"), "{}", ran.stderr);
        let text = ran.succeeded();
        assert!(
            text.contains(&shown) && text.contains("authority.pem"),
            "{args:?}: {text}"
        );
        assert!(!text.contains("hush"), "{args:?}: {text}");
    }
    assert_eq!(proxy.connections(), 0);
}

/// A resolver that knows some names.
#[derive(Debug)]
struct Knows(&'static [(&'static str, &'static [&'static str])]);

impl Lookup for Knows {
    fn lookup(&self, name: &str) -> Answers {
        let found = self.0.iter().find(|(known, _)| *known == name);
        let answers = found.map(|(_, answers)| -> Vec<IpAddr> {
            answers
                .iter()
                .map(|answer| answer.parse().unwrap())
                .collect()
        });
        Box::pin(async { answers.ok_or_else(|| io::Error::other("no such name")) })
    }
}

#[test]
fn a_name_that_leads_only_to_forbidden_addresses_is_denied_and_an_unknown_one_is_the_proxys() {
    const KNOWN: &[(&str, &[&str])] = &[
        ("proxy.test", &["127.0.0.1"]),
        ("inside.test", &["10.0.0.1", "127.0.0.1", "169.254.169.254"]),
        ("mixed.test", &["10.0.0.1", "93.184.216.34"]),
        ("empty.test", &[]),
    ];
    let service = Service::start(Behaviour::text(200, "hello"));
    let proxy = Forward::to(service.address());
    let route = Route {
        proxy: Some(
            format!("http://proxy.test:{}", proxy.address().port())
                .parse()
                .unwrap(),
        ),
        authorities: None,
    };
    let policy = Policy::builder()
        .section("mine")
        .allow("http://*.some.test")
        .allow("http://inside.test")
        .allow("http://mixed.test")
        .allow("http://empty.test")
        .allow("http://proxy.test")
        .build()
        .unwrap();
    let options = GatewayOptions {
        route,
        ..GatewayOptions::new(policy)
    };
    let gateway = Gateway::new(options, Arc::new(Knows(KNOWN)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let send = |host: &str| {
        let session = gateway.session(&Limits::default(), RunSecrets::none());
        let request = Request {
            method: "GET".into(),
            url: format!("http://{host}/"),
            headers: Vec::new(),
            body: None,
        };
        let status = runtime
            .block_on(session.send(request))
            .map(|answer| answer.status);
        (
            status,
            session
                .refusal()
                .map(ToString::to_string)
                .unwrap_or_default(),
        )
    };
    let (status, reason) = send("inside.test");
    assert!(matches!(status, Err(HttpError::Denied(_))), "{status:?}");
    assert!(
        reason.contains("resolves only to 10.0.0.1 (private)"),
        "{reason}"
    );
    // The proxy's own name is no exception for the runner.
    assert!(matches!(send("proxy.test").0, Err(HttpError::Denied(_))));
    assert!(proxy.heads().is_empty());
    for host in ["mixed.test", "empty.test", "unknown.some.test"] {
        assert_eq!(send(host).0, Ok(200), "{host}");
    }
    assert_eq!(proxy.heads().len(), 3);
}
