//! The service, asked by a client that knows no more than sockets.

mod ai;
mod answers;
mod hostility;
mod order;
mod requests;
mod secure;

use super::{Behaviour, Service};
use std::{
    io::{ErrorKind, Read, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

/// A bound on everything here; a test that reaches it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to the service.
struct Client(TcpStream);

impl Client {
    fn new(service: &Service) -> Self {
        let socket = TcpStream::connect(service.address()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    fn send(&mut self, text: &str) -> &mut Self {
        self.0.write_all(text.as_bytes()).unwrap();
        self
    }

    fn get(&mut self, path: &str) -> &mut Self {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"))
    }

    /// Reads until what came ends with this.
    fn until(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        let mut one = [0];
        while !text.ends_with(end.as_bytes()) {
            let length = self.0.read(&mut one).unwrap();
            assert!(length > 0, "only {:?} came", String::from_utf8_lossy(&text));
            text.push(one[0]);
        }
        String::from_utf8(text).unwrap()
    }

    /// Reads to the end: what came, and whether the end was a reset.
    fn rest(&mut self) -> (Vec<u8>, bool) {
        self.at_most(usize::MAX)
    }

    fn at_most(&mut self, most: usize) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        let mut some = [0; 4096];
        while bytes.len() < most {
            match self.0.read(&mut some) {
                Ok(0) => return (bytes, false),
                Ok(length) => bytes.extend_from_slice(&some[..length]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return (bytes, true),
                Err(error) => panic!("{error}"),
            }
        }
        (bytes, false)
    }
}

/// One request on a connection of its own, and everything that comes until it is closed.
fn ask(behaviour: impl Into<Behaviour>) -> String {
    ask_path(behaviour, "/")
}

fn ask_path(behaviour: impl Into<Behaviour>, path: &str) -> String {
    let service = Service::start(behaviour.into());
    let mut client = Client::new(&service);
    client.send(&format!(
        "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    ));
    let (bytes, reset) = client.rest();
    assert!(!reset);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs it and fails if it takes as long as a hang would.
fn promptly<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = run();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "{what} took {took:?}");
    result
}
