//! The bytes of a connection: plain or TLS.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    sync::Arc,
    time::Duration,
};

/// The name that a TLS client asked for, if it gave one.
type ServerName = Option<String>;

/// A socket that its connection and nobody else keeps open; whoever stops the service can still shut it down.
pub(super) struct Wire {
    socket: Arc<TcpStream>,
    tls: Option<Box<StreamOwned<ServerConnection, Socket>>>,
}

/// The socket as rustls wants it.
struct Socket(Arc<TcpStream>);

impl Wire {
    /// Takes the socket over; with TLS, once the handshake is done.
    pub(super) fn new(
        socket: Arc<TcpStream>,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<(Self, Option<ServerName>)> {
        // Each write leaves at once: pieces must not wait for one another.
        socket.set_nodelay(true)?;
        let Some(config) = tls else {
            return Ok((Self { socket, tls: None }, None));
        };
        let mut session = ServerConnection::new(config).map_err(io::Error::other)?;
        let mut inner = Socket(Arc::clone(&socket));
        while session.is_handshaking() {
            session.complete_io(&mut inner)?;
        }
        let name = session.server_name().map(ToOwned::to_owned);
        let tls = Some(Box::new(StreamOwned::new(session, inner)));
        Ok((Self { socket, tls }, Some(name)))
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
            None => (&*self.socket).write_all(bytes),
        }
    }

    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match &mut self.tls {
                Some(tls) => tls.read(buffer),
                None => (&*self.socket).read(buffer),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Whether the peer has closed or broken the connection, found out without reading. Where it sent something
    /// that nobody has read, only Linux can tell.
    pub(super) fn peer_has_gone(&self) -> bool {
        #[cfg(target_os = "linux")]
        {
            use rustix::event::{PollFd, PollFlags, Timespec, poll};
            let wanted = PollFlags::RDHUP;
            let mut polled = [PollFd::new(&*self.socket, wanted)];
            let at_once = Timespec::default();
            let gone = wanted | PollFlags::HUP | PollFlags::ERR;
            poll(&mut polled, Some(&at_once)).is_ok() && polled[0].revents().intersects(gone)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let mut one = [0];
            let peeked = self
                .socket
                .set_nonblocking(true)
                .and_then(|()| self.socket.peek(&mut one));
            let gone = match peeked {
                Ok(length) => length == 0,
                Err(error) => error.kind() != ErrorKind::WouldBlock,
            };
            self.socket.set_nonblocking(false).is_err() || gone
        }
    }

    /// Ends this side in good order.
    pub(super) fn close(&mut self) {
        // A peer that has gone meanwhile needs no goodbye.
        if let Some(tls) = &mut self.tls {
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Forgets what comes within that time: true if the peer may send more, false if it closed, `None` if that
    /// cannot be known.
    pub(super) fn drain(&mut self, longest: Duration) -> Option<bool> {
        let mut some = [0; 16384];
        self.socket.set_read_timeout(Some(longest)).ok()?;
        match (&*self.socket).read(&mut some) {
            Ok(length) => Some(length > 0),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Some(true),
                _ => Some(false),
            },
        }
    }

    /// Makes the end of this connection a reset: it must be dropped next.
    pub(super) fn reset(&mut self) {
        SockRef::from(&*self.socket)
            .set_linger(Some(Duration::ZERO))
            .expect("a socket can be told not to linger");
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.0).flush()
    }
}
