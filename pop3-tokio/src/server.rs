//! The server: listeners, and a task for each session.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use pop3_maildrop::{Cut, Door, Reception, Service, attend};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{Instrument, debug, info_span, warn};

use crate::wire::Wire;

/// How many clients are told at a time that there is no place for them. Who comes when there are
/// more is not told.
const REFUSALS: usize = 64;

/// A POP3 server on one or more listeners, with a task for each session.
///
/// ```
/// use std::sync::Arc;
/// use pop3_tokio::{Client, Server};
/// use pop3_maildrop::{Service, memory::MemoryMaildrops};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let office = Arc::new(MemoryMaildrops::new());
/// let server = Server::bind("127.0.0.1:0", Service::new(office.clone(), office)).await?;
/// let (address, stop) = (server.addresses()[0], server.stop());
/// let running = tokio::spawn(server.run());
///
/// Client::connect(address).await?.quit().await?;
/// stop.stop();
/// running.await??;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    listeners: Vec<(TcpListener, Door)>,
    addresses: Vec<SocketAddr>,
    service: Service,
    drain_limit: Duration,
    orders: watch::Sender<Orders>,
}

/// Stops a [`Server`]; clones stop the same one.
#[derive(Clone, Debug)]
pub struct Stop {
    orders: watch::Sender<Orders>,
}

/// What whoever stops a server wants of it.
#[derive(Debug, Default)]
struct Orders {
    stopping: bool,
    /// How often the sessions were cut.
    cuts: u64,
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
            orders: watch::Sender::default(),
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
        let Self { mut listeners, service, drain_limit, orders, .. } = self;
        let (sessions, refusals) = (JoinSet::new(), Arc::new(Semaphore::new(REFUSALS)));
        let mut floor = Floor { service, orders, sessions, refusals };
        while let Some((accepted, door)) = floor.next_client(&listeners).await {
            match accepted {
                Ok((stream, peer)) => floor.take_in(stream, peer, door),
                Err(error) => {
                    // Out of descriptors, or a client that has gone: neither ends the service.
                    warn!(%error, "cannot accept");
                    sleep(Duration::from_millis(50)).await;
                }
            }
            // Each listener is the first one at times, so that none has to wait for ever.
            listeners.rotate_left(1);
        }
        drop(listeners);
        if timeout(drain_limit, floor.empty()).await.is_err() {
            cut(&floor.orders);
            // A session that was cut ends at once, unless it is removing letters: that is waited
            // for.
            floor.empty().await;
        }
        Ok(())
    }
}

impl Stop {
    /// Accepts no more clients; sessions that are open may finish within the drain limit.
    pub fn stop(&self) {
        self.orders.send_modify(|orders| orders.stopping = true);
    }

    /// Cuts every session now, which removes nothing.
    pub fn cut(&self) {
        cut(&self.orders);
    }
}

fn cut(orders: &watch::Sender<Orders>) {
    orders.send_modify(|orders| orders.cuts += 1);
}

/// The sessions, and all that they have in common.
struct Floor {
    service: Service,
    orders: watch::Sender<Orders>,
    sessions: JoinSet<()>,
    refusals: Arc<Semaphore>,
}

type Accepted = io::Result<(TcpStream, SocketAddr)>;

impl Floor {
    /// The next client of any listener; `None` when the server is to stop.
    async fn next_client(&mut self, listeners: &[(TcpListener, Door)]) -> Option<(Accepted, Door)> {
        let mut orders = self.orders.subscribe();
        let mut stopping = pin!(async move { drop(orders.wait_for(|now| now.stopping).await) });
        poll_fn(|context| {
            // Sessions that have ended are forgotten, also those that have panicked.
            while let Poll::Ready(Some(_)) = self.sessions.poll_join_next(context) {}
            if stopping.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            for (listener, door) in listeners {
                if let Poll::Ready(accepted) = listener.poll_accept(context) {
                    return Poll::Ready(Some((accepted, *door)));
                }
            }
            Poll::Pending
        })
        .await
    }

    fn take_in(&mut self, stream: TcpStream, peer: SocketAddr, door: Door) {
        let received = self.service.receive(Some(peer.ip()), door);
        let refusal = match received {
            Reception::Closed => return,
            Reception::SentAway(_) => match self.refusals.clone().try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) => return,
            },
            _ => None,
        };
        let (service, cut) = (self.service.clone(), self.cut());
        let session = async move {
            debug!("connected");
            if let Err(error) = stream.set_nodelay(true) {
                debug!(%error, "small segments may wait");
            }
            // How it was served has been told to the log.
            let _ = attend(Wire::new(stream), received, &service, cut).await;
            drop(refusal);
        };
        self.sessions.spawn(session.instrument(info_span!("session", %peer)));
    }

    /// The next time that sessions are cut.
    fn cut(&self) -> Cut {
        let mut orders = self.orders.subscribe();
        let so_far = orders.borrow().cuts;
        Cut::when(async move { drop(orders.wait_for(|now| now.cuts != so_far).await) })
    }

    /// Waits for all sessions to end.
    async fn empty(&mut self) {
        while self.sessions.join_next().await.is_some() {}
    }
}

impl Drop for Floor {
    /// Cuts the sessions instead of aborting them.
    fn drop(&mut self) {
        self.sessions.detach_all();
        cut(&self.orders);
    }
}
