//! How services fail.

use super::json_answer;
use crate::{
    cassette::{Answer, Body, Reply},
    gateway::Served,
};
use serde_json::json;

/// The size of an answer that is no use: 8 MiB.
const HUGE: usize = 8 * 1024 * 1024;
/// What an answer without an end repeats: 64 KiB.
const PIECE: usize = 64 * 1024;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It answers with this status.
    Status(u16),
    /// There is no connection.
    NotConnected,
    /// The connection breaks after the request.
    Broken,
    /// No answer comes in time.
    TimedOut,
    /// The right answer breaks off in the middle.
    Cut,
    /// What is to be JSON is none.
    NotJson,
    /// There is no body.
    Empty,
    /// A web page, as gateways and login portals send it.
    Html,
    /// The right answer says that it is something else.
    OtherType,
    /// 8 MiB of JSON without anything of use.
    Huge,
    /// An answer without an end.
    Endless,
}

impl Fault {
    /// What comes instead of this answer.
    pub(super) fn served(self, good: Answer) -> Served {
        let reply = match self {
            Self::NotConnected => Reply::NotConnected("connection refused".to_owned()),
            Self::Broken => Reply::Broken("connection reset by peer".to_owned()),
            Self::TimedOut => return Served::TimedOut,
            Self::Endless => {
                // A line of an event stream, and white space for who reads JSON.
                let piece = format!("{}\n", " ".repeat(PIECE - 1));
                let body = Body::Text(piece);
                return Served::Endless(Answer { body, ..good });
            }
            Self::Status(status) => {
                let message = format!("made up by the check: status {status}");
                let error = json!({"type": "error", "error": {"message": message, "type": "check"}});
                Reply::Answer(json_answer(status, error))
            }
            Self::Cut => {
                let bytes = good.body.bytes();
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec();
                Reply::Answer(Answer {
                    body: Body::of(half),
                    cut_off: Some("the connection was closed".to_owned()),
                    ..good
                })
            }
            Self::NotJson => {
                let body = Body::Text("{\"name\": \"plan\", \"steps\": [{,".to_owned());
                let content_type = ("content-type".to_owned(), "application/json".to_owned());
                let headers = vec![content_type];
                Reply::Answer(Answer { body, headers, ..good })
            }
            Self::Empty => Reply::Answer(Answer {
                body: Body::None,
                ..good
            }),
            Self::Html => Reply::Answer(Answer {
                headers: vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())],
                body: Body::Text(
                    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1></body></html>\n"
                        .to_owned(),
                ),
                ..good
            }),
            Self::OtherType => Reply::Answer(Answer {
                headers: vec![("content-type".to_owned(), "application/octet-stream".to_owned())],
                ..good
            }),
            Self::Huge => Reply::Answer(json_answer(200, json!({"padding": "x".repeat(HUGE)}))),
        };
        Served::Reply(reply)
    }
}
