//! The hostile answers: section R of the security catalogue, and the headers of S13.

mod bytes;
mod raw;

use super::{answer::Answer, behaviour::Behaviour, compress::Coding, script::Step};
use bytes::{ALARMING_HEADERS, TLS_1_0_HELLO, deep_json};
use std::time::Duration;

/// A hostile answer. Except where it says otherwise the request is read to its end first.
#[derive(Clone, Debug, PartialEq)]
pub enum Hostile {
    /// A body without a length that never ends.
    Endless,
    /// A chunked body that never ends.
    EndlessChunked,
    /// A body of so many bytes, with its true length.
    Big(u64),
    /// A body with a length, one byte at a time.
    Drip(Duration),
    /// A header, one byte at a time, that never ends.
    DripHeaders(Duration),
    /// Reads the request and never answers.
    Never,
    /// Accepts and does not even read. A peer that closes while it still has something to send is not seen to
    /// close; outside Linux no peer is that has sent anything.
    NeverRead,
    /// So many zero bytes, compressed.
    Bomb(Coding, u64),
    /// `Content-Encoding: gzip`, and a body that is not.
    BadGzip,
    /// One header of so many bytes.
    BigHeader(usize),
    /// So many headers.
    ManyHeaders(usize),
    /// Headers that never end.
    EndlessHeaders,
    /// 103 Early Hints that never end.
    FloodInformational,
    /// A chunk size that is no number.
    BadChunk,
    /// A chunk that says 2⁶³−1 bytes, of which few come.
    HugeChunk,
    /// A chunk size that does not fit 64 bits; cut to 64 it would be 5.
    OverflowChunk,
    /// A chunk extension that never ends.
    ChunkExtension,
    /// Trailers that should never be taken for headers: Content-Length, Set-Cookie, Authorization …
    Trailers,
    /// Trailers that never end.
    EndlessTrailers,
    /// A length of 1000 bytes, half of them, and the end.
    Short,
    /// The same with chunks: one chunk, and the end.
    ShortChunked,
    /// Half a body, then a reset.
    Reset,
    /// A reset instead of an answer.
    ResetAtOnce,
    /// Half a head, and the end.
    Close,
    /// Bytes that are no HTTP.
    Garbage,
    /// A body without any head.
    Http09,
    /// The end instead of an answer.
    Empty,
    /// The end as soon as the connection is made.
    CloseOnAccept,
    /// A status line with this instead of a status.
    BadStatus(&'static str),
    /// 101 Switching Protocols, and bytes of another protocol.
    Switching,
    /// 407 with a challenge for proxy credentials.
    ProxyChallenge,
    /// Two lengths, the shorter of which hides a second answer.
    TwoLengths,
    /// A length and chunks.
    LengthAndChunked,
    /// A second answer that nobody asked for, after the first.
    Unasked,
    /// A body that is not UTF-8, called JSON.
    BadUtf8,
    /// A header that is not UTF-8.
    BadUtf8Header,
    /// A header with a bare CR, a NUL and a DEL.
    ControlHeader,
    /// An error page in HTML with status 200.
    Html,
    /// JSON arrays within one another, so deep.
    DeepJson(usize),
    /// JSON with a number of so many digits.
    BigNumber(usize),
    /// 429 with these `Retry-After` headers.
    RetryAfter(Vec<String>),
    /// Cookies for everybody.
    Cookies,
    /// Refresh, Alt-Svc, HSTS, Link preload, and others that ask the client to go elsewhere.
    Alarming,
    /// An event stream that never ends.
    SseEndless,
    /// An event stream of one line that never ends.
    SseNoLine,
    /// The hello of a TLS 1.0 server, to whatever comes.
    Tls10,
}

impl Hostile {
    /// Every hostile answer by its name in the catalogue, in modest sizes. That an answer is listed does not say
    /// that it must fail: cookies, trailers or a 407 are answers that a careful client survives.
    #[must_use]
    pub fn all() -> Vec<(String, Self)> {
        let tick = Duration::from_millis(20);
        let gib = 1 << 30;
        let named = [
            ("endless", Self::Endless),
            ("endless-chunked", Self::EndlessChunked),
            ("big", Self::Big(gib)),
            ("drip", Self::Drip(tick)),
            ("drip-headers", Self::DripHeaders(tick)),
            ("never", Self::Never),
            ("never-read", Self::NeverRead),
            ("gzip-bomb", Self::Bomb(Coding::Gzip, gib)),
            ("deflate-bomb", Self::Bomb(Coding::Deflate, gib)),
            ("gzip-twice", Self::Bomb(Coding::GzipTwice, gib)),
            ("bad-gzip", Self::BadGzip),
            ("big-header", Self::BigHeader(1 << 20)),
            ("many-headers", Self::ManyHeaders(40_000)),
            ("endless-headers", Self::EndlessHeaders),
            ("flood-1xx", Self::FloodInformational),
            ("bad-chunk", Self::BadChunk),
            ("huge-chunk", Self::HugeChunk),
            ("overflow-chunk", Self::OverflowChunk),
            ("chunk-ext", Self::ChunkExtension),
            ("trailers", Self::Trailers),
            ("endless-trailers", Self::EndlessTrailers),
            ("short", Self::Short),
            ("short-chunked", Self::ShortChunked),
            ("reset", Self::Reset),
            ("reset-at-once", Self::ResetAtOnce),
            ("close", Self::Close),
            ("garbage", Self::Garbage),
            ("http09", Self::Http09),
            ("empty", Self::Empty),
            ("close-on-accept", Self::CloseOnAccept),
            ("bad-status 999", Self::BadStatus("999")),
            ("bad-status 000", Self::BadStatus("000")),
            ("bad-status 1000", Self::BadStatus("1000")),
            ("bad-status -1", Self::BadStatus("-1")),
            ("switching", Self::Switching),
            ("auth-challenge", Self::ProxyChallenge),
            ("two-lengths", Self::TwoLengths),
            ("length-and-chunked", Self::LengthAndChunked),
            ("unasked", Self::Unasked),
            ("bad-utf8", Self::BadUtf8),
            ("bad-utf8-header", Self::BadUtf8Header),
            ("control-header", Self::ControlHeader),
            ("html", Self::Html),
            ("deep-json", Self::DeepJson(100_000)),
            ("big-number", Self::BigNumber(1_000_000)),
            ("cookie", Self::Cookies),
            ("alarming", Self::Alarming),
            ("sse-endless", Self::SseEndless),
            ("sse-noline", Self::SseNoLine),
        ];
        let named = named.map(|(name, hostile)| (name.to_owned(), hostile));
        named.into_iter().chain(Self::retry_after()).collect()
    }

    /// A 429 for each `Retry-After` of the catalogue.
    pub fn retry_after() -> impl Iterator<Item = (String, Self)> {
        bytes::RETRY_AFTER.iter().map(|values| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            let name = format!("retry {}", values.join(" and "));
            (name, Self::RetryAfter(values))
        })
    }

    pub(super) fn behaviour(self) -> Behaviour {
        match self {
            Self::NeverRead => Behaviour::unread([Step::Hang]),
            Self::CloseOnAccept => Behaviour::unread([Step::Close]),
            Self::Tls10 => Behaviour::unread([
                Step::ReadSome,
                Step::Send(TLS_1_0_HELLO.to_vec()),
                Step::Hang,
            ]),
            Self::ProxyChallenge => Answer::text(407, "who are you?")
                .header("Proxy-Authenticate", "Basic realm=\"proxy\"")
                .into(),
            Self::BadUtf8 => Answer::new(200)
                .header("Content-Type", "application/json")
                .body(*b"{\"output\": \"\xff\xfe\xc3\x28 \xed\xa0\x80\"}")
                .into(),
            Self::BadUtf8Header => Answer::text(200, "ok")
                .header("X-Name", b"caf\xe9 \xff\xfe")
                .into(),
            Self::ControlHeader => Answer::text(200, "ok")
                .header("X-Name", b"a\rb\0c\x7fd")
                .into(),
            Self::Html => Answer::new(200)
                .header("Content-Type", "text/html")
                .body("<!doctype html><html><body><h1>It works!</h1></body></html>")
                .into(),
            Self::DeepJson(depth) => Answer::new(200)
                .header("Content-Type", "application/json")
                .body(deep_json(depth))
                .into(),
            Self::BigNumber(digits) => Answer::new(200)
                .header("Content-Type", "application/json")
                .body(format!("{{\"output\": {}}}", "9".repeat(digits)))
                .into(),
            Self::RetryAfter(values) => {
                let answer = Answer::text(429, "slow down");
                let add = |answer: Answer, value: String| answer.header("Retry-After", value);
                values.into_iter().fold(answer, add).into()
            }
            Self::Cookies => Answer::text(200, "ok")
                .header(
                    "Set-Cookie",
                    "session=of-somebody; Path=/; Max-Age=99999999",
                )
                .header("Set-Cookie", "wide=1; Domain=127.0.0.1; Path=/")
                .into(),
            Self::Alarming => {
                let add =
                    |answer: Answer, (name, value): &(&str, &str)| answer.header(name, *value);
                let answer = Answer::text(200, "ok");
                ALARMING_HEADERS.iter().fold(answer, add).into()
            }
            raw => Behaviour::script(raw::steps(&raw)),
        }
    }
}
