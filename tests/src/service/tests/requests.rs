use super::{Client, PATIENCE};
use crate::service::{Behaviour, Listener, Refusing, Service, What};
use std::{net::TcpStream, panic, time::Duration};

fn ok() -> Service {
    Service::start(Behaviour::text(200, "ok"))
}

#[test]
fn a_request_is_kept_as_it_came() {
    let service = ok();
    let head = "POST /v1/x?y=1 HTTP/1.1\r\nhOsT: Test\r\nX-Two: 1\r\nx-two:  2 \r\nContent-Length: 11\r\n\r\n";
    let mut client = Client::new(&service);
    client.send(head).send("{\"a\": \"b\"}\n").until("ok");
    let seen = service.request();
    assert_eq!(
        (&*seen.method, &*seen.target, &*seen.version),
        ("POST", "/v1/x?y=1", "HTTP/1.1")
    );
    assert_eq!(seen.path(), "/v1/x");
    let headers: Vec<(&str, &str)> = seen.headers.iter().map(|(n, v)| (&**n, &**v)).collect();
    assert_eq!(
        headers,
        [
            ("hOsT", "Test"),
            ("X-Two", "1"),
            ("x-two", "2"),
            ("Content-Length", "11")
        ]
    );
    assert_eq!(seen.all("X-TWO"), ["1", "2"]);
    assert_eq!(seen.raw_head, head.as_bytes());
    assert_eq!(seen.json()["a"], "b");
    assert_eq!(
        (seen.body_length, seen.complete, seen.fault),
        (11, true, None)
    );
}

#[test]
fn a_chunked_body_is_put_together() {
    let service = ok();
    let mut client = Client::new(&service);
    client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-End: yes\r\n\r\n");
    client.until("ok");
    let seen = service.request();
    assert_eq!(seen.text(), "hello!");
    assert_eq!(seen.trailers, [("X-End".to_owned(), "yes".to_owned())]);
    assert!(seen.holds("hello!") && seen.holds("yes") && !seen.holds("other"));
}

#[test]
fn pipelined_and_smuggled_requests_are_each_one() {
    let service = ok();
    let mut client = Client::new(&service);
    client.send("POST /a HTTP/1.1\r\nContent-Length: 1\r\n\r\nxGET /smuggled HTTP/1.1\r\n\r\n");
    client.until("ok");
    client.until("ok");
    let targets: Vec<String> = service
        .requests()
        .into_iter()
        .map(|seen| seen.target)
        .collect();
    assert_eq!(targets, ["/a", "/smuggled"]);
}

#[test]
fn what_is_no_request_is_refused_and_kept() {
    let faulty = [
        "GET / HTTP/2\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno header\r\n\r\n",
        "GET / HTTP/1.1\r\nX Y: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
    ];
    for text in faulty {
        let service = ok();
        let (answer, reset) = Client::new(&service).send(text).rest();
        assert!(answer.starts_with(b"HTTP/1.1 400 "), "{text:?}");
        assert!(!reset, "{text:?}");
        assert!(service.request().fault.is_some(), "{text:?}");
    }
}

#[test]
fn a_connection_that_asks_to_be_closed_is_closed() {
    let service = ok();
    let mut client = Client::new(&service);
    client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(client.rest().0.ends_with(b"ok"));
    drop(client);
    assert!(service.quiet(PATIENCE));
}

#[test]
fn a_client_that_waits_to_continue_is_told_to() {
    let service = ok();
    let mut client = Client::new(&service);
    client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi").until("ok");
    assert_eq!(service.request().text(), "hi");
}

#[test]
fn a_body_is_seen_before_it_ends() {
    let service = ok();
    let mut client = Client::new(&service);
    client.send("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab");
    service.expect(&What::BodyFirst);
    assert!(
        service
            .events()
            .iter()
            .all(|event| event.what != What::Body)
    );
    client.send("cd").until("ok");
    assert_eq!(service.request().text(), "abcd");
}

#[test]
fn other_addresses_and_names() {
    let service = Service::start_at("127.0.0.2", Behaviour::text(200, "ok"));
    assert!(service.origin().starts_with("http://127.0.0.2:"));
    assert_eq!(
        service.url_as("localhost", "/x"),
        format!("http://localhost:{}/x", service.port())
    );
    Client::new(&service).get("/").until("ok");
}

#[test]
fn a_silent_port_counts_who_knocks() {
    let listener = Listener::silent();
    assert_eq!(listener.connections(), 0);
    drop(TcpStream::connect(listener.address()).unwrap());
    let kept = TcpStream::connect(listener.address()).unwrap();
    assert_eq!(listener.connections(), 2);
    assert_eq!(listener.connections(), 2);
    drop(kept);
    assert!(listener.url("/x").ends_with("/x"));
}

#[test]
fn a_refusing_port_refuses() {
    let refusing = Refusing::new();
    let error = TcpStream::connect(refusing.address()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_panic_in_a_behaviour_is_the_tests() {
    let service = Service::start(Behaviour::by_head(|_| panic!("on purpose")));
    let mut client = Client::new(&service);
    client.get("/").rest();
    let dropped = panic::catch_unwind(panic::AssertUnwindSafe(|| drop(service)));
    assert!(dropped.is_err());
}

#[test]
fn waiting_ends() {
    let service = ok();
    assert!(service.wait(Duration::from_millis(20), |_| true).is_none());
    assert!(service.quiet(PATIENCE));
}
