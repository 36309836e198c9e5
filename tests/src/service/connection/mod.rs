//! One connection: reads requests, carries out their steps.

mod read;
mod wire;

use super::{
    behaviour::Behaviour,
    journal::{InProgress, Shared, What},
    request::{Framing, Seen},
    script::Step,
    server::PATIENCE,
};
use rustls::ServerConfig;
use std::{
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};
use wire::Wire;

/// How often a pause looks whether the peer or the service has gone.
const TICK: Duration = Duration::from_millis(5);

/// How long a closed connection reads what still comes, so that its end is no reset.
const LINGER: Duration = Duration::from_secs(2);

/// The largest write: what was sent is counted after each.
const BLOCK: usize = 1 << 16;

/// Why nothing more can be done on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The peer closed or broke it.
    Peer,
    /// The service stops.
    Stopping,
    /// The peer sent something that is no HTTP.
    Fault,
    /// A step closed it, or the answer was its last.
    Closed,
}

/// A connection at work.
struct Connection {
    wire: Wire,
    number: usize,
    shared: Arc<Shared>,
    /// What was read and not yet used.
    rest: Vec<u8>,
    /// The request that is being served: its index, and how its body is framed until that is read.
    request: Option<usize>,
    framing: Option<Framing>,
    in_progress: Option<InProgress>,
}

/// Serves a connection to its end.
pub(super) fn serve(
    socket: Arc<TcpStream>,
    number: usize,
    shared: Arc<Shared>,
    tls: Option<Arc<ServerConfig>>,
    behaviour: &Behaviour,
) {
    let _open = Open(Arc::clone(&shared));
    shared.note(number, None, What::Accepted);
    let wire = match Wire::new(socket, tls) {
        Ok((wire, name)) => {
            if let Some(name) = name {
                shared.note(number, None, What::Secured(name));
            }
            wire
        }
        Err(error) => {
            if !shared.stopping() {
                shared.note(number, None, What::HandshakeFailed(error.to_string()));
            }
            return;
        }
    };
    let mut connection = Connection {
        wire,
        number,
        shared,
        rest: Vec::new(),
        request: None,
        framing: None,
        in_progress: None,
    };
    let over = connection.run(behaviour);
    connection.finish(over);
}

/// Takes the connection out of the count of open ones, also when its thread panics.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.change(|state| state.open -= 1);
    }
}

impl Connection {
    fn note(&self, what: What) {
        self.shared.note(self.number, self.request, what);
    }

    /// Serves until something ends it.
    fn run(&mut self, behaviour: &Behaviour) -> Over {
        if let Behaviour::Unread(steps) = behaviour {
            return self.carry_out(steps).err().unwrap_or(Over::Closed);
        }
        loop {
            if let Err(over) = self.one(behaviour) {
                return over;
            }
        }
    }

    /// Serves one request.
    fn one(&mut self, behaviour: &Behaviour) -> Result<(), Over> {
        let head = self.read_head()?;
        if head.fault.is_some() {
            return self.refuse();
        }
        let plan = behaviour.plan(&head, &mut || self.read_body());
        let plan = plan.and_then(|plan| {
            if plan.read_body {
                self.read_body()?;
            }
            Ok(plan)
        });
        let plan = match plan {
            Ok(plan) => plan,
            Err(Over::Fault) => return self.refuse(),
            Err(over) => return Err(over),
        };
        self.carry_out(&plan.steps)?;
        self.in_progress = None;
        let last = head.version != "HTTP/1.1"
            || head
                .header("connection")
                .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if last || !plan.read_body {
            return Err(Over::Closed);
        }
        self.request = None;
        Ok(())
    }

    /// Says that the request is none, and closes.
    fn refuse(&mut self) -> Result<(), Over> {
        let answer = super::Answer::text(400, "no valid request").header("Connection", "close");
        self.carry_out(&answer.steps(false))?;
        Err(Over::Closed)
    }

    fn carry_out(&mut self, steps: &[Step]) -> Result<(), Over> {
        let last = steps.iter().rposition(Step::writes);
        let mut piece = 0;
        for (index, step) in steps.iter().enumerate() {
            let last = last == Some(index);
            match step {
                Step::Head(bytes) => {
                    self.note(What::AnswerHead);
                    self.send(bytes, last)?;
                }
                Step::Send(bytes) => {
                    self.note(What::AnswerPiece(piece));
                    piece += 1;
                    self.send(bytes, last)?;
                }
                Step::Repeat {
                    bytes,
                    times,
                    every,
                } => {
                    self.note(What::AnswerPiece(piece));
                    piece += 1;
                    self.repeat(bytes, *times, *every, last)?;
                }
                Step::Sleep(duration) => {
                    self.pause(*duration, |_| false)?;
                }
                Step::Wait(gate) => {
                    self.pause(Duration::MAX, |tick| gate.wait(tick))?;
                }
                Step::Meet(number) => {
                    let shared = Arc::clone(&self.shared);
                    let met = |state: &super::journal::State| {
                        (state.most_at_once >= *number).then_some(())
                    };
                    self.pause(PATIENCE, |tick| shared.wait(tick, met).is_some())?;
                }
                Step::ReadSome => {
                    let mut some = [0; 16384];
                    self.receive(&mut some)?;
                }
                Step::Hang => self.pause(Duration::MAX, |_| false)?,
                Step::Close => return Err(Over::Closed),
                Step::Reset => {
                    self.in_progress = None;
                    self.note(What::Closed);
                    self.wire.reset();
                    return Err(Over::Peer);
                }
            }
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        bytes: &[u8],
        times: Option<u64>,
        every: Duration,
        last: bool,
    ) -> Result<(), Over> {
        let mut sent = 0;
        while times.is_none_or(|times| sent < times) {
            sent += 1;
            self.send(bytes, last && times == Some(sent))?;
            if !every.is_zero() {
                self.pause(every, |_| false)?;
            }
        }
        Ok(())
    }

    /// Sends all of it, or finds out why not.
    fn send(&mut self, bytes: &[u8], last: bool) -> Result<(), Over> {
        let mut blocks = bytes.chunks(BLOCK).peekable();
        while let Some(block) = blocks.next() {
            if last && blocks.peek().is_none() {
                // Whoever has the whole answer may send the next request: that is no overlap.
                self.in_progress = None;
                self.note(What::AnswerLast);
            }
            if self.wire.send(block).is_err() {
                return Err(self.broken());
            }
            self.shared.change(|state| state.sent += block.len() as u64);
        }
        Ok(())
    }

    /// Reads something; never nothing.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Over> {
        match self.wire.receive(buffer) {
            Ok(length) if length > 0 => Ok(length),
            _ => Err(self.broken()),
        }
    }

    /// Waits until `done`, which waits a tick itself, or the time is over; or the peer or the service has gone.
    fn pause(
        &mut self,
        longest: Duration,
        mut done: impl FnMut(Duration) -> bool,
    ) -> Result<(), Over> {
        let began = Instant::now();
        loop {
            if self.shared.stopping() {
                return Err(Over::Stopping);
            }
            if self.wire.peer_has_gone() {
                return Err(self.broken());
            }
            let left = longest.saturating_sub(began.elapsed());
            let tick = left.min(TICK);
            let ticked = Instant::now();
            if left.is_zero() || done(tick) {
                return Ok(());
            }
            // `done` may know at once that nothing will come within the tick.
            std::thread::sleep(tick.saturating_sub(ticked.elapsed()));
        }
    }

    /// Who ended the connection.
    fn broken(&self) -> Over {
        if self.shared.stopping() {
            return Over::Stopping;
        }
        self.note(What::PeerClosed);
        Over::Peer
    }

    /// Ends the connection: the peer reads all that was sent, and then its end.
    fn finish(&mut self, over: Over) {
        self.in_progress = None;
        if matches!(over, Over::Peer | Over::Stopping) {
            return;
        }
        self.note(What::Closed);
        self.wire.close();
        let began = Instant::now();
        while began.elapsed() < LINGER && !self.shared.stopping() {
            match self.wire.drain(TICK) {
                Some(true) => {}
                Some(false) => return self.note(What::PeerClosed),
                None => return,
            }
        }
    }
}

/// The head of the request that is being served, as it was parsed.
fn of(shared: &Shared, request: usize) -> Seen {
    shared.state().seen[request].clone()
}
