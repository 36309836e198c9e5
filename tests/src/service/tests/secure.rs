use super::PATIENCE;
use crate::service::{Authority, Behaviour, Hostile, Identity, Service, What};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::CertificateDer,
};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

/// What the client reads of an answer at most.
const MOST: u64 = 1 << 20;

/// What a careful client gets: the answer, or why it would not have it.
fn ask(service: &Service, authority: &Authority, name: &str) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = name.to_owned().try_into().unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(service.address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = StreamOwned::new(session, socket);
    let mut answer = String::new();
    stream
        .write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        .and_then(|()| stream.take(MOST).read_to_string(&mut answer))
        .map_err(|error| error.to_string())?;
    Ok(answer)
}

fn try_identity(identity: Identity) -> Result<String, String> {
    let authority = Authority::new();
    let service = Service::start_tls(&authority, identity, Behaviour::text(200, "ok"));
    assert!(service.origin().starts_with("https://"));
    let answer = ask(&service, &authority, "localhost");
    if answer.is_err() {
        let failed = |what: &What| matches!(what, What::HandshakeFailed(_));
        assert!(
            service
                .wait(PATIENCE, |event| failed(&event.what))
                .is_some(),
            "{}",
            service.log()
        );
        assert!(service.requests().is_empty());
    } else {
        service.expect(&What::Secured(Some("localhost".to_owned())));
    }
    answer
}

#[test]
fn the_right_identity_is_trusted() {
    assert!(try_identity(Identity::Right).unwrap().ends_with("ok"));
    let authority = Authority::new();
    let service = Service::start_tls(&authority, Identity::Right, Behaviour::text(200, "ok"));
    // An address is no name to ask for.
    assert!(
        ask(&service, &authority, "127.0.0.1")
            .unwrap()
            .ends_with("ok")
    );
    service.expect(&What::Secured(None));
    assert!(authority.pem().contains("BEGIN CERTIFICATE"));
}

#[test]
fn every_other_identity_is_wrong_in_its_own_way() {
    let wrong = [
        (Identity::WrongName, "not valid for name"),
        (Identity::Expired, "expired"),
        (Identity::NotYetValid, "not valid yet"),
        (Identity::SelfSigned, "UnknownIssuer"),
        (Identity::OtherAuthority, "BadSignature"),
        (Identity::NotAnAuthority, "EndEntityUsedAsCa"),
        (Identity::HugeChain(2000), ""),
    ];
    for (identity, why) in wrong {
        let error = try_identity(identity).unwrap_err();
        assert!(error.contains(why), "{identity:?}: {error}");
    }
}

#[test]
fn a_server_of_tls_1_0_is_refused_for_its_version() {
    let service = Service::start(Hostile::Tls10.into());
    let error = ask(&service, &Authority::new(), "localhost").unwrap_err();
    assert!(error.contains("ServerDoesNotSupportTls12Or13"), "{error}");
}

#[test]
fn hostile_answers_and_their_end_work_over_tls() {
    let authority = Authority::new();
    let service = Service::start_tls(&authority, Identity::Right, Hostile::Short.into());
    let answer = ask(&service, &authority, "localhost").unwrap();
    assert!(answer.ends_with(&"x".repeat(500)));
    let service = Service::start_tls(&authority, Identity::Right, Hostile::Endless.into());
    let answer = ask(&service, &authority, "localhost").unwrap();
    assert_eq!(answer.len() as u64, MOST);
    service.expect(&What::PeerClosed);
}
