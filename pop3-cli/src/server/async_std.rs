//! By pop3-async-std.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use async_std::task::block_on as wait;
use pop3_maildrop::{Door, Service};

use super::{Server, Stop};

pub(super) fn server(
    listeners: Vec<(TcpListener, Door)>,
    service: Service,
    drain: Duration,
) -> io::Result<Server> {
    let mut server = pop3_async_std::Server::with_listeners(Vec::new(), service)?;
    for (listener, door) in listeners {
        server.add_listener(listener.into(), door)?;
    }
    server.set_drain_limit(drain);
    let (stop, cut) = (server.stop(), server.stop());
    let stop = Stop { stop: Arc::new(move || stop.stop()), cut: Arc::new(move || cut.cut()) };
    let addresses = server.addresses().to_vec();
    Ok(Server { addresses, stop, run: Box::new(move || wait(server.run())) })
}
