//! Our server without a socket, a thread or a clock: what a client writes is answered before the
//! write returns. The conformance suite judges the state machine itself through it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pop3_conformance::server::fixture::Fixture;
use pop3_conformance::server::transport::{Connect, Transport};
use pop3_maildrop::memory::MemoryMaildrops;
use pop3_maildrop::{Next, Service, Session};
use pop3_proto::bytes::Buf;
use pop3_proto::server::Utf8Headers;
use pop3_proto::{Capability, Secret, UserName};

/// In which pieces a session gets what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pieces {
    /// As it was written.
    Whole,
    /// Octet by octet.
    Octets,
}

/// A post office in memory, and its server. Its users are `mark`, password `swordfish`, and `mary`,
/// password `tanstaaf`.
pub struct InProcess {
    pieces: Pieces,
    office: Mutex<(MemoryMaildrops, Arc<Service>)>,
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess").field("pieces", &self.pieces).finish_non_exhaustive()
    }
}

fn mark() -> UserName {
    UserName::new("mark").expect("a name")
}

impl InProcess {
    /// One whose maildrops are empty.
    #[must_use]
    pub fn new(pieces: Pieces) -> Self {
        Self { pieces, office: Mutex::new(Self::office()) }
    }

    fn office() -> (MemoryMaildrops, Arc<Service>) {
        let maildrops = MemoryMaildrops::new();
        maildrops.add_user(mark(), Secret::new("swordfish").expect("a secret"));
        let mary = UserName::new("mary").expect("a name");
        maildrops.add_user(mary, Secret::new("tanstaaf").expect("a secret"));
        let shared = Arc::new(maildrops.clone());
        let mut service = Service::new(shared.clone(), shared);
        // Whoever is judged must not bar the judge.
        service.gate_mut().limits_mut().failed_logins = NonZeroU32::MAX;
        let config = service.config_mut();
        config.capabilities.set(Capability::Utf8 { user: true });
        config.utf8_headers = Utf8Headers::Downgrade;
        (maildrops, Arc::new(service))
    }

    fn maildrops(&self) -> MemoryMaildrops {
        self.office.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

impl Fixture for InProcess {
    fn fill(&self, letters: &[Vec<u8>]) -> io::Result<()> {
        *self.office.lock().unwrap_or_else(PoisonError::into_inner) = Self::office();
        letters.iter().try_for_each(|letter| self.deliver(letter))
    }

    fn deliver(&self, letter: &[u8]) -> io::Result<()> {
        self.maildrops().deliver(&mark(), letter).map_err(io::Error::other)?;
        Ok(())
    }

    fn letters(&self) -> io::Result<Vec<Vec<u8>>> {
        Ok(self.maildrops().letters(&mark()).iter().map(|letter| letter.to_vec()).collect())
    }
}

impl Connect for InProcess {
    fn connect(&self) -> io::Result<Box<dyn Transport>> {
        let service = self.office.lock().unwrap_or_else(PoisonError::into_inner).1.clone();
        let session = service.session_from(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let mut line = Line { pieces: self.pieces, session, to_read: Vec::new(), closed: false };
        line.run();
        Ok(Box::new(line))
    }
}

/// A session, and what it has said.
struct Line {
    pieces: Pieces,
    session: Session,
    to_read: Vec<u8>,
    closed: bool,
}

impl Line {
    /// Lets the session do whatever it can before more comes.
    fn run(&mut self) {
        while !self.closed {
            match self.session.advance() {
                Next::Work(work) => self.session.done(work.run()),
                // Time passes at once.
                Next::Wait(_) => self.session.waited(),
                Next::Transport => {
                    if self.transmit() == 0 {
                        return;
                    }
                }
                Next::Close(_) => {
                    self.transmit();
                    self.closed = true;
                }
                // There is no TLS here, and so no STLS; and no work is ever out.
                Next::StartTls | Next::Working | _ => self.closed = true,
            }
        }
    }

    fn transmit(&mut self) -> usize {
        let mut transmit = self.session.connection().transmit();
        let mut sent = 0;
        while transmit.has_remaining() {
            let chunk = transmit.chunk();
            self.to_read.extend_from_slice(chunk);
            let length = chunk.len();
            transmit.advance(length);
            sent += length;
        }
        sent
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.to_read.is_empty() && !self.closed {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = buffer.len().min(self.to_read.len());
        buffer[..length].copy_from_slice(&self.to_read[..length]);
        self.to_read.drain(..length);
        Ok(length)
    }
}

impl Write for Line {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let mut rest = match self.pieces {
            Pieces::Whole => octets,
            Pieces::Octets => &octets[..1],
        };
        let written = rest.len();
        while !rest.is_empty() && !self.closed {
            let taken = self.session.connection().receive(rest);
            rest = &rest[taken..];
            self.run();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Line {
    fn set_patience(&mut self, _: Duration) -> io::Result<()> {
        Ok(())
    }

    fn half_close(&mut self) -> io::Result<()> {
        self.session.connection().closed();
        self.run();
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.session.connection().hung_up();
        self.run();
    }
}
