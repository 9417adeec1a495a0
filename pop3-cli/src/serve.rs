//! `pop3 serve`: the Maildirs below a directory.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pop3_blocking::{Server, Stop};
use pop3_maildrop::Service;
use pop3_maildrop::maildir::MaildirMaildrops;
use pop3_maildrop::users::UsersFile;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tracing::info;

use crate::args::{Runtime, Serve};
use crate::failure::Failure;

pub(crate) fn run(args: &Serve) -> Result<(), Failure> {
    let users = UsersFile::open(&args.users)
        .map_err(|error| Failure::local(args.users.display(), error))?
        .with_apop(args.apop);
    if !args.mail.is_dir() {
        return Err(Failure::Local(format!("{}: not a directory", args.mail.display())));
    }
    let mut service = Service::new(Arc::new(users), Arc::new(MaildirMaildrops::new(&args.mail)));
    service.set_host(&args.host);
    service.config_mut().greeting = args.greeting.clone();
    service.config_mut().idle_limit = Duration::from_secs(args.idle);

    let addresses = args.listen.iter().map(|address| resolve(address, args.allow_cleartext));
    let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
    let listeners = args.listen.iter().zip(&addresses).map(|(address, resolved)| {
        TcpListener::bind(resolved.as_slice()).map_err(|error| not_listening(address, error))
    });
    let listeners = listeners.collect::<Result<Vec<_>, _>>()?;
    let mut server = match args.runtime {
        Runtime::Blocking => Server::with_listeners(listeners, service),
    }
    .map_err(|error| Failure::local("listening", error))?;
    server.set_max_sessions(args.max_sessions);
    server.set_drain_limit(Duration::from_secs(args.drain));

    let signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Failure::local("waiting for signals", error))?;
    announce(&server)?;
    stop_on(signals, server.stop());
    server.run().map_err(|error| Failure::local("serving", error))?;
    info!("stopped");
    Ok(())
}

fn not_listening(address: &str, error: io::Error) -> Failure {
    Failure::local(format!("listening on {address}"), error)
}

/// Where to listen. Where other machines can come, passwords are taken only on demand.
fn resolve(address: &str, allow_cleartext: bool) -> Result<Vec<SocketAddr>, Failure> {
    let resolved = address.to_socket_addrs().map_err(|error| not_listening(address, error))?;
    let addresses: Vec<_> = resolved.collect();
    let exposed = addresses.iter().any(|address| !address.ip().to_canonical().is_loopback());
    if exposed && !allow_cleartext {
        return Err(Failure::Usage(format!(
            "{address} is not loopback: passwords would cross the network in clear text; \
             --allow-cleartext permits it"
        )));
    }
    Ok(addresses)
}

fn announce(server: &Server) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for address in server.addresses() {
        writeln!(out, "listening on {address}")?;
    }
    out.flush()
}

/// The first signal lets sessions finish, the second cuts them.
fn stop_on(mut signals: Signals, stop: Stop) {
    thread::spawn(move || {
        let mut stopping = false;
        for _ in signals.forever() {
            if stopping {
                info!("cutting the sessions that are left");
                stop.cut();
            } else {
                info!("stopping; sessions may finish");
                stopping = true;
                stop.stop();
            }
        }
    });
}
