//! The server: its port, its threads and what it knows.

use super::{
    behaviour::Behaviour,
    connection,
    journal::{Event, Shared, What},
    request::Seen,
    tls::{Authority, Identity},
};
use rustls::ServerConfig;
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// How long a test waits for what must happen: long, because a busy machine is no failure.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Connections beyond this are closed at once.
const MOST_OPEN: usize = 1000;

/// A running service. Dropping it closes every socket and waits for its threads; a panic in one of them, such
/// as a failed assertion in a [`Behaviour::by_request`], then becomes the test's.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<thread::Result<()>>>,
}

impl Service {
    /// Serves at a free port of 127.0.0.1.
    ///
    /// # Panics
    /// No port can be bound.
    #[must_use]
    pub fn start(behaviour: Behaviour) -> Self {
        Self::start_at("127.0.0.1", behaviour)
    }

    /// Serves at a free port of that address of this machine, such as `127.0.0.2` or `::1`.
    ///
    /// # Panics
    /// No port can be bound there.
    #[must_use]
    pub fn start_at(address: &str, behaviour: Behaviour) -> Self {
        Self::launch(address, None, behaviour)
    }

    /// Serves over TLS at a free port of 127.0.0.1.
    ///
    /// # Panics
    /// No port can be bound.
    #[must_use]
    pub fn start_tls(authority: &Authority, identity: Identity, behaviour: Behaviour) -> Self {
        Self::launch("127.0.0.1", Some(authority.config(identity)), behaviour)
    }

    fn launch(address: &str, tls: Option<Arc<ServerConfig>>, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared::default());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let theirs = Arc::clone(&shared);
        let acceptor = thread::Builder::new()
            .name("service".to_owned())
            .spawn(move || accept(&listener, &theirs, tls.as_ref(), &Arc::new(behaviour)))
            .expect("a thread can be started");
        Self {
            address,
            scheme,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `SCHEME://ADDRESS:PORT`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// A URL at [`Service::origin`]; `path` begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// A URL at the service's port by another name, such as `localhost`.
    #[must_use]
    pub fn url_as(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.port())
    }

    /// Every request whose head was read, in that order.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.state().seen.clone()
    }

    /// The only request.
    ///
    /// # Panics
    /// There was none, or more than one.
    #[track_caller]
    #[must_use]
    pub fn request(&self) -> Seen {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "requests: {requests:#?}");
        requests.remove(0)
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// How many connections are open.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.shared.state().open
    }

    /// The greatest number of requests that were in progress at once: their head read, the last of their
    /// answer not yet sent.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.shared.state().most_at_once
    }

    /// How many bytes the system took from the service, heads and framing included; over TLS before
    /// encryption. The peer has read at most that much, and less by what the socket buffers hold.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.shared.state().sent
    }

    /// Everything that happened so far, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.shared.state().events.clone()
    }

    /// The first event that is as wanted, as soon as it is there; `None` if it does not come in time.
    #[must_use]
    pub fn wait(&self, longest: Duration, wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        self.shared.wait(longest, |state| {
            state.events.iter().find(|event| wanted(event)).cloned()
        })
    }

    /// Waits for the first event of that kind, for [`PATIENCE`] at most.
    ///
    /// # Panics
    /// It does not come; the message holds the log.
    #[track_caller]
    pub fn expect(&self, what: &What) -> Event {
        let found = self.wait(PATIENCE, |event| event.what == *what);
        found.unwrap_or_else(|| panic!("no {what:?} came\n{}", self.log()))
    }

    /// Waits until so many requests are there, read to their end, for [`PATIENCE`] at most, and gives them all.
    ///
    /// # Panics
    /// They do not come; the message holds the log.
    #[track_caller]
    pub fn expect_requests(&self, number: usize) -> Vec<Seen> {
        let found = self.shared.wait(PATIENCE, |state| {
            let complete = state.seen.iter().filter(|seen| seen.complete).count();
            (complete >= number).then(|| state.seen.clone())
        });
        found.unwrap_or_else(|| panic!("fewer than {number} requests came\n{}", self.log()))
    }

    /// Waits until every connection is closed; whether that came in time.
    #[must_use]
    pub fn quiet(&self, longest: Duration) -> bool {
        let quiet = |state: &super::journal::State| (state.open == 0).then_some(());
        self.shared.wait(longest, quiet).is_some()
    }

    /// The events as lines, for the message of a failing test.
    #[must_use]
    pub fn log(&self) -> String {
        let events = self.events();
        let began = events.first().map(|event| event.at);
        let mut log = String::from("what the service saw:");
        for event in &events {
            let after = began.map_or(Duration::ZERO, |began| event.at.duration_since(began));
            let request = event.request.map_or("-".to_owned(), |at| at.to_string());
            log.push_str(&format!(
                "\n{:5} ms  connection {}  request {request}  {:?}",
                after.as_millis(),
                event.connection,
                event.what
            ));
        }
        log
    }

    /// Closes every socket and waits for the threads.
    fn stop(&mut self) -> thread::Result<()> {
        self.shared.stop();
        let Some(acceptor) = self.acceptor.take() else {
            return Ok(());
        };
        // The acceptor waits in the kernel: a connection wakes it. If it ended already, nobody listens.
        drop(TcpStream::connect_timeout(&self.address, PATIENCE));
        acceptor.join().and_then(|threads| threads)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Err(panic) = self.stop()
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Accepts until the service stops; the first panic of a connection's thread is its result.
fn accept(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    tls: Option<&Arc<ServerConfig>>,
    behaviour: &Arc<Behaviour>,
) -> thread::Result<()> {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    let mut outcome = Ok(());
    loop {
        let accepted = listener.accept();
        for index in (0..threads.len()).rev() {
            if threads[index].is_finished() {
                outcome = outcome.and(threads.swap_remove(index).join());
            }
        }
        if shared.stopping() {
            break;
        }
        let Ok((socket, _)) = accepted else {
            // Out of descriptors, or the peer has gone: neither ends the service.
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        if threads.len() >= MOST_OPEN {
            continue;
        }
        let socket = Arc::new(socket);
        let Some(number) = shared.admit(&socket) else {
            break;
        };
        let (shared, tls, behaviour) = (Arc::clone(shared), tls.cloned(), Arc::clone(behaviour));
        let thread = thread::Builder::new()
            .name(format!("service connection {number}"))
            .spawn(move || connection::serve(socket, number, shared, tls, &behaviour));
        threads.push(thread.expect("a thread can be started"));
    }
    for thread in threads {
        outcome = outcome.and(thread.join());
    }
    outcome
}
