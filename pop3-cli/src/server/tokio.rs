//! By pop3-tokio.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use pop3_maildrop::{Door, Service};

use super::{Server, Stop};
use crate::runtime::tokio_wait as wait;

pub(super) fn server(
    listeners: Vec<(TcpListener, Door)>,
    service: Service,
    drain: Duration,
) -> io::Result<Server> {
    let mut server = pop3_tokio::Server::with_listeners(Vec::new(), service)?;
    for (listener, door) in listeners {
        listener.set_nonblocking(true)?;
        // A listener belongs to the runtime within which it is made.
        let listener = wait(async { tokio::net::TcpListener::from_std(listener) })?;
        server.add_listener(listener, door)?;
    }
    server.set_drain_limit(drain);
    let (stop, cut) = (server.stop(), server.stop());
    let stop = Stop { stop: Arc::new(move || stop.stop()), cut: Arc::new(move || cut.cut()) };
    let addresses = server.addresses().to_vec();
    Ok(Server { addresses, stop, run: Box::new(move || wait(server.run())) })
}
