//! A client at the door: taken in, or sent away.

use std::net::IpAddr;

use pop3_proto::Pipe;

use crate::{Permit, Service, Session};

/// How clients come in at one listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Door {
    /// In clear text, from where they may go over to TLS by STLS.
    #[default]
    Plain,
    /// In TLS from the first octet on (RFC 8314, section 3.3).
    Tls,
}

/// What becomes of a client that has just connected.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reception {
    /// It is served. The permit is its place; keep it for as long.
    Welcome(Box<Pipe<Session>>, Permit),
    /// There is no place. The session says so and ends; give it no more than a moment.
    SentAway(Box<Pipe<Session>>),
    /// Nobody can be told anything: there is no place, or no TLS, where everything is in TLS. Close.
    Closed,
}

impl Service {
    /// Receives a client, from an address if it has one.
    ///
    /// ```
    /// use pop3_maildrop::{Door, Reception, Service, memory::MemoryMaildrops};
    /// # use std::sync::Arc;
    /// # let office = Arc::new(MemoryMaildrops::new());
    /// let service = Service::new(office.clone(), office);
    /// let received = service.receive(Some("192.0.2.1".parse()?), Door::Plain);
    /// assert!(matches!(received, Reception::Welcome(..)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn receive(&self, peer: Option<IpAddr>, door: Door) -> Reception {
        match (self.gate().enter(peer), door) {
            (Ok(permit), Door::Plain) => {
                let pipe = Pipe::new(self.session_from(peer));
                Reception::Welcome(Box::new(pipe), permit)
            }
            (Ok(permit), Door::Tls) => match self.in_tls(peer) {
                Some(pipe) => Reception::Welcome(Box::new(pipe), permit),
                None => Reception::Closed,
            },
            (Err(why), door) => {
                tracing::debug!(peer = peer.map(tracing::field::display), %why, "sent away");
                match door {
                    Door::Plain => Reception::SentAway(Box::new(Pipe::new(self.too_many()))),
                    // A handshake is more work than a flood is worth.
                    Door::Tls => Reception::Closed,
                }
            }
        }
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
    tls.inspect_err(|error| tracing::warn!(%error, "TLS cannot be set up")).ok()
}
