//! The server: listeners, and a task for each session.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_io::Timer;
use async_std::channel::{Receiver, Sender, bounded};
use async_std::future::timeout;
use async_std::net::{TcpListener, TcpStream, ToSocketAddrs};
use async_std::task;
use pop3_maildrop::{Cut, Door, Reception, Service, attend};
use tracing::{Instrument, debug, info_span, warn};

use crate::wire::{HalfClose, Wire};

/// How many clients are told at a time that there is no place for them. Who comes when there are
/// more is not told.
const REFUSALS: usize = 64;

/// A POP3 server on one or more listeners, with a task for each session.
///
/// ```
/// use std::sync::Arc;
/// use pop3_async_std::{Client, Server};
/// use pop3_maildrop::{Service, memory::MemoryMaildrops};
///
/// # async_std::task::block_on(async {
/// let office = Arc::new(MemoryMaildrops::new());
/// let server = Server::bind("127.0.0.1:0", Service::new(office.clone(), office)).await?;
/// let (address, stop) = (server.addresses()[0], server.stop());
/// let running = async_std::task::spawn(server.run());
///
/// Client::connect(address).await?.quit().await?;
/// stop.stop();
/// running.await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Server {
    listeners: Vec<(TcpListener, Door)>,
    addresses: Vec<SocketAddr>,
    service: Service,
    drain_limit: Duration,
    orders: Arc<Orders>,
}

/// Stops a [`Server`]; clones stop the same one.
#[derive(Clone, Debug)]
pub struct Stop {
    orders: Arc<Orders>,
}

/// What whoever stops a server wants of it.
#[derive(Debug, Default)]
struct Orders {
    stop: Signal,
    /// A new one for those who come after it was given.
    cut: Mutex<Signal>,
}

/// Tells everybody who waits for it, once: a channel that nothing is sent through until it is
/// closed.
#[derive(Debug)]
struct Signal {
    open: Sender<Infallible>,
    waiting: Receiver<Infallible>,
}

impl Server {
    /// Binds to an address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be bound to.
    pub async fn bind(address: impl ToSocketAddrs, service: Service) -> io::Result<Self> {
        Self::with_listeners(vec![TcpListener::bind(address).await?], service)
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
            orders: Arc::default(),
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
        Stop { orders: self.orders.clone() }
    }

    /// Serves until it is [stopped](Self::stop) and the sessions have ended.
    ///
    /// Dropping the future closes the listeners and [cuts](Stop::cut) the sessions, which removes
    /// nothing; one that is removing letters already does so to the end.
    ///
    /// # Errors
    /// None so far: whatever fails, fails for one client.
    pub async fn run(self) -> io::Result<()> {
        let Self { listeners, service, drain_limit, orders, .. } = self;
        let (present, left) = bounded(1);
        let cutting = Cutting(orders.clone());
        let floor = Floor { service, orders, present, refusals: Arc::default() };
        let mut accepting: Vec<_> = listeners
            .into_iter()
            .map(|(listener, door)| Box::pin(floor.accept(listener, door)))
            .collect();
        poll_fn(|context| {
            accepting.retain_mut(|listener| listener.as_mut().poll(context).is_pending());
            if accepting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        drop(accepting);
        drop(floor);
        if timeout(drain_limit, left.recv()).await.is_err() {
            drop(cutting);
            // A session that was cut ends at once, unless it is removing letters: that is waited
            // for.
            let _ = left.recv().await;
        }
        Ok(())
    }
}

impl Stop {
    /// Accepts no more clients; sessions that are open may finish within the drain limit.
    pub fn stop(&self) {
        self.orders.stop.give();
    }

    /// Cuts every session now, which removes nothing.
    pub fn cut(&self) {
        self.orders.cut();
    }
}

impl Orders {
    fn cut(&self) {
        self.next_cut(std::mem::take).give();
    }

    fn next_cut<T>(&self, with: impl FnOnce(&mut Signal) -> T) -> T {
        with(&mut self.cut.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for Signal {
    fn default() -> Self {
        let (open, waiting) = bounded(1);
        Self { open, waiting }
    }
}

impl Signal {
    fn give(&self) {
        self.open.close();
    }

    fn is_given(&self) -> bool {
        self.open.is_closed()
    }

    fn wait(&self) -> Cut {
        let waiting = self.waiting.clone();
        Cut::when(async move {
            let _ = waiting.recv().await;
        })
    }
}

/// Cuts every session when it is dropped.
struct Cutting(Arc<Orders>);

impl Drop for Cutting {
    fn drop(&mut self) {
        self.0.cut();
    }
}

/// The sessions, and all that they have in common.
struct Floor {
    service: Service,
    orders: Arc<Orders>,
    /// Every session has a clone of it, so that its channel closes when all have ended.
    present: Sender<Infallible>,
    /// Every refusal that is being told has a clone of it.
    refusals: Arc<()>,
}

impl Floor {
    /// Takes clients in until the server stops.
    async fn accept(&self, listener: TcpListener, door: Door) {
        let mut stop = self.orders.stop.wait();
        // Who was accepted at the same moment is not taken in either.
        while let Some(accepted) = stop.unless(listener.accept()).await
            && !self.orders.stop.is_given()
        {
            match accepted {
                Ok((stream, peer)) => self.take_in(stream, peer, door),
                Err(error) => {
                    // Out of descriptors, or a client that has gone: neither ends the service.
                    warn!(%error, "cannot accept");
                    stop.unless(Timer::after(Duration::from_millis(50))).await;
                }
            }
            // The other listeners have their turn.
            task::yield_now().await;
        }
    }

    fn take_in(&self, stream: TcpStream, peer: SocketAddr, door: Door) {
        let received = self.service.receive(Some(peer.ip()), door);
        let refusal = match received {
            Reception::Closed => return,
            // The first one is the floor's own.
            Reception::SentAway(_) if Arc::strong_count(&self.refusals) > REFUSALS => return,
            Reception::SentAway(_) => Some(self.refusals.clone()),
            _ => None,
        };
        let (service, present) = (self.service.clone(), self.present.clone());
        let cut = self.orders.next_cut(|cut| cut.wait());
        let session = async move {
            debug!("connected");
            let half_close: HalfClose<_> = |stream: &TcpStream| stream.shutdown(Shutdown::Write);
            let _ = match stream.set_nodelay(true) {
                Ok(()) => {
                    attend(Wire::closed_by(stream, half_close), received, &service, cut).await
                }
                Err(error) => Err(error),
            };
            drop((refusal, present));
        };
        // It goes on by itself, and is waited for by what it holds.
        drop(task::spawn(session.instrument(info_span!("session", %peer))));
    }
}
