//! The server: a listener, and a thread for each session.

use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pop3_maildrop::{Door, Reception, Service};
use tracing::{debug, info, info_span, warn};

use crate::serving;

/// A POP3 server on one or more listeners, with a thread for each session.
///
/// ```
/// use std::sync::Arc;
/// use pop3_blocking::{Client, Server};
/// use pop3_maildrop::{Service, memory::MemoryMaildrops};
///
/// let office = Arc::new(MemoryMaildrops::new());
/// let server = Server::bind("127.0.0.1:0", Service::new(office.clone(), office))?;
/// let (address, stop) = (server.addresses()[0], server.stop());
/// let running = std::thread::spawn(|| server.run());
///
/// Client::connect(address)?.quit()?;
/// stop.stop();
/// running.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server {
    listeners: Vec<(TcpListener, Door)>,
    addresses: Vec<SocketAddr>,
    service: Service,
    drain_limit: Duration,
    floor: Arc<Floor>,
}

/// Stops a [`Server`]; clones stop the same one.
#[derive(Clone, Debug)]
pub struct Stop {
    floor: Arc<Floor>,
    addresses: Vec<SocketAddr>,
}

/// Everything that sessions, listeners and whoever stops them have in common.
#[derive(Debug, Default)]
struct Floor {
    stopping: AtomicBool,
    /// The sockets of the sessions that are open, so that they can be cut.
    sessions: Mutex<HashMap<u64, TcpStream>>,
    left: Condvar,
}

impl Server {
    /// Binds to an address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be bound to.
    pub fn bind(address: impl ToSocketAddrs, service: Service) -> io::Result<Self> {
        Self::with_listeners(vec![TcpListener::bind(address)?], service)
    }

    /// Serves on listeners that are brought along, in clear text, from where clients may go over to TLS.
    ///
    /// # Errors
    /// When a listener has no address.
    pub fn with_listeners(listeners: Vec<TcpListener>, service: Service) -> io::Result<Self> {
        let mut server = Self {
            listeners: Vec::new(),
            addresses: Vec::new(),
            service,
            drain_limit: Duration::from_secs(30),
            floor: Arc::default(),
        };
        for listener in listeners {
            server.add_listener(listener, Door::PLAIN)?;
        }
        Ok(server)
    }

    /// Serves on one more listener.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn add_listener(&mut self, listener: TcpListener, door: Door) -> io::Result<()> {
        self.addresses.push(listener.local_addr()?);
        self.listeners.push((listener, door));
        Ok(())
    }

    /// How many sessions there may be at a time; one more is told politely to try again later.
    /// Default 256. The service's [gate](Service::gate_mut) has this limit, and the others, such
    /// as how many there may be from one address.
    pub fn set_max_sessions(&mut self, sessions: NonZeroUsize) {
        self.service.gate_mut().limits_mut().sessions = sessions;
    }

    /// How long sessions may go on after a stop, before they are cut (which removes nothing).
    /// Default 30 seconds.
    pub fn set_drain_limit(&mut self, limit: Duration) {
        self.drain_limit = limit;
    }

    /// The addresses of the listeners, with their real ports.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What stops the server.
    #[must_use]
    pub fn stop(&self) -> Stop {
        Stop { floor: self.floor.clone(), addresses: self.addresses.clone() }
    }

    /// Serves until it is [stopped](Self::stop) and the sessions have ended.
    ///
    /// # Errors
    /// When a thread cannot be started for a listener.
    pub fn run(self) -> io::Result<()> {
        let Self { listeners, service, drain_limit, floor, .. } = self;
        std::thread::scope(|scope| {
            for (listener, door) in listeners {
                let (service, floor) = (&service, &floor);
                std::thread::Builder::new()
                    .spawn_scoped(scope, move || accept(&listener, door, service, floor))?;
            }
            Ok::<_, io::Error>(())
        })?;
        floor.drain(drain_limit);
        Ok(())
    }
}

impl Stop {
    /// Accepts no more clients; sessions that are open may finish within the drain limit.
    pub fn stop(&self) {
        self.floor.stopping.store(true, Ordering::SeqCst);
        for address in &self.addresses {
            // Wakes the listener; whether it answers does not matter.
            let _ = TcpStream::connect_timeout(&reachable(*address), Duration::from_secs(1));
        }
    }

    /// Cuts every session now, which removes nothing.
    pub fn cut(&self) {
        self.floor.cut();
    }
}

/// An address at which a listener bound to "any" can be reached from here.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

impl Floor {
    fn sessions(&self) -> MutexGuard<'_, HashMap<u64, TcpStream>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Waits for the sessions to end, then cuts those that have not.
    fn drain(&self, limit: Duration) {
        let busy = |sessions: &mut HashMap<_, _>| !sessions.is_empty();
        drop(self.left.wait_timeout_while(self.sessions(), limit, busy));
        self.cut();
        // A session that was cut ends at once, unless it is removing letters: that is waited for.
        drop(self.left.wait_while(self.sessions(), busy));
    }

    fn cut(&self) {
        for socket in self.sessions().values() {
            // A socket that is closed already needs no cutting.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

/// Takes clients in until the server stops.
fn accept(listener: &TcpListener, door: Door, service: &Service, floor: &Arc<Floor>) {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    loop {
        let accepted = listener.accept();
        if floor.is_stopping() {
            return;
        }
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, or a client that has gone: neither ends the service.
                warn!(%error, "cannot accept");
                std::thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = take_in(id, stream, peer, door, service, floor) {
            floor.sessions().remove(&id);
            warn!(%peer, %error, "cannot serve");
        }
    }
}

fn take_in(
    id: u64,
    stream: TcpStream,
    peer: SocketAddr,
    door: Door,
    service: &Service,
    floor: &Arc<Floor>,
) -> io::Result<()> {
    let received = match service.receive(Some(peer.ip()), door) {
        Reception::SentAway(mut pipe) => return serving::refuse(&mut pipe, &stream),
        Reception::Closed => return Ok(()),
        received => received,
    };
    floor.sessions().insert(id, stream.try_clone()?);
    let (service, floor) = (service.clone(), floor.clone());
    std::thread::Builder::new().name(format!("pop3 {peer}")).spawn(move || {
        let leaving = Leaving { id, floor };
        info_span!("session", %peer).in_scope(|| {
            debug!("connected");
            match serving::attend(received, &service, &stream) {
                Ok(Some(ending)) => info!(%ending, "session ended"),
                Ok(None) => debug!("sent away"),
                Err(error) => warn!(%error, "session failed"),
            }
        });
        drop(leaving);
    })?;
    Ok(())
}

/// Takes a session off the floor, also when it panics.
struct Leaving {
    id: u64,
    floor: Arc<Floor>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.floor.sessions().remove(&self.id);
        self.floor.left.notify_all();
    }
}
