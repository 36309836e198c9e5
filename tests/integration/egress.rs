//! Where requests may go: by either door, with nothing opened before the policy has said yes.

use crate::guests::PLAIN;
use arborist::{
    gateway::{Answers, Gateway, GatewayOptions, HttpError, Lookup, Request},
    limits::Limits,
    policy::Policy,
    secrets::RunSecrets,
};
use arborist_tests::{
    Host, host,
    service::{Answer, Behaviour, End, Gate, Listener, Redirect, Service, Stream},
};
use std::{
    net::IpAddr,
    process::Stdio,
    sync::{Arc, Mutex},
};

/// The two doors, as the guest `plain` is told to use them.
const DOORS: [&str; 2] = ["http", "wasi"];

#[test]
fn what_no_rule_permits_never_opens_a_socket() {
    let listener = Listener::silent();
    let host = Host::new();
    for door in DOORS {
        let ask = format!("{door} GET {}", listener.url("/x"));
        let ran = host.run(&["run", &ask, "--component", PLAIN]);
        let rule = format!("GET {}", listener.origin());
        assert!(
            ran.stderr.contains("no rule") && ran.stderr.contains(&rule),
            "{}",
            ran.stderr
        );
        let spec = ran.succeeded();
        assert!(spec.contains("denied"), "{spec}");
        // With the rule that the user was told, it is asked for.
        let service = Service::start(Behaviour::text(200, "hello"));
        let ask = format!("{door} GET {}", service.url("/x"));
        let rule = format!("GET {}", service.origin());
        let spec = host
            .run(&["run", &ask, "--component", PLAIN, "--allow", &rule])
            .succeeded();
        assert!(spec.contains("hello"), "{spec}");
        let post = format!("{door} POST {}", service.url("/x"));
        let spec = host
            .run(&["run", &post, "--component", PLAIN, "--allow", &rule])
            .succeeded();
        assert!(spec.contains("denied"), "{spec}");
        assert_eq!(service.requests().len(), 1);
    }
    assert_eq!(listener.connections(), 0);
}

#[test]
fn an_empty_list_permits_nothing_and_a_section_only_its_own_endpoint() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let other = Listener::silent();
    let host = Host::new();
    let file = |more: &str| {
        host.file(
            "agent-arborist.yaml",
            format!(
                "runner: mine\nmine:\n  component: plain.wasm\n  endpoint: {}\n{more}",
                service.url("/v1")
            ),
        );
    };
    std::fs::copy(PLAIN, host.home().join("plain.wasm")).unwrap();
    let ask = |url: &str| host.run(&["run", &format!("http GET {url}")]).succeeded();
    file("");
    assert!(ask(&service.url("/anything")).contains("hello"));
    assert!(ask(&other.url("/")).contains("denied"));
    file("  allow: []\n");
    assert!(ask(&service.url("/v1")).contains("denied"));
    assert_eq!((service.requests().len(), other.connections()), (1, 0));
}

#[test]
fn proxy_variables_are_not_obeyed() {
    let proxy = Listener::silent();
    let service = Service::start(Behaviour::text(200, "hello"));
    let host = Host::new();
    let mut command = host.command();
    command.args([
        "run",
        &format!("http GET {}", service.url("/")),
        "--component",
        PLAIN,
        "--allow",
        &service.origin(),
    ]);
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env(name, proxy.origin());
    }
    assert!(host::run(&mut command, b"").succeeded().contains("hello"));
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_redirect_is_decided_anew_at_each_hop() {
    let forbidden = Listener::silent();
    let host = Host::new();
    let ask = |service: &Service, path: &str| {
        let ask = format!("http GET {}", service.url(path));
        host.run(&[
            "run",
            &ask,
            "--component",
            PLAIN,
            "--allow",
            &service.origin(),
            "--param",
            "header:x-api-key=abc",
        ])
    };
    for status in [301, 302, 303, 307, 308] {
        let away = Service::start(Redirect::to(status, forbidden.url("/")).into());
        let ran = ask(&away, "/");
        assert!(ran.stderr.contains(&forbidden.origin()), "{}", ran.stderr);
        assert!(ran.succeeded().contains("denied"));
        let chain = Service::start(Behaviour::redirect_chain(
            status,
            3,
            Behaviour::text(200, "arrived"),
        ));
        assert!(ask(&chain, "/hop/1").succeeded().contains("arrived"));
        let endless = Service::start(Behaviour::redirect_loop(status));
        assert!(ask(&endless, "/").succeeded().contains("10 redirects"));
        assert_eq!(endless.requests().len(), 11);
    }
    for odd in [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://user@127.0.0.1/",
        "//[::1",
        "http://\\evil",
    ] {
        let away = Service::start(Redirect::to(302, odd).into());
        let spec = ask(&away, "/").succeeded();
        assert!(
            spec.contains("invalid") || spec.contains("denied"),
            "{odd}: {spec}"
        );
    }
    assert_eq!(forbidden.connections(), 0);
}

#[test]
fn no_credential_goes_along_to_another_origin() {
    let second = Service::start(Behaviour::text(200, "arrived"));
    let first = Service::start(Redirect::to(307, second.url("/")).into());
    let host = Host::new();
    let ask = format!("http POST {}", first.url("/"));
    let spec = host.run(&[
        "run",
        &ask,
        "--component",
        PLAIN,
        "--allow",
        &first.origin(),
        "--allow",
        &second.origin(),
        "--param",
        "header:authorization=Bearer abc",
        "--param",
        "header:x-api-key=abc",
        "--param",
        "header:cookie=abc",
        "--param",
        "header:accept=text/plain",
    ]);
    assert!(spec.succeeded().contains("arrived"));
    let seen = second.request();
    assert!(!seen.holds("abc") && seen.header("referer").is_none());
    assert_eq!(seen.header("accept"), Some("text/plain"));
}

#[test]
fn the_first_bytes_are_there_before_the_last_are_sent() {
    let (stream, gates) = Stream::gated("text/plain", ["first ", "last"]);
    gates[0].open();
    let service = Service::start(stream.into());
    let host = Host::new();
    let mut command = host.command();
    let ask = format!("open GET {}", service.url("/"));
    command.args([
        "run",
        &ask,
        "--component",
        PLAIN,
        "--allow",
        &service.origin(),
        "--stream",
    ]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    // The guest shows each piece as it reads it; the service sends the second only once the first was seen.
    let mut shown = [0; 6];
    std::io::Read::read_exact(&mut stderr, &mut shown).expect("the run ended early");
    assert_eq!(&shown, b"first ");
    gates[1].open();
    let mut stdout = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut stdout).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(
        stdout.contains("last") && stdout.contains("complete"),
        "{stdout}"
    );
}

#[test]
fn a_cut_answer_is_an_error_and_never_half_a_result() {
    let host = Host::new();
    let cut = || {
        let (stream, gates) = Stream::gated("text/plain", ["half"]);
        gates[0].open();
        stream.end(End::Cut).into()
    };
    let short = || Behaviour::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    for behaviour in [cut, short] as [fn() -> Behaviour; 2] {
        for door in ["http", "open", "wasi"] {
            let service = Service::start(behaviour());
            let ask = format!("{door} GET {}", service.url("/"));
            let spec = host
                .run(&[
                    "run",
                    &ask,
                    "--component",
                    PLAIN,
                    "--allow",
                    &service.origin(),
                ])
                .succeeded();
            assert!(
                spec.contains("connection") || spec.contains("broken"),
                "{door}: {spec}"
            );
            assert!(
                !spec.contains("name: body") && !spec.contains("complete"),
                "{door}: {spec}"
            );
        }
    }
}

#[test]
fn bounds_are_told_and_hold() {
    let host = Host::new();
    let service = Service::start(Behaviour::Answer(Answer::text(200, vec![b'x'; 300_000])));
    let ask = |door: &str, flags: &[&str]| {
        let ask = format!("{door} POST {}", service.url("/"));
        let origin = service.origin();
        let mut args = vec!["run", &ask, "--component", PLAIN, "--allow", &origin];
        args.extend(flags);
        host.run(&args)
    };
    for door in DOORS {
        let large = ask(door, &["--limit", "response=100KiB"]);
        assert!(large.stderr.contains("`response`"), "{}", large.stderr);
        let body = format!("body={}", "x".repeat(20_000));
        let large = ask(door, &["--limit", "request=10KiB", "--param", &body]);
        assert!(large.stderr.contains("`request`") && large.succeeded().contains("too-large"));
    }
    let many = host.run(&[
        "run",
        &format!("requests 5 GET {}", service.url("/")),
        "--component",
        PLAIN,
        "--allow",
        &service.origin(),
        "--limit",
        "requests=3",
    ]);
    assert!(many.stderr.contains("`requests`"), "{}", many.stderr);
    let spec = many.succeeded();
    assert!(
        spec.contains("3 x 200") && spec.contains("2 x budget-exhausted"),
        "{spec}"
    );
}

#[test]
fn a_service_that_never_answers_is_ended_by_the_deadline() {
    let service = Service::start(Behaviour::text(200, "late").behind(&Gate::new()));
    let host = Host::new();
    for door in DOORS {
        let ask = format!("{door} GET {}", service.url("/"));
        let error = host
            .run(&[
                "run",
                &ask,
                "--component",
                PLAIN,
                "--allow",
                &service.origin(),
                "--timeout",
                "1",
            ])
            .failed(6);
        assert!(error.contains("longer than 1s"), "{error}");
    }
}

/// A resolver that answers as the test says.
#[derive(Debug)]
struct Fake(Vec<IpAddr>);

impl Lookup for Fake {
    fn lookup(&self, _name: &str) -> Answers {
        let answers = self.0.clone();
        Box::pin(async { Ok(answers) })
    }
}

/// Asks for `http://internal.example.org:PORT/`, which resolves to `answers`, and tells what the user reads.
fn resolve(
    service: &Service,
    answers: &[&str],
    networks: &[&str],
) -> (Result<u16, HttpError>, String) {
    let origin = format!("http://internal.example.org:{}", service.port());
    let mut policy = Policy::builder().section("mine").allow(&origin);
    for network in networks {
        policy = policy.network(network);
    }
    let answers = answers
        .iter()
        .map(|answer| answer.parse().unwrap())
        .collect();
    let gateway = Gateway::new(
        GatewayOptions::new(policy.build().unwrap()),
        Arc::new(Fake(answers)),
    );
    let session = gateway.session(&Limits::default(), RunSecrets::none());
    let request = Request {
        method: "GET".into(),
        url: format!("{origin}/"),
        headers: Vec::new(),
        body: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let status = runtime
        .block_on(session.send(request))
        .map(|response| response.status);
    (
        status,
        session
            .refusal()
            .map(ToString::to_string)
            .unwrap_or_default(),
    )
}

#[test]
fn a_name_that_resolves_to_a_private_address_is_refused_unless_the_network_is_named() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let (status, reason) = resolve(&service, &["127.0.0.1"], &[]);
    assert!(matches!(status, Err(HttpError::Denied(_))), "{status:?}");
    assert!(
        reason.contains("127.0.0.1 (loopback)") && reason.contains("networks: [127.0.0.0/8]"),
        "{reason}"
    );
    let (status, _) = resolve(
        &service,
        &["169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"],
        &[],
    );
    assert!(matches!(status, Err(HttpError::Denied(_))), "{status:?}");
    assert_eq!(service.connections(), 0);
    // Named, it is reached, and of several answers only those in the network are dialled.
    assert_eq!(
        resolve(
            &service,
            &["169.254.169.254", "127.0.0.1"],
            &["127.0.0.0/8"]
        )
        .0,
        Ok(200)
    );
    let (status, _) = resolve(&service, &["10.0.0.1"], &["127.0.0.0/8"]);
    assert!(matches!(status, Err(HttpError::Denied(_))), "{status:?}");
}

/// A resolver that answers otherwise each time.
#[derive(Debug)]
struct Fickle(Mutex<Vec<IpAddr>>);

impl Lookup for Fickle {
    fn lookup(&self, _name: &str) -> Answers {
        let answer = self.0.lock().unwrap().pop();
        Box::pin(async move { Ok(answer.into_iter().collect()) })
    }
}

#[test]
fn a_name_that_changes_its_mind_is_judged_at_each_connection() {
    let closing = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    let service = Service::start(Behaviour::raw(closing));
    let origin = format!("http://internal.example.org:{}", service.port());
    let policy = Policy::builder().allow(&origin).network("127.0.0.1/32");
    // From the last to the first.
    let answers = ["127.0.0.1", "127.0.0.2", "127.0.0.1"].map(|it| it.parse().unwrap());
    let fickle = Arc::new(Fickle(Mutex::new(answers.into())));
    let gateway = Gateway::new(GatewayOptions::new(policy.build().unwrap()), fickle);
    let session = gateway.session(&Limits::default(), RunSecrets::none());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ask = || {
        let request = Request {
            method: "GET".into(),
            url: format!("{origin}/"),
            headers: Vec::new(),
            body: None,
        };
        let answer = runtime.block_on(session.send(request));
        answer.map(|response| response.status)
    };
    assert_eq!(ask(), Ok(200));
    assert!(matches!(ask(), Err(HttpError::Denied(_))));
    assert_eq!(ask(), Ok(200));
    assert_eq!(service.connections(), 2);
}

#[test]
fn a_read_of_nothing_is_told_and_not_repeated_for_ever() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let ask = format!("open GET {}", service.url("/"));
    let origin = service.origin();
    let args = ["run", &ask, "--component", PLAIN, "--allow", &origin];
    let args: Vec<&str> = args.into_iter().chain(["--param", "max=0"]).collect();
    let spec = Host::new().run(&args).succeeded();
    assert!(spec.contains("invalid-request"), "{spec}");
}

#[test]
fn what_describes_a_body_is_not_sent_without_it() {
    let last = Service::start(Behaviour::text(200, "hello"));
    let first = Service::start(Redirect::to(303, last.url("/")).into());
    let ask = format!("http POST {}", first.url("/"));
    let mut args = vec!["run", &ask, "--component", PLAIN];
    let origins = [first.origin(), last.origin()];
    args.extend(origins.iter().flat_map(|origin| ["--allow", origin]));
    for parameter in ["body={}", "header:content-type=application/json"] {
        args.extend(["--param", parameter]);
    }
    let _spec = Host::new().run(&args).succeeded();
    let described = |service: &Service| {
        let requests = service.requests();
        requests[0].header("content-type").map(str::to_owned)
    };
    assert_eq!(described(&first).as_deref(), Some("application/json"));
    assert_eq!(described(&last), None);
}
