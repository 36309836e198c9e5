//! https, by either door: who is trusted, who is not, and what the user reads then.

use crate::guests::PLAIN;
use arborist_tests::{
    Host, Ran, host,
    service::{Authority, Behaviour, Hostile, Identity, Service, Step, What},
};

const DOORS: [&str; 2] = ["http", "wasi"];
const KEY: &str = "sk-live-0123456789abcdef";

/// A home whose file, which is to be named, has a section `mine` with these lines.
fn home(authority: &Authority, lines: &str) -> Host {
    let host = Host::new();
    std::fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    host.file("authority.pem", authority.pem());
    host.file(
        "mine.yaml",
        format!("runner: mine\nmine:\n  component: plain.wasm\n{lines}"),
    );
    host
}

fn ask(host: &Host, door: &str, url: &str, more: &[&str]) -> Ran {
    let ask = format!("{door} GET {url}");
    let mut command = host.command();
    command
        .args(["run", &ask, "--config", "mine.yaml"])
        .args(more)
        .env("API_KEY", KEY);
    host::run(&mut command, b"")
}

#[test]
fn an_authority_that_is_named_is_trusted_and_asked_for_the_canonical_name() {
    let authority = Authority::new();
    for door in DOORS {
        let service =
            Service::start_tls(&authority, Identity::Right, Behaviour::text(200, "hello"));
        let host = home(
            &authority,
            &format!(
                "  ca: authority.pem\n  allow: [\"{}\"]\n",
                service.url_as("localhost", "")
            ),
        );
        for name in ["localhost", "localhost.", "LOCALHOST"] {
            let spec = ask(&host, door, &service.url_as(name, "/x"), &[]).succeeded();
            assert!(spec.contains("hello"), "{door} {name}: {spec}");
        }
        let named = service
            .events()
            .into_iter()
            .filter(|event| matches!(&event.what, What::Secured(name) if name.as_deref() == Some("localhost")));
        assert_eq!(named.count(), 3, "{}", service.log());
        for seen in service.requests() {
            assert_eq!(
                seen.header("host"),
                Some(format!("localhost:{}", service.port()).as_str())
            );
        }
        // An address has no name to ask for, and the certificate is judged by it.
        let address = format!("https://127.0.0.1:{}", service.port());
        let spec = ask(&host, door, &format!("{address}/x"), &["--allow", &address]).succeeded();
        assert!(spec.contains("hello"), "{spec}");
    }
}

#[test]
fn who_is_not_trusted_gets_no_request_and_the_user_reads_why() {
    let authority = Authority::new();
    let wrong = [
        (Identity::WrongName, "not valid for name"),
        (Identity::Expired, "expired"),
        (Identity::NotYetValid, "not valid yet"),
        (Identity::SelfSigned, "`ca: FILE`"),
        (Identity::OtherAuthority, "invalid peer certificate"),
        (Identity::NotAnAuthority, "invalid peer certificate"),
        (Identity::HugeChain(2000), "HandshakePayloadTooLarge"),
    ];
    for (identity, why) in wrong {
        let service = Service::start_tls(&authority, identity, Behaviour::text(200, "hello"));
        let origin = service.url_as("localhost", "");
        let host = home(
            &authority,
            &format!("  ca: authority.pem\n  allow: [\"{origin}\"]\n"),
        );
        for door in DOORS {
            let ran = ask(&host, door, &format!("{origin}/x"), &[]);
            let spec = ran.succeeded();
            assert!(
                spec.contains("connection") && !spec.contains("hello"),
                "{identity:?}: {spec}"
            );
            assert!(spec.contains(why), "{identity:?}: {spec}");
        }
        assert!(service.requests().is_empty(), "{identity:?}");
    }
}

#[test]
fn an_authority_that_nobody_named_is_not_trusted() {
    let authority = Authority::new();
    let service = Service::start_tls(&authority, Identity::Right, Behaviour::text(200, "hello"));
    let origin = service.url_as("localhost", "");
    let host = home(
        &authority,
        &format!("  allow: [\"{origin}\"]\nother:\n  ca: authority.pem\n"),
    );
    for door in DOORS {
        let spec = ask(&host, door, &format!("{origin}/x"), &[]).succeeded();
        assert!(
            spec.contains("connection") && !spec.contains("hello"),
            "{spec}"
        );
        assert!(spec.contains("`ca: FILE`"), "{spec}");
    }
    // What a stranger's file says of it is not obeyed.
    host.file(
        "agent-arborist.yaml",
        format!("runner: mine\nmine:\n  component: plain.wasm\n  ca: authority.pem\n  allow: [\"{origin}\"]\n"),
    );
    let ran = host.run(&["run", &format!("http GET {origin}/x")]);
    assert!(
        ran.stderr
            .contains("agent-arborist.yaml:4:3: `ca` is ignored"),
        "{}",
        ran.stderr
    );
    assert!(ran.succeeded().contains("connection"));
    assert!(service.requests().is_empty());
}

#[test]
fn old_versions_of_tls_are_refused() {
    let authority = Authority::new();
    let service = Service::start(Hostile::Tls10.into());
    let origin = format!("https://localhost:{}", service.port());
    let host = home(
        &authority,
        &format!("  ca: authority.pem\n  allow: [\"{origin}\"]\n"),
    );
    for door in DOORS {
        let spec = ask(&host, door, &format!("{origin}/x"), &[]).succeeded();
        assert!(spec.contains("connection"), "{spec}");
        assert!(spec.contains("neither TLS 1.2 nor TLS 1.3"), "{spec}");
    }
    // Nor is a service believed that answers without TLS.
    let plain = Service::start(Behaviour::unread([
        Step::ReadSome,
        Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec()),
        Step::Close,
    ]));
    let origin = format!("https://localhost:{}", plain.port());
    for door in DOORS {
        let spec = ask(&host, door, &format!("{origin}/x"), &["--allow", &origin]).succeeded();
        assert!(
            spec.contains("connection") && !spec.contains("hello"),
            "{spec}"
        );
    }
}

#[test]
fn a_secret_goes_over_tls_to_its_own_origin_and_no_other() {
    let authority = Authority::new();
    for door in DOORS {
        let own = Service::start_tls(&authority, Identity::Right, Behaviour::text(200, "hello"));
        let other = Service::start_tls(&authority, Identity::Right, Behaviour::text(200, "hello"));
        let (here, there) = (own.url_as("localhost", ""), other.url_as("localhost", ""));
        let host = home(
            &authority,
            &format!(
                "  ca: authority.pem\n  api_key: ${{API_KEY}}\n  endpoint: {here}/v1\n  allow: [\"{here}\", \"{there}\"]\n"
            ),
        );
        let header = ["--param", "header:authorization=Bearer {api_key}"];
        let spec = ask(&host, door, &format!("{here}/v1"), &header).succeeded();
        assert!(spec.contains("hello") && !spec.contains(KEY), "{spec}");
        assert_eq!(
            own.request().header("authorization"),
            Some(format!("Bearer {KEY}").as_str())
        );
        let spec = ask(&host, door, &format!("{there}/v1"), &header).succeeded();
        assert!(spec.contains("denied"), "{spec}");
        assert!(other.requests().is_empty());
    }
}

#[test]
fn a_file_of_authorities_that_cannot_be_used_ends_the_run_before_it_begins() {
    let host = home(&Authority::new(), "  ca: authority.pem\n");
    let run = || ask(&host, "http", "https://localhost/", &[]).failed(3);
    for (content, why) in [
        (Some("nothing of use"), "there is no certificate in it"),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "certificate 1 is none",
        ),
        (None, "there is no such file"),
    ] {
        match content {
            Some(content) => drop(host.file("authority.pem", content)),
            None => std::fs::remove_file(host.home().join("authority.pem")).unwrap(),
        }
        let error = run();
        assert!(
            error.contains(why) && error.contains("mine.yaml:4:7"),
            "{error}"
        );
    }
}
