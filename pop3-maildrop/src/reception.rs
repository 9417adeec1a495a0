//! A client at the door: taken in, or sent away.

use std::net::IpAddr;
use std::time::Duration;

use pop3_proto::Pipe;
use tracing::{debug, warn};

use crate::proxy::{Client, ProxyReader};
use crate::{Permit, Service, Session};

/// How clients come in at one listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Door {
    /// Whether they speak TLS from their first octet on (RFC 8314, section 3.3), rather than going
    /// over to it by STLS.
    pub tls: bool,
    /// Whether peers that the service [trusts](Service::trust) begin with a header of the PROXY
    /// protocol, which names the client that they speak for.
    pub proxied: bool,
}

impl Door {
    /// In clear text, from where clients may go over to TLS by STLS.
    pub const PLAIN: Self = Self { tls: false, proxied: false };
    /// In TLS from the first octet on.
    pub const TLS: Self = Self { tls: true, proxied: false };

    /// The same behind a load balancer.
    #[must_use]
    pub const fn proxied(self) -> Self {
        Self { proxied: true, ..self }
    }
}

/// What becomes of a client that has just connected.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reception {
    /// It is served. The permit is its place; keep it for as long.
    Welcome(Box<Pipe<Session>>, Permit),
    /// There is no place. The session says so and ends; give it no more than a moment.
    SentAway(Box<Pipe<Session>>),
    /// Its load balancer has to say first for whom it speaks.
    Announced(Box<Lobby>),
    /// Nobody can be told anything: there is no place, or no TLS, where everything is in TLS; or the
    /// load balancer made no sense. Close.
    Closed,
}

/// Where a client waits until its load balancer has said who it is.
#[derive(Debug)]
pub struct Lobby {
    service: Service,
    balancer: IpAddr,
    door: Door,
    reader: ProxyReader,
}

impl Lobby {
    /// How long the header may take.
    pub const LIMIT: Duration = Duration::from_secs(5);

    /// Takes what came from the load balancer. What stands behind its header goes to the session.
    #[must_use]
    pub fn push(mut self: Box<Self>, octets: &[u8]) -> Reception {
        let (taken, client) = match self.reader.push(octets) {
            Ok((_, None)) => return Reception::Announced(self),
            Ok((taken, Some(client))) => (taken, client),
            Err(error) => {
                warn!(peer = %self.balancer, %error, "no PROXY header");
                return Reception::Closed;
            }
        };
        let peer = match client {
            Client::Remote { source, .. } => source.ip(),
            Client::Local => self.balancer,
        };
        let mut received = self.service.admit(Some(peer), self.door);
        if let Reception::Welcome(pipe, _) = &mut received {
            hand_on(pipe, octets.get(taken..).unwrap_or_default());
        }
        received
    }
}

/// A session has room for more than can stand behind a header.
fn hand_on(pipe: &mut Pipe<Session>, mut octets: &[u8]) {
    while !octets.is_empty() {
        let room = pipe.read_buffer();
        let fits = octets.len().min(room.len());
        if fits == 0 {
            return;
        }
        let (now, later) = octets.split_at(fits);
        room[..fits].copy_from_slice(now);
        pipe.filled(fits);
        octets = later;
    }
}

impl Service {
    /// Receives a client, from an address if it has one.
    ///
    /// ```
    /// use pop3_maildrop::{Door, Reception, Service, memory::MemoryMaildrops};
    /// # use std::sync::Arc;
    /// # let office = Arc::new(MemoryMaildrops::new());
    /// let service = Service::new(office.clone(), office);
    /// let received = service.receive(Some("192.0.2.1".parse()?), Door::PLAIN);
    /// assert!(matches!(received, Reception::Welcome(..)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn receive(&self, peer: Option<IpAddr>, door: Door) -> Reception {
        match peer {
            Some(balancer) if door.proxied && self.trusted().contains(balancer) => {
                let (service, reader) = (self.clone(), ProxyReader::new());
                Reception::Announced(Box::new(Lobby { service, balancer, door, reader }))
            }
            _ => self.admit(peer, door),
        }
    }

    fn admit(&self, peer: Option<IpAddr>, door: Door) -> Reception {
        let permit = match self.gate().enter(peer) {
            Ok(permit) => permit,
            Err(why) => {
                debug!(peer = peer.map(tracing::field::display), %why, "sent away");
                return match door.tls {
                    // A handshake is more work than a flood is worth.
                    true => Reception::Closed,
                    false => Reception::SentAway(Box::new(Pipe::new(self.too_many()))),
                };
            }
        };
        let pipe = match door.tls {
            true => self.in_tls(peer),
            false => Some(Pipe::new(self.session_from(peer))),
        };
        pipe.map_or(Reception::Closed, |pipe| Reception::Welcome(Box::new(pipe), permit))
    }

    #[cfg(feature = "tls")]
    fn in_tls(&self, peer: Option<IpAddr>) -> Option<Pipe<Session>> {
        let tls = usable(self.accept_tls()?)?;
        Some(Pipe::in_tls(self.session_from(peer), tls))
    }

    #[cfg(not(feature = "tls"))]
    fn in_tls(&self, _: Option<IpAddr>) -> Option<Pipe<Session>> {
        None
    }

    /// Does what [`Next::StartTls`](crate::Next::StartTls) asks for. Where it cannot be done, the
    /// session ends.
    pub fn start_tls(&self, pipe: &mut Pipe<Session>) {
        #[cfg(feature = "tls")]
        if let Some(tls) = self.accept_tls().and_then(usable) {
            return pipe.start_tls(tls);
        }
        pipe.connection().connection().hung_up();
    }
}

#[cfg(feature = "tls")]
fn usable<T>(tls: Result<T, pop3_proto::tls::ConfigError>) -> Option<T> {
    tls.inspect_err(|error| warn!(%error, "TLS cannot be set up")).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Next;
    use crate::memory::MemoryMaildrops;

    const BALANCER: &str = "192.0.2.10";

    fn service() -> Service {
        let office = Arc::new(MemoryMaildrops::new());
        let mut service = Service::new(office.clone(), office);
        service.trust(BALANCER.parse().unwrap());
        service
    }

    fn greeting(pipe: &mut Pipe<Session>) -> String {
        assert!(matches!(pipe.connection().advance(), Next::Transport));
        let mut transmit = pipe.transmit();
        let text = String::from_utf8(pop3_proto::bytes::Buf::chunk(&transmit).to_vec()).unwrap();
        pop3_proto::bytes::Buf::advance(&mut transmit, text.len());
        text
    }

    #[test]
    fn a_load_balancer_says_for_whom_it_speaks_and_the_rest_is_the_session() {
        let service = service();
        let received = service.receive(BALANCER.parse().ok(), Door::PLAIN.proxied());
        let Reception::Announced(lobby) = received else { panic!("{received:?}") };
        let Reception::Announced(lobby) = lobby.push(b"PROXY TCP4 198.51.100.7 192.0") else {
            panic!("not yet")
        };
        let received = lobby.push(b".2.1 999 110\r\nCAPA\r\n");
        let Reception::Welcome(mut pipe, permit) = received else { panic!("{received:?}") };
        let said = greeting(&mut pipe);
        assert!(said.contains("+OK capabilities follow"), "{said}");
        assert!(!said.contains("\r\nUSER\r\n"), "the client is not on this machine: {said}");
        drop(permit);
    }

    #[test]
    fn a_load_balancer_that_makes_no_sense_is_hung_up_on() {
        let received = service().receive(BALANCER.parse().ok(), Door::PLAIN.proxied());
        let Reception::Announced(lobby) = received else { panic!("{received:?}") };
        assert!(matches!(lobby.push(b"USER mark\r\n"), Reception::Closed));
    }

    #[test]
    fn whoever_is_not_trusted_is_not_believed() {
        let received = service().receive("192.0.2.11".parse().ok(), Door::PLAIN.proxied());
        assert!(matches!(received, Reception::Welcome(..)), "{received:?}");
    }

    #[test]
    fn where_there_is_no_tls_a_door_for_it_is_closed() {
        let received = service().receive(None, Door::TLS);
        assert!(matches!(received, Reception::Closed), "{received:?}");
    }

    #[test]
    fn one_too_many_is_told_so() {
        let mut service = service();
        service.gate_mut().limits_mut().sessions = std::num::NonZeroUsize::MIN;
        let first = service.receive(None, Door::PLAIN);
        assert!(matches!(first, Reception::Welcome(..)));
        let Reception::SentAway(mut pipe) = service.receive(None, Door::PLAIN) else { panic!() };
        let said = greeting(&mut pipe);
        assert!(said.starts_with("-ERR [SYS/TEMP] "), "{said}");
        drop(first);
        assert!(matches!(service.receive(None, Door::PLAIN), Reception::Welcome(..)));
    }
}
