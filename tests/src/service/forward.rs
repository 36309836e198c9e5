//! A small HTTP proxy: CONNECT for https, absolute URLs for http, and every host is the same machine.

use super::server::PATIENCE;
use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

/// The longest head of a request that the proxy takes.
const LONGEST_HEAD: usize = 64 << 10;

/// A proxy that takes every host for one address. Dropping it closes every socket and waits for its threads.
#[derive(Debug)]
pub struct Forward {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Seen {
    stopping: bool,
    heads: Vec<String>,
    /// Everything that clients sent, in the order in which it came.
    bytes: Vec<u8>,
    sockets: Vec<TcpStream>,
}

impl Forward {
    /// Listens at a free port of 127.0.0.1 and connects to `to`, whatever host it is asked for.
    ///
    /// # Panics
    /// No port can be bound.
    #[must_use]
    pub fn to(to: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let theirs = Arc::clone(&seen);
        let acceptor = thread::spawn(move || accept(&listener, to, &theirs));
        Self {
            address,
            seen,
            acceptor: Some(acceptor),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The head of every request that reached it.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        lock(&self.seen).heads.clone()
    }

    /// Whether these bytes stand anywhere in what clients sent to it or through it.
    #[must_use]
    pub fn holds(&self, needle: &str) -> bool {
        let bytes = &lock(&self.seen).bytes;
        bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        {
            let mut seen = lock(&self.seen);
            seen.stopping = true;
            for socket in &seen.sockets {
                // One that is closed already is as it should be.
                drop(socket.shutdown(Shutdown::Both));
            }
        }
        drop(TcpStream::connect_timeout(&self.address, PATIENCE));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers a socket, so that it is closed in the end; `false` if that is now.
fn keep(seen: &Mutex<Seen>, socket: &TcpStream) -> bool {
    let mut seen = lock(seen);
    if !seen.stopping {
        seen.sockets
            .push(socket.try_clone().expect("a socket can be shared"));
    }
    !seen.stopping
}

fn accept(listener: &TcpListener, to: SocketAddr, seen: &Arc<Mutex<Seen>>) {
    let mut threads = Vec::new();
    while let Ok((client, _)) = listener.accept() {
        if !keep(seen, &client) {
            break;
        }
        let seen = Arc::clone(seen);
        threads.push(thread::spawn(move || serve(client, to, &seen)));
    }
    for thread in threads {
        drop(thread.join());
    }
}

/// One request; whatever fails ends it, as it does in a proxy.
fn serve(mut client: TcpStream, to: SocketAddr, seen: &Arc<Mutex<Seen>>) -> Option<()> {
    let (head, rest) = read_head(&mut client, seen)?;
    lock(seen).heads.push(head.clone());
    let mut service = TcpStream::connect(to).ok()?;
    if !keep(seen, &service) {
        return None;
    }
    let (line, headers) = head.split_once("\r\n")?;
    let mut words = line.split(' ');
    let (method, url) = (words.next()?, words.next()?);
    if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 ok\r\n\r\n").ok()?;
    } else {
        let after = url.strip_prefix("http://")?;
        let path = after.find('/').map_or("/", |at| &after[at..]);
        let kept = headers
            .split("\r\n")
            .filter(|line| !line.to_ascii_lowercase().starts_with("proxy-"));
        let headers = kept.collect::<Vec<_>>().join("\r\n");
        let head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n\r\n");
        service.write_all(head.as_bytes()).ok()?;
    }
    service.write_all(&rest).ok()?;
    let (mut back, mut to_client) = (service.try_clone().ok()?, client.try_clone().ok()?);
    let answers = thread::spawn(move || {
        drop(std::io::copy(&mut back, &mut to_client));
        drop(to_client.shutdown(Shutdown::Both));
    });
    let mut block = vec![0; 1 << 16];
    while let Ok(length @ 1..) = client.read(&mut block) {
        lock(seen).bytes.extend(&block[..length]);
        if service.write_all(&block[..length]).is_err() {
            break;
        }
    }
    drop(service.shutdown(Shutdown::Write));
    drop(answers.join());
    Some(())
}

/// The head without the empty line that ends it, and what came after.
fn read_head(client: &mut TcpStream, seen: &Mutex<Seen>) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|at| at == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
            return Some((head, bytes[end + 4..].to_vec()));
        }
        let length = client.read(&mut block).ok().filter(|length| *length > 0)?;
        lock(seen).bytes.extend(&block[..length]);
        bytes.extend(&block[..length]);
        if bytes.len() > LONGEST_HEAD {
            return None;
        }
    }
}
