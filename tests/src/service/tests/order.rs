use super::{Client, PATIENCE, promptly};
use crate::service::{Behaviour, Gate, Service, Step, Stream, What};
use std::{thread, time::Duration};

fn kinds(service: &Service) -> Vec<What> {
    service
        .events()
        .into_iter()
        .map(|event| event.what)
        .collect()
}

#[test]
fn the_log_has_everything_in_order() {
    let service = Service::start(Behaviour::text(200, "ok"));
    let mut client = Client::new(&service);
    client
        .send("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
        .until("ok");
    drop(client);
    service.expect(&What::PeerClosed);
    let expected = [
        What::Accepted,
        What::Head,
        What::BodyFirst,
        What::Body,
        What::AnswerHead,
        What::AnswerPiece(0),
        What::AnswerLast,
        What::PeerClosed,
    ];
    assert_eq!(kinds(&service), expected);
    let head = service.expect(&What::Head);
    assert_eq!((head.order, head.connection, head.request), (1, 0, Some(0)));
    assert!(service.log().contains("PeerClosed"), "{}", service.log());
    assert!(service.sent() > 0);
}

#[test]
fn a_piece_comes_when_its_gate_opens_and_not_before() {
    let (stream, gates) = Stream::gated("text/plain", ["one", "two"]);
    let last = Gate::new();
    let service = Service::start(stream.end_behind(&last).into());
    let mut client = Client::new(&service);
    client.get("/").until("\r\n\r\n");
    assert!(!kinds(&service).contains(&What::AnswerPiece(0)));
    gates[0].open();
    client.until("3\r\none\r\n");
    assert!(!kinds(&service).contains(&What::AnswerPiece(1)));
    gates[1].open();
    client.until("3\r\ntwo\r\n");
    assert!(!kinds(&service).contains(&What::AnswerLast));
    assert!(!last.is_open());
    last.open();
    client.until("0\r\n\r\n");
    assert!(kinds(&service).contains(&What::AnswerLast));
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "only Linux tells of an end behind unread bytes"
)]
fn a_peer_that_leaves_is_noticed_behind_a_closed_gate() {
    let (stream, _gates) = Stream::gated("text/plain", ["never"]);
    let service = Service::start(stream.into());
    let mut client = Client::new(&service);
    client.get("/").until("\r\n\r\n");
    // Bytes that nobody reads must not hide the end behind them.
    client.send("more");
    drop(client);
    service.expect(&What::PeerClosed);
    assert!(service.quiet(PATIENCE));
    assert_eq!(service.open_connections(), 0);
}

#[test]
fn a_service_stops_while_its_peers_wait() {
    for steps in [
        vec![Step::Hang],
        vec![Step::Wait(Gate::new())],
        vec![Step::Sleep(Duration::from_secs(3600))],
        vec![Step::Meet(100)],
        vec![Step::ReadSome],
        vec![Step::endless("x".repeat(1 << 16))],
    ] {
        let what = format!("{:?}", steps[0])
            .chars()
            .take(20)
            .collect::<String>();
        let service = Service::start(Behaviour::script(steps));
        let mut client = Client::new(&service);
        client.get("/");
        service.expect(&What::Body);
        promptly(&what, || drop(service));
    }
}

fn all_at_once(service: &Service, number: usize) {
    let mut clients: Vec<Client> = (0..number).map(|_| Client::new(service)).collect();
    for client in &mut clients {
        client.get("/");
    }
    for client in &mut clients {
        client.until("ok");
    }
}

#[test]
fn overlap_is_counted() {
    let service = Service::start(Behaviour::text(200, "ok").together(4));
    promptly("meeting", || all_at_once(&service, 4));
    assert_eq!(service.most_at_once(), 4);
}

#[test]
fn one_after_the_other_is_no_overlap() {
    let service = Service::start(Behaviour::text(200, "ok"));
    for _ in 0..50 {
        Client::new(&service).get("/").until("ok");
    }
    assert_eq!((service.most_at_once(), service.connections()), (1, 50));
    assert_eq!(service.expect_requests(50).len(), 50);
}

#[test]
fn who_has_the_whole_answer_is_no_overlap() {
    let whole = Step::Head(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec());
    let service = Service::start(Behaviour::script([whole, Step::Hang]));
    let mut first = Client::new(&service);
    first.get("/").until("ok");
    Client::new(&service).get("/").until("ok");
    assert_eq!(service.most_at_once(), 1);
}

#[test]
fn slow_and_gated_answers_wait() {
    let gate = Gate::new();
    let answer = Behaviour::text(200, "ok")
        .slow(Duration::from_millis(30))
        .behind(&gate);
    let service = Service::start(answer);
    thread::scope(|scope| {
        scope.spawn(|| Client::new(&service).get("/").until("ok"));
        service.expect(&What::Body);
        assert!(!kinds(&service).contains(&What::AnswerHead));
        gate.open();
    });
    let body = service.expect(&What::Body).at;
    let head = service.expect(&What::AnswerHead).at;
    assert!(head.duration_since(body) >= Duration::from_millis(30));
}

#[test]
fn many_connections_are_served_and_forgotten() {
    let service = Service::start(Behaviour::text(200, "ok"));
    for _ in 0..5 {
        all_at_once(&service, 50);
    }
    assert_eq!(service.connections(), 250);
    assert!(service.quiet(PATIENCE));
}
