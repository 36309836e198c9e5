use super::{Client, ask, ask_path};
use crate::service::{
    Answer, Behaviour, Coding, Echo, Encoding, End, Redirect, Service, Stream, compress, zeros,
};
use flate2::read::{GzDecoder, ZlibDecoder};
use std::{io::Read as _, time::Duration};

#[test]
fn json_has_its_type_and_length() {
    let answer = ask(Behaviour::json(201, &serde_json::json!({"a": 1})));
    assert_eq!(
        answer,
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
    );
}

#[test]
fn headers_are_sent_as_they_are() {
    let answer = ask(Answer::new(204).header("X-A", "1").header("X-A", "2"));
    assert_eq!(
        answer,
        "HTTP/1.1 204 No Content\r\nX-A: 1\r\nX-A: 2\r\n\r\n"
    );
}

#[test]
fn the_answer_to_head_has_no_body() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let mut client = Client::new(&service);
    client.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert!(client.until("\r\n\r\n").contains("Content-Length: 5"));
    assert!(client.get("/").until("hello").ends_with("\r\n\r\nhello"));
    assert_eq!(service.connections(), 1);
}

#[test]
fn a_sequence_goes_on_with_its_last() {
    let service = Service::start(Behaviour::sequence([
        Behaviour::text(500, "no"),
        Behaviour::text(200, "yes"),
    ]));
    let mut client = Client::new(&service);
    assert!(client.get("/").until("no").starts_with("HTTP/1.1 500 "));
    assert!(client.get("/").until("yes").starts_with("HTTP/1.1 200 "));
    assert!(client.get("/").until("yes").starts_with("HTTP/1.1 200 "));
}

#[test]
fn paths_and_requests_choose() {
    let service = Service::start(Behaviour::by_path([
        ("/a", Behaviour::text(200, "is a")),
        (
            "/b",
            Behaviour::by_request(|seen| Behaviour::text(200, seen.text().to_uppercase())),
        ),
    ]));
    let mut client = Client::new(&service);
    client.get("/a?query").until("is a");
    client.send("POST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    client.until("HELLO");
    assert!(client.get("/c").until("such path").contains(" 404 "));
}

#[test]
fn redirects_chain_loop_and_follow_the_query() {
    let answer = ask(Redirect::to(307, "http://other.test/"));
    assert!(answer.starts_with("HTTP/1.1 307 "), "{answer}");
    assert!(answer.contains("\r\nLocation: http://other.test/\r\n"));
    let chain = || Behaviour::redirect_chain(302, 2, Behaviour::text(200, "there"));
    assert!(ask_path(chain(), "/x").contains("Location: /hop/1\r\n"));
    assert!(ask_path(chain(), "/hop/1").contains("Location: /hop/2\r\n"));
    assert!(ask_path(chain(), "/hop/2").ends_with("there"));
    let query = Behaviour::redirect_by_query(302);
    assert!(
        ask_path(query, "/?to=file%3A///etc/passwd").contains("Location: file:///etc/passwd\r\n")
    );
    let again = ask_path(Behaviour::redirect_loop(308), "/me?x=1");
    assert!(again.contains("Location: /me?x=1\r\n"));
}

const KEY: &str = "sk-live-ü/+7\"9";

fn echo(echo: Echo) -> Vec<u8> {
    let service = Service::start(echo.into());
    let mut client = Client::new(&service);
    client.send(&format!(
        "POST / HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody"
    ));
    client.rest().0
}

#[test]
fn an_echo_shows_the_request_in_every_place() {
    let answer = String::from_utf8(echo(Echo::new().status(401))).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let visible = "Bearer sk-live-/+7\"9 ; close ; 4";
    assert_eq!(lines.next(), Some(&*format!("HTTP/1.1 401 {visible}")));
    assert!(head.contains(&format!("X-Echo: {visible}")));
    assert!(head.contains(&format!("Location: /echo?seen={visible}")));
    assert!(body.contains(&format!("Authorization: Bearer {KEY}\n")));
    assert!(body.contains(&format!("Authorization word: {KEY}\n")));
    assert!(body.contains("\nbody: body\n"));
    assert!(body.contains(&format!(
        "all: POST / HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\n"
    )));
}

#[test]
fn every_encoding_writes_the_key_in_its_way() {
    let expected = [
        (Encoding::Json, "\"sk-live-ü/+7\\\"9\""),
        (
            Encoding::JsonUnicode,
            "\\u002d\\u00fc\\u002f\\u002b\\u0037\\u0022\\u0039\"",
        ),
        (Encoding::Base64, "c2stbGl2ZS3DvC8rNyI5"),
        (Encoding::Base64Url, "c2stbGl2ZS3DvC8rNyI5"),
        (Encoding::Percent, "sk%2Dlive%2D%C3%BC%2F%2B7%229"),
        (Encoding::PercentAll, "%73%6B%2D%6C"),
        (Encoding::Hex, "736b2d6c6976652dc3bc2f2b372239"),
        (Encoding::Upper, "SK-LIVE-"),
    ];
    for (encoding, key) in expected {
        let answer = String::from_utf8_lossy(&echo(Echo::new().encoding(encoding))).into_owned();
        assert!(answer.contains(key), "{encoding:?}: {answer}");
        assert!(!answer.contains(KEY), "{encoding:?}: {answer}");
    }
    assert_eq!(Encoding::Reverse.encode(b"abc"), b"cba");
    let gzip = echo(Echo::new().encoding(Encoding::Gzip));
    let at = gzip.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
    let mut body = String::new();
    GzDecoder::new(&gzip[at + 4..])
        .read_to_string(&mut body)
        .unwrap();
    assert!(body.contains(KEY));
}

#[test]
fn an_echo_can_be_split_over_chunks() {
    let answer = echo(Echo::new().split(3, Duration::ZERO));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.contains("Transfer-Encoding: chunked"));
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!body.contains("sk-live"), "{body}");
    assert!(body.contains("\r\n3\r\n"));
    assert!(body.ends_with("\r\n0\r\n\r\n"));
}

#[test]
fn a_stream_ends_as_it_is_told() {
    let stream = |end| {
        let (stream, gates) = Stream::gated("text/event-stream", ["data: 1\n\n", "data: 2\n\n"]);
        gates.iter().for_each(super::super::Gate::open);
        let service = Service::start(stream.end(end).into());
        let mut client = Client::new(&service);
        client.get("/").until("data: 2\n\n\r\n");
        if end == End::Hang {
            return (Vec::new(), false);
        }
        if end == End::Complete {
            client.until("0\r\n\r\n");
            // The connection lives on.
            client.get("/").until("data: 2\n\n\r\n0\r\n\r\n");
            return (Vec::new(), false);
        }
        client.rest()
    };
    assert_eq!(stream(End::Complete), (Vec::new(), false));
    assert_eq!(stream(End::Cut), (Vec::new(), false));
    assert_eq!(stream(End::Reset), (Vec::new(), true));
    assert_eq!(stream(End::Hang), (Vec::new(), false));
}

#[test]
fn bombs_inflate_to_what_they_say() {
    let size = 3_000_001;
    let gzip = zeros(Coding::Gzip, size);
    assert!(gzip.len() < 10_000, "{}", gzip.len());
    let inflated = |reader: &mut dyn std::io::Read| {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(inflated(&mut GzDecoder::new(&*gzip)).len() as u64, size);
    let zlib = zeros(Coding::Deflate, size);
    assert_eq!(inflated(&mut ZlibDecoder::new(&*zlib)).len() as u64, size);
    let twice = zeros(Coding::GzipTwice, size);
    assert!(twice.len() < 1000, "{}", twice.len());
    let once = inflated(&mut GzDecoder::new(&*twice));
    assert_eq!(inflated(&mut GzDecoder::new(&*once)).len() as u64, size);
    let small = compress(Coding::Gzip, b"hello");
    assert_eq!(inflated(&mut GzDecoder::new(&*small)), b"hello");
}
