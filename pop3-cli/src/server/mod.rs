//! A server, whichever adapter runs it.

mod async_std;
mod blocking;
mod tokio;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use pop3_maildrop::{Door, Service};

use crate::args::Runtime;

/// A server that is ready to run.
pub(crate) struct Server {
    addresses: Vec<SocketAddr>,
    stop: Stop,
    run: Box<dyn FnOnce() -> io::Result<()> + Send>,
}

/// Stops a server.
#[derive(Clone)]
pub(crate) struct Stop {
    /// Takes no more clients; sessions may finish.
    stop: Arc<dyn Fn() + Send + Sync>,
    /// Cuts the sessions.
    cut: Arc<dyn Fn() + Send + Sync>,
}

impl Server {
    /// A server over these listeners.
    pub(crate) fn new(
        runtime: Runtime,
        listeners: Vec<(TcpListener, Door)>,
        service: Service,
        drain: Duration,
    ) -> io::Result<Self> {
        match runtime {
            Runtime::Tokio => tokio::server(listeners, service, drain),
            Runtime::AsyncStd => async_std::server(listeners, service, drain),
            Runtime::Blocking => blocking::server(listeners, service, drain),
        }
    }

    /// The addresses of the listeners, with their real ports.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub(crate) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Serves until it is stopped and the sessions have ended.
    pub(crate) fn run(self) -> io::Result<()> {
        (self.run)()
    }
}

impl Stop {
    pub(crate) fn stop(&self) {
        (self.stop)();
    }

    pub(crate) fn cut(&self) {
        (self.cut)();
    }
}
