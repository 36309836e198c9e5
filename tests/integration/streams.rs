//! Bodies at the gateway itself: what is taken of them, what is sent, what is read.

use arborist::{
    gateway::{
        BodyStream, Gateway, GatewayOptions, HttpError, Request, Session, StreamedRequest,
        SystemLookup,
    },
    limits::Limits,
    policy::Policy,
    secrets::RunSecrets,
};
use arborist_tests::service::{Behaviour, Hostile, Service};
use bytes::Bytes;
use futures_util::stream;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A session that may go to `allowed`, if to anywhere.
fn session(allowed: Option<&str>) -> Session {
    let rules = allowed.into_iter();
    let policy = rules.fold(Policy::builder(), |policy, rule| policy.allow(rule));
    Gateway::new(
        GatewayOptions::new(policy.build().unwrap()),
        Arc::new(SystemLookup),
    )
    .session(&Limits::default(), RunSecrets::none())
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}

/// A POST to the service with that body.
fn post(service: &Service, body: BodyStream) -> StreamedRequest {
    StreamedRequest {
        method: "POST".to_owned(),
        scheme: Some("http".to_owned()),
        authority: Some(format!("127.0.0.1:{}", service.port())),
        path_and_query: Some("/".to_owned()),
        headers: http::HeaderMap::new(),
        body,
    }
}

#[test]
fn a_body_that_is_broken_off_is_not_sent() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let session = session(Some(&service.origin()));
    let half = [Ok(Bytes::from("half")), Err(io::Error::other("dropped"))];
    let sent = wait(session.stream(post(&service, Box::pin(stream::iter(half)))));
    assert!(
        matches!(sent, Err(HttpError::InvalidRequest(_))),
        "{sent:?}"
    );
    assert_eq!(service.connections(), 0);
}

#[test]
fn nothing_is_taken_of_a_body_that_may_not_be_sent() {
    let service = Service::start(Behaviour::text(200, "hello"));
    let asked = Arc::new(AtomicBool::new(false));
    let body = stream::once({
        let asked = Arc::clone(&asked);
        async move {
            asked.store(true, Ordering::Relaxed);
            Ok(Bytes::from("body"))
        }
    });
    let sent = wait(session(None).stream(post(&service, Box::pin(body))));
    assert!(matches!(sent, Err(HttpError::Denied(_))), "{sent:?}");
    assert!(!asked.load(Ordering::Relaxed), "the body was asked for");
    assert_eq!(service.connections(), 0);
}

fn get(service: &Service) -> Request {
    Request {
        method: "GET".to_owned(),
        url: service.url("/"),
        headers: Vec::new(),
        body: None,
    }
}

#[test]
fn an_answer_that_broke_off_fails_from_there_on() {
    let service = Service::start(Hostile::Short.into());
    let session = session(Some(&service.origin()));
    wait(async {
        let mut answer = session.open(get(&service)).await.unwrap();
        let error = loop {
            match answer.read(1 << 20).await {
                Ok(piece) => assert!(piece.is_some(), "it is taken for whole"),
                Err(error) => break error,
            }
        };
        for _ in 0..2 {
            assert_eq!(answer.read(1 << 20).await, Err(error.clone()));
        }
    });
}

#[test]
fn a_read_gives_no_more_than_it_was_asked_for() {
    let service = Service::start(Behaviour::text(200, "0123456789"));
    let session = session(Some(&service.origin()));
    wait(async {
        let mut answer = session.open(get(&service)).await.unwrap();
        let mut body = Vec::new();
        while let Some(piece) = answer.read(3).await.unwrap() {
            assert!((1..=3).contains(&piece.len()));
            body.extend(piece);
        }
        assert_eq!(body, b"0123456789");
    });
}
