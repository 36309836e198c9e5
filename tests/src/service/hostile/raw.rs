//! The hostile answers that no well-formed answer can be, as steps.

use super::{Hostile, bytes::trailers};
use crate::service::{
    answer::{Answer, chunk},
    compress::{Coding, zeros},
    script::Step,
};
use std::time::Duration;

const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
const EVENTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
const BLOCK: usize = 1 << 16;

/// The steps of that answer.
pub(super) fn steps(hostile: &Hostile) -> Vec<Step> {
    let steps = large(hostile).or_else(|| broken(hostile));
    steps
        .or_else(|| misleading(hostile))
        .unwrap_or_else(|| unreachable!("{hostile:?} has no steps"))
}

fn head(text: &str) -> Step {
    Step::Head(text.as_bytes().to_vec())
}

fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

fn closing(text: &str) -> Vec<Step> {
    vec![head(text), Step::Close]
}

/// Those that are too much, or too slow.
fn large(hostile: &Hostile) -> Option<Vec<Step>> {
    let header_lines = || Step::endless("X: xxxxxxxx\r\n".repeat(1000));
    Some(match hostile {
        Hostile::Endless => vec![
            head("HTTP/1.1 200 OK\r\n\r\n"),
            Step::endless(vec![b'x'; BLOCK]),
        ],
        Hostile::EndlessChunked => vec![head(CHUNKED), Step::endless(chunk(&[b'x'; BLOCK]))],
        Hostile::Big(size) => big(*size),
        Hostile::Drip(every) => vec![
            head("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"),
            Step::drip("x", *every),
        ],
        Hostile::DripHeaders(every) => {
            vec![head("HTTP/1.1 200 OK\r\nX: "), Step::drip("x", *every)]
        }
        Hostile::Never => vec![Step::Hang],
        Hostile::Bomb(coding, size) => bomb(*coding, *size),
        Hostile::BigHeader(size) => closing(&format!(
            "HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 2\r\n\r\nok",
            "x".repeat(*size)
        )),
        Hostile::ManyHeaders(number) => {
            let lines: String = (0..*number).map(|n| format!("X-{n}: x\r\n")).collect();
            closing(&format!(
                "HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok"
            ))
        }
        Hostile::EndlessHeaders => vec![head("HTTP/1.1 200 OK\r\n"), header_lines()],
        Hostile::FloodInformational => {
            let hint = "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n";
            vec![Step::endless(hint.repeat(100))]
        }
        Hostile::ChunkExtension => {
            let extension = Step::endless("x".repeat(BLOCK));
            vec![head(CHUNKED), send("5;"), extension]
        }
        Hostile::EndlessTrailers => vec![head(CHUNKED), send("2\r\nok\r\n0\r\n"), header_lines()],
        Hostile::SseEndless => vec![head(EVENTS), Step::endless("data: x\n\n".repeat(1000))],
        Hostile::SseNoLine => {
            let line = Step::endless("x".repeat(BLOCK));
            vec![head(EVENTS), send("data: "), line]
        }
        _ => return None,
    })
}

/// Those that end too early, or are no HTTP.
fn broken(hostile: &Hostile) -> Option<Vec<Step>> {
    let half = |end: Step| {
        let start = head("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        vec![start, send(&"x".repeat(500)), end]
    };
    Some(match hostile {
        Hostile::Short => half(Step::Close),
        Hostile::ShortChunked => vec![head(CHUNKED), send("5\r\nhello\r\n"), Step::Close],
        Hostile::Reset => half(Step::Reset),
        Hostile::ResetAtOnce => vec![Step::Reset],
        Hostile::Close => closing("HTTP/1.1 200 OK\r\nContent-Le"),
        Hostile::Empty => vec![Step::Close],
        Hostile::Http09 => closing("<html>hello</html>\r\n"),
        Hostile::Garbage => {
            let scrambled = |n: u32| n.wrapping_mul(2_654_435_761).to_be_bytes()[0];
            let bytes = (1..=4096).map(scrambled).collect();
            vec![Step::Head(bytes), Step::Close]
        }
        Hostile::BadChunk => closing(&format!("{CHUNKED}zz\r\nhello\r\n0\r\n\r\n")),
        Hostile::HugeChunk => vec![
            head(CHUNKED),
            send("7fffffffffffffff\r\nhello"),
            Step::Close,
        ],
        Hostile::OverflowChunk => {
            closing(&format!("{CHUNKED}10000000000000005\r\nhello\r\n0\r\n\r\n"))
        }
        Hostile::BadStatus(status) => closing(&format!(
            "HTTP/1.1 {status} Odd\r\nContent-Length: 2\r\n\r\nok"
        )),
        _ => return None,
    })
}

/// Those that say one thing and are another.
fn misleading(hostile: &Hostile) -> Option<Vec<Step>> {
    Some(match hostile {
        Hostile::BadGzip => closing(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 11\r\n\r\nnot gzip at",
        ),
        Hostile::Trailers => vec![head(CHUNKED), send("2\r\nok\r\n"), Step::Send(trailers())],
        Hostile::Switching => vec![
            head(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            ),
            send("\u{1}\u{2}other protocol"),
            Step::Hang,
        ],
        Hostile::TwoLengths => closing(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 45\r\n\r\n\
             okHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nextra",
        ),
        Hostile::LengthAndChunked => closing(
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n\
             5\r\nhello\r\n0\r\n\r\n",
        ),
        Hostile::Unasked => vec![
            head("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
            send("okHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked"),
        ],
        _ => return None,
    })
}
fn big(size: u64) -> Vec<Step> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
    let block = BLOCK as u64;
    let rest = usize::try_from(size % block).unwrap_or_default();
    let mut steps = vec![Step::Head(head.into_bytes())];
    if size >= block {
        steps.push(Step::Repeat {
            bytes: vec![b'x'; BLOCK],
            times: Some(size / block),
            every: Duration::ZERO,
        });
    }
    if rest > 0 {
        steps.push(Step::Send(vec![b'x'; rest]));
    }
    steps
}

fn bomb(coding: Coding, size: u64) -> Vec<Step> {
    let answer = Answer::new(200)
        .header("Content-Type", "application/json")
        .header("Content-Encoding", coding.name())
        .body(zeros(coding, size));
    answer.steps(false)
}
