//! A connection as the scripted server has it: octets, in TLS or not, and never a wait without end.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection};

use super::clock::Clock;

/// Between two looks at whether the case is over.
const TICK: Duration = Duration::from_millis(20);

/// A line of a client may be so long before it counts as endless.
const LONGEST_LINE: usize = 1 << 20;

/// How long a client that got its end has to go away.
const FAREWELL: Duration = Duration::from_millis(500);

pub(super) struct Link {
    tcp: TcpStream,
    tls: Option<Box<ServerConnection>>,
    /// What came and was not taken yet, in clear.
    pub(super) inbox: Vec<u8>,
    /// The client says no more.
    pub(super) ended: bool,
    /// The client ended its TLS with an alert.
    pub(super) said_goodbye: bool,
    /// What went wrong in TLS.
    pub(super) tls_error: Option<String>,
    over: Arc<AtomicBool>,
    clock: Arc<Clock>,
}

/// How a line of the client ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Ending {
    Crlf,
    Lf,
}

impl Link {
    pub(super) fn new(
        tcp: TcpStream,
        over: Arc<AtomicBool>,
        clock: Arc<Clock>,
    ) -> io::Result<Self> {
        tcp.set_nonblocking(false)?;
        tcp.set_nodelay(true)?;
        tcp.set_write_timeout(Some(TICK))?;
        Ok(Self {
            tcp,
            tls: None,
            inbox: Vec::new(),
            ended: false,
            said_goodbye: false,
            tls_error: None,
            over,
            clock,
        })
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    pub(super) fn protocol(&self) -> Option<rustls::ProtocolVersion> {
        self.tls.as_ref().and_then(|tls| tls.protocol_version())
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Takes in what comes within a time; whether something came, or the end.
    pub(super) fn fill(&mut self, wait: Duration) -> bool {
        if self.ended {
            return false;
        }
        let wait = wait.max(Duration::from_millis(1));
        if self.tcp.set_read_timeout(Some(wait)).is_err() {
            self.ended = true;
            return true;
        }
        let mut octets = [0; 16 << 10];
        match self.tcp.read(&mut octets) {
            Ok(0) => self.ended = true,
            Ok(count) => self.take(&octets[..count]),
            Err(error) if is_timeout(&error) => return false,
            Err(_) => self.ended = true,
        }
        true
    }

    fn take(&mut self, mut octets: &[u8]) {
        let Some(tls) = &mut self.tls else {
            self.inbox.extend_from_slice(octets);
            return;
        };
        while !octets.is_empty() {
            let taken = tls.read_tls(&mut octets);
            match tls.process_new_packets() {
                Ok(state) => {
                    self.said_goodbye |= state.peer_has_closed();
                    self.ended |= state.peer_has_closed();
                }
                Err(error) => {
                    self.tls_error = Some(error.to_string());
                    self.ended = true;
                }
            }
            let mut plain = Vec::new();
            // That nothing is there for the moment is an error here, and none.
            _ = tls.reader().read_to_end(&mut plain);
            self.inbox.append(&mut plain);
            if self.ended || !matches!(taken, Ok(1..)) {
                break;
            }
        }
    }

    /// The next line, when it is there in whole; waits for it until the case is over.
    pub(super) fn line(&mut self) -> Option<(Vec<u8>, Ending)> {
        let mut looked = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.inbox[looked..]) {
                let mut line: Vec<u8> = self.inbox.drain(..=looked + at).collect();
                line.pop();
                self.clock.stir();
                if line.last() == Some(&b'\r') {
                    line.pop();
                    return Some((line, Ending::Crlf));
                }
                return Some((line, Ending::Lf));
            }
            looked = self.inbox.len();
            if self.ended || self.is_over() || looked > LONGEST_LINE {
                return None;
            }
            self.fill(TICK);
        }
    }

    /// Says something, in one piece as far as the transport lets it.
    ///
    /// # Errors
    /// When the client takes no more, or the case is over.
    pub(super) fn say(&mut self, octets: &[u8]) -> io::Result<()> {
        for piece in octets.chunks(16 << 10) {
            if let Some(tls) = &mut self.tls {
                tls.writer().write_all(piece)?;
                self.flush_tls()?;
            } else {
                self.send(piece)?;
            }
        }
        Ok(())
    }

    fn flush_tls(&mut self) -> io::Result<()> {
        let mut sealed = Vec::new();
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                tls.write_tls(&mut sealed)?;
            }
        }
        self.send(&sealed)
    }

    /// A client that talks while it does not listen is listened to meanwhile, lest both wait.
    fn send(&mut self, mut octets: &[u8]) -> io::Result<()> {
        while !octets.is_empty() {
            match self.tcp.write(octets) {
                Ok(count) => {
                    octets = &octets[count..];
                    self.clock.stir();
                }
                Err(error) if is_timeout(&error) && !self.is_over() => {
                    if self.inbox.len() < LONGEST_LINE {
                        self.fill(Duration::from_millis(1));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Begins TLS with the next octet that was not taken yet.
    pub(super) fn handshake(&mut self, config: Arc<ServerConfig>) -> Result<(), String> {
        let tls = ServerConnection::new(config).map_err(|error| error.to_string())?;
        self.tls = Some(Box::new(tls));
        let waiting = std::mem::take(&mut self.inbox);
        self.take(&waiting);
        loop {
            let sent = self.flush_tls();
            if let Some(error) = &self.tls_error {
                return Err(error.clone());
            }
            sent.map_err(|error| error.to_string())?;
            match &self.tls {
                Some(tls) if tls.is_handshaking() => {}
                _ => return Ok(()),
            }
            if self.ended || self.is_over() {
                return Err("the client went away during the handshake".to_owned());
            }
            self.fill(TICK);
        }
    }

    /// Ends the connection as is proper, and lets the client do likewise.
    pub(super) fn close(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            _ = self.flush_tls();
        }
        self.cut();
    }

    /// Ends the connection, in TLS without the alert that would make the end a true one.
    pub(super) fn cut(&mut self) {
        _ = self.tcp.shutdown(Shutdown::Write);
        // What the client still says is read: it would turn the end into a reset, which may
        // overtake what was said before.
        let until = Instant::now() + FAREWELL;
        while !self.ended && !self.is_over() && Instant::now() < until {
            self.fill(TICK);
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
