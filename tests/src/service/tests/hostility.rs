use super::{Client, PATIENCE, ask, promptly};
use crate::service::{Behaviour, Hostile, Service, Step, What};
use std::{io::Read as _, time::Duration};

fn text(hostile: Hostile) -> String {
    ask(hostile)
}

#[test]
fn every_hostile_answer_does_something_and_can_be_left() {
    let silent = [
        Hostile::Never,
        Hostile::NeverRead,
        Hostile::Empty,
        Hostile::CloseOnAccept,
        Hostile::ResetAtOnce,
    ];
    for (name, hostile) in Hostile::all() {
        // Half a second for each: `bombs_inflate_to_what_they_say` has small ones.
        if matches!(hostile, Hostile::Bomb(..)) {
            continue;
        }
        // Only Linux tells of an end behind unread bytes.
        if hostile == Hostile::NeverRead && !cfg!(target_os = "linux") {
            continue;
        }
        let silent = silent.contains(&hostile);
        let service = Service::start(hostile.into());
        let mut client = Client::new(&service);
        if silent {
            let moment = Some(Duration::from_millis(100));
            client.0.set_read_timeout(moment).unwrap();
        }
        client.get("/");
        let came = client.0.read(&mut [0; 4096]).unwrap_or(0);
        assert_eq!(came == 0, silent, "{name}: {came} bytes");
        drop(client);
        promptly(&name, || {
            assert!(service.quiet(PATIENCE), "{name}\n{}", service.log());
            drop(service);
        });
    }
}

#[test]
fn names_are_unique() {
    let all = Hostile::all();
    let names: std::collections::BTreeSet<&str> = all.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.len() > 60);
}

#[test]
fn what_never_ends_goes_on_until_the_peer_has_had_enough() {
    let endless = [
        Hostile::Endless,
        Hostile::EndlessChunked,
        Hostile::EndlessHeaders,
        Hostile::FloodInformational,
        Hostile::ChunkExtension,
        Hostile::EndlessTrailers,
        Hostile::SseEndless,
        Hostile::SseNoLine,
    ];
    for hostile in endless {
        let service = Service::start(hostile.clone().into());
        let mut client = Client::new(&service);
        let (bytes, _) = client.get("/").at_most(20 << 20);
        assert!(bytes.len() >= 20 << 20, "{hostile:?}");
        drop(client);
        service.expect(&What::PeerClosed);
        let ended = service
            .events()
            .into_iter()
            .any(|event| event.what == What::AnswerLast);
        assert!(!ended, "{hostile:?}");
        assert!(service.sent() >= 20 << 20);
    }
}

#[test]
fn big_is_as_long_as_it_says() {
    for size in [0, 1, 65_536, 65_537, 1_000_000] {
        let answer = text(Hostile::Big(size));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {size}")));
        assert_eq!(body.len() as u64, size);
    }
}

#[test]
fn drips_come_one_at_a_time() {
    for (hostile, start) in [
        (Hostile::Drip(Duration::from_millis(5)), "\r\n\r\n"),
        (Hostile::DripHeaders(Duration::from_millis(5)), "\r\nX: "),
    ] {
        let service = Service::start(hostile.into());
        let mut client = Client::new(&service);
        client.get("/").until(start);
        client.until("xxxxxxxxxx");
    }
}

#[test]
fn ends_are_what_they_are_called() {
    let end = |hostile: Hostile| {
        let service = Service::start(hostile.into());
        let (bytes, reset) = Client::new(&service).get("/").rest();
        (String::from_utf8_lossy(&bytes).into_owned(), reset)
    };
    let (short, reset) = end(Hostile::Short);
    assert!(short.contains("Content-Length: 1000\r\n") && short.ends_with(&"x".repeat(500)));
    assert!(!reset);
    assert!(end(Hostile::Reset).1);
    assert_eq!(end(Hostile::ResetAtOnce), (String::new(), true));
    assert_eq!(end(Hostile::Empty), (String::new(), false));
    assert_eq!(end(Hostile::Close).0, "HTTP/1.1 200 OK\r\nContent-Le");
    assert_eq!(end(Hostile::Http09).0, "<html>hello</html>\r\n");
    assert!(
        end(Hostile::ShortChunked)
            .0
            .ends_with("\r\n\r\n5\r\nhello\r\n")
    );
    assert!(!end(Hostile::Garbage).0.starts_with("HTTP"));
}

#[test]
fn a_status_can_be_anything() {
    assert!(text(Hostile::BadStatus("1000")).starts_with("HTTP/1.1 1000 Odd\r\n"));
    assert!(text(Hostile::ProxyChallenge).contains("Proxy-Authenticate: Basic"));
    let retry = Hostile::RetryAfter(vec!["1".to_owned(), String::new()]);
    assert!(text(retry).contains("Retry-After: 1\r\nRetry-After: \r\n"));
}

#[test]
fn heads_can_be_too_much() {
    let big = text(Hostile::BigHeader(1 << 20));
    assert!(big.len() > 1 << 20 && big.ends_with("\r\n\r\nok"));
    let many = text(Hostile::ManyHeaders(40_000));
    assert_eq!(many.matches("\r\nX-").count(), 40_000);
    assert!(text(Hostile::Alarming).contains("Refresh: 0; url=http://169.254"));
}

#[test]
fn bodies_can_be_odd() {
    assert!(text(Hostile::DeepJson(1000)).ends_with(&"]".repeat(1000)));
    assert!(text(Hostile::BigNumber(1000)).contains(&"9".repeat(1000)));
    assert!(text(Hostile::Trailers).contains("\r\n0\r\nContent-Length: 5\r\n"));
    assert!(text(Hostile::OverflowChunk).contains("\r\n10000000000000005\r\n"));
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "only Linux tells of an end behind unread bytes"
)]
fn never_reading_leaves_the_body_unread() {
    let service = Service::start(Behaviour::by_path([("/", Hostile::NeverRead.into())]));
    let mut client = Client::new(&service);
    client.send("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
    let head = service.expect(&What::Head);
    drop(client);
    service.expect(&What::PeerClosed);
    assert_eq!(service.requests()[head.request.unwrap()].body_length, 0);
    // As the whole service's behaviour not even the head is read.
    let service = Service::start(Hostile::NeverRead.into());
    let mut client = Client::new(&service);
    client.get("/");
    drop(client);
    service.expect(&What::PeerClosed);
    assert!(service.requests().is_empty());
}

#[test]
fn a_close_with_unread_bytes_is_no_reset() {
    let early = Step::Head(b"HTTP/1.1 413 Too Large\r\n\r\n".to_vec());
    let service = Service::start(Behaviour::unread([early, Step::Close]));
    let mut client = Client::new(&service);
    client.send("POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
    client.send(&"x".repeat(1_000_000));
    let answer = b"HTTP/1.1 413 Too Large\r\n\r\n".to_vec();
    assert_eq!(client.rest(), (answer, false));
}

#[test]
fn steps_can_be_composed() {
    let odd =
        Behaviour::text(200, "ok").after([Step::Head(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())]);
    let answer = ask(odd);
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
    assert_eq!(ask(Behaviour::raw("anything")), "anything");
}
