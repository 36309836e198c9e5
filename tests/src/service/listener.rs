//! Ports that nobody should ever knock at, or where nobody answers the door.

use socket2::{Domain, Socket, Type};
use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    sync::atomic::{AtomicUsize, Ordering},
};

/// A bound port that accepts nothing: the kernel keeps who connects until [`Listener::connections`] counts
/// them, so no thread can miss one.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    counted: AtomicUsize,
}

impl Listener {
    /// Listens at a free port of 127.0.0.1 and never answers.
    ///
    /// # Panics
    /// No port can be bound.
    #[must_use]
    pub fn silent() -> Self {
        Self::silent_at("127.0.0.1")
    }

    /// Listens at a free port of that address of this machine and never answers.
    ///
    /// # Panics
    /// No port can be bound there.
    #[must_use]
    pub fn silent_at(address: &str) -> Self {
        let socket = TcpListener::bind((address, 0)).expect("a free port");
        socket
            .set_nonblocking(true)
            .expect("a socket can be made non-blocking");
        Self {
            socket,
            counted: AtomicUsize::new(0),
        }
    }

    /// Where it listens.
    ///
    /// # Panics
    /// Never in practice: a bound socket has an address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket")
    }

    /// `http://ADDRESS:PORT`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address())
    }

    /// A URL at [`Listener::origin`]; `path` begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// How many connections were opened to it so far, closed ones included. The kernel keeps about 128
    /// between two calls.
    ///
    /// # Panics
    /// The system cannot say.
    pub fn connections(&self) -> usize {
        loop {
            match self.socket.accept() {
                Ok(_) => self.counted.fetch_add(1, Ordering::SeqCst),
                // Someone who hung up before being counted was there all the same.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {
                    self.counted.fetch_add(1, Ordering::SeqCst)
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return self.counted.load(Ordering::SeqCst);
                }
                Err(error) => panic!("the port cannot be asked: {error}"),
            };
        }
    }
}

/// A port that is taken and refuses every connection: nobody else can come to listen there meanwhile.
#[derive(Debug)]
pub struct Refusing {
    address: SocketAddr,
    _socket: Socket,
}

impl Refusing {
    /// Takes a free port of 127.0.0.1.
    ///
    /// # Panics
    /// No port can be bound.
    #[must_use]
    pub fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(&free.into()).expect("a free port");
        let address = socket.local_addr().expect("a bound socket").as_socket();
        Self {
            address: address.expect("an IP address"),
            _socket: socket,
        }
    }

    /// Where it refuses.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A URL there; `path` begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Default for Refusing {
    fn default() -> Self {
        Self::new()
    }
}
